/* SPDX-License-Identifier: Apache-2.0 */
/* A list is cleaned by a thread of its own: it comes in and goes out through unnamed files, so that memory stays flat and the
 * answer is whole or a problem. */
#include "serve/handlers.h"

#include "base/error.h"
#include "export/report.h"
#include "export/stream.h"

#include <errno.h>
#include <unistd.h>

#define CLEANING_MOST 4   /* at one time; one more is told to try again */
#define EXPANDED_TIMES 10 /* a compressed list may be so many times [serve] list_size */

enum wanted { WANT_KEPT, WANT_REMOVED, WANT_REPORT };

struct cleaning {
    struct nx_request *request;
    int in, out;
    struct nx_clean_options options;
    enum wanted wanted;
    enum nx_coding coding;
    guint64 most;
    char *stream, *column;
    struct nx_source *source;
    struct nx_sink *sink;
};

static const char *const codings[] = {"zstd", "gzip", NULL}; /* offered, the better one first */

static void free_cleaning(struct cleaning *cleaning)
{
    nx_source_close(cleaning->source);
    nx_sink_free(cleaning->sink);
    if (cleaning->out >= 0)
        close(cleaning->out);
    g_free(cleaning->stream);
    g_free(cleaning->column);
    g_free(cleaning);
}

static gssize read_list(void *data, char *bytes, size_t n, GError **error)
{
    return nx_source_read(((struct cleaning *)data)->source, bytes, n, error);
}

static gboolean write_list(void *data, enum nx_clean_out out, struct nx_str bytes, GError **error)
{
    const struct cleaning *cleaning = data;
    bool wanted = out == NX_CLEAN_KEPT ? cleaning->wanted == WANT_KEPT : cleaning->wanted == WANT_REMOVED;
    return !wanted || nx_sink_write(cleaning->sink, bytes, error);
}

static void add_count(struct nx_request *request, const char *name, uint64_t n)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, n);
    nx_request_add_header(request, name, text);
}

static gboolean write_report(struct cleaning *cleaning, const struct nx_clean_report *report, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_buf text;
    nx_buf_init(&text, arena, SIZE_MAX / 2);
    nx_report_to_json(&text, report);
    return nx_sink_write(cleaning->sink, nx_buf_str(&text), error);
}

static gboolean clean(struct cleaning *cleaning, GError **error)
{
    struct nx_service *service = nx_request_service(cleaning->request);
    const struct nx_clean_io io = {.read = read_list, .write = write_list, .name = "the list", .data = cleaning};
    struct nx_clean_report report = {0};
    g_autoptr(nx_lookup) lookup = nx_lookup_new(service->store, error);
    if (lookup == NULL || lseek(cleaning->in, 0, SEEK_SET) != 0)
        return FALSE;
    cleaning->source = nx_source_open_file(cleaning->in, "the list", cleaning->most, error);
    cleaning->sink = nx_sink_open_file(cleaning->out, "the cleaned list", cleaning->coding);
    if (cleaning->source == NULL || !nx_clean_run(lookup, &cleaning->options, &io, &report, error))
        return FALSE;
    add_count(cleaning->request, "Nixie-Kept", report.kept);
    add_count(cleaning->request, "Nixie-Suppressed", report.suppressed);
    add_count(cleaning->request, "Nixie-Invalid", report.invalid);
    add_count(cleaning->request, "Nixie-Duplicates", report.duplicates);
    gboolean good =
        (cleaning->wanted != WANT_REPORT || write_report(cleaning, &report, error)) && nx_sink_finish(cleaning->sink, error);
    nx_clean_report_clear(&report);
    return good;
}

static void *run(void *data)
{
    struct cleaning *cleaning = data;
    struct nx_request *request = cleaning->request;
    struct nx_service *service = nx_request_service(request);
    g_autoptr(GError) error = NULL;
    if (clean(cleaning, &error)) {
        if (cleaning->coding != NX_CODING_NONE)
            nx_request_add_header(request, "Content-Encoding", cleaning->coding == NX_CODING_GZIP ? "gzip" : "zstd");
        nx_request_add_header(request, "Vary", "Accept-Encoding");
        nx_request_file(request, 200, cleaning->wanted == WANT_REPORT ? "application/json" : "text/plain; charset=utf-8",
                        cleaning->out);
        cleaning->out = -1;
    } else {
        nx_request_fail(request, error);
    }
    free_cleaning(cleaning);
    service->cleaning--;
    nx_request_wake(request);
    service->storing--;
    return NULL;
}

static bool is_true(struct nx_request *request, const char *name, bool *ret)
{
    struct nx_str value = nx_request_query(request, name);
    *ret = nx_str_eq(value, NX_STR("true"));
    if (value.n == 0 || *ret || nx_str_eq(value, NX_STR("false")))
        return true;
    nx_request_problem(request, 400, "%s=%.*s: true or false", name, NX_FMT(value));
    return false;
}

