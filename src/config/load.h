/* SPDX-License-Identifier: Apache-2.0 */
/* config/load.h - a settings file while it is read: its faults and where each key stands. Room-internal; one thread. */
#pragma once
#include "config/config.h"

struct nx_load {
    struct nx_config *config;
    const char *path;
    GString *faults;
    GHashTable *lines; /* "group/key" to its line number; "group/" to that of the group */
};

void nx_load_fault(struct nx_load *load, unsigned line, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* 0: the file does not have it. */
unsigned nx_load_line(const struct nx_load *load, const char *group, const char *key);

/* numbers.c: what the numbers of causes begin with. First the preset of all, before anything else is read; then, when the keys of
 * [cause NAME] and [stream NAME] are in, the presets of streams and the pace, which leave alone what [cause NAME] says. */
void nx_load_preset(struct nx_load *load, GKeyFile *file);
void nx_load_paces(struct nx_load *load);

/* contradict.c: numbers and patterns that cannot be meant, each told at its line; fills in a ttl_max that was not given. */
void nx_load_contradictions(struct nx_load *load);
