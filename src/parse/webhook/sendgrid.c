/* SPDX-License-Identifier: Apache-2.0 */
/* SendGrid event webhook, v3 (and its predecessors without `type` and `bounce_classification`).
 * twilio.com/docs/sendgrid/for-developers/tracking-events/event. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"blocked", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"dropped", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"deferred", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"spamreport", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"group_unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word types[] = {
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"blocked", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"expired", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT},
};
static const struct nx_hook_word classes[] = {
    {"Invalid Address", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"Mailbox Unavailable", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_NONE},
    {"Technical Failure", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
    {"Technical", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
    {"Content", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"Reputation", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"Frequency or Volume Too High", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
    {"Frequency/Volume", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
};
static const struct nx_hook_word drops[] = {
    {"Bounced Address", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"Unsubscribed Address", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"Spam Reporting Address", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"Invalid", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD},
    {"Invalid Address", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD},
    {"Invalid Recipient", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD},
    {"Invalid SMTPAPI header", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT},
    {"Spam Content", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"Spam Content (if spam checker app enabled)", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"Recipient List over Package Quota", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT},
};
/* What is no custom argument. */
static const char *const reserved[] = {"email",
                                       "timestamp",
                                       "event",
                                       "smtp-id",
                                       "sg_event_id",
                                       "sg_message_id",
                                       "reason",
                                       "status",
                                       "response",
                                       "attempt",
                                       "ip",
                                       "tls",
                                       "cert_err",
                                       "useragent",
                                       "url",
                                       "url_offset",
                                       "sg_machine_open",
                                       "sg_content_type",
                                       "pool",
                                       "asm_group_id",
                                       "type",
                                       "bounce_classification",
                                       "category",
                                       "marketing_campaign_id",
                                       "marketing_campaign_name"};

void nx_hook_sendgrid(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), recipient = nx_hook_whom(hook, event, "email");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0 || (recipient.n == 0 && word == NULL)) /* account_status_change is about no address */
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str reason = nx_hook_text(hook, event, "reason"), type = nx_hook_text(hook, event, "type"),
                  class_ = nx_hook_text(hook, event, "bounce_classification");
    nx_hook_message_id(report, nx_hook_text(hook, event, "smtp-id"));
    nx_hook_key(hook, report, nx_hook_text(hook, event, "sg_event_id"), NX_STR_NONE, NX_STR_NONE);
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    nx_hook_status(report, nx_hook_text(hook, event, "status"));
    if (nx_hook_is(name, "dropped")) {
        const struct nx_hook_word *drop = NX_HOOK_WORD(drops, reason);
        nx_hook_hint(report, drop);
        nx_hook_words(hook, report, reason);
        if (drop == NULL)
            nx_hook_diagnostic(hook, report, reason);
    } else if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED || report->kind == NX_KIND_DELIVERED) {
        if (report->kind == NX_KIND_FAILED)
            nx_hook_hint(report, NX_HOOK_WORD(types, type));
        nx_hook_hint(report, NX_HOOK_WORD(classes, class_));
        report->hint_firm = false; /* made from the same text by coarser means than ours */
        nx_hook_diagnostic(hook, report, reason.n > 0 ? reason : nx_hook_text(hook, event, "response"));
    }
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "type", type);
    nx_hook_tag(hook, report, "bounce_classification", class_);
    nx_hook_tag(hook, report, "sg_message_id", nx_hook_text(hook, event, "sg_message_id"));
    nx_hook_tag(hook, report, "asm_group_id", nx_hook_text(hook, event, "asm_group_id"));
    nx_hook_tags(hook, report, "category", nx_hook_at(event, "category"));
    const char *key;
    json_t *value;
    json_object_foreach(event, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < G_N_ELEMENTS(reserved) && !known; i++)
            known = g_str_equal(key, reserved[i]);
        if (!known)
            nx_hook_tags(hook, report, key, value);
    }
}
