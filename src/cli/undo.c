/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "store/hold.h"

#define SHOWN 10u
#define AT_ONCE 1000u /* entries of one transaction */

struct undo {
    struct nx_filter filter;
    bool manual, consent; /* those too */
    int64_t last;         /* what came after this row of the log is not undone */
    size_t found;         /* in all */
    size_t most;          /* of a page */
    struct nx_arena *arena;
    GArray *page;         /* struct nx_manual, in the arena */
    struct nx_str cursor; /* in a second arena, which outlives the page */
    struct nx_arena *cursors;
    struct nx_str reason, actor;
};

static bool one(const struct nx_entry *entry, void *data)
{
    struct undo *undo = data;
    bool consent = entry->cause == NX_CAUSE_COMPLAINT || entry->cause == NX_CAUSE_UNSUBSCRIBE;
    if ((entry->manual && !undo->manual) || (consent && !undo->consent) || entry->sequence > undo->last)
        return true;
    undo->found++;
    if (undo->page->len == undo->most) /* a look counts on */
        return true;
    struct nx_str stream = entry->stream.n > 0 ? entry->stream : NX_STR(NX_STREAM_UNNAMED);
    const struct nx_manual manual = {.address = nx_arena_dup(undo->arena, entry->key),
                                     .stream = nx_arena_dup(undo->arena, stream),
                                     .cause = entry->cause,
                                     .sequence = entry->sequence,
                                     .reason = undo->reason,
                                     .actor = undo->actor};
    g_array_append_val(undo->page, manual);
    if (undo->most != AT_ONCE || undo->page->len < AT_ONCE)
        return true;
    nx_arena_reset(undo->cursors);
    undo->cursor = nx_entry_cursor(undo->cursors, entry);
    return false;
}

/* The next of them into the page. */
static gboolean turn(struct undo *undo, struct nx_reader *reader, nx_when now, GError **error)
{
    nx_arena_reset(undo->arena);
    g_array_set_size(undo->page, 0);
    undo->filter.after = undo->cursor;
    return nx_reader_list(reader, &undo->filter, now, one, undo, error);
}

/* A page is whole or not at all, and between two of them others may write; what somebody changed since it was looked at is left. */
static gboolean lift(struct nx_store *store, struct undo *undo, struct nx_reader *reader, nx_when now, size_t *lifted,
                     GError **error)
{
    do {
        size_t n = 0;
        if (!turn(undo, reader, now, error))
            return FALSE;
        const struct nx_manual *page = (const struct nx_manual *)(const void *)undo->page->data;
        if (undo->page->len > 0 && !nx_store_release_all(store, page, undo->page->len, now, &n, error))
            return FALSE;
        *lifted += n;
    } while (undo->page->len == AT_ONCE);
    return TRUE;
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

static int preview(struct undo *undo, struct nx_reader *reader, nx_when now)
{
    g_autoptr(GError) error = NULL;
    undo->most = SHOWN;
    if (!turn(undo, reader, now, &error))
        return nx_cli_fail(error);
    printf("%zu entries would be lifted; again with --yes lifts them\n", undo->found);
    for (guint i = 0; i < undo->page->len; i++)
        printf("  %.*s\n", NX_FMT(g_array_index(undo->page, struct nx_manual, i).address));
    if (undo->found > SHOWN)
        puts("  ... (the first of them)");
    if (undo->filter.remote.n > 0 && !hint_at_holds(reader, undo->filter.remote, now, &error))
        return nx_cli_fail(error);
    return nx_cli_finish(NX_EXIT_OK);
}

static int carry_out(struct undo *undo, struct nx_store *store, struct nx_reader *reader, nx_when now)
{
    g_autoptr(GError) error = NULL;
    size_t lifted = 0;
    undo->most = AT_ONCE;
    if (lift(store, undo, reader, now, &lifted, &error)) {
        printf("%zu entries lifted\n", lifted);
        return nx_cli_finish(NX_EXIT_OK);
    }
    g_prefix_error(&error, "undo: %zu lifted; the same command lifts the rest: ", lifted);
    return nx_cli_fail(error);
}

int nx_cmd_undo(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Lifts what reports put on the list in a span of time, such as a provider's outage. Without --yes it only tells what it "
        "would lift. Complaints and unsubscribes "
        "are left alone unless --cause names them, entries by hand or import unless --manual is given. Each lifted entry has its "
        "line in the history. They are lifted a thousand at a time, each thousand whole or not at all, and others may write "
        "between; "
        "after an error or an end in the middle the same command lifts the rest. Undoing twice, or two spans that "
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
    g_autoptr(nx_arena) arena = nx_arena_new(), cursors = nx_arena_new();
    g_autoptr(GArray) page = g_array_new(FALSE, FALSE, sizeof(struct nx_manual));
    struct undo undo = {.filter = filter,
                        .manual = manual,
                        .consent = cause != NULL,
                        .arena = arena,
                        .cursors = cursors,
                        .page = page,
                        .reason = reason != NULL ? nx_str_of(reason) : NX_STR("undo"),
                        .actor = nx_str_of(nx_cli_actor(actor))};
    if (reader == NULL || !nx_reader_position(reader, &undo.last, &error))
        return nx_cli_fail(error);
    return yes ? carry_out(&undo, store, reader, now) : preview(&undo, reader, now);
}
