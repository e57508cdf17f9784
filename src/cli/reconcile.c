/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "decide/stream.h"
#include "event/json.h"
#include "export/entry.h"
#include "export/loader.h"
#include "export/reconcile.h"
#include "export/stream.h"

#define TOLD 5u /* lines that cannot be taken, told one by one */

enum format { TABLE, CSV, JSONL };

struct options {
    char *with, *grounds, *stream, *format, *output, *push, *column, *actor;
    gboolean apply, quiet;
};

struct reconcile {
    const struct options *options;
    enum format format;
    struct nx_source *source; /* the file at hand */
    enum nx_cause cause;      /* that was said of it */
    bool caused;
    struct nx_reconciler *reconciler;
    const struct nx_fold_rules *rules;
    struct nx_arena *arena; /* of a line */
    struct nx_sink *out, *push;
    struct nx_upload upload;
    unsigned pushable; /* grounds, as bits */
    struct nx_loader *loader;
    struct nx_manual pattern;
    nx_when now;
    uint64_t read, invalid, passed, drifts[NX_DRIFT_COUNT], taken, pushed, kept;
};

/* Theirs */

static gboolean one_row(void *data, const struct nx_import_row *row, GError **error)
{
    struct reconcile *reconcile = data;
    struct nx_import_row own = *row;
    struct nx_address folded;
    const char *why = "it is empty";
    reconcile->read++;
    nx_arena_reset(reconcile->arena);
    if (row->skip != NULL || (row->until != NX_WHEN_NONE && row->until <= reconcile->now)) {
        reconcile->passed++;
        return TRUE;
    }
    if (row->stream.n > 0 && !nx_stream_is_scope(row->stream)) {
        if (reconcile->invalid++ < TOLD && !reconcile->options->quiet)
            nx_cli_say("%s:%" G_GUINT64_FORMAT ": '%.*s' is no name of a stream (" NX_STREAM_NAMES ")",
                       nx_source_name(reconcile->source), row->line, NX_FMT(nx_str_sub(row->stream, 0, 80)));
        return TRUE;
    }
    if (row->address.n == 0 || !nx_address_fold(reconcile->arena, row->address, reconcile->rules, &folded, &why)) {
        if (reconcile->invalid++ < TOLD && !reconcile->options->quiet)
            nx_cli_say("%s:%" G_GUINT64_FORMAT ": '%.*s' is no address: %s", nx_source_name(reconcile->source), row->line,
                       NX_FMT(nx_str_sub(row->address, 0, 80)), why);
        return TRUE;
    }
    if (reconcile->caused)
        own.cause = reconcile->cause;
    return nx_reconciler_add(reconcile->reconciler, &own, folded.key, error);
}

static gssize read_input(void *data, char *bytes, size_t n, GError **error)
{
    return nx_source_read(data, bytes, n, error);
}

/* FILE, or CAUSE=FILE for a list whose lines do not say what they are. */
static gboolean read_file(struct reconcile *reconcile, const struct nx_import_options *how, const char *argument, GError **error)
{
    const char *equal = strchr(argument, '=');
    struct nx_str word = nx_str_sub(nx_str_of(argument), 0, equal != NULL ? (size_t)(equal - argument) : 0);
    reconcile->caused = equal != NULL && nx_cause_parse(word, &reconcile->cause);
    g_autoptr(nx_source) source = nx_source_open(reconcile->caused ? equal + 1 : argument, error);
    reconcile->source = source;
    return source != NULL && nx_import_read(how, read_input, source, nx_source_name(source), one_row, reconcile, error);
}

/* What differs */

static const char *there_of(const struct nx_difference *difference)
{
    return difference->drift == NX_DRIFT_HERE ? "" : nx_entry_cause_name(difference->there.cause);
}

static const char *here_of(const struct nx_difference *difference)
{
    return difference->here.answer == NX_ANSWER_SUPPRESSED ? nx_entry_cause_name(difference->here.cause)
           : difference->here.answer == NX_ANSWER_ALLOWED  ? "allowed"
                                                           : "";
}

