/* SPDX-License-Identifier: Apache-2.0 */
/* Elastic Email notifications: a query string, a form or JSON with the same names. help.elasticemail.com: "Notification settings",
 * "Bounce categories". */
#include "parse/webhook/hook.h"

static const struct nx_hook_word states[] = {
    {"Sent", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Error", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"Bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"AbuseReport", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"Complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"Unsubscribed", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"Opened", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"Clicked", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
};
static const struct nx_hook_word categories[] = {
    {"NoMailbox", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD},
    {"Spam", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"ContentFilter", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"BlackListed", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_SOFT},
    {"GreyListed", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT},
    {"Throttled", NX_KIND_FAILED, NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT},
    {"Timeout", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"ConnectionProblem", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"ConnectionTerminated", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"SPFProblem", NX_KIND_FAILED, NX_CAUSE_SENDER_AUTH, NX_CLASS_SOFT},
    {"AccountProblem", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT},
    {"DNSProblem", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD}, /* two days of tries */
    {"WhitelistingProblem", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"CodeError", NX_KIND_FAILED, NX_CAUSE_RECEIVER_UNAVAILABLE, NX_CLASS_SOFT},
    {"ManualCancel", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"Suppressed", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"Ignore", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE}, /* on the bounce list of the account */
};

/* Their JSON has been seen with capitals and without. */
void nx_hook_elasticemail(struct nx_hook *hook, json_t *event)
{
    struct nx_str state = nx_hook_text(hook, event, "status|Status"), category = nx_hook_text(hook, event, "category|Category");
    struct nx_str recipient = nx_hook_whom(hook, event, "to|To"), date = nx_hook_text(hook, event, "date|Date");
    const struct nx_hook_word *word = NX_HOOK_WORD(states, state);
    if (state.n == 0)
        return;
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    if (report->kind == NX_KIND_FAILED) {
        nx_hook_hint(report, NX_HOOK_WORD(categories, category));
        nx_hook_diagnostic(hook, report, nx_hook_text(hook, event, "message|Message"));
    }
    report->last_attempt_at = nx_hook_when(hook, event, "date|Date");
    struct nx_str transaction = nx_hook_text(hook, event, "transaction|TransactionID"),
                  message = nx_hook_text(hook, event, "messageid|MessageID");
    nx_hook_key(hook, report, transaction.n > 0 ? transaction : message, state, date);
    report->original.from = nx_hook_text(hook, event, "from|From");
    report->original.subject = nx_hook_text(hook, event, "subject|Subject");
    nx_hook_tag(hook, report, "status", state);
    nx_hook_tag(hook, report, "category", category);
    nx_hook_tag(hook, report, "messageid", message);
    nx_hook_tag(hook, report, "transaction", transaction);
    nx_hook_tag(hook, report, "channel", nx_hook_text(hook, event, "channel|Channel"));
}
