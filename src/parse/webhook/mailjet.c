/* SPDX-License-Identifier: Apache-2.0 */
/* Mailjet event API, single events and groups. dev.mailjet.com/email/guides/webhooks. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"sent", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"blocked", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsub", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word errors[] = {
    {"user unknown", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"mailbox inactive", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_NONE},
    {"quota exceeded", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
    {"blacklisted", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"spam reporter", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"preblocked", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"invalid domain", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"typofix", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"no mail host", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"relay/access denied", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_NONE},
    {"relay denied", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_NONE},
    {"greylisted", NX_KIND_DELAYED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT},
    {"bad or empty template", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_NONE},
    {"error in template language", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_NONE},
    {"sender blocked", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"content blocked", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"policy issue", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
    {"system issue", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
    {"protocol issue", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
    {"connection issue", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"duplicate in campaign", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
};

void nx_hook_mailjet(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), message = nx_hook_text(hook, event, "MessageID");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (name.n == 0)
        return;
    struct nx_report *report = nx_hook_add(hook, word, nx_hook_whom(hook, event, "email"));
    struct nx_str text = nx_hook_text(hook, event, "error"), related = nx_hook_text(hook, event, "error_related_to");
    report->last_attempt_at = nx_hook_when(hook, event, "time");
    if (report->kind == NX_KIND_FAILED) {
        const struct nx_hook_word *error = NX_HOOK_WORD(errors, text); /* `error` may be empty and the word stand in the other */
        if (error == NULL)
            error = NX_HOOK_WORD(errors, related);
        nx_hook_hint(report, error);
        if (error != NULL && error->kind == NX_KIND_DELAYED)
            report->kind = NX_KIND_DELAYED;
        else if (nx_hook_is(name, "bounce") && nx_hook_at(event, "hard_bounce") != NULL)
            report->hint_class = nx_hook_true(event, "hard_bounce") ? NX_CLASS_HARD : NX_CLASS_SOFT;
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "comment"));
        nx_hook_words(hook, report, text.n > 0 ? text : related);
    } else if (report->kind == NX_KIND_DELIVERED) {
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "smtp_reply"));
    }
    nx_hook_key(hook, report, message, name, nx_hook_text(hook, event, "time"));
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "error", text);
    nx_hook_tag(hook, report, "error_related_to", related);
    nx_hook_tag(hook, report, "source", nx_hook_text(hook, event, "source"));
    nx_hook_tag(hook, report, "MessageID", message);
    nx_hook_tag(hook, report, "CustomID", nx_hook_text(hook, event, "CustomID"));
    nx_hook_tag(hook, report, "Payload", nx_hook_text(hook, event, "Payload"));
    nx_hook_tag(hook, report, "customcampaign", nx_hook_text(hook, event, "customcampaign"));
}
