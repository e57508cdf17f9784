/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/replay.h"

#include "event/json.h"

#define SHOWN 140u /* bytes of an example's words */
#define FEW 20u    /* reports, or entries, of which a share says nothing */

static void free_change(void *data)
{
    struct nx_replay_change *change = data;
    for (size_t i = 0; i < change->n_examples; i++) {
        g_free(change->examples[i].address);
        g_free(change->examples[i].text);
    }
    g_free(change->rule);
    g_free(change->key);
    g_free(change);
}

static struct nx_replay_change *change_of(struct nx_replay *replay, const struct nx_verdict *was, const struct nx_verdict *now)
{
    g_autofree char *key = g_strdup_printf("%s/%s -> %s/%s by %.*s", nx_cause_name(was->cause), nx_class_name(was->class_),
                                           nx_cause_name(now->cause), nx_class_name(now->class_), NX_FMT(now->rule));
    struct nx_replay_change *change = g_hash_table_lookup(replay->by_key, key);
    if (change != NULL)
        return change;
    change = g_new0(struct nx_replay_change, 1);
    *change = (struct nx_replay_change){.was = was->cause,
                                        .was_class = was->class_,
                                        .now = now->cause,
                                        .now_class = now->class_,
                                        .rule = g_strndup(now->rule.p, now->rule.n),
                                        .key = g_steal_pointer(&key)};
    g_ptr_array_add(replay->changes, change);
    g_hash_table_insert(replay->by_key, change->key, change);
    return change;
}

/* No letter is cut in two. */
static struct nx_str beginning(struct nx_str words)
{
    size_t n = MIN(words.n, SHOWN);
    while (n > 0 && n < words.n && ((unsigned char)words.p[n] & 0xc0) == 0x80)
        n--;
    return nx_str_sub(words, 0, n);
}

static bool take_line(const struct nx_logged *line, void *data)
{
    struct nx_replay *replay = data;
    struct nx_verdict now;
    bool other = nx_rejudge_look(replay->rejudge, line, &now);
    if (line->event == NULL || (line->event->report.kind != NX_KIND_FAILED && line->event->report.kind != NX_KIND_DELAYED))
        return true;
    replay->seen++;
    replay->recorded += line->event->trial.differs;
    if (!other)
        return true;
    replay->changed++;
    struct nx_replay_change *change = change_of(replay, &line->event->verdict, &now);
    change->events++;
    if (change->n_examples == NX_REPLAY_EXAMPLES)
        return true;
    struct nx_str words =
        beginning(line->event->report.diagnostic.n > 0 ? line->event->report.diagnostic : line->event->report.text);
    change->examples[change->n_examples++] =
        (struct nx_replay_example){.address = g_strndup(line->address.p, line->address.n), .text = g_strndup(words.p, words.n)};
    return true;
}

static int by_events(const void *a, const void *b)
{
    const struct nx_replay_change *x = *(const struct nx_replay_change *const *)a, *y = *(const struct nx_replay_change *const *)b;
    if (x->events != y->events)
        return x->events > y->events ? -1 : 1;
    return strcmp(x->key, y->key);
}

gboolean nx_replay_read(struct nx_replay *replay, const struct nx_ruleset *rules, const struct nx_config *config,
                        struct nx_reader *reader, nx_when since, GError **error)
{
    const struct nx_log_filter filter = {.since = since};
    *replay = (struct nx_replay){.rejudge = nx_rejudge_new(rules, &config->policy, config->fold, since),
                                 .by_key = g_hash_table_new(g_str_hash, g_str_equal),
                                 .changes = g_ptr_array_new_with_free_func(free_change)};
    if (!nx_reader_log(reader, &filter, take_line, replay, error) ||
        !nx_rejudge_looked(replay->rejudge, &replay->dead, &replay->alive, error))
        return FALSE;
    g_ptr_array_sort(replay->changes, by_events);
    return TRUE;
}

void nx_replay_clear(struct nx_replay *replay)
{
    g_clear_pointer(&replay->rejudge, nx_rejudge_free);
    g_clear_pointer(&replay->by_key, g_hash_table_unref);
    g_clear_pointer(&replay->changes, g_ptr_array_unref);
}

bool nx_replay_is_rash(const struct nx_replay *replay)
{
    return replay->seen >= FEW && replay->dead * 10 > replay->seen;
}

bool nx_replay_plan_is_rash(const struct nx_replay *replay, const struct nx_rejudge_sum *sum)
{
    return (replay->seen >= FEW && sum->put * 10 > replay->seen) || (sum->lift >= FEW && sum->lift * 2 > sum->entries);
}

static void put_text(struct nx_buf *out, const char *name, const char *text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", name));
    nx_json_string(out, nx_str_of(text));
}

static void put_change(struct nx_buf *out, const struct nx_replay_change *change)
{
    nx_buf_add(out, nx_arena_printf(out->arena,
                                    "{\"events\":%zu,\"was\":{\"cause\":\"%s\",\"class\":\"%s\"},\"now\":{\"cause\":\"%s\","
                                    "\"class\":\"%s\"",
                                    change->events, nx_cause_name(change->was), nx_class_name(change->was_class),
                                    nx_cause_name(change->now), nx_class_name(change->now_class)));
    put_text(out, "rule", *change->rule == '\0' ? NULL : change->rule);
    nx_buf_add(out, NX_STR("},\"examples\":["));
    for (size_t i = 0; i < change->n_examples; i++) {
        nx_buf_add(out, i > 0 ? NX_STR(",{\"recipient\":") : NX_STR("{\"recipient\":"));
        nx_json_string(out, nx_str_of(change->examples[i].address));
        put_text(out, "text", change->examples[i].text);
        nx_buf_addc(out, '}');
    }
    nx_buf_add(out, NX_STR("]}"));
}

void nx_replay_to_json(struct nx_buf *out, const struct nx_replay *replay)
{
    nx_buf_add(out, nx_arena_printf(out->arena,
                                    "\"seen\":%zu,\"differ\":%zu,\"recorded\":%zu,\"newly_hard\":%zu,\"no_longer_hard\":%zu,"
                                    "\"rash\":%s,\"changes\":[",
                                    replay->seen, replay->changed, replay->recorded, replay->dead, replay->alive,
                                    nx_replay_is_rash(replay) ? "true" : "false"));
    for (guint i = 0; i < replay->changes->len; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        put_change(out, replay->changes->pdata[i]);
    }
    nx_buf_addc(out, ']');
}
