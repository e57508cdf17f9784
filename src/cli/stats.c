/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "event/json.h"
#include "store/store.h"

struct stats {
    enum nx_tally by, then;
    gboolean json;
    struct nx_arena *arena;
    uint64_t all;
};

static bool one(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    struct stats *stats = data;
    stats->all += n;
    if (stats->json) {
        struct nx_buf out;
        nx_arena_reset(stats->arena);
        nx_buf_init(&out, stats->arena, 1 << 16);
        nx_buf_add(&out, nx_arena_printf(stats->arena, "{\"%s\":", nx_tally_name(stats->by)));
        nx_json_string(&out, first);
        if (stats->then != stats->by) {
            nx_buf_add(&out, nx_arena_printf(stats->arena, ",\"%s\":", nx_tally_name(stats->then)));
            nx_json_string(&out, second);
        }
        nx_buf_add(&out, nx_arena_printf(stats->arena, ",\"events\":%" G_GUINT64_FORMAT "}\n", n));
        return fwrite(out.p, 1, out.n, stdout) == out.n;
    }
    first = first.n > 0 ? first : NX_STR("-");
    second = second.n > 0 ? second : NX_STR("-");
    if (stats->then != stats->by)
        return printf("%-30.*s %-24.*s %10" G_GUINT64_FORMAT "\n", NX_FMT(first), NX_FMT(second), n) > 0;
    return printf("%-30.*s %10" G_GUINT64_FORMAT "\n", NX_FMT(first), n) > 0;
}

/* "cause" or "day,cause". */
static gboolean read_dimensions(const char *text, struct stats *stats, GError **error)
{
    struct nx_str words = nx_str_of(text != NULL ? text : "cause");
    size_t comma = nx_str_chr(words, ',');
    struct nx_str then = comma < words.n ? nx_str_from(words, comma + 1) : words;
    if (nx_tally_parse(nx_str_sub(words, 0, comma), &stats->by) && nx_tally_parse(then, &stats->then))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE,
                "--by %s: one or two, parted by a comma, of day, kind, cause, class, action, source, stream, domain, remote", text);
    return FALSE;
}

int nx_cmd_stats(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"",
                                              "Counts events by one or two dimensions, most first, days in order. Days are UTC. "
                                              "The counters are kept with each event, so a year answers at once.\nExit: 0.",
                                              0, 0};
    g_autofree char *by = NULL, *since = NULL, *before = NULL, *kind = NULL, *domain = NULL, *stream = NULL;
    gint limit = 0;
    struct stats stats = {0};
    const GOptionEntry entries[] = {
        {"by", 0, 0, G_OPTION_ARG_STRING, &by,
         "day, kind, cause (default), class, action, source, stream, domain; two as day,cause", "WHAT"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &since, "From that day on: 2026-01-31, or 30d", "WHEN"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &before, "Before that day", "WHEN"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &kind, "Only failed, delayed, delivered, complaint, unsubscribe or autoreply", "KIND"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "Only recipients of this domain", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Only this stream", "NAME"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most so many lines", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &stats.json, "JSON lines", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    nx_when now = nx_cli_now();
    struct nx_tally_filter filter = {
        .domain = nx_str_of(domain), .stream = nx_str_of(stream), .limit = limit > 0 ? (size_t)limit : 0};
    if (!read_dimensions(by, &stats, &error) || !nx_cli_when(since, now, true, &filter.since, &error) ||
        !nx_cli_when(before, now, true, &filter.before, &error))
        return nx_cli_fail(error);
    if (kind != NULL && !nx_kind_parse(nx_str_of(kind), &filter.kind)) {
        nx_cli_say("--kind %s: there is no such kind", kind);
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    stats.arena = arena;
    if (reader == NULL || !nx_reader_tally(reader, stats.by, stats.then, &filter, one, &stats, &error))
        return nx_cli_fail(error);
    if (!stats.json)
        printf("%" G_GUINT64_FORMAT " events\n", stats.all);
    return nx_cli_finish(NX_EXIT_OK);
}
