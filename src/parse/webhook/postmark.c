/* SPDX-License-Identifier: Apache-2.0 */
/* Postmark webhooks. postmarkapp.com/developer/webhooks, /developer/api/bounce-api (bounce types). */
#include "parse/webhook/hook.h"

static const struct nx_hook_word records[] = {
    {"Bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"SMTPApiError", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT},
    {"SpamComplaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"Delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"SubscriptionChange", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
};
static const struct {
    unsigned code;
    struct nx_hook_word word;
} types[] = {
    {1, {"HardBounce", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD}},
    {2, {"Transient", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT}},
    {16, {"Unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE}},
    {32, {"Subscribe", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {64, {"AutoResponder", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE}},
    {128, {"AddressChange", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {256, {"DnsError", NX_KIND_DELAYED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT}},
    {512, {"SpamNotification", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT}}, /* a filter's refusal, no complaint */
    {1024, {"OpenRelayTest", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {2048, {"Unknown", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {4096, {"SoftBounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT}},
    {8192, {"VirusNotification", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_SOFT}},
    {16384, {"ChallengeVerification", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE}},
    {100000, {"BadEmailAddress", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_HARD}},
    {100001, {"SpamComplaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE}},
    {100002, {"ManuallyDeactivated", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE}},
    {100003, {"Unconfirmed", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {100006, {"Blocked", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_SOFT}},
    {100007, {"SMTPApiError", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT}},
    {100008, {"InboundError", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}},
    {100009, {"DMARCPolicy", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_SOFT}},
    {100010, {"TemplateRenderingFailed", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT}},
};
static const struct nx_hook_word suppressions[] = {
    {"HardBounce", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE}, /* the bounce itself comes in a Bounce */
    {"SpamComplaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"ManualSuppression", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

static const struct nx_hook_word *type_of(const struct nx_hook *hook, json_t *event)
{
    struct nx_str type = nx_hook_text(hook, event, "Type");
    long long code;
    for (size_t i = 0; type.n > 0 && i < G_N_ELEMENTS(types); i++)
        if (nx_hook_is(type, types[i].word.word))
            return &types[i].word;
    if (nx_hook_int(event, "TypeCode", &code))
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
            if (types[i].code == code)
                return &types[i].word;
    return NULL;
}

void nx_hook_postmark(struct nx_hook *hook, json_t *event)
{
    struct nx_str record = nx_hook_text(hook, event, "RecordType"), recipient = nx_hook_whom(hook, event, "Email|Recipient");
    const struct nx_hook_word *word = NX_HOOK_WORD(records, record), *type = type_of(hook, event);
    if (record.n == 0 && type == NULL) /* inbound mail, and what is no event */
        return;
    if (record.n == 0 || nx_hook_is(record, "Bounce"))
        word = type != NULL ? type : &records[0];
    struct nx_str suppression = nx_hook_text(hook, event, "SuppressionReason"), origin = nx_hook_text(hook, event, "Origin");
    if (nx_hook_is(record, "SubscriptionChange") && nx_hook_true(event, "SuppressSending")) {
        word = NX_HOOK_WORD(suppressions, suppression.n > 0 ? suppression : NX_STR("ManualSuppression"));
        bool by_hand = word != NULL && word->kind == NX_KIND_UNSUBSCRIBE;
        if (word == NULL || (by_hand && origin.n > 0 && !nx_hook_is(origin, "Recipient")))
            word = &suppressions[0]; /* nobody opted out: the customer or Postmark put it on the list */
    }
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    if (type != NULL && nx_hook_is(nx_str_of(type->word), "HardBounce"))
        report->hint_firm = false; /* "unknown user, mailbox not found" in their docs, but the text knows better */
    report->last_attempt_at = nx_hook_when(hook, event, "BouncedAt|DeliveredAt|ChangedAt|ReceivedAt");
    struct nx_str message = nx_hook_text(hook, event, "MessageID"), id = nx_hook_text(hook, event, "ID");
    if (id.n > 0) /* one may become another: Transient, then HardBounce */
        nx_hook_key(hook, report, id, nx_hook_text(hook, event, "Type"), message);
    else
        nx_hook_key(hook, report, message, record, nx_when_format(hook->arena, report->last_attempt_at));
    if (report->kind != NX_KIND_OTHER) {
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "Details"));
        nx_hook_words(hook, report, nx_hook_text(hook, event, "Name"));
    }
    report->original.from = nx_hook_text(hook, event, "From");
    report->original.subject = nx_hook_text(hook, event, "Subject");
    nx_hook_tag(hook, report, "RecordType", record);
    nx_hook_tag(hook, report, "Type", nx_hook_text(hook, event, "Type"));
    nx_hook_tag(hook, report, "TypeCode", nx_hook_text(hook, event, "TypeCode"));
    nx_hook_tag(hook, report, "SuppressionReason", suppression);
    nx_hook_tag(hook, report, "Origin", origin);
    nx_hook_tag(hook, report, "Inactive", nx_hook_text(hook, event, "Inactive"));
    nx_hook_tag(hook, report, "MessageID", message);
    nx_hook_tag(hook, report, "MessageStream", nx_hook_text(hook, event, "MessageStream"));
    nx_hook_tag(hook, report, "Tag", nx_hook_text(hook, event, "Tag"));
    nx_hook_tags(hook, report, "Metadata", nx_hook_at(event, "Metadata"));
}
