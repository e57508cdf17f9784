/* SPDX-License-Identifier: Apache-2.0 */
/* Mailgun webhooks: JSON ({"signature", "event-data"}), bare events of the Events API, and the form posts of before 2018.
 * documentation.mailgun.com: "Webhooks", "Events", "Tracking failures". */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"failed", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"permanent_fail", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"temporary_fail", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"rejected", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"complained", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD}, /* legacy */
    {"dropped", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE}, /* legacy */
};
static const struct nx_hook_word reasons[] = {
    {"suppress-bounce", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"espblock", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"blacklisted", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"greylisted", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
    {"old", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT}, /* given up after retries */
    {"hardfail", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
};
/* Mailgun's own codes, which are no SMTP replies. */
static const struct nx_hook_word codes[] = {
    {"498", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"499", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"602", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT},
    {"605", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"606", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"607", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
};

/* "suppress-" and which of its lists; more of them may come. */
static const struct nx_hook_word *reason_of(struct nx_str reason)
{
    return nx_str_istarts(reason, NX_STR("suppress-")) ? &reasons[0] : NX_HOOK_WORD(reasons, reason);
}

/* Code fields hold a reply, an enhanced code, or one of Mailgun's own. */
static void read_code(struct nx_report *report, struct nx_str code)
{
    nx_hook_status(report, code);
    nx_hook_reply(report, code);
    nx_hook_hint(report, NX_HOOK_WORD(codes, code));
}

/* Of a name that stands several times in a form the first is Mailgun's, but of the signed ones the last: a user variable may have
 * the same name. */
static json_t *last(json_t *event, const char *name)
{
    json_t *value = nx_hook_at(event, name);
    return json_array_size(value) > 0 ? json_array_get(value, json_array_size(value) - 1) : value;
}

static void legacy(struct nx_hook *hook, json_t *event)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), reason = nx_hook_text(hook, event, "reason");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    struct nx_report *report = nx_hook_add(hook, word, nx_hook_text(hook, event, "recipient"));
    nx_hook_key(hook, report, nx_hook_text(hook, last(event, "token"), ""), NX_STR_NONE, NX_STR_NONE);
    nx_hook_message_id(report, nx_hook_text(hook, event, "Message-Id|message-id"));
    report->last_attempt_at = nx_hook_when(hook, last(event, "timestamp"), "");
    nx_hook_hint(report, reason_of(reason));
    if (report->kind != NX_KIND_OTHER) {
        read_code(report, nx_hook_text(hook, event, "code"));
        struct nx_str words = nx_hook_text(hook, event, "error|notification");
        nx_hook_diagnostic(hook, report, words.n > 0 ? words : nx_hook_text(hook, event, "description"));
        if (words.n > 0)
            nx_hook_words(hook, report, nx_hook_text(hook, event, "description"));
    }
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "reason", reason);
    nx_hook_tag(hook, report, "code", nx_hook_text(hook, event, "code"));
    nx_hook_tag(hook, report, "campaign-id", nx_hook_text(hook, event, "campaign-id"));
    nx_hook_tags(hook, report, "tag", nx_hook_at(event, "tag"));
}

static void status_of(struct nx_hook *hook, json_t *event, struct nx_report *report)
{
    json_t *detail = nx_hook_at(event, "delivery-status");
    struct nx_str code = nx_hook_text(hook, detail, "code"), message = nx_hook_text(hook, detail, "message"),
                  description = nx_hook_text(hook, detail, "description");
    nx_hook_status(report, nx_hook_text(hook, detail, "enhanced-code"));
    nx_hook_status(report, nx_hook_text(hook, detail, "bounce-code"));
    read_code(report, code);
    report->remote_mta = nx_hook_text(hook, detail, "mx-host");
    nx_hook_diagnostic(hook, report, message.n > 0 ? message : description);
    if (message.n > 0)
        nx_hook_words(hook, report, description);
    nx_hook_tag(hook, report, "code", code);
}

