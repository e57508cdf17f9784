/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/import.h"
#include "export/stream.h"
#include "store/store.h"

#include <pthread.h>
#include <unistd.h>

#define RUN 1000000u  /* entries in one transaction */
#define PATIENCE 120u /* times five seconds that another writer is waited for */
#define TOLD 5u       /* lines that are no addresses, told one by one */

struct options {
    char *from, *cause, *stream, *until, *column, *delimiter, *actor;
    gboolean dry, quiet;
};

struct writing { /* one run on its way into the store, while the next is read */
    struct nx_store *store;
    struct nx_arena *arena;
    GArray *entries;
    nx_when now;
    size_t new;
    GError *error;
};

struct import {
    const struct options *options;
    struct nx_source *source;
    struct nx_store *store;
    struct nx_lookup *lookup; /* dry run */
    const struct nx_fold_rules *rules;
    struct nx_arena *arena; /* of the run that is being read */
    GArray *entries;        /* struct nx_manual */
    struct writing writing; /* the run before it */
    pthread_t writer;
    bool busy;
    struct nx_manual pattern;
    bool own_cause;
    nx_when now;
    uint64_t read, new, invalid, passed, expired;
    gint64 drawn;
    bool bar;
};

static void draw(struct import *import)
{
    if (!import->bar || import->read % 1024 != 0)
        return;
    gint64 now = g_get_monotonic_time();
    guint64 size = nx_source_size(import->source), taken = nx_source_taken(import->source);
    if (now - import->drawn < G_USEC_PER_SEC / 10)
        return;
    import->drawn = now;
    fprintf(stderr, "\r%3" G_GUINT64_FORMAT " %%  %" G_GUINT64_FORMAT " lines, %" G_GUINT64_FORMAT " new",
            size > 0 ? MIN(taken, size) * 100 / size : 0, import->read, import->new);
}

/* Somebody else who writes is waited for: an import is long, and others may be under way. */
static void *write_run(void *data)
{
    struct writing *writing = data;
    const struct nx_manual *entries = (const struct nx_manual *)(void *)writing->entries->data;
    for (unsigned tries = 0;; tries++) {
        g_clear_error(&writing->error);
        if (nx_store_suppress(writing->store, entries, writing->entries->len, writing->now, &writing->new, &writing->error) ||
            !g_error_matches(writing->error, NX_ERROR, NX_ERROR_BUSY) || tries >= PATIENCE)
            return NULL;
    }
}

/* Waits for the run under way. */
static gboolean finish_run(struct import *import, GError **error)
{
    struct writing *writing = &import->writing;
    if (!import->busy)
        return TRUE;
    pthread_join(import->writer, NULL);
    import->busy = false;
    import->new += writing->new;
    writing->new = 0;
    g_array_set_size(writing->entries, 0);
    nx_arena_reset(writing->arena);
    if (writing->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&writing->error));
    return FALSE;
}

static gboolean start_run(struct import *import, GError **error)
{
    struct writing *writing = &import->writing;
    if (!finish_run(import, error))
        return FALSE;
    GArray *entries = import->entries;
    struct nx_arena *arena = import->arena;
    import->entries = writing->entries;
    import->arena = writing->arena;
    *writing = (struct writing){.store = import->store, .arena = arena, .entries = entries, .now = import->now};
    int failed = pthread_create(&import->writer, NULL, write_run, writing);
    import->busy = failed == 0;
    if (failed != 0)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "cannot start a thread: %s (try again)", g_strerror(failed));
    return failed == 0;
}

