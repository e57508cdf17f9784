/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

static const char *const tally_names[NX_TALLY_COUNT] = {"day",    "kind",   "cause",  "class", "action",
                                                        "source", "stream", "domain", "remote"};

const char *nx_tally_name(enum nx_tally by)
{
    return tally_names[by];
}

bool nx_tally_parse(struct nx_str name, enum nx_tally *ret)
{
    for (int i = 0; i < NX_TALLY_COUNT; i++)
        if (nx_str_eq(name, nx_str_of(tally_names[i]))) {
            *ret = (enum nx_tally)i;
            return true;
        }
    return false;
}

const char *nx_entry_cause_name(enum nx_cause cause)
{
    return cause == NX_CAUSE_NONE ? "manual" : nx_cause_name(cause);
}

const char *nx_act_name(enum nx_act act)
{
    static const char *const names[NX_ACT_COUNT] = {"event",    "suppress", "release",      "allow",
                                                    "disallow", "import",   "hold_release", "hold_drop", "forget",
                                                    "rejudge"};
    return names[act];
}

struct nx_str nx_entry_cursor(struct nx_arena *arena, const struct nx_entry *entry)
{
    return nx_arena_printf(arena, "%.*s\t%.*s", NX_FMT(entry->key), NX_FMT(entry->stream));
}
