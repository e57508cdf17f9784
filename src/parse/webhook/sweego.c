/* SPDX-License-Identifier: Apache-2.0 */
/* Sweego webhooks. learn.sweego.io/docs/webhooks. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"soft_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"hard_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"undelivered", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"deferred", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"list_unsub", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

void nx_hook_sweego(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event_type"), recipient = nx_hook_whom(hook, event, "recipient"),
                  channel = nx_hook_text(hook, event, "channel");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0 || (channel.n > 0 && !nx_hook_is(channel, "email"))) /* SMS shares the format */
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED) {
        struct nx_str text = nx_hook_text(hook, event, "details|reason|description|event_description|bounce_message|message");
        if (text.n == 0)
            text = nx_hook_seek_refusal(hook, event);
        nx_hook_diagnostic(hook, report, text);
    }
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    nx_hook_message_id(report, nx_hook_text(hook, event, "headers.message-id"));
    nx_hook_key(hook, report, nx_hook_text(hook, event, "event_id"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_tag(hook, report, "event_type", name);
    nx_hook_tag(hook, report, "swg_uid", nx_hook_text(hook, event, "swg_uid"));
    nx_hook_tag(hook, report, "campaign_id", nx_hook_text(hook, event, "campaign_id"));
    nx_hook_tag(hook, report, "x-transaction-id", nx_hook_text(hook, event, "headers.x-transaction-id"));
    nx_hook_tags(hook, report, "campaign_tags", nx_hook_at(event, "campaign_tags"));
}
