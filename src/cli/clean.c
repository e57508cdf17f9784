/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/report.h"
#include "export/stream.h"

#include <unistd.h>

#define SHOWN 10u /* domains and typos in the report for people */

struct options {
    char *delimiter, *column, *header, *stream, *removed, *output, *report;
    gboolean annotate, unique, detail, quiet;
};

struct files {
    struct nx_source *source;
    struct nx_sink *kept, *removed;
    gint64 drawn;
    bool bar;
};

static gssize read_input(void *data, char *bytes, size_t n, GError **error)
{
    return nx_source_read(((struct files *)data)->source, bytes, n, error);
}

static gboolean write_output(void *data, enum nx_clean_out out, struct nx_str bytes, GError **error)
{
    struct files *files = data;
    return nx_sink_write(out == NX_CLEAN_KEPT ? files->kept : files->removed, bytes, error);
}

static void draw(void *data, uint64_t lines)
{
    struct files *files = data;
    gint64 now = g_get_monotonic_time();
    guint64 size = nx_source_size(files->source), taken = nx_source_taken(files->source);
    if (!files->bar || now - files->drawn < G_USEC_PER_SEC / 10)
        return;
    files->drawn = now;
    if (size > 0)
        fprintf(stderr, "\r%3" G_GUINT64_FORMAT " %%  %" G_GUINT64_FORMAT " lines", MIN(taken, size) * 100 / size, lines);
    else
        fprintf(stderr, "\r%" G_GUINT64_FORMAT " lines", lines);
}

static void say_report(const struct options *options, const struct nx_clean_report *report)
{
    fprintf(stderr,
            "%s%" G_GUINT64_FORMAT " lines: %" G_GUINT64_FORMAT " kept, %" G_GUINT64_FORMAT " removed (%" G_GUINT64_FORMAT
            " suppressed, %" G_GUINT64_FORMAT " no addresses",
            isatty(STDERR_FILENO) ? "\r" : "", report->lines, report->kept, report->removed, report->suppressed, report->invalid);
    if (options->unique)
        fprintf(stderr, ", %" G_GUINT64_FORMAT " duplicates", report->duplicates);
    fputs(")\n", stderr);
    if (report->first_invalid > 0)
        fprintf(stderr, "  the first line without an address is %" G_GUINT64_FORMAT "\n", report->first_invalid);
    if (!options->detail)
        return;
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        if (report->causes[i] > 0)
            fprintf(stderr, "  %-20s %" G_GUINT64_FORMAT "\n", nx_entry_cause_name((enum nx_cause)i), report->causes[i]);
    fprintf(stderr,
            "  addresses from: %s; duplicates %" G_GUINT64_FORMAT ", role accounts %" G_GUINT64_FORMAT
            ", on the allow list %" G_GUINT64_FORMAT ", read as Latin-1 %" G_GUINT64_FORMAT ", blank lines %" G_GUINT64_FORMAT "\n",
            report->column, report->duplicates, report->roles, report->allowed, report->latin1, report->blank);
    g_autoptr(GArray) top = nx_report_domains(report, false);
    for (guint i = 0; i < MIN(top->len, SHOWN); i++)
        fprintf(stderr, "  %-30s %" G_GUINT64_FORMAT "\n", g_array_index(top, struct nx_counted, i).name,
                g_array_index(top, struct nx_counted, i).n);
    g_autoptr(GArray) typos = nx_report_domains(report, true);
    for (guint i = 0; i < MIN(typos->len, SHOWN); i++) {
        const struct nx_counted *typo = &g_array_index(typos, struct nx_counted, i);
        fprintf(stderr, "  mistyped? %-20s %" G_GUINT64_FORMAT ", perhaps %s\n", typo->name, typo->n, typo->other);
    }
}

static gboolean write_report(const char *path, const struct nx_clean_report *report, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_sink) sink = nx_sink_open(path, error);
    struct nx_buf out;
    if (sink == NULL)
        return FALSE;
    nx_buf_init(&out, arena, SIZE_MAX / 2);
    nx_report_to_json(&out, report);
    return nx_sink_write(sink, nx_buf_str(&out), error) && nx_sink_finish(sink, error);
}

static gboolean read_options(const struct options *options, struct nx_clean_options *ret, GError **error)
{
    if (options->delimiter != NULL && !nx_delimiter_parse(options->delimiter, &ret->delimiter)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--delimiter '%s': give one character, or tab, comma, semicolon, pipe",
                    options->delimiter);
        return FALSE;
    }
    if (options->annotate && (options->unique || options->removed != NULL)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--annotate keeps every line: leave out --unique and --removed");
        return FALSE;
    }
    if (options->output != NULL && g_strcmp0(options->output, options->removed) == 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--output and --removed: both are %s (give two files)", options->output);
        return FALSE;
    }
    if (options->header != NULL && !nx_header_parse(options->header, &ret->header)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--header %s: yes, no or auto", options->header);
        return FALSE;
    }
    return TRUE;
}

