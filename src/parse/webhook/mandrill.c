/* SPDX-License-Identifier: Apache-2.0 */
/* Mailchimp Transactional (Mandrill) webhooks. mailchimp.com/developer/transactional/docs/webhooks. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"hard_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"soft_bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT}, /* Mandrill has given up */
    {"deferral", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"reject", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsub", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word descriptions[] = {
    {"bad_mailbox", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"invalid_domain", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"mailbox_full", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
};
/* Why it was not sent. */
static const struct nx_hook_word rejections[] = {
    {"hard-bounce", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"soft-bounce", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"spam", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"unsub", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"custom", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"invalid", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_NONE},
    {"invalid-sender", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_NONE},
    {"unsigned", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_NONE},
    {"rule", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
    {"test-mode-limit", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
};

/* Description and code say the same; the event says whether it was for good. */
static void why(struct nx_report *report, const struct nx_hook_word *description, const struct nx_hook_word *code)
{
    enum nx_class class_ = report->hint_class;
    nx_hook_hint(report, description != NULL ? description : code != NULL && code->kind == NX_KIND_FAILED ? code : NULL);
    report->hint_class = class_;
}

void nx_hook_mandrill(struct nx_hook *hook, json_t *event)
{
    json_t *message = nx_hook_at(event, "msg");
    struct nx_str name = nx_hook_text(hook, event, "event"),
                  recipient = nx_hook_whom(hook, event, "msg.email|reject.email|entry.email"), /* of a list that was changed */
        rejection = nx_hook_text(hook, event, "reject.reason|msg.reject.reason|msg.reject_reason");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0 && recipient.n == 0)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str description = nx_hook_text(hook, message, "bounce_description"), diagnostic = nx_hook_text(hook, message, "diag");
    json_t *tries = nx_hook_at(message, "smtp_events");
    json_t *last = json_is_array(tries) && json_array_size(tries) > 0 ? json_array_get(tries, json_array_size(tries) - 1) : NULL;
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED) {
        why(report, NX_HOOK_WORD(descriptions, description), nx_hook_bounce_code(nx_hook_text(hook, message, "bgtools_code")));
        if (nx_hook_is(name, "reject") && rejection.n > 0) {
            const struct nx_hook_word *reason = NX_HOOK_WORD(rejections, rejection);
            report->hint = NX_CAUSE_NONE;
            nx_hook_hint(report, reason);
        }
        nx_hook_diagnostic(hook, report, diagnostic.n > 0 ? diagnostic : nx_hook_text(hook, last, "diag"));
        report->last_attempt_at = nx_hook_when(hook, last, "ts");
    }
    if (report->last_attempt_at == NX_WHEN_NONE)
        report->last_attempt_at = nx_hook_when(hook, event, "ts");
    report->arrival_at = nx_hook_when(hook, message, "ts");
    nx_hook_key(hook, report, nx_hook_text(hook, event, "_id|msg._id"), name, nx_hook_text(hook, event, "ts"));
    report->original.from = nx_hook_text(hook, message, "sender");
    report->original.subject = nx_hook_text(hook, message, "subject");
    nx_hook_tag(hook, report, "event", name.n > 0 ? name : nx_hook_text(hook, event, "type"));
    nx_hook_tag(hook, report, "action", nx_hook_text(hook, event, "action"));
    nx_hook_tag(hook, report, "bounce_description", description);
    nx_hook_tag(hook, report, "reject", rejection);
    nx_hook_tag(hook, report, "_id", nx_hook_text(hook, message, "_id"));
    nx_hook_tag(hook, report, "subaccount", nx_hook_text(hook, message, "subaccount"));
    nx_hook_tags(hook, report, "tags", nx_hook_at(message, "tags"));
    nx_hook_tags(hook, report, "metadata", nx_hook_at(message, "metadata"));
}
