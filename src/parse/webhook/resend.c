/* SPDX-License-Identifier: Apache-2.0 */
/* Resend webhooks. resend.com/docs/dashboard/webhooks/event-types. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"email.delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"email.delivery_delayed", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"email.bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD}, /* "permanently rejected", unless the type says otherwise */
    {"email.complained", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"email.failed", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"email.suppressed", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"email.unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

/* Payloads of before the type: the sentence says it. */
static const struct nx_hook_word sentences[] = {
    {"hard bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"general bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"inbox was full", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT},
    {"too large", NX_KIND_FAILED, NX_CAUSE_MESSAGE_TOO_LARGE, NX_CLASS_SOFT},
    {"content", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"attachment", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_SOFT},
};

static const struct nx_hook_word limited = {"", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT};
static const struct nx_hook_word opted_out = {"", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE};

static const struct nx_hook_word *sentence_of(struct nx_str text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sentences); i++)
        if (nx_str_ihas(text, nx_str_of(sentences[i].word)))
            return &sentences[i];
    return NULL;
}

/* Who has left says so here: "unsubscribed" of a contact. */
static void contact(struct nx_hook *hook, json_t *event, json_t *data, struct nx_str name)
{
    struct nx_str recipient = nx_hook_whom(hook, data, "email");
    if (recipient.n == 0 || !nx_hook_true(data, "unsubscribed") || nx_hook_is(name, "contact.deleted"))
        return;
    struct nx_report *report = nx_hook_add(hook, &opted_out, recipient);
    report->last_attempt_at = nx_hook_when(hook, event, "created_at");
    nx_hook_key(hook, report, nx_hook_text(hook, data, "id"), name, nx_hook_text(hook, event, "created_at"));
    nx_hook_tag(hook, report, "type", name);
}

void nx_hook_resend(struct nx_hook *hook, json_t *event)
{
    json_t *data = nx_hook_at(event, "data"), *to = nx_hook_at(data, "to");
    struct nx_str name = nx_hook_text(hook, event, "type"), id = nx_hook_text(hook, data, "email_id");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    if (id.n == 0 && to == NULL) { /* contact and domain events */
        contact(hook, event, data, name);
        return;
    }
    struct nx_report *report = nx_hook_add(hook, word, nx_hook_text(hook, data, "to"));
    /* All recipients of the message are listed, not the one concerned: with several, nobody is to be blamed. */
    if (json_array_size(to) > 1 && report->kind != NX_KIND_OTHER) {
        report->recipient = NX_STR_NONE;
        report->notes |= NX_NOTE_NO_RECIPIENT;
        nx_hook_tags(hook, report, "to", to);
    }
    struct nx_str type = nx_hook_text(hook, data, "bounce.type"), subtype = nx_hook_text(hook, data, "bounce.subType"),
                  text = nx_hook_text(hook, data, "bounce.message");
    if (report->kind == NX_KIND_FAILED) {
        if (type.n == 0)
            nx_hook_hint(report, sentence_of(text));
        else if (!nx_hook_ses_types(report, type, subtype))
            report->hint_class = NX_CLASS_NONE;
        if (nx_str_ihas(text, NX_STR("suppression list"))) {
            report->hint = NX_CAUSE_UPSTREAM_SUPPRESSED;
            report->hint_class = NX_CLASS_NONE;
        }
        struct nx_str why = nx_hook_text(hook, data, "failed.reason");
        if (nx_str_ihas(why, NX_STR("quota")) || nx_str_ihas(why, NX_STR("limit")))
            nx_hook_hint(report, &limited); /* the account's, not the mailbox's */
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, data, "bounce.diagnosticCode"));
        if (report->diagnostic.n == 0 && text.n > 0)
            nx_hook_diagnostic(hook, report, text);
        nx_hook_words(hook, report, why.n > 0 ? why : nx_hook_text(hook, data, "suppressed.message"));
    }
    report->arrival_at = nx_hook_when(hook, data, "created_at");
    report->last_attempt_at = nx_hook_when(hook, event, "created_at");
    nx_hook_message_id(report, nx_hook_header(hook, nx_hook_at(data, "headers"), "name", "Message-ID"));
    if (report->original.message_id.n == 0)
        nx_hook_message_id(report, nx_hook_text(hook, data, "message_id"));
    report->original.from = nx_hook_text(hook, data, "from");
    report->original.subject = nx_hook_text(hook, data, "subject");
    nx_hook_key(hook, report, id, name, nx_hook_text(hook, event, "created_at"));
    nx_hook_tag(hook, report, "type", name);
    nx_hook_tag(hook, report, "bounce.type", type);
    nx_hook_tag(hook, report, "bounce.subType", subtype);
    nx_hook_tag(hook, report, "email_id", id);
    nx_hook_tags(hook, report, "tags", nx_hook_at(data, "tags"));
}
