/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "decide/stream.h"
#include "export/import.h"
#include "export/loader.h"
#include "export/stream.h"

#include <unistd.h>

#define TOLD 5u /* lines that cannot be taken, told one by one */

struct options {
    char *from, *cause, *stream, *until, *column, *delimiter, *actor;
    gboolean dry, quiet;
};

struct import {
    const struct options *options;
    struct nx_source *source;
    struct nx_loader *loader;
    const struct nx_fold_rules *rules;
    struct nx_arena *arena; /* of a row */
    struct nx_manual pattern;
    bool own_cause;
    nx_when now;
    uint64_t read, invalid, nameless, passed, expired;
    struct nx_suppressed done;
    gint64 drawn;
    bool bar;
};

/* Ten times a second at most. */
static bool is_due(struct import *import)
{
    gint64 now = g_get_monotonic_time();
    if (!import->bar || now - import->drawn < G_USEC_PER_SEC / 10)
        return false;
    import->drawn = now;
    return true;
}

static void draw_reading(struct import *import)
{
    guint64 size = nx_source_size(import->source), taken = nx_source_taken(import->source);
    if (import->read % 1024 != 0 || !is_due(import))
        return;
    if (size > 0)
        fprintf(stderr, "\rreading %3" G_GUINT64_FORMAT " %%  %" G_GUINT64_FORMAT " lines", MIN(taken, size) * 100 / size,
                import->read);
    else
        fprintf(stderr, "\rreading  %" G_GUINT64_FORMAT " lines", import->read);
}

static void draw_writing(void *data, uint64_t done, uint64_t all)
{
    struct import *import = data;
    if (all > 0 && is_due(import))
        fprintf(stderr, "\r%s %3" G_GUINT64_FORMAT " %%  %" G_GUINT64_FORMAT " entries   ",
                import->options->dry ? "asking " : "writing", done * 100 / all, done);
}

static gboolean one(void *data, const struct nx_import_row *row, GError **error)
{
    struct import *import = data;
    struct nx_manual entry = import->pattern;
    struct nx_address folded;
    const char *why = NULL;
    import->read++;
    draw_reading(import);
    if (row->skip != NULL) {
        import->passed++;
        return TRUE;
    }
    if (nx_arena_used(import->arena) > 60000)
        nx_arena_reset(import->arena);
    if (row->address.n == 0 || !nx_address_fold(import->arena, row->address, import->rules, &folded, &why)) {
        if (import->invalid++ < TOLD && !import->options->quiet)
            nx_cli_say("%s:%" G_GUINT64_FORMAT ": '%.*s' is no address: %s", nx_source_name(import->source), row->line,
                       NX_FMT(nx_str_sub(row->address, 0, 80)), why != NULL ? why : "it is empty");
        return TRUE;
    }
    if (entry.stream.n == 0 && row->stream.n > 0 && !nx_stream_is_scope(row->stream)) {
        if (import->nameless++ < TOLD && !import->options->quiet)
            nx_cli_say("%s:%" G_GUINT64_FORMAT ": '%.*s' is no name of a stream (" NX_STREAM_NAMES "; --stream gives one for all)",
                       nx_source_name(import->source), row->line, NX_FMT(nx_str_sub(row->stream, 0, 80)));
        return TRUE;
    }
    if (row->until != NX_WHEN_NONE && row->until <= import->now) {
        import->expired++;
        return TRUE;
    }
    entry.address = row->address;
    entry.reason = nx_str_sub(row->text, 0, 500);
    entry.since = row->since != NX_WHEN_NONE && row->since <= import->now ? row->since : import->now;
    if (!import->own_cause)
        entry.cause = row->cause;
    if (entry.stream.n == 0)
        entry.stream = row->stream;
    if (entry.until == NX_WHEN_NONE)
        entry.until = row->until;
    return nx_loader_add(import->loader, &entry, folded.key, error);
}

static gssize read_input(void *data, char *bytes, size_t n, GError **error)
{
    return nx_source_read(data, bytes, n, error);
}

