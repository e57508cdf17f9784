/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/codes.h"
#include "export/entry.h"
#include "export/stream.h"

#include <errno.h>
#include <unistd.h>

struct export
{
    FILE *out;
    struct nx_arena *arena;
    enum nx_entry_format format;
    bool coded;
    enum nx_codes codes;
    bool failed;
    size_t n, limit;
    struct nx_str cursor; /* of the line that ends the page; its arena is only used for it */
    struct nx_arena *cursor_arena;
};

static bool one(const struct nx_entry *entry, void *data)
{
    struct export *export = data;
    struct nx_buf line;
    nx_arena_reset(export->arena);
    nx_buf_init(&line, export->arena, 1 << 20);
    nx_entry_line(&line, export->format, entry, export->coded ? nx_codes_name(export->codes) : NULL,
                  export->coded ? nx_code(export->codes, entry->cause) : NULL);
    export->failed = fwrite(line.p, 1, line.n, export->out) != line.n;
    if (++export->n == export->limit)
        export->cursor = nx_entry_cursor(export->cursor_arena, entry);
    return !export->failed;
}

/* A file appears whole or not at all: written beside, then renamed; *ret_temporary stays NULL where there is nothing to rename. */
static FILE *open_output(const char *path, char **ret_temporary, GError **error)
{
    if (path == NULL || strcmp(path, "-") == 0)
        return stdout;
    bool special = nx_sink_is_special(path);
    *ret_temporary = special ? NULL : g_strdup_printf("%s.%ld.part", path, (long)getpid());
    FILE *file = special ? fopen(path, "we") : fopen(*ret_temporary, "wx");
    if (file == NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be made: %s (give another path)", path, g_strerror(errno));
    return file;
}

static gboolean close_output(FILE *file, const char *path, const char *temporary, bool good, GError **error)
{
    bool written = good && fflush(file) == 0 && ferror(file) == 0;
    int why = errno;
    if (temporary == NULL) {
        if (!written && good)
            g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (what was printed is not complete)",
                        file == stdout ? "standard output" : path, g_strerror(why));
        if (file != stdout)
            fclose(file); /* flushed before */
        return written;
    }
    written = written && fsync(fileno(file)) == 0;
    why = written ? 0 : why != 0 ? why : errno;
    if (fclose(file) != 0)
        written = false;
    if (written && rename(temporary, path) == 0)
        return TRUE;
    unlink(temporary);
    if (good)
        g_set_error(error, NX_ERROR, why == ENOSPC ? NX_ERROR_FULL : NX_ERROR_IO,
                    "%s: cannot be written: %s (nothing was left behind)", path, g_strerror(why != 0 ? why : errno));
    return FALSE;
}

static char *cause_names(void)
{
    GString *text = g_string_new("Causes:");
    for (int i = NX_CAUSE_NONE + 1; i < NX_CAUSE_COUNT; i++)
        g_string_append_printf(text, " %s", nx_cause_name((enum nx_cause)i));
    return g_string_free(text, FALSE);
}

struct options {
    char *format, *codes, *output, *stream, *cause, *class_, *domain, *since, *before, *after;
    gint limit;
    gboolean expired;
};

static gboolean read_filter(const struct options *options, nx_when now, struct nx_filter *ret, GError **error)
{
    *ret = (struct nx_filter){.stream = nx_str_of(options->stream),
                              .domain = nx_str_of(options->domain),
                              .after = nx_str_of(options->after),
                              .limit = options->limit > 0 ? (size_t)options->limit : 0,
                              .expired = options->expired};
    if (options->class_ != NULL && !nx_class_parse(nx_str_of(options->class_), &ret->class_)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%s' is no class (hard, soft, block or none)", options->class_);
        return FALSE;
    }
    return nx_cli_cause(options->cause, &ret->cause, error) && nx_cli_when(options->since, now, true, &ret->since, error) &&
           nx_cli_when(options->before, now, true, &ret->before, error);
}

