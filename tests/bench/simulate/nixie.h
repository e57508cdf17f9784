/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/nixie.h - ours: nx_decide, nx_breaker_judge and nx_domain_is_clear as they are, with a history of each address kept as
 * the store keeps it (sqlite/write.c, hold.c, rate.c, domain.c), and nobody to help. */
#pragma once
#include "decide/preset.h"
#include "run.h"

struct variant { /* how it differs from the defaults */
    enum nx_preset preset;
    enum nx_require require;
    enum nx_domain_entries domains;
    bool told;  /* deliveries are reported */
    bool paced; /* [policy] pace says how far apart the letters are */
};
struct nixie *nixie_new(struct run *run, const struct variant *variant);
void nixie_free(struct nixie *nixie);
bool nixie_is_told(const struct nixie *nixie);
/* forged: nobody vouches for it. outcome->cause NONE: it was delivered; of GREYLISTED a delay notice, of AUTO_REPLY an answer. */
void nixie_report(struct nixie *nixie, uint32_t address, const struct outcome *outcome, bool forged, nx_when at);
/* The domain has an entry: hour of the year until when, 0: none. */
int32_t nixie_domain_until(const struct nixie *nixie, unsigned domain);
/* Incidents, in a line. */
void nixie_print(const struct nixie *nixie, const char *name);
