/* SPDX-License-Identifier: Apache-2.0 */
/* SparkPost (Bird) event webhooks. developers.sparkpost.com/api/webhooks, /api/events; bounce classification codes:
 * support.sparkpost.com. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"out_of_band", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"delay", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"policy_rejection", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"generation_failure", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT},
    {"generation_rejection", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"spam_complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"list_unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"link_unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static void judge(struct nx_hook *hook, json_t *event, struct nx_report *report)
{
    struct nx_str text = nx_hook_text(hook, event, "raw_reason|reason");
    const struct nx_hook_word *class_ = nx_hook_bounce_code(nx_hook_text(hook, event, "bounce_class"));
    nx_hook_hint(report, class_);
    if (class_ != NULL && class_->kind != NX_KIND_FAILED && report->kind == NX_KIND_FAILED)
        report->kind = class_->kind; /* auto-replies and the like come as bounces, with a reply that nobody gave */
    if (report->kind != NX_KIND_FAILED && report->kind != NX_KIND_DELAYED) {
        nx_hook_words(hook, report, text);
        return;
    }
    bool vague = class_ == NULL || class_->hint == NX_CAUSE_NONE || class_->hint == NX_CAUSE_POLICY_BLOCK;
    if (report->kind == NX_KIND_FAILED && vague && nx_str_ihas(text, NX_STR("suppress"))) {
        report->hint = NX_CAUSE_UPSTREAM_SUPPRESSED;
        report->hint_class = NX_CLASS_NONE;
    }
    nx_hook_diagnostic(hook, report, text);
    nx_hook_reply(report, nx_hook_text(hook, event, "error_code"));
}

static void one(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "type"), recipient = nx_hook_whom(hook, event, "raw_rcpt_to|rcpt_to");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED)
        judge(hook, event, report);
    if (report->kind == NX_KIND_COMPLAINT) {
        nx_hook_feedback(report, nx_hook_text(hook, event, "fbtype"));
        report->feedback.user_agent = nx_hook_text(hook, event, "user_str");
        report->reporting_mta = nx_hook_text(hook, event, "report_by");
    }
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    report->arrival_at = nx_hook_when(hook, event, "injection_time");
    report->original.from = nx_hook_text(hook, event, "friendly_from");
    report->original.subject = nx_hook_text(hook, event, "subject");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "event_id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "type", name);
    nx_hook_tag(hook, report, "bounce_class", nx_hook_text(hook, event, "bounce_class"));
    nx_hook_tag(hook, report, "message_id", nx_hook_text(hook, event, "message_id"));
    nx_hook_tag(hook, report, "transmission_id", nx_hook_text(hook, event, "transmission_id"));
    nx_hook_tag(hook, report, "campaign_id", nx_hook_text(hook, event, "campaign_id"));
    nx_hook_tag(hook, report, "subaccount_id", nx_hook_text(hook, event, "subaccount_id"));
    nx_hook_tags(hook, report, "rcpt_tags", nx_hook_at(event, "rcpt_tags"));
    nx_hook_tags(hook, report, "rcpt_meta", nx_hook_at(event, "rcpt_meta"));
}

void nx_hook_sparkpost(struct nx_hook *hook, json_t *event)
{
    json_t *msys = nx_hook_at(event, "msys"), *value;
    const char *class_;
    if (msys == NULL) /* as the Events API lists them */
        nx_hook_each(hook, event, one);
    json_object_foreach(msys, class_, value) /* none: a ping */
        nx_hook_each(hook, value, one);
}
