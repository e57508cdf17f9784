/* SPDX-License-Identifier: Apache-2.0 */
/* Mailomat webhooks. api.mailomat.swiss/docs. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"not_accepted", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"failure_tmp", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"failure_perm", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"complained", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

void nx_hook_mailomat(struct nx_hook *hook, json_t *event)
{
    json_t *payload = nx_hook_at(event, "payload");
    struct nx_str name = nx_hook_text(hook, event, "eventType|payload.event"),
                  recipient = nx_hook_whom(hook, event, "recipient|payload.recipient");
    if (name.n == 0)
        return;
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    report->last_attempt_at = nx_hook_when(hook, event, "occurredAt");
    struct nx_str reason = nx_hook_text(hook, payload, "reason");
    if (nx_hook_is(name, "not_accepted")) { /* their own limits: never sent */
        nx_hook_words(hook, report, reason);
        if (nx_str_ihas(reason, NX_STR("limit")) || nx_str_ihas(reason, NX_STR("quota")))
            report->hint = NX_CAUSE_RATE_LIMITED;
        report->hint_firm = true;
    } else if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED) {
        nx_hook_diagnostic(hook, report, reason.n > 0 ? reason : nx_hook_seek_refusal(hook, payload));
    }
    nx_hook_message_id(report, nx_hook_text(hook, event, "messageId"));
    report->original.from = nx_hook_text(hook, payload, "message.headers.from");
    report->original.to = nx_hook_text(hook, payload, "message.headers.to");
    report->original.subject = nx_hook_text(hook, payload, "message.headers.subject");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "eventType", name);
    nx_hook_tag(hook, report, "messageUuid", nx_hook_text(hook, event, "messageUuid"));
}
