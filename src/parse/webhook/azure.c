/* SPDX-License-Identifier: Apache-2.0 */
/* Azure Communication Services through Event Grid, in its own schema and as CloudEvents 1.0.
 * learn.microsoft.com/azure/event-grid: "Azure Communication Services - Email events", "Webhook event delivery". */
#include "parse/webhook/hook.h"

static const struct nx_hook_word states[] = {
    {"Delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Expanded", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"Suppressed", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"FilteredSpam", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"Quarantined", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"Failed", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
};

void nx_hook_azure(struct nx_hook *hook, json_t *event)
{
    struct nx_str type = nx_hook_text(hook, event, "eventType|type");
    json_t *data = nx_hook_at(event, "data");
    if (nx_str_iends(type, NX_STR("SubscriptionValidationEvent"))) {
        hook->body.handshake = NX_WEBHOOK_EVENT_GRID;
        hook->body.code = nx_hook_text(hook, data, "validationCode");
        hook->body.url = nx_hook_text(hook, data, "validationUrl");
        return;
    }
    struct nx_str state = nx_hook_text(hook, data, "status"), recipient = nx_hook_whom(hook, data, "recipient");
    bool engagement = nx_str_iends(type, NX_STR("EmailEngagementTrackingReportReceived"));
    const struct nx_hook_word *word = engagement ? NULL : NX_HOOK_WORD(states, state);
    if (recipient.n == 0 && word == NULL)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    report->last_attempt_at =
        nx_hook_when(hook, event, "data.deliveryAttemptTimestamp|data.deliveryAttemptTimeStamp|eventTime|time");
    report->remote_mta = nx_hook_text(hook, data, "deliveryStatusDetails.recipientMailServerHostName");
    if (report->kind != NX_KIND_OTHER)
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, data, "deliveryStatusDetails.statusMessage"));
    nx_hook_message_id(report, nx_hook_text(hook, data, "internetMessageId"));
    report->original.from = nx_hook_text(hook, data, "sender");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "status", state);
    nx_hook_tag(hook, report, "messageId", nx_hook_text(hook, data, "messageId"));
}
