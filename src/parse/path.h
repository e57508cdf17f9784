/* SPDX-License-Identifier: Apache-2.0 */
/* parse/path.h - return paths of other systems that name the recipient or the stream (VERP), by forms.
 *
 * A form is a known one by its name (sympa, ezmlm, plus, dash) or a template: "bounce-{list}-{user}={domain}@*". Placeholders
 * take one byte or more: {user} {domain} {stream} are what is read, {list} (no + or =), {id} (letters and digits) and {number}
 * are passed over, * is anything or nothing. A form has to fit the whole address, without case; each is tried in turn, and the
 * first that fits decides. What it could part in more than one way is unknown. Linear in the address times the form. Immutable
 * once made; any thread. */
#pragma once
#include "base/arena.h"

#include <glib.h>

#define NX_PATHS_DEFAULT "sympa;ezmlm;plus;dash"

struct nx_paths;

struct nx_path {
    struct nx_str form;      /* as the settings name it; empty: none fits */
    struct nx_str recipient; /* empty: it names none, or several */
    struct nx_str stream;    /* points into the address */
};

/* forms: NULL at the end. NX_ERROR_CONFIG says which cannot be read and why. */
struct nx_paths *nx_paths_new(char *const *forms, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_paths_free(struct nx_paths *paths);
bool nx_paths_name_streams(const struct nx_paths *paths); /* does any form? */
void nx_paths_read(const struct nx_paths *paths, struct nx_arena *arena, struct nx_str address, struct nx_path *ret_path);

typedef struct nx_paths nx_paths; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_paths, nx_paths_free)
