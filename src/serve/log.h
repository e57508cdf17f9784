/* SPDX-License-Identifier: Apache-2.0 */
/* serve/log.h - what the daemon says: one line an event to stderr, "level room message key=value ...", or JSON.
 *
 * Levels: error (something was not done), warn (will be tried again, or wants a look), info (state changes), debug (each request).
 * Values are quoted where needed and cut at 400 bytes; addresses go through nx_log_address, which hashes them when the settings say
 * so. Any thread. */
#pragma once
#include "base/str.h"

#include <glib.h>

enum nx_log_level { NX_LOG_ERROR, NX_LOG_WARN, NX_LOG_INFO, NX_LOG_DEBUG };

struct nx_log_options {
    enum nx_log_level level;
    bool json;
    bool hash_addresses;
};

bool nx_log_level_parse(const char *name, enum nx_log_level *ret);
void nx_log_setup(const struct nx_log_options *options);
bool nx_log_wants(enum nx_log_level level);
/* Pairs of key and value (both const char *), ended by NULL; a NULL value leaves the pair out. */
void nx_log(enum nx_log_level level, const char *room, const char *message, ...) G_GNUC_NULL_TERMINATED;
/* An address as it may stand in a log; freed with g_free. */
char *nx_log_address(struct nx_str address);
