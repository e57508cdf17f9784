/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "store/store.h"

#define SHOWN 10u

struct undo {
    GPtrArray *addresses, *streams; /* char *: what the filter found */
    bool manual, consent;           /* those too */
};

static bool one(const struct nx_entry *entry, void *data)
{
    struct undo *undo = data;
    bool consent = entry->cause == NX_CAUSE_COMPLAINT || entry->cause == NX_CAUSE_UNSUBSCRIBE;
    if ((entry->manual && !undo->manual) || (consent && !undo->consent))
        return true;
    g_ptr_array_add(undo->addresses, g_strndup(entry->key.p, entry->key.n));
    g_ptr_array_add(undo->streams, entry->stream.n > 0 ? g_strndup(entry->stream.p, entry->stream.n) : g_strdup(NX_STREAM_UNNAMED));
    return true;
}

/* One that somebody else released meanwhile is no fault. */
static gboolean lift(struct nx_store *store, const struct undo *undo, struct nx_str reason, struct nx_str actor, nx_when now,
                     size_t *lifted, GError **error)
{
    for (guint i = 0; i < undo->addresses->len; i++) {
        g_autoptr(GError) why = NULL;
        if (nx_store_release(store, nx_str_of(undo->addresses->pdata[i]), nx_str_of(undo->streams->pdata[i]), reason, actor, now,
                             NULL, &why)) {
            (*lifted)++;
        } else if (!g_error_matches(why, NX_ERROR, NX_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
    }
    return TRUE;
}

static int preview(const struct undo *undo)
{
    printf("%u entries would be lifted; again with --yes lifts them\n", undo->addresses->len);
    for (guint i = 0; i < MIN(undo->addresses->len, SHOWN); i++)
        printf("  %s\n", (const char *)undo->addresses->pdata[i]);
    if (undo->addresses->len > SHOWN)
        printf("  ... (all of them: nixie export with the same filter)\n");
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_undo(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Lifts what reports put on the list in a span of time, such as a provider's outage. Without --yes it only tells what it "
        "would lift. Complaints and unsubscribes "
        "are left alone unless --cause names them, entries by hand or import unless --manual is given. Each lifted entry has its "
        "line in the history; undoing twice, or two spans that "
        "overlap, lifts the same once.\nExit: 0; 64 no span; 75 the database could not take it.",
        0, 0};
    g_autofree char *since = NULL, *until = NULL, *cause = NULL, *domain = NULL, *stream = NULL, *reason = NULL, *actor = NULL;
    gboolean yes = FALSE, manual = FALSE;
    const GOptionEntry entries[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &since, "Suppressed since then: 2026-01-31T10:00:00Z, or 2h", "WHEN"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &until, "Suppressed before then (default: now)", "WHEN"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &cause, "Only this cause", "NAME"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "Only addresses of this domain", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Only what holds for this stream", "NAME"},
        {"manual", 0, 0, G_OPTION_ARG_NONE, &manual, "Entries by hand and import too", NULL},
        {"reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; it stands in the history", "TEXT"},
        {"actor", 0, 0, G_OPTION_ARG_STRING, &actor, "Who does it; else the login name", "NAME"},
        {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "Do it", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    nx_when now = nx_cli_now();
    struct nx_filter filter = {.domain = nx_str_of(domain), .stream = nx_str_of(stream), .brief = true};
    if (!nx_cli_cause(cause, &filter.cause, &error) || !nx_cli_when(since, now, true, &filter.since, &error) ||
        !nx_cli_when(until, now, true, &filter.before, &error))
        return nx_cli_fail(error);
    if (since == NULL || (until != NULL && filter.before <= filter.since)) {
        nx_cli_say(since == NULL ? "undo: say from when (--since WHEN)" : "undo: --until lies before --since");
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_store) store = nx_cli_store(cli.config, yes ? NX_OPEN_WRITE : NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) streams = g_ptr_array_new_with_free_func(g_free);
    struct undo undo = {.addresses = addresses, .streams = streams, .manual = manual, .consent = cause != NULL};
    if (reader == NULL || !nx_reader_list(reader, &filter, now, one, &undo, &error))
        return nx_cli_fail(error);
    if (!yes)
        return preview(&undo);
    size_t lifted = 0;
    struct nx_str why = reason != NULL ? nx_str_of(reason) : NX_STR("undo");
    gboolean good = lift(store, &undo, why, nx_str_of(nx_cli_actor(actor)), now, &lifted, &error);
    printf("%zu entries lifted\n", lifted);
    return good ? nx_cli_finish(NX_EXIT_OK) : nx_cli_fail(error);
}