/* What the query says; false: the problem is answered. */
static bool read_options(struct nx_request *request, struct nx_clean_options *options, enum wanted *wanted)
{
    static const char *const answers[] = {[WANT_KEPT] = "kept", [WANT_REMOVED] = "removed", [WANT_REPORT] = "report"};
    struct nx_str answer = nx_request_query(request, "answer"), delimiter = nx_request_query(request, "delimiter"),
                  header = nx_request_query(request, "header");
    size_t i = 0;
    while (i < G_N_ELEMENTS(answers) && answer.n > 0 && !nx_str_eq(answer, nx_str_of(answers[i])))
        i++;
    if (i == G_N_ELEMENTS(answers)) {
        nx_request_problem(request, 400, "answer=%.*s: kept, removed or report", NX_FMT(answer));
        return false;
    }
    *wanted = (enum wanted)i;
    if (delimiter.n > 0 && !nx_delimiter_parse(delimiter.p, &options->delimiter)) {
        nx_request_problem(request, 400, "delimiter=%.*s: one character, or tab, comma, semicolon, pipe", NX_FMT(delimiter));
        return false;
    }
    if (header.n > 0 && !nx_header_parse(header.p, &options->header)) {
        nx_request_problem(request, 400, "header=%.*s: yes, no or auto", NX_FMT(header));
        return false;
    }
    if (!is_true(request, "unique", &options->unique) || !is_true(request, "annotate", &options->annotate))
        return false;
    if (options->annotate && (options->unique || *wanted == WANT_REMOVED)) {
        nx_request_problem(request, 400, "annotate keeps every line: leave out unique and answer=removed");
        return false;
    }
    options->removed = *wanted == WANT_REMOVED;
    options->detail = *wanted == WANT_REPORT;
    return true;
}

/* Is this body a list, and one that can be read? */
static bool is_list(struct nx_request *request)
{
    struct nx_str type = nx_request_media_type(request), coding = nx_request_header(request, "Content-Encoding");
    if (type.n > 0 && !nx_str_eq(type, NX_STR("text/csv")) && !nx_str_eq(type, NX_STR("text/plain")) &&
        !nx_str_eq(type, NX_STR("application/octet-stream"))) {
        nx_request_problem(request, 415, "a %.*s is no list (send text/csv, or text/plain with an address a line)", NX_FMT(type));
        return false;
    }
    if (coding.n > 0 && !nx_str_ieq(coding, NX_STR("gzip")) && !nx_str_ieq(coding, NX_STR("x-gzip")) &&
        !nx_str_ieq(coding, NX_STR("zstd")) && !nx_str_ieq(coding, NX_STR("identity"))) {
        nx_request_add_header(request, "Accept-Encoding", "gzip, zstd");
        nx_request_problem(request, 415, "Content-Encoding: %.*s is not known here (send gzip, zstd or plain)", NX_FMT(coding));
        return false;
    }
    return true;
}

void nx_clean_list(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    struct nx_str column = nx_request_query(request, "column"), stream = nx_request_stream_name(request);
    struct nx_clean_options options = {
        .now = nx_request_now(request), .rules = nx_request_setup(request)->config->fold, .workers = 1};
    enum wanted wanted;
    if (!is_list(request) || !read_options(request, &options, &wanted))
        return;
    if (service->ending || service->cleaning >= CLEANING_MOST) {
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(
            request, 503, service->ending ? "the daemon is stopping" : "%d lists are being cleaned already (try again in a moment)",
            CLEANING_MOST);
        return;
    }
    const char *coding = nx_request_accepts_coding(request, codings);
    struct cleaning *cleaning = g_new0(struct cleaning, 1);
    cleaning->request = request;
    cleaning->in = nx_request_body_file(request);
    cleaning->out = nx_request_temporary(request);
    cleaning->stream = g_strndup(stream.p != NULL ? stream.p : "", stream.n);
    cleaning->column = column.n > 0 ? g_strndup(column.p, column.n) : NULL;
    cleaning->wanted = wanted;
    cleaning->coding = coding == NULL ? NX_CODING_NONE : coding == codings[0] ? NX_CODING_ZSTD : NX_CODING_GZIP;
    cleaning->most = (guint64)nx_request_setup(request)->config->serve_list_size * EXPANDED_TIMES;
    cleaning->options = options;
    cleaning->options.stream = nx_str_of(cleaning->stream);
    cleaning->options.column = cleaning->column;
    pthread_t thread;
    service->cleaning++;
    service->storing++;
    nx_request_wait(request);
    if (cleaning->in >= 0 && cleaning->out >= 0 && pthread_create(&thread, NULL, run, cleaning) == 0) {
        pthread_detach(thread);
        return;
    }
    free_cleaning(cleaning);
    nx_request_add_header(request, "Retry-After", "60");
    nx_request_problem(request, 503, "the list cannot be kept for the moment: %s", g_strerror(errno));
    service->cleaning--;
    nx_request_wake(request);
    service->storing--;
}
