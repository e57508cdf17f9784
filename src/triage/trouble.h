/* SPDX-License-Identifier: Apache-2.0 */
/* triage/trouble.h - the incidents that are not over, as a replay asks them. Inner.
 *
 * What is held back comes back with them, and what the verdicts of now make would have been held back as well. One thread. */
#pragma once
#include "triage/subject.h"

struct nx_troubles;

struct nx_troubles *nx_troubles_new(void);
void nx_troubles_free(struct nx_troubles *troubles);
gboolean nx_troubles_read(struct nx_troubles *troubles, struct nx_reader *reader, nx_when now, GError **error);
/* What came while an incident was on and made nothing, such as words that nobody knew, would have been held back like the rest. */
void nx_troubles_would(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                       const struct nx_logged *line);
/* A hold that a replay dropped comes back where the verdicts of before do, while its incident is open. */
void nx_troubles_dropped(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                         const struct nx_logged *line);
