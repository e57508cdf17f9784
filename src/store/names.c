/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

static const char *const tally_names[NX_TALLY_COUNT] = {"day",    "kind",   "cause",  "class", "action",
                                                        "source", "stream", "domain", "remote"};

const char *nx_tally_name(enum nx_tally by)
{
    return tally_names[by];
}

static bool parse_one(struct nx_str name, enum nx_tally *ret)
{
    for (int i = 0; i < NX_TALLY_COUNT; i++)
        if (nx_str_eq(name, nx_str_of(tally_names[i]))) {
            *ret = (enum nx_tally)i;
            return true;
        }
    return false;
}

bool nx_tally_parse(struct nx_str words, enum nx_tally *ret_by, enum nx_tally *ret_then)
{
    size_t comma = nx_str_chr(words, ',');
    enum nx_tally by, then;
    if (!parse_one(nx_str_sub(words, 0, comma), &by) ||
        !parse_one(comma < words.n ? nx_str_from(words, comma + 1) : words, &then) || (comma < words.n && by == then))
        return false;
    *ret_by = by;
    *ret_then = then;
    return true;
}

const char *nx_entry_cause_name(enum nx_cause cause)
{
    return cause == NX_CAUSE_NONE ? "manual" : nx_cause_name(cause);
}

const char *nx_act_name(enum nx_act act)
{
    static const char *const names[NX_ACT_COUNT] = {"event",  "suppress",     "release",   "allow",  "disallow",
                                                    "import", "hold_release", "hold_drop", "forget", "rejudge",
                                                    "domain", "dismiss",      "hold",      "rehold", "revive"};
    return names[act];
}

struct nx_str nx_entry_cursor(struct nx_arena *arena, const struct nx_entry *entry)
{
    return nx_arena_printf(arena, "%.*s\t%.*s", NX_FMT(entry->key), NX_FMT(entry->stream));
}
