/* SPDX-License-Identifier: Apache-2.0 */
/* hook/letter.h - what a receiver is told of one row of the log, and whether he wants it. Room-internal; bodies: docs/webhooks.md.
 *
 * Events and acts alike: whoever changed the list, by a report or by hand, its receivers hear of it. Pure, any thread. */
#pragma once
#include "config/config.h"
#include "store/store.h"

struct nx_letter_filter { /* lists of bits; none set: all */
    unsigned kinds, classes, actions;
    bool causes[NX_CAUSE_COUNT], some_causes;
    bool acts, some_kinds; /* acts are a kind of their own */
    char *const *streams;  /* of the settings */
};

/* What the lists of names say; fault (may be NULL) gets each that is wrong. */
typedef void nx_letter_fault_fn(void *data, const char *key, const char *what, const char *value);
void nx_letter_filter_read(struct nx_letter_filter *filter, const struct nx_config_hook *settings, nx_letter_fault_fn *fault,
                           void *data);

struct nx_letter {
    int64_t sequence;
    struct nx_str id, body; /* in the arena */
};
/* False: it is not wanted. */
bool nx_letter_write(const struct nx_letter_filter *filter, struct nx_arena *arena, const struct nx_logged *line,
                     struct nx_letter *ret);
