/* SPDX-License-Identifier: Apache-2.0 */
/* bench_parse - how fast messages are read, against a bare GMime walk of the same bytes.
 *
 * All messages are held in memory. Each round does every task once over all of them, in turn, so that a change of the machine's pace
 * meets all tasks alike; a ratio is taken within its round, and the median over the rounds is printed. Time is CPU time of the thread.
 * Bare GMime: construct the message, visit every part (also those of returned messages), decode its content into a buffer. */
#include "engine/engine.h"
#include "event/json.h"
#include "ingest/mailbox.h"

#include <gmime/gmime.h>

enum { GMIME, PARSE, CLASSIFY, PROCESS, JSON, TASKS };
static const char *const names[TASKS] = {"bare GMime walk", "nx_parse_mail", "nx_classify alone", "nx_worker_process", "process + JSON"};

struct bench {
    GPtrArray *messages; /* GBytes */
    size_t bytes;
    struct nx_worker *worker;
    const struct nx_parser *parser;
    struct nx_arena *arena;
    GByteArray *sink;
    size_t events; /* of the last round */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const struct nx_origin origin = {.source = {"file", 4}, .received_at = NX_WHEN_NONE};

static struct nx_input input_of(const struct bench *bench, guint i)
{
    gsize n;
    const char *p = g_bytes_get_data(bench->messages->pdata[i], &n);
    return (struct nx_input){.kind = NX_INPUT_MAIL, .bytes = {p, n}, .origin = &origin};
}

static void visit(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    (void)parent;
    GByteArray *sink = data;
    GMimeDataWrapper *content = GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : NULL;
    if (content == NULL)
        return;
    g_byte_array_set_size(sink, 0);
    GMimeStream *out = g_mime_stream_mem_new_with_byte_array(sink);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(out), FALSE);
    g_mime_data_wrapper_write_to_stream(content, out);
    g_object_unref(out);
}

static void run_gmime(struct bench *bench)
{
    for (guint i = 0; i < bench->messages->len; i++) {
        struct nx_input input = input_of(bench, i);
        GByteArray view = {.data = (guint8 *)(uintptr_t)input.bytes.p, .len = (guint)input.bytes.n};
        GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(&view);
        g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
        GMimeParser *parser = g_mime_parser_new_with_stream(stream);
        GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
        if (message != NULL) {
            g_mime_message_foreach(message, visit, bench->sink);
            g_object_unref(message);
        }
        g_object_unref(parser);
        g_object_unref(stream);
    }
}

static void run_parse(struct bench *bench)
{
    for (guint i = 0; i < bench->messages->len; i++) {
        struct nx_input input = input_of(bench, i);
        struct nx_report *reports;
        nx_arena_reset(bench->arena);
        (void)nx_parse_mail(bench->parser, bench->arena, &input, &reports);
    }
}

static void run_process(struct bench *bench, bool json)
{
    bench->events = 0;
    for (guint i = 0; i < bench->messages->len; i++) {
        struct nx_input input = input_of(bench, i);
        struct nx_event *events;
        nx_worker_reset(bench->worker);
        size_t n = nx_worker_process(bench->worker, &input, &events);
        bench->events += n;
        for (size_t k = 0; json && k < n; k++) {
            struct nx_buf line;
            nx_buf_init(&line, nx_worker_arena(bench->worker), SIZE_MAX / 2);
            nx_event_to_json(&line, &events[k]);
        }
    }
}

/* Classifying by itself: the reports are made before the clock starts, in batches so that memory stays small. */
static double run_classify(struct bench *bench)
{
    double spent = 0;
    g_autoptr(GArray) batch = g_array_new(FALSE, TRUE, sizeof(struct nx_report));
    for (guint i = 0; i < bench->messages->len;) {
        nx_arena_reset(bench->arena);
        g_array_set_size(batch, 0);
        for (guint k = 0; k < 64 && i < bench->messages->len; k++, i++) {
            struct nx_input input = input_of(bench, i);
            struct nx_report *reports;
            size_t n = nx_parse_mail(bench->parser, bench->arena, &input, &reports);
            g_array_append_vals(batch, reports, (guint)n);
        }
        nx_worker_reset(bench->worker);
        double start = now();
#ifdef NX_HAVE_CLASSIFY
        for (guint k = 0; k < batch->len; k++) {
            struct nx_verdict verdict = {0};
            nx_classify(nx_worker_matcher(bench->worker), nx_worker_arena(bench->worker), &g_array_index(batch, struct nx_report, k),
                        &verdict);
        }
#endif
        spent += now() - start;
    }
    return spent;
}

