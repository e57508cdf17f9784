/* SPDX-License-Identifier: Apache-2.0 */
/* Unisender Go webhooks, grouped and single. godocs.unisender.ru/web-api-ref#webhook (callback format, delivery statuses). */
#include "parse/webhook/hook.h"

static const struct nx_hook_word states[] = {
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"soft_bounced", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT}, /* it goes on trying */
    {"hard_bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"spam", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};
static const struct nx_hook_word details[] = {
    {"err_user_unknown", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_NONE},
    {"err_user_inactive", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_NONE},
    {"err_mailbox_discarded", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_NONE},
    {"err_dest_invalid", NX_KIND_FAILED, NX_CAUSE_BAD_ADDRESS, NX_CLASS_NONE},
    {"err_domain_inactive", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"err_no_dns", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_NONE},
    {"err_no_smtp", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"err_mailbox_full", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_NONE},
    {"err_spam_rejected", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"err_spam_folder", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_NONE},
    {"err_spam_skipped", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT,
     NX_CLASS_SOFT}, /* not tried: the mailing was called spam elsewhere */
    {"err_spam_removed", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"err_blacklisted", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_NONE},
    {"err_destination_misconfigured", NX_KIND_FAILED, NX_CAUSE_RECEIVER_MISCONFIG, NX_CLASS_NONE},
    {"err_too_large", NX_KIND_FAILED, NX_CAUSE_MESSAGE_TOO_LARGE, NX_CLASS_NONE},
    {"err_src_invalid", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_SOFT},
    {"err_giveup", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT},
    {"err_internal", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT}, /* Unisender's own fault */
    {"err_lost", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
    {"err_unsubscribed", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"err_unreachable", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED,
     NX_CLASS_NONE}, /* not tried: it failed before; and so the others */
    {"err_skip_letter", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"skip_dup_unreachable", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"skip_dup_temp_unreachable", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"skip_dup_mailbox_full", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
};

static void one(struct nx_hook *hook, json_t *record)
{
    json_t *data = nx_hook_at(record, "event_data"), *event = data != NULL ? data : record;
    struct nx_str state = nx_hook_text(hook, event, "status"), recipient = nx_hook_whom(hook, event, "email");
    const struct nx_hook_word *word = NX_HOOK_WORD(states, state);
    if (state.n == 0 || (recipient.n == 0 && word == NULL)) /* transactional_spam_block is about a server */
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str detail = nx_hook_text(hook, event, "delivery_info.delivery_status");
    report->last_attempt_at = nx_hook_when(hook, event, "event_time");
    if (report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED)
        nx_hook_hint(report, NX_HOOK_WORD(details, detail));
    if (report->kind != NX_KIND_OTHER && report->kind != NX_KIND_COMPLAINT)
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "delivery_info.destination_response"));
    nx_hook_words(hook, report, nx_hook_text(hook, event, "comment"));
    nx_hook_key(hook, report, nx_hook_text(hook, event, "job_id"), state, nx_hook_text(hook, event, "event_time"));
    nx_hook_tag(hook, report, "status", state);
    nx_hook_tag(hook, report, "delivery_status", detail);
    nx_hook_tag(hook, report, "job_id", nx_hook_text(hook, event, "job_id"));
    nx_hook_tags(hook, report, "metadata", nx_hook_at(event, "metadata"));
}

void nx_hook_unisender(struct nx_hook *hook, json_t *root)
{
    json_t *users = nx_hook_at(root, "events_by_user");
    if (users == NULL)
        nx_hook_each(hook, root, one);
    for (size_t i = 0; i < json_array_size(users); i++)
        nx_hook_each(hook, nx_hook_at(json_array_get(users, i), "events"), one);
}