static void add_fields(struct nx_buf *out, enum format format, const struct nx_str *fields, size_t n)
{
    static const char *const names[] = {"drift", "address", "stream", "there", "there_since", "here", "here_since", "here_until"};
    for (size_t i = 0; i < n; i++) {
        if (format == CSV) {
            nx_csv_field(out, fields[i], ',');
            nx_buf_addc(out, i + 1 < n ? ',' : '\n');
            continue;
        }
        nx_buf_addc(out, i == 0 ? '{' : ',');
        nx_json_string(out, nx_str_of(names[i]));
        nx_buf_addc(out, ':');
        nx_json_string(out, fields[i]);
    }
    nx_buf_add(out, format == JSONL ? NX_STR("}\n") : NX_STR_NONE);
}

static void add_line(struct nx_buf *out, enum format format, const struct nx_difference *difference)
{
    bool there = difference->drift != NX_DRIFT_HERE, here = difference->here.answer == NX_ANSWER_SUPPRESSED;
    const struct nx_str fields[] = {nx_str_of(nx_drift_name(difference->drift)),
                                    difference->address,
                                    difference->there.stream,
                                    nx_str_of(there_of(difference)),
                                    nx_when_format(out->arena, there ? difference->there.since : NX_WHEN_NONE),
                                    nx_str_of(here_of(difference)),
                                    nx_when_format(out->arena, here ? difference->here.since : NX_WHEN_NONE),
                                    nx_when_format(out->arena, here ? difference->here.until : NX_WHEN_NONE)};
    if (format == TABLE)
        nx_buf_add(out, nx_arena_printf(out->arena, "%-8s %-20s %-20s %.*s\n", nx_drift_name(difference->drift),
                                        there_of(difference), here_of(difference), NX_FMT(difference->address)));
    else
        add_fields(out, format, fields, G_N_ELEMENTS(fields));
}

/* What is here for a term, for a whole domain, or for what the provider has no list for, is not pushed: it would be there for ever.
 */
static gboolean push(struct reconcile *reconcile, struct nx_buf *out, const struct nx_difference *difference, GError **error)
{
    enum nx_ground ground = nx_ground_of(difference->here.cause);
    if (difference->here.until != NX_WHEN_NONE || difference->here.domain || difference->address.p[0] == '@' ||
        (reconcile->pushable & 1u << ground) == 0) {
        reconcile->kept++;
        return TRUE;
    }
    reconcile->pushed++;
    nx_upload_add(&reconcile->upload, out, ground, difference->address);
    return nx_sink_write(reconcile->push, nx_buf_str(out), error);
}

static gboolean take(struct reconcile *reconcile, const struct nx_difference *difference, GError **error)
{
    struct nx_manual entry = reconcile->pattern;
    const struct nx_import_row *there = &difference->there;
    entry.address = difference->address;
    entry.stream = there->stream;
    entry.cause = there->cause;
    entry.reason = there->text;
    entry.since = there->since != NX_WHEN_NONE && there->since <= reconcile->now ? there->since : reconcile->now;
    entry.until = there->until;
    return nx_loader_add(reconcile->loader, &entry, difference->key, error);
}

/* What is only there; and a complaint that is known as a bounce here, which would run out. A provider's unsubscribe may be what we
 * pushed as one ourselves. */
static bool is_taken(const struct nx_difference *difference)
{
    return difference->drift == NX_DRIFT_THERE ||
           (difference->drift == NX_DRIFT_GROUND && difference->there.cause == NX_CAUSE_COMPLAINT);
}

static gboolean one(void *data, const struct nx_difference *difference, GError **error)
{
    struct reconcile *reconcile = data;
    struct nx_buf line, body;
    reconcile->drifts[difference->drift]++;
    if (difference->drift == NX_DRIFT_SAME)
        return TRUE;
    nx_arena_reset(reconcile->arena);
    nx_buf_init(&line, reconcile->arena, 1u << 16);
    nx_buf_init(&body, reconcile->arena, 1u << 16);
    add_line(&line, reconcile->format, difference);
    return nx_sink_write(reconcile->out, nx_buf_str(&line), error) &&
           (reconcile->push == NULL || difference->drift != NX_DRIFT_HERE || push(reconcile, &body, difference, error)) &&
           (reconcile->loader == NULL || !is_taken(difference) || take(reconcile, difference, error));
}

static gboolean write_head(struct reconcile *reconcile, GError **error)
{
    return nx_sink_write(reconcile->out,
                         reconcile->format == CSV ? NX_STR("drift,address,stream,there,there_since,here,here_since,here_until\n")
                         : reconcile->format == TABLE ? NX_STR("drift    there                here                 address\n")
                                                      : NX_STR_NONE,
                         error);
}

