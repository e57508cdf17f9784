/* SPDX-License-Identifier: Apache-2.0 */
/* KumoMTA log records, as its log hook posts them. docs.kumomta.com/reference/log_record. */
#include "parse/webhook/hook.h"

#include "parse/reply.h"

static const struct nx_hook_word types[] = {
    {"Delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Bounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"OOB", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"TransientFailure", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"Delayed", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"Expiration", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT},
    {"AdminBounce", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"Feedback", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"Reception", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Rejection", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE}, /* what it refused to take in */
    {"AdminRebind", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
};
static const struct nx_hook_word classes[] = {
    {"InvalidRecipient", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"DNSFailure", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"BadDomain", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"SpamBlock", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"SpamContent", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"ContentRelated", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"ProhibitedAttachment", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_NONE},
    {"SpamRelated", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"VirusRelated", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_NONE},
    {"RelayDenied", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_NONE},
    {"RelayingIssues", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_NONE},
    {"RoutingErrors", NX_KIND_FAILED, NX_CAUSE_RECEIVER_MISCONFIG, NX_CLASS_NONE},
    {"InactiveMailbox", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_NONE},
    {"QuotaIssues", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
    {"PolicyRelated", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_NONE},
    {"InvalidSender", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_NONE},
    {"AuthenticationFailed", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_NONE},
    {"BadConnection", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"NoAnswerFromHost", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_NONE},
    {"ProtocolErrors", NX_KIND_FAILED, NX_CAUSE_PROTOCOL_ERROR, NX_CLASS_NONE},
    {"BadConfiguration", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_NONE},
    {"MessageExpired", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_NONE},
    {"TooManyRecipients", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_NONE},
    {"AutoReply", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE},
    {"ChallengeResponse", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE},
    {"Subscribe", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

/* What the remote server said. */
static void answer(struct nx_hook *hook, json_t *event, struct nx_report *report)
{
    json_t *enhanced = nx_hook_at(event, "response.enhanced_code");
    if (json_is_object(enhanced))
        nx_hook_status(report, nx_arena_printf(hook->arena, "%.*s.%.*s.%.*s", NX_FMT(nx_hook_text(hook, enhanced, "class")),
                                               NX_FMT(nx_hook_text(hook, enhanced, "subject")),
                                               NX_FMT(nx_hook_text(hook, enhanced, "detail"))));
    nx_hook_reply(report, nx_hook_text(hook, event, "response.code"));
    report->stage = nx_stage_of(nx_hook_text(hook, event, "response.command"));
    nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "response.content"));
}

static void fill(struct nx_hook *hook, json_t *event, struct nx_report *report, struct nx_str type)
{
    struct nx_str class_ = nx_hook_text(hook, event, "bounce_classification");
    const struct nx_hook_word *word = NX_HOOK_WORD(classes, class_);
    if (word != NULL && (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED)) {
        if (word->kind != NX_KIND_FAILED && report->kind == NX_KIND_FAILED)
            report->kind = word->kind;             /* mail to the return path that is no bounce */
        if (report->hint != NX_CAUSE_POLICY_BLOCK) /* AdminBounce: an operator's act */
            nx_hook_hint(report, word);
    }
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED || report->kind == NX_KIND_DELIVERED)
        answer(hook, event, report);
    struct nx_str peer = nx_hook_text(hook, event, "peer_address.name");
    report->remote_mta = peer.n > 0 && peer.p[peer.n - 1] == '.' ? nx_str_sub(peer, 0, peer.n - 1) : peer;
    report->arrival_at = nx_hook_when(hook, event, "created");
    report->last_attempt_at = nx_hook_when(hook, event, "timestamp");
    report->original.from = nx_hook_text(hook, event, "sender");
    nx_hook_message_id(report, nx_hook_text(hook, event, "headers.Message-ID"));
    nx_hook_key(hook, report, nx_hook_text(hook, event, "id"), type, nx_hook_text(hook, event, "timestamp"));
    nx_hook_tag(hook, report, "type", type);
    nx_hook_tag(hook, report, "bounce_classification", class_);
    nx_hook_tag(hook, report, "queue", nx_hook_text(hook, event, "queue"));
    nx_hook_tag(hook, report, "egress_source", nx_hook_text(hook, event, "egress_source"));
    nx_hook_tags(hook, report, "meta", nx_hook_at(event, "meta"));
}

static void complaint(struct nx_hook *hook, json_t *event, struct nx_str recipient, struct nx_str type)
{
    json_t *detail = nx_hook_at(event, "feedback_report");
    struct nx_report *report = nx_hook_add(hook, NX_HOOK_WORD(types, type), recipient);
    fill(hook, event, report, type);
    nx_hook_feedback(report, nx_hook_text(hook, detail, "feedback_type"));
    report->feedback.user_agent = nx_hook_text(hook, detail, "user_agent");
    report->feedback.version = nx_hook_text(hook, detail, "version");
    report->feedback.source_ip = nx_hook_text(hook, detail, "source_ip");
    report->feedback.reported_domain = nx_hook_text(hook, detail, "reported_domain");
    report->feedback.original_mail_from = nx_hook_text(hook, detail, "original_mail_from");
    report->feedback.arrival_date = nx_hook_text(hook, detail, "arrival_date");
    report->feedback.incidents = nx_hook_text(hook, detail, "incidents");
    report->reporting_mta = nx_hook_text(hook, detail, "reporting_mta.name");
}

/* One a recipient that the report names; else whom our own trace header names. */
static void feedback(struct nx_hook *hook, json_t *event, struct nx_str type)
{
    static const char *const paths[] = {"original_rcpto_to", "original_rcpt_to", "supplemental_trace.recipient"};
    json_t *detail = nx_hook_at(event, "feedback_report"), *whom = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(paths) && json_array_size(whom) == 0 && !json_is_string(whom); i++)
        whom = nx_hook_at(detail, paths[i]);
    if (json_array_size(whom) == 0)
        complaint(hook, event, nx_hook_text(hook, whom, ""), type);
    for (size_t i = 0; i < json_array_size(whom); i++)
        complaint(hook, event, nx_hook_text(hook, json_array_get(whom, i), ""), type);
}

void nx_hook_kumomta(struct nx_hook *hook, json_t *event)
{
    struct nx_str type = nx_hook_text(hook, event, "type");
    json_t *recipients = nx_hook_at(event, "recipient");
    const struct nx_hook_word *word = NX_HOOK_WORD(types, type);
    if (type.n == 0)
        return;
    if (nx_hook_is(type, "Feedback")) {
        feedback(hook, event, type);
        return;
    }
    size_t n = json_is_array(recipients) ? json_array_size(recipients) : 1;
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_is_array(recipients) ? json_array_get(recipients, i) : recipients;
        fill(hook, event, nx_hook_add(hook, word, nx_hook_text(hook, one, "")), type);
    }
}
