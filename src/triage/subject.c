/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/subject.h"

bool nx_is_replay(const struct nx_logged *line)
{
    return line->event == NULL && nx_str_eq(line->source, NX_STR(NX_SOURCE_REPLAY));
}

void nx_subject_clear(struct nx_subject *subject)
{
    g_clear_pointer(&subject->listed, g_array_unref);
    g_clear_pointer(&subject->held, g_array_unref);
    g_clear_pointer(&subject->was, g_array_unref);
    g_clear_pointer(&subject->is, g_array_unref);
}

void nx_subject_stand(GArray **list, struct nx_arena *names, const struct nx_entry *entry)
{
    const struct nx_stand standing = {.stream = nx_arena_dup(names, entry->stream),
                                      .cause = entry->cause,
                                      .class_ = entry->class_,
                                      .since = entry->since,
                                      .until = entry->until,
                                      .sequence = entry->sequence,
                                      .manual = entry->manual};
    if (*list == NULL)
        *list = g_array_new(FALSE, FALSE, sizeof(struct nx_stand));
    g_array_append_val(*list, standing);
}

void nx_subject_hold(struct nx_subject *subject, const struct nx_held *held)
{
    if (subject->held == NULL)
        subject->held = g_array_new(FALSE, FALSE, sizeof *held);
    g_array_append_vals(subject->held, held, 1);
}

bool nx_subject_is_settled(const struct nx_subject *subject)
{
    for (guint i = 0; subject->listed != NULL && i < subject->listed->len; i++) {
        const struct nx_stand *standing = &g_array_index(subject->listed, struct nx_stand, i);
        if (standing->manual && standing->stream.n == 0 && standing->until == NX_WHEN_NONE)
            return true;
    }
    return false;
}

void nx_subject_trace(struct nx_subject *subject, const struct nx_logged *line)
{
    for (guint i = 0; subject->listed != NULL && i < subject->listed->len; i++) {
        struct nx_stand *listed = &g_array_index(subject->listed, struct nx_stand, i);
        if (listed->sequence == line->sequence) {
            listed->from_event = line->act == NX_ACT_EVENT || line->act == NX_ACT_HOLD; /* held, then released */
            listed->from_replay = nx_is_replay(line);
        }
    }
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        struct nx_held *held = &g_array_index(subject->held, struct nx_held, i);
        if (held->sequence == line->sequence)
            held->from_replay = nx_is_replay(line);
    }
    if (line->act == NX_ACT_RELEASE || line->act == NX_ACT_REJUDGE)
        subject->lifted_by_replay = line->act == NX_ACT_RELEASE && nx_is_replay(line);
}