static gboolean finish(struct reconcile *reconcile, GError **error)
{
    struct nx_buf rest;
    struct nx_suppressed done = {0};
    nx_buf_init(&rest, reconcile->arena, 1000);
    nx_upload_end(&reconcile->upload, &rest);
    bool good = nx_sink_finish(reconcile->out, error) &&
                (reconcile->push == NULL ||
                 (nx_sink_write(reconcile->push, nx_buf_str(&rest), error) && nx_sink_finish(reconcile->push, error))) &&
                (reconcile->loader == NULL || nx_loader_run(reconcile->loader, reconcile->now, NULL, NULL, &done, error));
    reconcile->taken = done.changed;
    return good;
}

static int say_summary(const struct reconcile *reconcile)
{
    const uint64_t *n = reconcile->drifts;
    fprintf(stderr,
            "%" G_GUINT64_FORMAT " only there, %" G_GUINT64_FORMAT " only here, %" G_GUINT64_FORMAT
            " for something else, %" G_GUINT64_FORMAT " allowed here, %" G_GUINT64_FORMAT " the same\n",
            n[NX_DRIFT_THERE], n[NX_DRIFT_HERE], n[NX_DRIFT_GROUND], n[NX_DRIFT_ALLOWED], n[NX_DRIFT_SAME]);
    if (reconcile->loader != NULL)
        fprintf(stderr, "%" G_GUINT64_FORMAT " taken from there\n", reconcile->taken);
    if (reconcile->push != NULL)
        fprintf(stderr,
                "%" G_GUINT64_FORMAT " written for there, %" G_GUINT64_FORMAT
                " not: for a term, for a whole domain, or for what it has no list for\n",
                reconcile->pushed, reconcile->kept);
    if (reconcile->invalid > 0)
        fprintf(stderr, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " lines have no address, or no stream\n", reconcile->invalid,
                reconcile->read);
    uint64_t left = n[NX_DRIFT_THERE] + n[NX_DRIFT_HERE] + n[NX_DRIFT_GROUND] + n[NX_DRIFT_ALLOWED];
    return left > reconcile->taken || reconcile->invalid > 0 ? NX_EXIT_FINDING : NX_EXIT_OK;
}

static gboolean read_options(const struct options *options, struct reconcile *reconcile, struct nx_import_options *how,
                             unsigned *ret_grounds, GError **error)
{
    static const char *const formats[] = {[TABLE] = "table", [CSV] = "csv", [JSONL] = "jsonl"};
    bool apart = false;
    how->product = options->with != NULL ? nx_product_find(options->with) : NULL;
    how->column = options->column;
    for (size_t i = 0; options->format != NULL && i < G_N_ELEMENTS(formats); i++)
        if (strcmp(options->format, formats[i]) == 0)
            reconcile->format = (enum format)i;
    if (how->product == NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE,
                    options->with != NULL ? "--with %s: there is no such product (see `nixie help import`)"
                                          : "--with is missing%s: whose list is it?",
                    options->with != NULL ? options->with : "");
    else if (options->format != NULL && strcmp(options->format, formats[reconcile->format]) != 0)
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--format %s: there is no such format (table, csv or jsonl)", options->format);
    else if (!nx_grounds_parse(options->grounds, ret_grounds))
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--grounds %s: give some of " NX_GROUND_NAMES ", parted by commas",
                    options->grounds);
    else if (options->push != NULL &&
             (reconcile->pushable = nx_upload_grounds(nx_product_name(how->product), *ret_grounds, &apart)) == 0)
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--push: how %s takes these is not known (--format csv has the addresses)",
                    options->with);
    else if (apart)
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--push: %s takes each ground in a file of its own (give one by --grounds)",
                    options->with);
    else
        return TRUE;
    return FALSE;
}

static gboolean open_outputs(struct reconcile *reconcile, GError **error)
{
    const struct options *options = reconcile->options;
    reconcile->out = nx_sink_open(options->output, error);
    if (reconcile->out == NULL)
        return FALSE;
    reconcile->push = options->push != NULL ? nx_sink_open(options->push, error) : NULL;
    return options->push == NULL || reconcile->push != NULL;
}

