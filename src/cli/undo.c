/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "store/hold.h"

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

static gboolean lift(struct nx_store *store, const struct undo *undo, struct nx_str reason, struct nx_str actor, nx_when now,
                     size_t *lifted, GError **error)
{
    g_autofree struct nx_manual *entries = g_new0(struct nx_manual, undo->addresses->len + 1);
    for (guint i = 0; i < undo->addresses->len; i++)
        entries[i] = (struct nx_manual){.address = nx_str_of(undo->addresses->pdata[i]),
                                        .stream = nx_str_of(undo->streams->pdata[i]),
                                        .reason = reason,
                                        .actor = actor};
    return nx_store_release_all(store, entries, undo->addresses->len, now, lifted, error);
}

static bool found_one(const struct nx_hold *hold, void *data)
{
    (void)hold;
    *(bool *)data = true;
    return false;
}

/* What is held back is not on the list, so undo does not touch it; who looks for it here should know. */
static gboolean hint_at_holds(struct nx_reader *reader, struct nx_str provider, nx_when now, GError **error)
{
    const struct nx_hold_filter filter = {.remote = provider, .limit = 1};
    bool found = false;
    if (!nx_reader_holds(reader, &filter, now, found_one, &found, error))
        return FALSE;
    if (found)
        printf("more of %.*s is held back (nixie holds drop --provider %.*s)\n", NX_FMT(provider), NX_FMT(provider));
    return TRUE;
}

static int preview(const struct undo *undo, struct nx_reader *reader, struct nx_str provider, nx_when now)
{
    printf("%u entries would be lifted; again with --yes lifts them\n", undo->addresses->len);
    for (guint i = 0; i < MIN(undo->addresses->len, SHOWN); i++)
        printf("  %s\n", (const char *)undo->addresses->pdata[i]);
    if (undo->addresses->len > SHOWN)
        puts("  ... (the first of them)");
    g_autoptr(GError) error = NULL;
    if (provider.n > 0 && !hint_at_holds(reader, provider, now, &error))
        return nx_cli_fail(error);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_undo(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Lifts what reports put on the list in a span of time, such as a provider's outage. Without --yes it only tells what it "
        "would lift. Complaints and unsubscribes "
        "are left alone unless --cause names them, entries by hand or import unless --manual is given. Each lifted entry has its "
        "line in the history, all of them or none; undoing twice, or two spans that "
        "overlap, lifts the same once.\nExit: 0; 64 no span; 75 the database could not take it.",
        0, 0};
    g_autofree char *since = NULL, *until = NULL, *cause = NULL, *domain = NULL, *provider = NULL, *stream = NULL, *reason = NULL,
                    *actor = NULL;
    gboolean yes = FALSE, manual = FALSE;
    const GOptionEntry entries[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &since, "Suppressed since then: 2026-01-31T10:00:00Z, or 2h", "WHEN"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &until, "Suppressed before then (default: now)", "WHEN"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &cause, "Only this cause", "NAME"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "Only addresses of this domain", "NAME"},
        {"provider", 0, 0, G_OPTION_ARG_STRING, &provider,
         "Only what reports of this provider did: google, example.net (see: nixie stats --by remote)", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Only what holds for this stream", "NAME"},
        {"manual", 0, 0, G_OPTION_ARG_NONE, &manual, "Entries by hand and import too", NULL},
        NX_CLI_REASON(&reason),
        NX_CLI_ACTOR(&actor),
        NX_CLI_YES(&yes),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    nx_when now = nx_cli_now();
    g_autofree char *remote = provider != NULL ? g_ascii_strdown(provider, -1) : NULL;
    struct nx_filter filter = {
        .remote = nx_str_of(remote), .domain = nx_str_of(domain), .stream = nx_str_of(stream), .brief = true};
    if (!nx_cli_cause(cause, &filter.cause, &error) || !nx_cli_when(since, now, true, &filter.since, &error) ||
        !nx_cli_when(until, now, true, &filter.before, &error))
        return nx_cli_fail(error);
    if (since == NULL || (until != NULL && filter.before <= filter.since)) {
        nx_cli_say(since == NULL ? "undo: say from when (--since WHEN)" : "undo: --until lies before --since");
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_store) store = yes ? nx_cli_store_there(cli.config, &error) : nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) streams = g_ptr_array_new_with_free_func(g_free);
    struct undo undo = {.addresses = addresses, .streams = streams, .manual = manual, .consent = cause != NULL};
    if (reader == NULL || !nx_reader_list(reader, &filter, now, one, &undo, &error))
        return nx_cli_fail(error);
    if (!yes)
        return preview(&undo, reader, filter.remote, now);
    size_t lifted = 0;
    struct nx_str why = reason != NULL ? nx_str_of(reason) : NX_STR("undo");
    gboolean good = lift(store, &undo, why, nx_str_of(nx_cli_actor(actor)), now, &lifted, &error);
    printf("%zu entries lifted\n", lifted);
    return good ? nx_cli_finish(NX_EXIT_OK) : nx_cli_fail(error);
}
