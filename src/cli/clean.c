/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "event/json.h"
#include "export/clean.h"
#include "export/role.h"
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

struct counted {
    const char *name, *other;
    uint64_t n;
};

static int by_count(gconstpointer a, gconstpointer b)
{
    const struct counted *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

/* Domains by how often they occur; with typos: only those that look mistyped, and what they may mean. */
static GArray *top_domains(const struct nx_clean_report *report, bool typos)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct counted));
    GHashTableIter iter;
    gpointer key, value;
    if (report->domains == NULL)
        return all;
    g_hash_table_iter_init(&iter, report->domains);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        struct counted counted = {.name = key, .n = *(uint64_t *)value};
        if (typos && (counted.other = nx_typo_of(nx_str_of(key))) == NULL)
            continue;
        g_array_append_val(all, counted);
    }
    g_array_sort(all, by_count);
    return all;
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
    g_autoptr(GArray) top = top_domains(report, false);
    for (guint i = 0; i < MIN(top->len, SHOWN); i++)
        fprintf(stderr, "  %-30s %" G_GUINT64_FORMAT "\n", g_array_index(top, struct counted, i).name,
                g_array_index(top, struct counted, i).n);
    g_autoptr(GArray) typos = top_domains(report, true);
    for (guint i = 0; i < MIN(typos->len, SHOWN); i++) {
        const struct counted *typo = &g_array_index(typos, struct counted, i);
        fprintf(stderr, "  mistyped? %-20s %" G_GUINT64_FORMAT ", perhaps %s\n", typo->name, typo->n, typo->other);
    }
}

static void number(struct nx_buf *out, const char *name, uint64_t n)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "%s\"%s\":%" G_GUINT64_FORMAT, out->p[out->n - 1] == '{' ? "" : ",", name, n));
}

static void object(struct nx_buf *out, const char *name, GArray *counted, bool others)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":{", name));
    for (guint i = 0; i < MIN(counted->len, 1000); i++) {
        const struct counted *item = &g_array_index(counted, struct counted, i);
        if (i > 0)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(item->name));
        if (others)
            nx_buf_add(out,
                       nx_arena_printf(out->arena, ":{\"lines\":%" G_GUINT64_FORMAT ",\"perhaps\":\"%s\"}", item->n, item->other));
        else
            nx_buf_add(out, nx_arena_printf(out->arena, ":%" G_GUINT64_FORMAT, item->n));
    }
    nx_buf_addc(out, '}');
}

static gboolean write_report(const char *path, const struct nx_clean_report *report, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_sink) sink = nx_sink_open(path, error);
    g_autoptr(GArray) top = top_domains(report, false), typos = top_domains(report, true);
    struct nx_buf out;
    if (sink == NULL)
        return FALSE;
    nx_buf_init(&out, arena, 16u << 20);
    nx_buf_addc(&out, '{');
    number(&out, "lines", report->lines);
    number(&out, "kept", report->kept);
    number(&out, "removed", report->removed);
    number(&out, "suppressed", report->suppressed);
    number(&out, "invalid", report->invalid);
    number(&out, "first_invalid_line", report->first_invalid);
    number(&out, "duplicates", report->duplicates);
    number(&out, "allowed", report->allowed);
    number(&out, "role_accounts", report->roles);
    number(&out, "latin1", report->latin1);
    number(&out, "blank", report->blank);
    nx_buf_add(&out, NX_STR(",\"causes\":{"));
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        if (report->causes[i] > 0)
            number(&out, nx_entry_cause_name((enum nx_cause)i), report->causes[i]);
    nx_buf_addc(&out, '}');
    object(&out, "domains", top, false);
    object(&out, "mistyped", typos, true);
    nx_buf_add(&out, NX_STR("}\n"));
    return nx_sink_write(sink, nx_buf_str(&out), error) && nx_sink_finish(sink, error);
}

static gboolean read_options(const struct options *options, struct nx_clean_options *ret, GError **error)
{
    static const struct {
        const char *word;
        char delimiter;
    } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"comma", ','}, {"semicolon", ';'}, {"pipe", '|'}};
    if (options->delimiter != NULL && strlen(options->delimiter) == 1)
        ret->delimiter = options->delimiter[0];
    for (size_t i = 0; options->delimiter != NULL && i < G_N_ELEMENTS(words); i++)
        if (strcmp(options->delimiter, words[i].word) == 0)
            ret->delimiter = words[i].delimiter;
    if (options->delimiter != NULL && (ret->delimiter == 0 || strchr("\"\r\n", ret->delimiter) != NULL)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--delimiter '%s': give one character, or tab, comma, semicolon, pipe",
                    options->delimiter);
        return FALSE;
    }
    if (options->annotate && (options->unique || options->removed != NULL)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--annotate keeps every line: leave out --unique and --removed");
        return FALSE;
    }
    const char *header = options->header != NULL ? options->header : "auto";
    if (strcmp(header, "yes") == 0) {
        ret->header = NX_HEADER_YES;
    } else if (strcmp(header, "no") == 0) {
        ret->header = NX_HEADER_NO;
    } else if (strcmp(header, "auto") != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--header %s: yes, no or auto", header);
        return FALSE;
    }
    return TRUE;
}

static gboolean clean(struct nx_cli *cli, const struct options *options, struct nx_clean_report *report, GError **error)
{
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
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, error);
    g_autoptr(nx_source) source = store == NULL ? NULL : nx_source_open(cli->args[0], error);
    g_autoptr(nx_lookup) lookup = source == NULL ? NULL : nx_lookup_new(store, error);
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

int nx_cmd_clean(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"LIST | -",
                                              "LIST is lines or CSV, plain, gzip or zstd, UTF-8 or Latin-1; delimiter, header and "
                                              "the column of addresses are found, or named. What may be written to goes "
                                              "to standard output or --output, byte for byte as it was; lines without a valid "
                                              "address are removed too. Outputs that end in .gz or .zst are "
                                              "compressed; named files appear whole or not at all.\nExit: 0; 65 the list is "
                                              "damaged (the line is named); 75 no space. On any other code the output is "
                                              "not complete.",
                                              1, 1};
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Where the mailable lines go", "FILE"},
        {"removed", 0, 0, G_OPTION_ARG_FILENAME, &options.removed, "The others, with cause, date and detail", "FILE"},
        {"column", 'c', 0, G_OPTION_ARG_STRING, &options.column, "The column of addresses: its name, or its number from 1", "NAME"},
        {"delimiter", 'd', 0, G_OPTION_ARG_STRING, &options.delimiter, "One character, or tab, comma, semicolon, pipe", "CHAR"},
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
    if (nx_cli_begin(&cli, argc, argv, &usage, entries, &code)) {
        g_autoptr(GError) error = NULL;
        struct nx_clean_report report = {0};
        gboolean good = clean(&cli, &options, &report, &error);
        if (good && !options.quiet)
            say_report(&options, &report);
        good = good && (options.report == NULL || write_report(options.report, &report, &error));
        code = good ? NX_EXIT_OK : nx_cli_fail(error);
        nx_clean_report_clear(&report);
    }
    char *const given[] = {options.delimiter, options.column, options.header, options.stream,
                           options.removed,   options.output, options.report};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        g_free(given[i]);
    return code;
}
