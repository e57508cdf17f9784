/* SPDX-License-Identifier: Apache-2.0 */
/* triage/outcome.h - what is to be done with an address of a replay, from how it ends by either verdicts. Inner.
 *
 * The rule of triage/rejudge.h: the entry in force is changed only where it is what the old verdicts give, or an earlier replay's.
 * Pure. */
#pragma once
#include "triage/subject.h"

/* Slices of the act are the subject's. */
typedef void nx_outcome_fn(const struct nx_subject *subject, const struct nx_rejudged *act, void *data);
/* Calls fn for each stream in which something changes. */
void nx_outcome(const struct nx_subject *subject, nx_when now, nx_outcome_fn *fn, void *data);