static double run(struct bench *bench, int task)
{
    double start = now();
    switch (task) {
    case GMIME:
        run_gmime(bench);
        break;
    case PARSE:
        run_parse(bench);
        break;
    case CLASSIFY:
        return run_classify(bench);
    default:
        run_process(bench, task == JSON);
        break;
    }
    return now() - start;
}

static int by_size(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double *values, size_t n)
{
    g_autofree double *sorted = g_new(double, n);
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, by_size);
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static bool load(struct bench *bench, char **paths)
{
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(*path, NX_LIMITS_DEFAULT.message);
        g_autoptr(GError) error = NULL;
        struct nx_message message;
        int got;
        while ((got = nx_mailbox_next(mailbox, &message, &error)) > 0) {
            g_ptr_array_add(bench->messages, g_bytes_new(message.bytes.p, message.bytes.n));
            bench->bytes += message.bytes.n;
        }
        if (got < 0) {
            fprintf(stderr, "bench_parse: %s\n", error->message);
            return false;
        }
    }
    if (bench->messages->len == 0)
        fprintf(stderr, "bench_parse: no message in the given paths (name a directory of messages)\n");
    return bench->messages->len > 0;
}

static void print(const struct bench *bench, double (*times)[TASKS], size_t rounds)
{
    double n = (double)bench->messages->len;
    g_autofree double *column = g_new(double, rounds), *ratio = g_new(double, rounds);
    printf("%u messages, %.1f KB mean, %zu events, %zu rounds, CPU time of one thread, medians\n", bench->messages->len,
           (double)bench->bytes / n / 1e3, bench->events, rounds);
    printf("%-20s %10s %12s %10s %16s\n", "", "us/message", "messages/s", "MB/s", "of bare GMime");
    for (int task = 0; task < TASKS; task++) {
        for (size_t r = 0; r < rounds; r++) {
            column[r] = times[r][task];
            ratio[r] = times[r][GMIME] / times[r][task];
        }
        double t = median(column, rounds);
        if (task == CLASSIFY)
            continue;
        printf("%-20s %10.1f %12.0f %10.1f %15.1f%%\n", names[task], t / n * 1e6, n / t, (double)bench->bytes / t / 1e6,
               median(ratio, rounds) * 100);
    }
    for (size_t r = 0; r < rounds; r++) {
        column[r] = times[r][CLASSIFY];
        ratio[r] = times[r][CLASSIFY] / times[r][PROCESS];
    }
    printf("%-20s %10.2f us/message, %.1f%% of nx_worker_process\n", names[CLASSIFY], median(column, rounds) / n * 1e6,
           median(ratio, rounds) * 100);
}

int main(int argc, char **argv)
{
    int rounds = 15, only = -1;
    g_autofree char *patterns = NULL;
    g_auto(GStrv) paths = NULL;
    const GOptionEntry entries[] = {
        {"rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "How often (15)", "N"},
        {"only", 0, 0, G_OPTION_ARG_INT, &only, "Only task N, for a profiler: 0 GMime, 1 parse, 3 process, 4 process + JSON", "N"},
        {"patterns", 0, 0, G_OPTION_ARG_FILENAME, &patterns, "Directory of patterns", "DIR"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "PATH..."},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error) || paths == NULL || rounds < 1 || only >= TASKS) {
        fprintf(stderr, "bench_parse: %s\n", error != NULL ? error->message : "usage: bench_parse [--rounds N] [--only N] PATH...");
        return 64;
    }
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(nx_engine) engine = nx_engine_new(patterns, NULL, &limits, &error);
    if (engine == NULL) {
        fprintf(stderr, "bench_parse: %s\n", error->message);
        return 65;
    }
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GByteArray) sink = g_byte_array_new();
    struct bench bench = {
        .messages = messages, .worker = worker, .parser = nx_engine_parser(engine), .arena = arena, .sink = sink};
    if (!load(&bench, paths))
        return 1;
    double(*times)[TASKS] = g_malloc0_n((gsize)rounds, sizeof *times);
    for (int r = -1; r < rounds; r++) /* one round to warm up */
        for (int task = 0; task < TASKS; task++)
            if (only < 0 || only == task) {
                double t = run(&bench, task);
                if (r >= 0)
                    times[r][task] = t;
            }
    if (only < 0)
        print(&bench, times, (size_t)rounds);
    g_free(times);
    return 0;
}