/* *ret_asked: what went wrong is not the database, which could not be asked. */
static gboolean clean(struct nx_cli *cli, const struct options *options, struct nx_clean_report *report, bool *ret_asked,
                      GError **error)
{
    *ret_asked = true;
    struct nx_clean_options how = {.column = options->column,
                                   .stream = nx_str_of(options->stream),
                                   .now = nx_cli_now(),
                                   .rules = cli->config->fold,
                                   .annotate = options->annotate,
                                   .unique = options->unique,
                                   .removed = options->removed != NULL,
                                   .detail = options->detail || options->report != NULL};
    if (!read_options(options, &how, error))
        return FALSE;
    g_autoptr(nx_source) source = nx_source_open(cli->args[0], error);
    g_autoptr(nx_store) store = source == NULL ? NULL : nx_cli_store(cli->config, NX_OPEN_READ, error);
    g_autoptr(nx_lookup) lookup = store == NULL ? NULL : nx_lookup_new(store, error);
    *ret_asked = source == NULL || lookup != NULL;
    g_autoptr(nx_sink) kept = lookup == NULL ? NULL : nx_sink_open(options->output, error);
    g_autoptr(nx_sink) removed = kept == NULL || options->removed == NULL ? NULL : nx_sink_open(options->removed, error);
    if (kept == NULL || (removed == NULL && options->removed != NULL))
        return FALSE;
    struct files files = {.source = source, .kept = kept, .removed = removed, .bar = !options->quiet && isatty(STDERR_FILENO)};
    const struct nx_clean_io io = {
        .read = read_input, .write = write_output, .progress = draw, .name = nx_source_name(source), .data = &files};
    return nx_clean_run(lookup, &how, &io, report, error) && (removed == NULL || nx_sink_finish(removed, error)) &&
           nx_sink_finish(kept, error);
}

/* As `check` has it: who cannot tell exits 75. A list is never CONFIG or CORRUPT. */
static int fail(const GError *error, bool asked)
{
    bool database =
        !asked || g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG) || g_error_matches(error, NX_ERROR, NX_ERROR_CORRUPT);
    int code = nx_cli_fail(error);
    return database ? nx_cli_question(code) : code;
}

int nx_cmd_clean(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "LIST | -",
        "LIST is lines or CSV, plain, gzip or zstd, UTF-8 or Latin-1; delimiter, header and the column of addresses are found, "
        "or named. What may be written to goes to standard output or --output, byte for byte as it was; lines without a valid "
        "address are removed too. Outputs that end in .gz or .zst are compressed; named files appear whole or not at all. "
        "--output may be the list itself: without --removed the lines taken out are then gone.\n"
        "Exit: 0; 65 the list is damaged (the line is named); 75 no space, or could not tell: no database, a damaged one, or "
        "without the key of erased addresses. On any other code than 0 the output is not complete.",
        1, 1};
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Where the mailable lines go", "FILE"},
        {"removed", 0, 0, G_OPTION_ARG_FILENAME, &options.removed, "The others, with cause, date and detail", "FILE"},
        NX_CLI_COLUMN(&options.column),
        NX_CLI_DELIMITER(&options.delimiter),
        {"header", 0, 0, G_OPTION_ARG_STRING, &options.header, "Is the first line one: yes, no or auto", "WHICH"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &options.stream, "For this stream: its own entries count too", "NAME"},
        {"annotate", 0, 0, G_OPTION_ARG_NONE, &options.annotate,
         "Keep every line and add the columns nixie_cause, nixie_since, nixie_detail", NULL},
        {"unique", 0, 0, G_OPTION_ARG_NONE, &options.unique, "Keep only the first line of each address", NULL},
        {"report", 0, 0, G_OPTION_ARG_NONE, &options.detail, "Tell causes, domains, duplicates, role accounts and likely typos",
         NULL},
        {"report-json", 0, 0, G_OPTION_ARG_FILENAME, &options.report, "The same as JSON", "FILE"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "No progress and no summary", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    bool asked;
    if (nx_cli_begin(&cli, argc, argv, &usage, entries, &code)) {
        g_autoptr(GError) error = NULL;
        struct nx_clean_report report = {0};
        gboolean good = clean(&cli, &options, &report, &asked, &error);
        if (good && !options.quiet)
            say_report(&options, &report);
        good = good && (options.report == NULL || write_report(options.report, &report, &error));
        code = good ? NX_EXIT_OK : fail(error, asked);
        nx_clean_report_clear(&report);
    }
    char *const given[] = {options.delimiter, options.column, options.header, options.stream,
                           options.removed,   options.output, options.report};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        g_free(given[i]);
    return code;
}
