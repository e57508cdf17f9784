/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

static void feed(GChecksum *sum, struct nx_str text)
{
    if (text.n > 0)
        g_checksum_update(sum, (const guchar *)text.p, (gssize)text.n);
    g_checksum_update(sum, (const guchar *)"\n", 1);
}

/* Addresses are compared without case. */
static void feed_folded(GChecksum *sum, struct nx_str text)
{
    g_autofree char *low = g_ascii_strdown(text.n > 0 ? text.p : "", (gssize)text.n);
    feed(sum, nx_str_of(low));
}

enum nx_kind nx_feedback_kind(struct nx_str type, nx_notes *notes)
{
    if (nx_str_istarts(type, NX_STR("auth-failure")) || nx_str_istarts(type, NX_STR("dmarc"))) {
        *notes |= NX_NOTE_AUTH_FAILURE;
        return NX_KIND_OTHER;
    }
    if (nx_str_istarts(type, NX_STR("not-spam")))
        return NX_KIND_OTHER;
    if (nx_str_istarts(type, NX_STR("opt-out")))
        return NX_KIND_UNSUBSCRIBE;
    return NX_KIND_COMPLAINT;
}

bool nx_event_is_unexplained(const struct nx_event *event)
{
    bool failed = event->report.kind == NX_KIND_FAILED;
    return (event->report.notes & NX_NOTE_LOOKS_LIKE_BOUNCE) != 0 || (failed && event->report.recipient.n == 0) ||
           ((failed || event->report.kind == NX_KIND_DELAYED) && event->verdict.cause == NX_CAUSE_UNKNOWN);
}

struct nx_str nx_event_id(struct nx_arena *arena, const struct nx_report *report)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    if (report->key.n > 0) {
        feed(sum, NX_STR("key"));
        feed(sum, report->key);
    } else if (report->reporting_mta.n > 0 && report->original.message_id.n > 0) {
        feed(sum, NX_STR("message"));
        feed_folded(sum, report->reporting_mta);
        feed(sum, report->original.message_id);
        feed(sum, report->status);
    } else {
        feed(sum, NX_STR("digest"));
        feed(sum, report->digest);
    }
    feed_folded(sum, report->recipient);
    feed(sum, nx_str_of(nx_kind_name(report->kind)));
    struct nx_str id = nx_arena_dup(arena, (struct nx_str){g_checksum_get_string(sum), 32});
    g_checksum_free(sum);
    return id;
}
