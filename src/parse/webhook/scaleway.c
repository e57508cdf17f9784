/* SPDX-License-Identifier: Apache-2.0 */
/* Scaleway Transactional Email, in an SNS envelope or bare. www.scaleway.com/en/docs/transactional-email: "Webhook events". */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"email_delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"email_deferred", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"email_dropped", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"email_spam", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"email_mailbox_not_found", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD},
    {"email_blocklisted", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
};

static void one(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "type"), recipient = nx_hook_whom(hook, event, "email_to");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0 || (word == NULL && recipient.n == 0))
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    if (report->kind != NX_KIND_OTHER) {
        nx_hook_reply(report, nx_hook_text(hook, event, "email_response_code"));
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "email_response_message|email_error"));
        nx_hook_words(hook, report, nx_hook_text(hook, event, "blocklist_reason"));
    }
    nx_hook_message_id(report, nx_hook_header(hook, nx_hook_at(event, "email_headers"), "key", "Message-ID"));
    report->last_attempt_at = nx_hook_when(hook, event, "created_at");
    report->original.from = nx_hook_text(hook, event, "email_from");
    report->original.subject = nx_hook_text(hook, event, "email_subject");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "type", name);
    nx_hook_tag(hook, report, "email_id", nx_hook_text(hook, event, "email_id"));
    nx_hook_tag(hook, report, "blocklist_type", nx_hook_text(hook, event, "blocklist_type"));
    nx_hook_tag(hook, report, "domain_name", nx_hook_text(hook, event, "domain_name"));
}

void nx_hook_scaleway(struct nx_hook *hook, json_t *event)
{
    if (!nx_hook_sns(hook, event, one))
        one(hook, event);
}
