/* SPDX-License-Identifier: Apache-2.0 */
/* Mailtrap webhooks, JSON and JSON Lines. docs.mailtrap.io: "Webhooks" (event payloads, bounce categories). */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"soft bounce", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"suspension", NX_KIND_DELAYED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"reject", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word categories[] = {
    {"badrecipient", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"overquota", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
    {"timeout", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"greylisting", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
    {"throttling", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
    {"dnsFail", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"relayfail", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_NONE},
    {"spam", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"content", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"block", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"spam_gmail", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"virus", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_NONE},
    {"badsender", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_NONE},
    {"verifyfail", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
    {"serverpolicy", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
    {"serverfail", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
};

static void one(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), recipient = nx_hook_whom(hook, event, "email");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0 || (recipient.n == 0 && word == NULL)) /* audit events share the format */
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str category = nx_hook_text(hook, event, "bounce_category"), reason = nx_hook_text(hook, event, "reason");
    if (nx_hook_is(name, "bounce") || nx_hook_is(name, "soft bounce"))
        nx_hook_hint(report, NX_HOOK_WORD(categories, category));
    if (nx_hook_is(name, "suspension")) /* Mailtrap holds it back: what the reason says is about the account */
        report->hint_firm = true;
    nx_hook_reply(report, nx_hook_text(hook, event, "response_code"));
    if (report->kind != NX_KIND_OTHER)
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "response"));
    nx_hook_words(hook, report, reason);
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "event_id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "bounce_category", category);
    nx_hook_tag(hook, report, "category", nx_hook_text(hook, event, "category"));
    nx_hook_tag(hook, report, "message_id", nx_hook_text(hook, event, "message_id"));
    nx_hook_tag(hook, report, "sending_stream", nx_hook_text(hook, event, "sending_stream"));
    nx_hook_tag(hook, report, "sending_domain_name", nx_hook_text(hook, event, "sending_domain_name"));
    nx_hook_tags(hook, report, "custom_variables", nx_hook_at(event, "custom_variables"));
}

void nx_hook_mailtrap(struct nx_hook *hook, json_t *event)
{
    json_t *list = nx_hook_at(event, "events");
    nx_hook_each(hook, list != NULL ? list : event, one);
}
