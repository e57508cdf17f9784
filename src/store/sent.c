/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger of what was sent, and what it says of a report. */
#include "store/sent.h"

#include "base/error.h"

static gboolean run_sent(struct nx_store *store, struct nx_task *task, GError **error)
{
    bool more;
    *task->recorded = (struct nx_recorded){0};
    if (task->sent_limits->size == 0)
        return TRUE;
    for (size_t i = 0; i < task->n; i++)
        if (!store->ops->sent(store->backend, &task->sent[i], task->keys[i], task->now, task->recorded, error))
            return FALSE;
    return store->ops->sweep_sent(store->backend, task->sent_limits, task->now, &more, error);
}

gboolean nx_store_sent(struct nx_store *store, const struct nx_sent *sent, size_t n, const struct nx_sent_limits *limits,
                       struct nx_once *once, nx_when now, struct nx_recorded *ret, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str *keys = nx_arena_array(arena, n, sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        struct nx_address address;
        const char *why = "it is a whole domain";
        if (!nx_address_fold(arena, sent[i].recipient, store->rules, &address, &why) || address.local.n == 0) {
            g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no address: %s", NX_FMT(nx_str_sub(sent[i].recipient, 0, 100)),
                        why);
            return FALSE;
        }
        keys[i] = address.key;
    }
    struct nx_task task = {
        .run = run_sent, .sent = sent, .keys = keys, .n = n, .sent_limits = limits, .once = once, .now = now, .recorded = ret};
    return nx_writer_wait(store, &task, error);
}

/* A report of the far side about one message; what our own log or a provider says needs no help. */
static bool is_asked(const struct nx_report *report)
{
    bool kind = report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED || report->kind == NX_KIND_COMPLAINT;
    return kind && report->verified != NX_VERIFIED_PROVIDER && report->original.message_id.n > 0;
}

/* Does the To field of the returned message name somebody else? The ledger may have lost the others that one Message-ID went to. */
static bool contradicts(const struct nx_store *store, struct nx_str to, struct nx_str recipient, bool *ret_agrees)
{
    struct nx_address named, ours;
    size_t open = nx_str_chr(to, '<');
    struct nx_str address = open < to.n ? nx_str_sub(to, open + 1, nx_str_chr(to, '>')) : to;
    *ret_agrees = nx_address_fold(store->scratch, address, store->rules, &named, NULL) &&
                  nx_address_fold(store->scratch, recipient, store->rules, &ours, NULL) && nx_str_eq(named.key, ours.key);
    return !*ret_agrees && nx_str_chr(to, '@') < to.n;
}

static void take_stream(struct nx_report *report, const struct nx_sent_found *found)
{
    if (report->stream.n == 0)
        report->stream = found->stream;
}

/* The report is about an address that stands behind ours: which, stays as a tag. */
static void rename_recipient(struct nx_store *store, struct nx_report *report, const struct nx_sent_found *found)
{
    struct nx_tag *tags = nx_arena_array(store->scratch, report->n_tags + 1, sizeof *tags);
    if (report->n_tags > 0)
        memcpy(tags, report->tags, report->n_tags * sizeof *tags);
    if (report->recipient.n > 0) {
        tags[report->n_tags++] = (struct nx_tag){NX_STR("reported"), report->recipient};
        report->tags = tags;
    }
    report->recipient = found->recipient;
    report->notes = (report->notes & ~(nx_notes)NX_NOTE_NO_RECIPIENT) | NX_NOTE_LEDGER_RECIPIENT;
    take_stream(report, found);
}

gboolean nx_sent_resolve(struct nx_store *store, const struct nx_event **event, struct nx_event *ret_event, GError **error)
{
    const struct nx_report *report = &(*event)->report;
    struct nx_address named = {0};
    struct nx_sent_found found;
    bool sent, agrees;
    if (!is_asked(report))
        return TRUE;
    if (report->recipient.n > 0 && !nx_address_fold(store->scratch, report->recipient, store->rules, &named, NULL))
        named.key = NX_STR_NONE;
    int n = store->ops->find_sent(store->backend, store->scratch, report->original.message_id, named.key, &found, &sent, error);
    if (n < 0)
        return FALSE;
    if (n > 0 && sent) {
        *ret_event = **event;
        *event = ret_event;
        ret_event->report.notes |= NX_NOTE_SENT;
        take_stream(&ret_event->report, &found);
        return TRUE;
    }
    bool against = n == 1 && contradicts(store, report->original.to, found.recipient, &agrees);
    if (n != 1 || against || (named.key.n > 0 && !agrees)) /* an alias is believed where both say so */
        return TRUE;
    *ret_event = **event;
    *event = ret_event;
    rename_recipient(store, &ret_event->report, &found);
    return TRUE;
}
