/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/domain.h"

static const char *const big[] = {
#define NX_BIG(name) name,
#define NX_KNOWN(name) name,
#include "event/domain.def"
#undef NX_BIG
#undef NX_KNOWN
};

const char *nx_domain_entries_name(enum nx_domain_entries entries)
{
    static const char *const names[] = {"off", "propose", "auto"};
    return names[entries];
}

const char *nx_domain_state_name(enum nx_domain_state state)
{
    static const char *const names[] = {"proposed", "refused", "listed"};
    return names[state];
}

bool nx_domain_is_big(struct nx_str domain)
{
    for (size_t i = 0; i < sizeof big / sizeof *big; i++)
        if (nx_str_eq(domain, nx_str_of(big[i])))
            return true;
    return false;
}

bool nx_domain_is_life(enum nx_kind kind, enum nx_cause cause)
{
    if (kind == NX_KIND_DELIVERED || kind == NX_KIND_COMPLAINT || kind == NX_KIND_AUTOREPLY || kind == NX_KIND_UNSUBSCRIBE)
        return true;
    if (kind != NX_KIND_FAILED && kind != NX_KIND_DELAYED)
        return false;
    /* Refusals that only a server of the domain can have made; a stray server may say the others. */
    return cause == NX_CAUSE_MAILBOX_UNKNOWN || cause == NX_CAUSE_MAILBOX_DISABLED || cause == NX_CAUSE_MAILBOX_MOVED ||
           cause == NX_CAUSE_MAILBOX_FULL || cause == NX_CAUSE_GREYLISTED || cause == NX_CAUSE_RATE_LIMITED ||
           cause == NX_CAUSE_RECIPIENT_REFUSED || cause == NX_CAUSE_REPUTATION_BLOCK || cause == NX_CAUSE_SPAM_CONTENT ||
           cause == NX_CAUSE_SENDER_AUTH || cause == NX_CAUSE_POLICY_BLOCK;
}

bool nx_domain_is_clear(const struct nx_domain *domain, unsigned threshold)
{
    return domain->state == NX_DOMAIN_PROPOSED && domain->addresses >= threshold && domain->alive == NX_WHEN_NONE &&
           !nx_domain_is_big(domain->domain);
}
