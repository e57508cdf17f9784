/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that is described in the config: where in its JSON (or form) things stand, and which of its words mean what. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word failed = {"", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE};
static const struct nx_hook_word failed_hard = {"", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD};
static const struct nx_hook_word delayed = {"", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT};
static const struct nx_hook_word delivered = {"", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE};
static const struct nx_hook_word complaint = {"", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE};
static const struct nx_hook_word unsubscribe = {"", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE};
static const struct nx_hook_word autoreply = {"", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE};

static bool listed(const struct nx_hook *hook, struct nx_str list, struct nx_str word)
{
    while (list.n > 0) {
        size_t n = 0;
        while (n < list.n && list.p[n] != ',' && list.p[n] != ';')
            n++;
        struct nx_str one = nx_str_trim(nx_str_sub(list, 0, n));
        list = nx_str_from(list, n + 1);
        if (one.n > 0 && nx_hook_is(word, nx_arena_cstr(hook->arena, one)))
            return true;
    }
    return false;
}

static struct nx_str at(const struct nx_hook *hook, json_t *event, struct nx_str path)
{
    return path.n == 0 ? NX_STR_NONE : nx_hook_text(hook, event, nx_arena_cstr(hook->arena, path));
}

static void one(struct nx_hook *hook, json_t *event)
{
    const struct nx_webhook_paths *paths = hook->paths;
    struct nx_str kind = at(hook, event, paths->kind),
                  recipient = nx_hook_whom(hook, event, nx_arena_cstr(hook->arena, paths->recipient));
    const struct nx_hook_word *word = NULL;
    const struct {
        struct nx_str list;
        const struct nx_hook_word *word;
    } lists[] = {{paths->failed_hard, &failed_hard}, {paths->failed, &failed},       {paths->delayed, &delayed},
                 {paths->delivered, &delivered},     {paths->complaint, &complaint}, {paths->unsubscribe, &unsubscribe},
                 {paths->autoreply, &autoreply}};
    for (size_t i = 0; i < G_N_ELEMENTS(lists) && word == NULL; i++)
        if (kind.n > 0 && listed(hook, lists[i].list, kind))
            word = lists[i].word;
    if (paths->kind.n == 0) /* an endpoint for one kind of event */
        word = &failed;
    if (recipient.n == 0 && word == NULL)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    nx_hook_status(report, at(hook, event, paths->status));
    nx_hook_reply(report, at(hook, event, paths->reply));
    if (word != NULL)
        nx_hook_diagnostic(hook, report, at(hook, event, paths->diagnostic));
    nx_hook_message_id(report, at(hook, event, paths->message_id));
    report->remote_mta = at(hook, event, paths->remote_mta);
    report->stream = at(hook, event, paths->stream);
    if (paths->time.n > 0)
        report->last_attempt_at = nx_hook_when(hook, event, nx_arena_cstr(hook->arena, paths->time));
    nx_hook_key(hook, report, at(hook, event, paths->id), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "kind", kind);
}

void nx_hook_generic(struct nx_hook *hook, json_t *root)
{
    if (hook->paths == NULL || hook->paths->recipient.n == 0) {
        hook->why = "the paths of this endpoint are not configured";
        return;
    }
    json_t *list = hook->paths->events.n > 0 ? nx_hook_at(root, nx_arena_cstr(hook->arena, hook->paths->events)) : root;
    nx_hook_each(hook, list, one);
}