/* "Permanent" is also what was tried for hours in vain: the last refusal was one for the time being. */
static const struct nx_hook_word given_up = {"", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT};

static bool refused_for_now(const struct nx_report *report)
{
    if (report->hint != NX_CAUSE_NONE) /* Mailgun's own reason or code */
        return false;
    return report->reply != 0 ? report->reply < 500 : nx_str_istarts(report->status, NX_STR("4."));
}

static void one(struct nx_hook *hook, json_t *root, json_t *event, struct nx_str recipient)
{
    struct nx_str name = nx_hook_text(hook, event, "event"), severity = nx_hook_text(hook, event, "severity"),
                  reason = nx_hook_text(hook, event, "reason");
    struct nx_report *report = nx_hook_add(hook, NX_HOOK_WORD(events, name), recipient);
    if (nx_hook_is(severity, "temporary")) {
        report->kind = NX_KIND_DELAYED;
        report->hint_class = NX_CLASS_SOFT;
    } else if (nx_hook_is(severity, "permanent")) {
        report->hint_class = NX_CLASS_HARD;
    }
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED)
        nx_hook_hint(report, reason_of(reason));
    if (report->kind != NX_KIND_OTHER)
        status_of(hook, event, report);
    if (nx_hook_is(severity, "permanent") && refused_for_now(report))
        nx_hook_hint(report, &given_up);
    struct nx_str refused = nx_hook_text(hook, event, "reject.reason"), why = nx_hook_text(hook, event, "reject.description");
    if (refused.n > 0) {
        nx_hook_diagnostic(hook, report, refused);
        nx_hook_words(hook, report, why);
        if (nx_str_ihas(refused, NX_STR("virus")) || nx_str_ihas(why, NX_STR("virus")))
            report->hint = NX_CAUSE_CONTENT_PROHIBITED;
    }
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    struct nx_str id = nx_hook_text(hook, event, "id"); /* unique within a day */
    if (id.n > 0)
        nx_hook_key(hook, report, id, NX_STR_NONE, nx_hook_text(hook, event, "timestamp"));
    else
        nx_hook_key(hook, report, nx_hook_text(hook, root, "signature.token"), NX_STR_NONE, NX_STR_NONE);
    nx_hook_message_id(report, nx_hook_text(hook, event, "message.headers.message-id"));
    report->original.from = nx_hook_text(hook, event, "message.headers.from");
    report->original.to = nx_hook_text(hook, event, "message.headers.to");
    report->original.subject = nx_hook_text(hook, event, "message.headers.subject");
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "severity", severity);
    nx_hook_tag(hook, report, "reason", reason);
    nx_hook_tags(hook, report, "tags", nx_hook_at(event, "tags"));
    nx_hook_tags(hook, report, "user-variables", nx_hook_at(event, "user-variables"));
}

void nx_hook_mailgun(struct nx_hook *hook, json_t *root)
{
    json_t *event = nx_hook_at(root, "event-data");
    if (event == NULL) {
        if (nx_hook_at(root, "event") != NULL && nx_hook_at(root, "delivery-status") == NULL &&
            nx_hook_at(root, "message.headers") == NULL) {
            legacy(hook, root);
            return;
        }
        event = root;
    }
    struct nx_str recipient = nx_hook_whom(hook, event, "recipient"), to = nx_hook_text(hook, event, "message.headers.to");
    if (nx_hook_at(event, "event") == NULL)
        return;
    if (recipient.n == 0)
        recipient = nx_hook_whom(hook, event, "envelope.targets");
    if (recipient.n > 0 || !nx_hook_is(nx_hook_text(hook, event, "event"), "rejected"))
        one(hook, root, event, recipient.n > 0 ? recipient : to);
    else /* the message, and so for all it was for */
        while (nx_hook_next_address(&to, &recipient))
            one(hook, root, event, recipient);
}
