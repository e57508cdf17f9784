/* SPDX-License-Identifier: Apache-2.0 */
/* base/error.h - the one error domain, by GLib's convention.
 *
 * Errors are for our side (I/O, limits, config, database); malformed mail is never one. The function that finds the
 * fault writes the message with place and remedy; callers prefix, they do not rewrite. On failure outputs are untouched. */
#pragma once
#include <glib.h>

enum nx_error {
    NX_ERROR_IO,        /* a file, socket or pipe could not be read or written */
    NX_ERROR_LIMIT,     /* larger or deeper than base/limits.h allows */
    NX_ERROR_SYNTAX,    /* a rule, format, JSON or CSV text that does not follow its grammar */
    NX_ERROR_CONFIG,    /* a setting is unknown or makes no sense */
    NX_ERROR_BUSY,      /* try again later: locked, full queue, shutting down */
    NX_ERROR_FULL,      /* no space left */
    NX_ERROR_NOT_FOUND, /* what was asked for is not there */
    NX_ERROR_EXISTS,    /* it is there already */
    NX_ERROR_READ_ONLY, /* the store cannot be written */
    NX_ERROR_CORRUPT,   /* stored data contradicts itself */
    NX_ERROR_DENIED,    /* not allowed: token, signature, permission */
    NX_ERROR_USAGE,     /* the caller's words are off */
};

#define NX_ERROR (nx_error_quark())
GQuark nx_error_quark(void);
