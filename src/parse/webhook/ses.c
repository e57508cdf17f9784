/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SES: through SNS (envelope with the SES object as text), raw delivery, EventBridge ("detail").
 * docs.aws.amazon.com/ses: "Amazon SNS notification contents", "Event data that Amazon SES publishes to Amazon SNS". */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"Bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"Delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"DeliveryDelay", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"Reject", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_SOFT}, /* "Bad content": a virus */
    {"Rendering Failure", NX_KIND_FAILED, NX_CAUSE_MESSAGE_MALFORMED, NX_CLASS_SOFT},
    {"Subscription", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Send", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Open", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Click", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
};
static const struct nx_hook_word types[] = {
    {"Permanent", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"Transient", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
};
static const struct nx_hook_word subtypes[] = {
    {"Suppressed", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE}, /* and OnAccountSuppressionList, ... */
    {"NoEmail", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"UnsubscribedRecipient", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"MailboxFull", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
    {"MessageTooLarge", NX_KIND_FAILED, NX_CAUSE_MESSAGE_TOO_LARGE, NX_CLASS_NONE},
    {"ContentRejected", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"AttachmentRejected", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_NONE},
    {"CustomTimeoutExceeded", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_NONE}, /* of the sender's making */
};
static const struct nx_hook_word delays[] = {
    {"InternalFailure", NX_KIND_DELAYED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
    {"RecipientServerError", NX_KIND_DELAYED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
    {"MailboxFull", NX_KIND_DELAYED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT},
    {"SpamDetected", NX_KIND_DELAYED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"IPFailure", NX_KIND_DELAYED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_SOFT},
    {"TransientCommunicationFailure", NX_KIND_DELAYED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"BYOIPHostNameLookupUnavailable", NX_KIND_DELAYED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"SendingDeferral", NX_KIND_DELAYED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT},
};
static const struct nx_hook_word opted_out = {"", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE};

/* "dns; host", "dsn; host", "host" */
static struct nx_str host_of(struct nx_str text)
{
    size_t semicolon = nx_str_chr(text, ';');
    return nx_str_trim(semicolon < text.n ? nx_str_from(text, semicolon + 1) : text);
}

/* What all events about one message say. */
static void fill(const struct nx_hook *hook, struct nx_report *report, json_t *event, json_t *detail)
{
    json_t *mail = nx_hook_at(event, "mail");
    struct nx_str id = nx_hook_text(hook, mail, "messageId"),
                  message_id = nx_hook_header(hook, nx_hook_at(mail, "headers"), "name", "Message-ID");
    nx_hook_message_id(report, message_id.n > 0 ? message_id : nx_hook_text(hook, mail, "commonHeaders.messageId"));
    report->original.from = nx_hook_text(hook, mail, "source");
    report->original.subject = nx_hook_text(hook, mail, "commonHeaders.subject");
    report->original.date = nx_hook_text(hook, mail, "commonHeaders.date");
    report->arrival_at = nx_hook_when(hook, mail, "timestamp");
    report->last_attempt_at = nx_hook_when(hook, detail, "timestamp");
    report->retry_until = nx_hook_when(hook, detail, "expirationTime");
    report->reporting_mta = host_of(nx_hook_text(hook, detail, "reportingMTA"));
    report->remote_mta = nx_hook_text(hook, detail, "remoteMtaIp");
    struct nx_str feedback = nx_hook_text(hook, detail, "feedbackId");
    if (feedback.n > 0)
        nx_hook_key(hook, report, feedback, NX_STR_NONE, NX_STR_NONE);
    else
        nx_hook_key(hook, report, id, NX_STR_NONE, nx_when_format(hook->arena, report->last_attempt_at));
    nx_hook_tag(hook, report, "message_id", id);
    nx_hook_tags(hook, report, "tags", nx_hook_at(mail, "tags"));
}

/* The list of those concerned; where it is missing, the message's one recipient; where there are several, nobody is to be blamed,
 * but the event is kept. */
static json_t *concerned(json_t *event, json_t *list)
{
    json_t *destination = nx_hook_at(event, "mail.destination");
    if (json_array_size(list) > 0)
        return json_incref(list);
    return json_array_size(destination) == 1 ? json_incref(destination) : json_pack("[{}]");
}

static struct nx_str address_of(const struct nx_hook *hook, json_t *one)
{
    return nx_hook_text(hook, one, json_is_object(one) ? "emailAddress" : "");
}

/* The lists that SES consults have become more over time, and each has "suppress" in its name. */
static const struct nx_hook_word *subtype_of(struct nx_str subtype)
{
    const struct nx_hook_word *word = NX_HOOK_WORD(subtypes, subtype);
    return word == NULL && nx_str_ihas(subtype, NX_STR("suppress")) ? &subtypes[0] : word;
}

bool nx_hook_ses_types(struct nx_report *report, struct nx_str type, struct nx_str subtype)
{
    const struct nx_hook_word *word = NX_HOOK_WORD(types, type);
    nx_hook_hint(report, word);
    nx_hook_hint(report, subtype_of(subtype));
    return word != NULL;
}

static void bounce(struct nx_hook *hook, json_t *event, const struct nx_hook_word *word)
{
    json_t *detail = nx_hook_at(event, "bounce");
    struct nx_str type = nx_hook_text(hook, detail, "bounceType"), subtype = nx_hook_text(hook, detail, "bounceSubType");
    json_t *recipients = concerned(event, nx_hook_at(detail, "bouncedRecipients"));
    for (size_t i = 0; i < json_array_size(recipients); i++) {
        json_t *one = json_array_get(recipients, i);
        struct nx_report *report = nx_hook_add(hook, word, address_of(hook, one));
        fill(hook, report, event, detail);
        nx_hook_ses_types(report, type, subtype);
        struct nx_str action = nx_hook_text(hook, one, "action");
        if (nx_hook_is(action, "delayed"))
            report->kind = NX_KIND_DELAYED;
        nx_hook_status(report, nx_hook_text(hook, one, "status"));
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, one, "diagnosticCode"));
        nx_hook_tag(hook, report, "bounceType", type);
        nx_hook_tag(hook, report, "bounceSubType", subtype);
    }
    json_decref(recipients);
}

static void complaint(struct nx_hook *hook, json_t *event, const struct nx_hook_word *word)
{
    json_t *detail = nx_hook_at(event, "complaint"), *recipients = concerned(event, nx_hook_at(detail, "complainedRecipients"));
    struct nx_str type = nx_hook_text(hook, detail, "complaintFeedbackType"),
                  subtype = nx_hook_text(hook, detail, "complaintSubType");
    const struct nx_hook_word *refused = subtype_of(subtype); /* no complaint: it was not sent because of an older one */
    static const struct nx_hook_word suppressed = {"", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE};
    if (refused != NULL && refused->hint == NX_CAUSE_UPSTREAM_SUPPRESSED)
        word = &suppressed;
    for (size_t i = 0; i < json_array_size(recipients); i++) {
        struct nx_report *report = nx_hook_add(hook, word, address_of(hook, json_array_get(recipients, i)));
        fill(hook, report, event, detail);
        if (report->kind == NX_KIND_COMPLAINT) {
            nx_hook_feedback(report, type);
            report->feedback.user_agent = nx_hook_text(hook, detail, "userAgent");
            report->feedback.arrival_date = nx_hook_text(hook, detail, "arrivalDate");
        }
        nx_hook_tag(hook, report, "complaintSubType", subtype);
    }
    json_decref(recipients);
}

static bool opts_out(const struct nx_hook *hook, json_t *detail)
{
    if (nx_hook_true(detail, "newTopicPreferences.unsubscribeAll"))
        return true;
    json_t *topics = nx_hook_at(detail, "newTopicPreferences.topicSubscriptionStatus"),
           *before = nx_hook_at(detail, "oldTopicPreferences.topicSubscriptionStatus");
    for (size_t i = 0; i < json_array_size(topics); i++) {
        json_t *topic = json_array_get(topics, i);
        bool was_out = false;
        for (size_t k = 0; k < json_array_size(before); k++)
            was_out |=
                nx_str_eq(nx_hook_text(hook, json_array_get(before, k), "topicName"), nx_hook_text(hook, topic, "topicName")) &&
                nx_hook_is(nx_hook_text(hook, json_array_get(before, k), "subscriptionStatus"), "OptOut");
        if (!was_out && nx_hook_is(nx_hook_text(hook, topic, "subscriptionStatus"), "OptOut"))
            return true;
    }
    return false;
}

/* Events that concern every recipient listed, with their object in `detail`. */
static void for_all(struct nx_hook *hook, json_t *event, json_t *detail, const struct nx_hook_word *word, json_t *recipients)
{
    for (size_t i = 0; i < json_array_size(recipients); i++) {
        json_t *one = json_array_get(recipients, i);
        bool object = json_is_object(one);
        struct nx_report *report = nx_hook_add(hook, word, address_of(hook, one));
        fill(hook, report, event, detail);
        if (object) {
            nx_hook_status(report, nx_hook_text(hook, one, "status"));
            nx_hook_diagnostic(hook, report, nx_hook_text(hook, one, "diagnosticCode"));
        }
        if (report->kind == NX_KIND_DELIVERED)
            nx_hook_diagnostic(hook, report, nx_hook_text(hook, detail, "smtpResponse"));
        if (report->kind == NX_KIND_FAILED) {
            struct nx_str why = nx_hook_text(hook, detail, "reason");
            nx_hook_words(hook, report, why.n > 0 ? why : nx_hook_text(hook, detail, "errorMessage"));
        }
        nx_hook_tag(hook, report, "reason", nx_hook_text(hook, detail, "reason"));
        nx_hook_tag(hook, report, "templateName", nx_hook_text(hook, detail, "templateName"));
        nx_hook_tag(hook, report, "contactList", nx_hook_text(hook, detail, "contactList"));
    }
}

static void ses_event(struct nx_hook *hook, json_t *event)
{
    struct nx_str type = nx_hook_text(hook, event, "eventType|notificationType");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, type);
    json_t *destination = nx_hook_at(event, "mail.destination");
    if (nx_hook_is(type, "Bounce")) {
        bounce(hook, event, word);
    } else if (nx_hook_is(type, "Complaint")) {
        complaint(hook, event, word);
    } else if (nx_hook_is(type, "Delivery")) {
        json_t *recipients = nx_hook_at(event, "delivery.recipients");
        for_all(hook, event, nx_hook_at(event, "delivery"), word, recipients != NULL ? recipients : destination);
    } else if (nx_hook_is(type, "DeliveryDelay")) {
        json_t *detail = nx_hook_at(event, "deliveryDelay"), *recipients = nx_hook_at(detail, "delayedRecipients");
        size_t first = hook->body.n;
        for_all(hook, event, detail, word, recipients != NULL ? recipients : destination);
        struct nx_str delay = nx_hook_text(hook, detail, "delayType");
        for (size_t i = first; i < hook->body.n; i++) {
            nx_hook_hint(&hook->body.reports[i], NX_HOOK_WORD(delays, delay));
            nx_hook_tag(hook, &hook->body.reports[i], "delayType", delay);
        }
    } else if (nx_hook_is(type, "Subscription")) {
        json_t *detail = nx_hook_at(event, "subscription");
        for_all(hook, event, detail, opts_out(hook, detail) ? &opted_out : word, destination);
    } else if (nx_hook_is(type, "Reject")) {
        for_all(hook, event, nx_hook_at(event, "reject"), word, destination);
    } else if (nx_hook_is(type, "Rendering Failure")) {
        for_all(hook, event, nx_hook_at(event, "failure"), word, destination);
    } else if (type.n > 0) { /* Send, Open, Click, and what may come */
        for_all(hook, event, nx_hook_at(event, "open|click"), word, destination);
    }
}

/* An object of SES itself. */
static void bare(struct nx_hook *hook, json_t *event)
{
    json_t *detail = nx_hook_at(event, "detail"); /* EventBridge */
    ses_event(hook, json_is_object(detail) ? detail : event);
}

void nx_hook_ses(struct nx_hook *hook, json_t *event)
{
    json_t *records = nx_hook_at(event, "Records"); /* the form in which SNS calls a function */
    if (nx_hook_sns(hook, event, bare))
        return;
    if (!json_is_array(records)) {
        bare(hook, event);
        return;
    }
    for (size_t i = 0; i < json_array_size(records); i++) {
        json_t *inner = nx_hook_at(json_array_get(records, i), "Sns");
        if (inner != NULL && !nx_hook_sns(hook, inner, bare))
            bare(hook, inner);
    }
}
