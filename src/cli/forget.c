/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "store/store.h"

#define AT_ONCE 1000u /* addresses in one go over the log */

struct forget {
    struct nx_store *store;
    struct nx_reader *reader;
    struct nx_arena *arena;
    GArray *addresses; /* struct nx_str */
    struct nx_forget what;
    nx_when now;
    gboolean quiet;
    size_t erased, kept;
    struct nx_cleared cleared;
    GError *error;
};

struct preview {
    size_t events, acts, lines;
};

static bool count(const struct nx_logged *line, void *data)
{
    struct preview *preview = data;
    preview->events += line->act == NX_ACT_EVENT;
    preview->lines += line->act == NX_ACT_IMPORT;
    preview->acts += line->act != NX_ACT_EVENT && line->act != NX_ACT_IMPORT;
    return true;
}

/* What would be erased; nothing is. */
static bool show(struct nx_str address, void *data)
{
    struct forget *forget = data;
    const struct nx_log_filter filter = {.address = address, .since = NX_WHEN_NONE};
    struct preview preview = {0};
    struct nx_entry entry;
    bool allowed;
    nx_arena_reset(forget->arena);
    if (!nx_reader_forgettable(forget->reader, forget->arena, address, &forget->error))
        return false;
    int found =
        nx_reader_lookup(forget->reader, forget->arena, address, NX_STR_NONE, forget->now, &entry, &allowed, &forget->error);
    if (found < 0 || !nx_reader_log(forget->reader, &filter, count, &preview, &forget->error))
        return false;
    if (found > 0 && entry.erased) {
        printf("%.*s: erased before, stays suppressed by a keyed hash\n", NX_FMT(address));
        return true;
    }
    printf("%.*s: %zu events, %zu acts, %zu lines of imports would be erased; it %s\n", NX_FMT(address), preview.events,
           preview.acts, preview.lines,
           forget->what.suppress ? "would be suppressed from then on, by a keyed hash"
           : found > 0           ? "would stay suppressed, by a keyed hash"
           : allowed             ? "is on the allow list, which would forget it: nothing would be kept"
                     : "is not suppressed for every stream: what holds for one stream would go on by a hash, else nothing is kept");
    return true;
}

/* Counts one address, and tells what became of it. */
static void tell(struct forget *forget, struct nx_str address, const struct nx_erased *erased)
{
    bool something = erased->events + erased->acts + erased->lines > 0 || (erased->listed && erased->kept);
    bool kept = erased->kept && (something || !erased->before); /* else nothing was done */
    forget->erased += something || kept;
    forget->kept += kept;
    if (forget->quiet)
        return;
    if (something)
        printf("%.*s: erased (%zu events, %zu acts, %zu lines of imports); ", NX_FMT(address), erased->events, erased->acts,
               erased->lines);
    else
        printf("%.*s: %s; ", NX_FMT(address), erased->before ? "was erased before" : "nothing was known of it");
    puts(erased->kept      ? "stays suppressed by a keyed hash"
         : something       ? "was not suppressed, nothing is kept"
         : !erased->before ? "nothing is kept"
                           : "");
}

static bool write_out(struct forget *forget)
{
    g_autofree struct nx_erased *erased = g_new0(struct nx_erased, forget->addresses->len + 1);
    struct nx_cleared cleared = {0};
    forget->what.addresses = (const struct nx_str *)(void *)forget->addresses->data;
    forget->what.n = forget->addresses->len;
    bool good = nx_store_forget(forget->store, &forget->what, forget->now, erased, &cleared, &forget->error);
    if (!good && !g_error_matches(forget->error, NX_ERROR, NX_ERROR_BUSY))
        return false;
    for (guint i = 0; good && i < forget->addresses->len; i++)
        tell(forget, forget->what.addresses[i], &erased[i]);
    forget->cleared.mentions += cleared.mentions;
    forget->cleared.messages += cleared.messages;
    g_array_set_size(forget->addresses, 0);
    nx_arena_reset(forget->arena);
    return good;
}

static bool one(struct nx_str address, void *data)
{
    struct forget *forget = data;
    struct nx_str own = nx_arena_dup(forget->arena, address);
    g_array_append_val(forget->addresses, own);
    return forget->addresses->len < AT_ONCE || write_out(forget);
}

static int finish(struct forget *forget, gboolean good, int code)
{
    if (good && forget->error == NULL)
        return nx_cli_finish(code);
    if (forget->error != NULL)
        code = nx_cli_fail(forget->error);
    g_clear_error(&forget->error);
    return code;
}

int nx_cmd_forget(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"ADDRESS... | -",
                                              "Erases what is known of addresses: events, acts, lines of imports, messages kept "
                                              "for triage, and their name where a report on "
                                              "somebody else has it. Without --yes it only tells what it would erase.\n"
                                              "One that is suppressed stays so, as long as it would have: a keyed hash is kept, "
                                              "which knows the address when it comes again "
                                              "by a report, an import or by hand, and keeps it out. Of one that may be written to "
                                              "nothing is kept, unless --suppress is given. "
                                              "`nixie release` lifts a hash. What cannot be reached: copies of the database, logs, "
                                              "other systems, what hooks were told, and "
                                              "mail that was not read yet (docs/privacy.md).\nExit: 0; 64 one is no address, or a "
                                              "whole domain; 75 the database could not take it.",
                                              1, -1};
    g_autofree char *reason = NULL, *actor = NULL;
    struct forget forget = {0};
    gboolean yes = FALSE, suppress = FALSE;
    const GOptionEntry entries[] = {
        NX_CLI_YES(&yes),
        {"suppress", 0, 0, G_OPTION_ARG_NONE, &suppress,
         "Also those that may be written to: suppressed for every stream, for ever (they object)", NULL},
        {"reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; it stands in the log, so name nobody", "TEXT"},
        NX_CLI_ACTOR(&actor),
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &forget.quiet, "Only the count", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(struct nx_str));
    g_autoptr(nx_store) there = nx_cli_store(cli.config, NX_OPEN_READ, &error); /* never makes a file */
    g_autoptr(nx_store) store = there == NULL || !yes ? NULL : nx_cli_store(cli.config, NX_OPEN_WRITE, &error);
    g_autoptr(nx_reader) reader = there == NULL || yes ? NULL : nx_reader_new(there, &error);
    if (store == NULL && reader == NULL)
        return nx_cli_fail(error);
    forget.store = store;
    forget.reader = reader;
    forget.arena = arena;
    forget.addresses = addresses;
    forget.what = (struct nx_forget){.suppress = suppress, .reason = nx_str_of(reason), .actor = nx_str_of(nx_cli_actor(actor))};
    forget.now = nx_cli_now();
    gboolean read = nx_cli_each(&cli, yes ? one : show, &forget, &error);
    if (!read && forget.error == NULL)
        forget.error = g_steal_pointer(&error);
    if (!yes) {
        if (forget.error == NULL)
            puts("again with --yes erases");
        return finish(&forget, read, NX_EXIT_OK);
    }
    if (forget.error == NULL && addresses->len > 0)
        write_out(&forget);
    if (forget.erased > 0 || forget.error == NULL)
        printf(
            "%zu erased, %zu of them stay suppressed; named in %zu reports on others and %zu kept messages, which were cleared\n",
            forget.erased, forget.kept, forget.cleared.mentions, forget.cleared.messages);
    return finish(&forget, read, NX_EXIT_OK);
}
