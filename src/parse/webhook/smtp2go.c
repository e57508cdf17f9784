/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP2GO webhooks, JSON or form as the user chooses. support.smtp2go.com: "Webhooks Overview". */
#include "parse/webhook/hook.h"

#include "parse/reply.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"hard-bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"soft-bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"reject", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"rejected", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word types[] = {
    {"hard", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"soft", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
};

static void fill(struct nx_hook *hook, json_t *event, struct nx_report *report, struct nx_str name)
{
    struct nx_str context = nx_hook_text(hook, event, "context"), text = nx_hook_text(hook, event, "message"),
                  host = nx_hook_text(hook, event, "host");
    struct nx_str type = nx_hook_text(hook, event, "bounce"), id = nx_hook_text(hook, event, "email_id");
    if (report->kind == NX_KIND_FAILED) {
        struct nx_reply reply;
        nx_hook_hint(report, NX_HOOK_WORD(types, type));
        nx_reply_read(hook->arena, context, &reply);
        report->stage = nx_stage_of(context);
        if (text.n == 0 && reply.code != 0) /* "DATA: 452 Mailbox full" */
            text = context;
    }
    report->remote_mta = nx_str_trim(nx_str_sub(host, 0, nx_str_chr(host, '[')));
    if (report->kind != NX_KIND_OTHER)
        nx_hook_diagnostic(hook, report, text);
    report->last_attempt_at = nx_hook_when(hook, event, "time");
    report->arrival_at = nx_hook_when(hook, event, "sendtime");
    report->original.from = nx_hook_text(hook, event, "sender");
    report->original.subject = nx_hook_text(hook, event, "subject");
    nx_hook_message_id(report, nx_hook_text(hook, event, "Message-Id"));
    nx_hook_key(hook, report, id, name, nx_hook_text(hook, event, "time"));
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "bounce", type);
    nx_hook_tag(hook, report, "email_id", id);
}

void nx_hook_smtp2go(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), recipient = nx_hook_whom(hook, event, "rcpt");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    json_t *recipients = nx_hook_at(event, "recipients");
    if (name.n == 0)
        return;
    if (recipient.n > 0 || recipients == NULL) {
        fill(hook, event, nx_hook_add(hook, word, recipient), name);
        return;
    }
    size_t n = json_is_array(recipients) ? json_array_size(recipients) : 1;
    for (size_t i = 0; i < n; i++)
        fill(
            hook, event,
            nx_hook_add(hook, word, nx_hook_text(hook, json_is_array(recipients) ? json_array_get(recipients, i) : recipients, "")),
            name);
}