static void ask_run(struct import *import)
{
    guint n = import->entries->len;
    g_autofree struct nx_str *keys = g_new0(struct nx_str, n + 1);
    g_autofree struct nx_hit *hits = g_new0(struct nx_hit, n + 1);
    for (guint i = 0; i < n; i++) {
        struct nx_address address = {0};
        (void)nx_address_fold(import->arena, g_array_index(import->entries, struct nx_manual, i).address, import->rules, &address,
                              NULL);
        keys[i] = address.key;
    }
    for (guint i = 0; i < n; i++)
        nx_lookup_find(import->lookup, &keys[i], 1, g_array_index(import->entries, struct nx_manual, i).stream, import->now,
                       &hits[i]);
    for (guint i = 0; i < n; i++)
        import->new += hits[i].answer != NX_ANSWER_SUPPRESSED;
    g_array_set_size(import->entries, 0);
    nx_arena_reset(import->arena);
}

static gboolean flush(struct import *import, GError **error)
{
    if (import->entries->len == 0)
        return TRUE;
    if (import->store != NULL)
        return start_run(import, error);
    ask_run(import);
    return TRUE;
}

static gboolean one(void *data, const struct nx_import_row *row, GError **error)
{
    struct import *import = data;
    struct nx_manual entry = import->pattern;
    struct nx_address folded;
    const char *why = NULL;
    import->read++;
    draw(import);
    if (row->skip != NULL) {
        import->passed++;
        return TRUE;
    }
    if (row->address.n == 0 || !nx_address_fold(import->arena, row->address, import->rules, &folded, &why)) {
        if (import->invalid++ < TOLD && !import->options->quiet)
            nx_cli_say("%s:%" G_GUINT64_FORMAT ": '%.*s' is no address: %s", nx_source_name(import->source), row->line,
                       NX_FMT(nx_str_sub(row->address, 0, 80)), why != NULL ? why : "it is empty");
        return TRUE;
    }
    if (row->until != NX_WHEN_NONE && row->until <= import->now) {
        import->expired++;
        return TRUE;
    }
    entry.address = nx_arena_dup(import->arena, row->address);
    entry.reason = nx_arena_dup(import->arena, nx_str_sub(row->text, 0, 500));
    entry.since = row->since != NX_WHEN_NONE && row->since <= import->now ? row->since : import->now;
    if (!import->own_cause)
        entry.cause = row->cause;
    if (entry.stream.n == 0)
        entry.stream = nx_arena_dup(import->arena, row->stream);
    if (entry.until == NX_WHEN_NONE)
        entry.until = row->until;
    g_array_append_val(import->entries, entry);
    return import->entries->len < RUN || flush(import, error);
}

static gssize read_input(void *data, char *bytes, size_t n, GError **error)
{
    return nx_source_read(data, bytes, n, error);
}

static void say_summary(const struct import *import)
{
    uint64_t known = import->read - import->new - import->invalid - import->passed - import->expired;
    printf("%s%" G_GUINT64_FORMAT " lines: %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " known already, %" G_GUINT64_FORMAT
           " no addresses, %" G_GUINT64_FORMAT " not suppressed there, %" G_GUINT64_FORMAT " run out\n",
           import->bar ? "\r" : "", import->read, import->new, import->options->dry ? "would be new" : "new", known,
           import->invalid, import->passed, import->expired);
}

static gboolean read_options(const struct options *options, struct import *import, struct nx_import_options *how, GError **error)
{
    how->product = nx_product_find(options->from != NULL ? options->from : "list");
    if (how->product == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--from %s: there is no such product (see `nixie help import`)",
                    options->from);
        return FALSE;
    }
    how->column = options->column;
    how->delimiter = options->delimiter == NULL ? 0 : strcmp(options->delimiter, "tab") == 0 ? '\t' : options->delimiter[0];
    import->own_cause = options->cause != NULL;
    return nx_cli_cause(options->cause, &import->pattern.cause, error) &&
           nx_cli_when(options->until, import->now, false, &import->pattern.until, error);
}

