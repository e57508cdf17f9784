/* SPDX-License-Identifier: Apache-2.0 */
/* What a new rule would take from the others: their examples, and events of the past. */
#include "triage/inner.h"

#include "parse/reply.h"

#define SHOWN 20u

struct attempt {
    struct nx_matcher *now, *next;
    struct nx_arena *arena;
    struct nx_proposal *proposal;
    struct nx_str id;
    GHashTable *changes;    /* char * to count */
    GHashTable *newly_hard; /* char *: addresses */
};

static bool is_mine(const struct attempt *attempt, const struct nx_verdict *verdict)
{
    return nx_str_eq(verdict->rule, attempt->id);
}

static void try_example(struct attempt *attempt, struct nx_str text, const struct nx_rule_info *owner)
{
    struct nx_reply reply;
    struct nx_verdict was, is;
    nx_arena_reset(attempt->arena);
    nx_reply_read(attempt->arena, text, &reply);
    const struct nx_report report = {
        .kind = owner->kind, .reply = reply.code, .status = reply.status, .stage = reply.stage, .diagnostic = text};
    nx_classify(attempt->next, attempt->arena, &report, &is);
    if (!is_mine(attempt, &is))
        return;
    nx_classify(attempt->now, attempt->arena, &report, &was);
    if ((was.cause != is.cause || was.class_ != is.class_) && attempt->proposal->taken->len < SHOWN)
        g_ptr_array_add(attempt->proposal->taken,
                        g_strdup_printf("%.*s (%s): %.*s", NX_FMT(owner->id), nx_cause_name(owner->cause), NX_FMT(text)));
}

static bool try_event(const struct nx_logged *line, void *data)
{
    struct attempt *attempt = data;
    if (line->event == NULL || (line->event->report.kind != NX_KIND_FAILED && line->event->report.kind != NX_KIND_DELAYED))
        return true;
    struct nx_verdict was, is;
    nx_arena_reset(attempt->arena);
    attempt->proposal->seen++;
    nx_classify(attempt->next, attempt->arena, &line->event->report, &is);
    if (!is_mine(attempt, &is))
        return true;
    nx_classify(attempt->now, attempt->arena, &line->event->report, &was);
    bool wordless = was.cause == NX_CAUSE_UNKNOWN || nx_str_istarts(was.rule, NX_STR("code."));
    if (wordless)
        attempt->proposal->explains++;
    else
        attempt->proposal->others++;
    if (was.class_ != NX_CLASS_HARD && is.class_ == NX_CLASS_HARD && line->address.n > 0)
        g_hash_table_add(attempt->newly_hard, g_strndup(line->address.p, line->address.n));
    if (wordless || (was.cause == is.cause && was.class_ == is.class_))
        return true;
    char *change = g_strdup_printf("%s/%s -> %s/%s, which %.*s explains", nx_cause_name(was.cause), nx_class_name(was.class_),
                                   nx_cause_name(is.cause), nx_class_name(is.class_), NX_FMT(was.rule));
    g_hash_table_replace(attempt->changes, change,
                         GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(attempt->changes, change)) + 1));
    return true;
}

static void collect_changes(struct attempt *attempt)
{
    GHashTableIter iter;
    gpointer text, n;
    g_hash_table_iter_init(&iter, attempt->changes);
    while (g_hash_table_iter_next(&iter, &text, &n))
        g_ptr_array_add(attempt->proposal->changes, g_strdup_printf("%u %s", GPOINTER_TO_UINT(n), (const char *)text));
}

gboolean nx_triage_try(const struct nx_ruleset *now, const struct nx_ruleset *next, struct nx_reader *reader, nx_when since,
                       struct nx_proposal *proposal, GError **error)
{
    g_autoptr(nx_matcher) before = nx_matcher_new(now), after = nx_matcher_new(next);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) hard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct attempt attempt = {.now = before,
                              .next = after,
                              .arena = arena,
                              .proposal = proposal,
                              .id = nx_str_of(proposal->id),
                              .changes = changes,
                              .newly_hard = hard};
    for (size_t i = 0; i < nx_ruleset_count(now); i++) {
        struct nx_rule_info info;
        struct nx_str text;
        bool hit;
        nx_ruleset_rule(now, i, &info);
        for (size_t k = 0; nx_ruleset_example(now, i, k, &text, &hit); k++)
            if (hit)
                try_example(&attempt, text, &info);
    }
    const struct nx_log_filter filter = {.since = since};
    if (reader != NULL && !nx_reader_log(reader, &filter, try_event, &attempt, error))
        return FALSE;
    collect_changes(&attempt);
    proposal->newly_hard = g_hash_table_size(hard);
    return TRUE;
}
