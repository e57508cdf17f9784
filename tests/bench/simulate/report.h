/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/report.h - the table, and whether what docs/policy.md claims is so. */
#pragma once
#include "run.h"

enum {
    POSTAL,
    LISTMONK,
    LISTMONK_MAILBOX,
    MAUTIC,
    MAUTIC_ALL,
    MAILMAN,
    RIVALS,
    BALANCED = RIVALS,
    TOLD,
    SIGNED,
    DOMAINS,
    STRICT,
    THRIFTY,
    LENIENT,
    PACED,
    POLICIES
};

void print_table(const struct run *runs);
/* Which of ours is how each rival compares on each count, a line a rival. false: less than docs/policy.md claims, and stderr says
 * which; a claim is of exact numbers. */
bool claims_hold(const struct run *runs);