static int write_all(struct nx_cli *cli, const struct options *options, enum nx_entry_format format)
{
    g_autoptr(GError) error = NULL;
    struct nx_filter filter;
    nx_when now = nx_cli_now();
    if (!read_filter(options, now, &filter, &error))
        return nx_cli_fail(error);
    filter.brief = filter.once = format == NX_ENTRY_TXT;
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    g_autofree char *temporary = NULL;
    FILE *out = reader == NULL ? NULL : open_output(options->output, &temporary, &error);
    if (out == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_arena) cursor_arena = nx_arena_new();
    struct export export = {.out = out, .arena = arena, .format = format, .limit = filter.limit, .cursor_arena = cursor_arena};
    export.coded = options->codes != NULL && nx_codes_parse(nx_str_of(options->codes), &export.codes);
    struct nx_buf head;
    nx_buf_init(&head, arena, 1000);
    nx_entry_head(&head, format, export.coded ? nx_codes_name(export.codes) : NULL);
    if (head.n > 0)
        fwrite(head.p, 1, head.n, out);
    gboolean good = nx_reader_list(reader, &filter, now, one, &export, &error);
    if (!close_output(out, options->output, temporary, good, good ? &error : NULL))
        return nx_cli_fail(error);
    if (filter.limit > 0 && export.n == filter.limit)
        fprintf(stderr, "more: --after '%.*s'\n", NX_FMT(export.cursor));
    uint64_t erased;
    if (nx_reader_erased(reader, now, &erased, NULL) && erased > 0)
        nx_cli_say("%" G_GUINT64_FORMAT " erased addresses are suppressed too, by their hash: they cannot be listed", erased);
    return NX_EXIT_OK;
}

int nx_cmd_export(int argc, char **argv)
{
    g_autofree char *causes = cause_names();
    g_autofree char *description = g_strconcat(
        "Writes what is suppressed now, in order of domain and local part. With --limit the next page is told on standard error. "
        "A file named by --output appears whole or not at all.\n",
        causes, "\nExit: 0; 1 there is no database, or not all of it was written; 64 usage.", NULL);
    const struct nx_cli_usage usage = {"", description, 0, 0};
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &options.format, "csv (default), jsonl, or txt: addresses alone, each once",
         "FORMAT"},
        {"codes", 0, 0, G_OPTION_ARG_STRING, &options.codes,
         "Add a column: the cause in the words of sisimai, kumomta, powermta, sparkpost, ses, postmark, zonemta or mautic",
         "PRODUCT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "A file instead of standard output", "FILE"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &options.cause, "Only this cause", "NAME"},
        {"class", 0, 0, G_OPTION_ARG_STRING, &options.class_, "Only hard, soft, block or none", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &options.stream, "What holds for this stream", "NAME"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &options.domain, "Only addresses of this domain", "NAME"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &options.since, "Suppressed since then: 2026-01-31, or 7d", "WHEN"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &options.before, "Suppressed before then", "WHEN"},
        {"expired", 0, 0, G_OPTION_ARG_NONE, &options.expired, "Also entries that have run out", NULL},
        {"limit", 0, 0, G_OPTION_ARG_INT, &options.limit, "At most so many", "N"},
        {"after", 0, 0, G_OPTION_ARG_STRING, &options.after, "Go on behind this cursor", "CURSOR"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    enum nx_entry_format format = NX_ENTRY_CSV;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code)) {
    } else if (options.format != NULL && !nx_entry_format_parse(nx_str_of(options.format), &format)) {
        nx_cli_say("--format %s: there is no such format (csv, jsonl or txt)", options.format);
        code = NX_EXIT_USAGE;
    } else if (options.codes != NULL && !nx_codes_parse(nx_str_of(options.codes), &(enum nx_codes){0})) {
        nx_cli_say("--codes %s: there is no such table (sisimai, kumomta, powermta, sparkpost, ses, postmark, zonemta or mautic)",
                   options.codes);
        code = NX_EXIT_USAGE;
    } else if (options.codes != NULL && format == NX_ENTRY_TXT) {
        nx_cli_say("--codes: txt has no columns (--format csv or jsonl)");
        code = NX_EXIT_USAGE;
    } else {
        code = write_all(&cli, &options, format);
    }
    char *const given[] = {options.format, options.codes,  options.output, options.stream, options.cause,
                           options.class_, options.domain, options.since,  options.before, options.after};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        g_free(given[i]);
    return code;
}