static gboolean compare(struct nx_cli *cli, struct reconcile *reconcile, const struct nx_import_options *how, unsigned grounds,
                        GError **error)
{
    const struct options *options = reconcile->options;
    g_autoptr(nx_store) store = nx_cli_store(cli->config, options->apply ? NX_OPEN_WRITE : NX_OPEN_READ, error);
    g_autoptr(nx_lookup) lookup = store == NULL ? NULL : nx_lookup_new(store, error);
    g_autoptr(nx_reader) reader = lookup == NULL ? NULL : nx_reader_new(store, error);
    if (reader == NULL)
        return FALSE;
    g_autofree char *directory = g_path_get_dirname(nx_store_path(store));
    g_autofree char *name = g_strconcat("import:", nx_product_name(how->product), NULL);
    g_autoptr(nx_reconciler) reconciler = nx_reconciler_new(lookup, nx_str_of(options->stream), grounds, directory);
    g_autoptr(nx_loader) loader =
        !options->apply ? NULL : nx_loader_new(store, NULL, directory, nx_str_of(nx_cli_actor(options->actor)), nx_str_of(name));
    gboolean good = TRUE;
    reconcile->reconciler = reconciler;
    reconcile->loader = loader;
    for (int i = 0; good && i < cli->n_args; i++)
        good = read_file(reconcile, how, cli->args[i], error);
    good = good && open_outputs(reconcile, error) && write_head(reconcile, error) &&
           nx_reconciler_run(reconciler, reader, reconcile->now, one, reconcile, error) && finish(reconcile, error);
    nx_sink_free(reconcile->out);
    nx_sink_free(reconcile->push);
    return good;
}

static int reconcile_files(struct nx_cli *cli, const struct options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct reconcile reconcile = {
        .options = options, .rules = cli->config->fold, .arena = arena, .now = nx_cli_now(), .upload = {.product = options->with}};
    struct nx_import_options how = {0};
    unsigned grounds;
    if (!read_options(options, &reconcile, &how, &grounds, &error) || !compare(cli, &reconcile, &how, grounds, &error))
        return nx_cli_fail(error);
    return nx_cli_finish(say_summary(&reconcile));
}

int nx_cmd_reconcile(int argc, char **argv)
{
    static const char description[] =
        "FILE is the whole list as the provider gave it, as `nixie import` reads it; CAUSE=FILE for one whose lines do not say "
        "what "
        "they are (complaint=complaints.csv). All files together are what is there.\n\n"
        "Drift is `there` (only there), `here` (only here), `ground` (on both, but a bounce, complaint or unsubscribe on one side "
        "and "
        "another on the other) or `allowed` (there, and on the allow list here). Nothing is changed without --apply, and nothing "
        "there by it.\n\n"
        "--push writes what is only here, without a term, in the shape that the provider takes: ses (CSV for an import job), "
        "sendgrid and postmark (a JSON body a line), mailgun (CSV, one ground a file).\n\n"
        "Exit: 0 both are the same, or what differed was taken; 1 they differ, or a line is no address; 65 a file is damaged, 75 "
        "no "
        "space, or locked.";
    const struct nx_cli_usage usage = {"--with PRODUCT [CAUSE=]FILE...", description, 1, -1};
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"with", 0, 0, G_OPTION_ARG_STRING, &options.with, "Whose list it is: ses, sendgrid, mailgun, postmark, ... as of `import`",
         "PRODUCT"},
        {"grounds", 0, 0, G_OPTION_ARG_STRING, &options.grounds, "Compare only these: bounce, complaint, unsubscribe, manual",
         "LIST"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &options.stream, "What holds for this stream here", "NAME"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &options.format, "table (default), csv or jsonl", "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "A file instead of standard output", "FILE"},
        {"apply", 0, 0, G_OPTION_ARG_NONE, &options.apply,
         "Take what is only there, and complaints that are bounces here, as `import` does", NULL},
        {"push", 0, 0, G_OPTION_ARG_FILENAME, &options.push, "Write what is only here for the provider", "FILE"},
        NX_CLI_COLUMN(&options.column),
        NX_CLI_ACTOR(&options.actor),
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "No line about each bad line", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        code = reconcile_files(&cli, &options);
    char *const given[] = {options.with,   options.grounds, options.stream, options.format,
                           options.output, options.push,    options.column, options.actor};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        g_free(given[i]);
    return code;
}