static int import_file(struct nx_cli *cli, const struct options *options)
{
    g_autoptr(GError) error = NULL;
    struct import import = {.options = options,
                            .rules = cli->config->fold,
                            .now = nx_cli_now(),
                            .bar = !options->quiet && isatty(STDERR_FILENO),
                            .pattern = {.until = NX_WHEN_NONE}};
    struct nx_import_options how = {0};
    if (!read_options(options, &import, &how, &error))
        return nx_cli_fail(error);
    g_autofree char *source_name = g_strconcat("import:", nx_product_name(how.product), NULL);
    import.pattern.stream = nx_str_of(options->stream);
    import.pattern.actor = nx_str_of(nx_cli_actor(options->actor));
    import.pattern.source = nx_str_of(source_name);
    g_autoptr(nx_source) source = nx_source_open(cli->args[0], &error);
    g_autoptr(nx_store) store =
        source == NULL ? NULL : nx_cli_store(cli->config, options->dry ? NX_OPEN_READ : NX_OPEN_WRITE, &error);
    g_autoptr(nx_lookup) lookup = store == NULL || !options->dry ? NULL : nx_lookup_new(store, &error);
    if (store == NULL || (lookup == NULL && options->dry))
        return nx_cli_fail(error);
    import.source = source;
    import.arena = nx_arena_new();
    import.writing.arena = nx_arena_new();
    import.entries = g_array_new(FALSE, FALSE, sizeof(struct nx_manual));
    import.writing.entries = g_array_new(FALSE, FALSE, sizeof(struct nx_manual));
    import.store = options->dry ? NULL : store;
    import.lookup = lookup;
    gboolean good = nx_import_read(&how, read_input, source, nx_source_name(source), one, &import, &error);
    good = good && flush(&import, &error);
    good = finish_run(&import, good ? &error : NULL) && good;
    nx_arena_free(import.arena);
    nx_arena_free(import.writing.arena);
    g_array_unref(import.entries);
    g_array_unref(import.writing.entries);
    if (good)
        say_summary(&import);
    if (good && !options->dry) { /* so that the first `clean` need not make the table */
        struct nx_lookup *made = nx_lookup_new(store, NULL);
        g_clear_pointer(&made, nx_lookup_free);
    }
    if (good)
        return nx_cli_finish(import.invalid > 0 ? NX_EXIT_FINDING : NX_EXIT_OK);
    int code = nx_cli_fail(error);
    nx_cli_say("stopped: %" G_GUINT64_FORMAT
               " entries of it are kept (mend the fault and run the same again: what is kept is known)",
               import.new);
    return code;
}

int nx_cmd_import(int argc, char **argv)
{
    g_autofree char *products = nx_product_list();
    g_autofree char *description =
        g_strconcat("FILE is CSV, JSON or JSON lines, plain, gzip or zstd. Entries are kept in runs of a million, each whole or "
                    "not at all; an import that "
                    "stopped is run again, and goes on where it was. What is suppressed already, and for longer, stays as it "
                    "is.\nExit: 0; 1 some lines are no addresses; 65 the "
                    "file is damaged (the line is named); 75 no space, or locked for ten minutes.\n\nProducts:\n",
                    products, NULL);
    const struct nx_cli_usage usage = {"FILE | -", description, 1, 1};
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from, "The product that wrote it (default: list)", "PRODUCT"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry, "Only tell what is new, known and invalid", NULL},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &options.cause, "This cause for all, such as complaint", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &options.stream, "This stream for all", "NAME"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &options.until, "2026-12-31, or 90d from now; else as the list says, or for ever",
         "WHEN"},
        {"column", 'c', 0, G_OPTION_ARG_STRING, &options.column, "The column of addresses: its name, or its number from 1", "NAME"},
        {"delimiter", 'd', 0, G_OPTION_ARG_STRING, &options.delimiter, "One character, or tab", "CHAR"},
        {"actor", 0, 0, G_OPTION_ARG_STRING, &options.actor, "Who does it; else the login name", "NAME"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "No progress, and no line about each bad line", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        code = import_file(&cli, &options);
    char *const given[] = {options.from,   options.cause,     options.stream, options.until,
                           options.column, options.delimiter, options.actor};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        g_free(given[i]);
    return code;
}
