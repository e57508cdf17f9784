/* SPDX-License-Identifier: Apache-2.0 */
/* Brevo (Sendinblue) transactional and marketing webhooks. developers.brevo.com/docs/transactional-webhooks, /marketing-webhooks.
 */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"deferred", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"soft_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"hard_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"blocked", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"invalid_email", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD},
    {"invalid", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD},
    {"error", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word reasons[] = {
    /* where the reason is a word of Brevo's own */
    {"spam", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"server is down", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
};

void nx_hook_brevo(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), recipient = nx_hook_whom(hook, event, "email");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str reason = nx_hook_text(hook, event, "reason");
    if (nx_str_istarts(reason, NX_STR("undefined "))) /* a slip of theirs */
        reason = nx_str_trim(nx_str_from(reason, 10));
    report->last_attempt_at = nx_hook_when(hook, event, "ts_epoch|s_epoch|ts_event|ts_sent|ts|date_event|date");
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED) {
        if (nx_str_istarts(reason, NX_STR("blocked : due to")))
            nx_hook_hint(report, NX_HOOK_WORD(events, NX_STR("blocked")));
        nx_hook_hint(report, NX_HOOK_WORD(reasons, reason));
        nx_hook_diagnostic(hook, report, reason);
    }
    struct nx_str message = nx_hook_text(hook, event, "message-id");
    nx_hook_message_id(report, message);
    nx_hook_key(hook, report, message, name, nx_when_format(hook->arena, report->last_attempt_at));
    report->original.subject = nx_hook_text(hook, event, "subject");
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "sending_ip", nx_hook_text(hook, event, "sending_ip"));
    nx_hook_tag(hook, report, "campaign", nx_hook_text(hook, event, "camp_id"));
    nx_hook_tag(hook, report, "template_id", nx_hook_text(hook, event, "template_id"));
    struct nx_str tag = nx_hook_text(hook, event, "tag");
    json_t *list = tag.n > 0 && tag.p[0] == '[' ? nx_hook_load(hook, tag) : NULL; /* a list written into a string */
    nx_hook_tags(hook, report, "tags",
                 nx_hook_at(event, "tags") != NULL ? nx_hook_at(event, "tags")
                 : list != NULL                    ? list
                                                   : nx_hook_at(event, "tag"));
    json_decref(list);
    nx_hook_tag(hook, report, "X-Mailin-custom", nx_hook_text(hook, event, "X-Mailin-custom"));
}