static void say_summary(const struct import *import)
{
    g_autofree char *erased = import->done.erased > 0
                                  ? g_strdup_printf(", %zu of the known erased before (they stay so)", import->done.erased)
                                  : g_strdup("");
    g_autofree char *nameless =
        import->nameless > 0 ? g_strdup_printf(", %" G_GUINT64_FORMAT " whose stream is no name", import->nameless) : g_strdup("");
    uint64_t known = import->read - import->done.changed - import->invalid - import->nameless - import->passed - import->expired;
    if (import->bar)
        fprintf(stderr, "\r%79s\r", "");
    printf("%" G_GUINT64_FORMAT " lines: %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " known already, %" G_GUINT64_FORMAT
           " no addresses, %" G_GUINT64_FORMAT " not suppressed there, %" G_GUINT64_FORMAT " run out%s%s\n",
           import->read, (guint64)import->done.changed, import->options->dry ? "would be new" : "new", known, import->invalid,
           import->passed, import->expired, nameless, erased);
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
    if (options->delimiter != NULL && !nx_delimiter_parse(options->delimiter, &how->delimiter)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--delimiter '%s': give one character, or tab, comma, semicolon, pipe",
                    options->delimiter);
        return FALSE;
    }
    import->own_cause = options->cause != NULL;
    return nx_cli_cause(options->cause, &import->pattern.cause, error) &&
           nx_cli_when(options->until, import->now, false, &import->pattern.until, error);
}

/* A dry run needs no database: without one everything is new. */
static struct nx_store *open_store(struct nx_cli *cli, bool dry, GError **error)
{
    GError *why = NULL;
    struct nx_store *store = nx_cli_store(cli->config, dry ? NX_OPEN_READ : NX_OPEN_WRITE, &why);
    if (dry && g_error_matches(why, NX_ERROR, NX_ERROR_NOT_FOUND)) {
        nx_cli_say("%s; so everything is new", why->message);
        g_clear_error(&why);
    }
    if (why != NULL)
        g_propagate_error(error, why);
    return store;
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
    g_autoptr(nx_store) store = source == NULL ? NULL : open_store(cli, options->dry, &error);
    g_autoptr(nx_lookup) lookup = store == NULL || !options->dry ? NULL : nx_lookup_new(store, &error);
    if (error != NULL)
        return nx_cli_fail(error);
    g_autofree char *directory = store != NULL ? g_path_get_dirname(nx_store_path(store)) : g_strdup(g_get_tmp_dir());
    g_autoptr(nx_loader) loader =
        nx_loader_new(options->dry ? NULL : store, lookup, directory, import.pattern.actor, import.pattern.source);
    g_autoptr(nx_arena) arena = nx_arena_new();
    import.source = source;
    import.loader = loader;
    import.arena = arena;
    gboolean good = nx_import_read(&how, read_input, source, nx_source_name(source), one, &import, &error) &&
                    nx_loader_run(loader, import.now, draw_writing, &import, &import.done, &error);
    if (good && !options->dry) { /* so that the first `clean` need not make the table */
        if (import.bar)
            fprintf(stderr, "\r%79s\rmaking the lookup table", "");
        struct nx_lookup *made = nx_lookup_new(store, NULL);
        g_clear_pointer(&made, nx_lookup_free);
    }
    if (good)
        say_summary(&import);
    if (good)
        return nx_cli_finish(import.invalid + import.nameless > 0 ? NX_EXIT_FINDING : NX_EXIT_OK);
    int code = nx_cli_fail(error);
    nx_cli_say("stopped: %zu entries of it are kept (mend the fault and run the same again: what is kept is known)",
               import.done.changed);
    return code;
}

int nx_cmd_import(int argc, char **argv)
{
    g_autofree char *products = nx_product_list();
    g_autofree char *description = g_strconcat(
        "FILE is CSV, JSON or JSON lines, plain, gzip or zstd. The whole of it is read first; a damaged file changes nothing. "
        "Then entries are kept in runs of 131,072 in the order of their keys, each whole or not at all; an import that "
        "stopped is run again, and goes on where it was. What is suppressed already, and for longer, stays as it "
        "is.\nExit: 0; 1 some lines are no addresses, or their stream no name; 65 the "
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
        NX_CLI_COLUMN(&options.column),
        NX_CLI_DELIMITER(&options.delimiter),
        NX_CLI_ACTOR(&options.actor),
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
