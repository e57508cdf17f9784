/* SPDX-License-Identifier: Apache-2.0 */
/* MailerSend webhooks. developers.mailersend.com/api/v1/webhooks.html. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"deferred", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"soft_bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"hard_bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"spam_complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
};

void nx_hook_mailersend(struct nx_hook *hook, json_t *event)
{
    json_t *data = nx_hook_at(event, "data");
    struct nx_str name = nx_hook_text(hook, data, "type"), type = nx_hook_text(hook, event, "type"),
                  recipient = nx_hook_whom(hook, data, "email.recipient.email");
    if (name.n == 0)
        name = nx_str_istarts(type, NX_STR("activity.")) ? nx_str_from(type, 9) : type;
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (recipient.n == 0 && word == NULL) /* webhook.test, domain and maintenance events */
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    report->arrival_at = nx_hook_when(hook, data, "email.created_at");
    report->last_attempt_at = nx_hook_when(hook, event, "data.created_at|created_at");
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED)
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, data, "morph.reason"));
    struct nx_str words = nx_hook_text(hook, data, "morph.readable_reason");
    nx_hook_words(hook, report, words.n > 0 || report->kind == NX_KIND_FAILED ? words : nx_hook_text(hook, data, "morph.reason"));
    report->original.from = nx_hook_text(hook, data, "email.from");
    report->original.subject = nx_hook_text(hook, data, "email.subject");
    nx_hook_key(hook, report, nx_hook_text(hook, data, "id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "type", name);
    nx_hook_tag(hook, report, "message_id", nx_hook_text(hook, data, "email.message.id"));
    nx_hook_tag(hook, report, "domain_id", nx_hook_text(hook, event, "domain_id"));
    nx_hook_tags(hook, report, "tags", nx_hook_at(data, "email.tags"));
}
