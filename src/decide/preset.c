/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/preset.h"

#define DAY 86400

const char *nx_preset_name(enum nx_preset preset)
{
    static const char *const names[] = {"", "balanced", "strict", "thrifty", "lenient"};
    return names[preset];
}

struct row {
    enum nx_preset preset;
    enum nx_cause cause;
    enum nx_suppress suppress;
    unsigned threshold, span, window, ttl, ttl_max; /* days; 0 of the last two: for ever */
};

static const struct row rows[] = {
    {NX_PRESET_STRICT, NX_CAUSE_MAILBOX_DISABLED, NX_SUPPRESS_AT_ONCE, 1, 0, 0, 365, 730},
    {NX_PRESET_STRICT, NX_CAUSE_BAD_DOMAIN, NX_SUPPRESS_AFTER, 1, 0, 30, 365, 730},
    {NX_PRESET_STRICT, NX_CAUSE_MAILBOX_FULL, NX_SUPPRESS_AFTER, 1, 0, 30, 365, 730},
    {NX_PRESET_STRICT, NX_CAUSE_UNKNOWN, NX_SUPPRESS_AFTER, 1, 0, 30, 365, 730}, /* refused for good, as ever */
    {NX_PRESET_STRICT, NX_CAUSE_EXPIRED, NX_SUPPRESS_AFTER, 2, 3, 30, 365, 730},
    {NX_PRESET_THRIFTY, NX_CAUSE_MAILBOX_DISABLED, NX_SUPPRESS_AT_ONCE, 1, 0, 0, 365, 730},
    {NX_PRESET_THRIFTY, NX_CAUSE_BAD_DOMAIN, NX_SUPPRESS_AFTER, 2, 1, 90, 365, 730},
    {NX_PRESET_THRIFTY, NX_CAUSE_MAILBOX_FULL, NX_SUPPRESS_AFTER, 1, 0, 30, 30, 180},
    {NX_PRESET_THRIFTY, NX_CAUSE_UNKNOWN, NX_SUPPRESS_AFTER, 2, 3, 30, 180, 720},
    {NX_PRESET_THRIFTY, NX_CAUSE_EXPIRED, NX_SUPPRESS_AFTER, 3, 7, 30, 90, 360},
    {NX_PRESET_LENIENT, NX_CAUSE_MAILBOX_UNKNOWN, NX_SUPPRESS_AFTER, 3, 7, 90, 0, 0},
    {NX_PRESET_LENIENT, NX_CAUSE_MAILBOX_DISABLED, NX_SUPPRESS_AFTER, 3, 7, 90, 55, 440},
    {NX_PRESET_LENIENT, NX_CAUSE_MAILBOX_MOVED, NX_SUPPRESS_AFTER, 3, 7, 90, 0, 0},
    {NX_PRESET_LENIENT, NX_CAUSE_BAD_ADDRESS, NX_SUPPRESS_AFTER, 3, 7, 90, 0, 0},
    {NX_PRESET_LENIENT, NX_CAUSE_BAD_DOMAIN, NX_SUPPRESS_AFTER, 2, 7, 90, 360, 720},
    {NX_PRESET_LENIENT, NX_CAUSE_MAILBOX_FULL, NX_SUPPRESS_AFTER, 6, 42, 49, 180, 720},
    {NX_PRESET_LENIENT, NX_CAUSE_UNKNOWN, NX_SUPPRESS_AFTER, 3, 14, 90, 180, 720},
    {NX_PRESET_LENIENT, NX_CAUSE_EXPIRED, NX_SUPPRESS_AFTER, 4, 21, 90, 180, 720},
    {NX_PRESET_LENIENT, NX_CAUSE_RECIPIENT_REFUSED, NX_SUPPRESS_AFTER, 3, 7, 90, 90, 180},
};

static void set(struct nx_policy_cause *at, const struct nx_policy_cause *numbers)
{
    at->suppress = numbers->suppress;
    at->threshold = numbers->threshold;
    at->span = numbers->span;
    at->window = numbers->window;
    at->ttl = numbers->ttl;
    at->ttl_max = numbers->ttl_max;
}

void nx_preset_apply(enum nx_preset preset, struct nx_policy_cause *causes)
{
    struct nx_policy balanced;
    if (preset == NX_PRESET_NONE)
        return;
    nx_policy_defaults(&balanced);
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        set(&causes[i], &balanced.causes[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        const struct nx_policy_cause numbers = {.suppress = row->suppress,
                                                .threshold = row->threshold,
                                                .span = (int64_t)row->span * DAY,
                                                .window = (int64_t)row->window * DAY,
                                                .ttl = (int64_t)row->ttl * DAY,
                                                .ttl_max = (int64_t)row->ttl_max * DAY};
        if (row->preset == preset)
            set(&causes[row->cause], &numbers);
    }
}
