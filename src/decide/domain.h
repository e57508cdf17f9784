/* SPDX-License-Identifier: Apache-2.0 */
/* decide/domain.h - when the addresses of a domain say that the domain itself is dead. A pure function of what is known of it.
 *
 * Counted are its addresses that are suppressed for bad_domain now (no such domain, no MX, a null MX; RFC 7505). A resolver that
 * fails looks just like it, so an entry is made by itself only where the settings say so, for no provider with many mailboxes, and
 * where nobody of the domain has given a sign of life of late. What a person refused stays refused. Pure, any thread. */
#pragma once
#include "event/event.h"

enum nx_domain_entries { NX_DOMAIN_ENTRIES_OFF, NX_DOMAIN_ENTRIES_PROPOSE, NX_DOMAIN_ENTRIES_AUTO };
const char *nx_domain_entries_name(enum nx_domain_entries entries); /* "off", "propose", "auto" */

enum nx_domain_state { NX_DOMAIN_PROPOSED, NX_DOMAIN_REFUSED, NX_DOMAIN_LISTED };
const char *nx_domain_state_name(enum nx_domain_state state); /* "proposed", "refused", "listed" */

struct nx_domain { /* what is known of one */
    struct nx_str domain;
    uint64_t addresses;  /* suppressed for it, in force */
    nx_when since, last; /* when the first and the last of them were */
    nx_when alive;       /* the day of its last sign of life that was looked for; NX_WHEN_NONE: there is none */
    enum nx_domain_state state;
};
/* One of the providers with many mailboxes (event/domain.def). domain: folded. */
bool nx_domain_is_big(struct nx_str domain);
/* Does an event of this kind and cause show that somebody answers for the domain? */
bool nx_domain_is_life(enum nx_kind kind, enum nx_cause cause);
/* Enough of them, nothing against it, and no person needed. */
bool nx_domain_is_clear(const struct nx_domain *domain, unsigned threshold);
