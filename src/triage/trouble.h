/* SPDX-License-Identifier: Apache-2.0 */
/* triage/trouble.h - the incidents that are not over, as a replay asks them. Inner.
 *
 * What is held back comes back with them, and what the verdicts of now make would have been held back as well. One thread. */
#pragma once
#include "triage/subject.h"

struct nx_troubles;

/* breaker: lives as long. */
struct nx_troubles *nx_troubles_new(const struct nx_breaker *breaker);
void nx_troubles_free(struct nx_troubles *troubles);
/* The reader is asked later, too. */
gboolean nx_troubles_read(struct nx_troubles *troubles, struct nx_reader *reader, nx_when now, GError **error);
/* What came while an incident was on and made nothing, such as words that nobody knew, would have been held back like the rest: at
 * a provider what calls the address dead, of who brought it all that nobody vouches for. class_: by the verdict of now. */
gboolean nx_troubles_would(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                           const struct nx_logged *line, enum nx_class class_, GError **error);
/* A hold that a replay dropped comes back where the verdicts of before do, while its incident is open. */
void nx_troubles_dropped(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                         const struct nx_logged *line);
