/* SPDX-License-Identifier: Apache-2.0 */
/* A list is cleaned by a thread of its own: it comes in and goes out through unnamed files, so that memory stays flat and the
 * answer is whole or a problem. */
#include "serve/handlers.h"

#include "base/error.h"
#include "export/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CLEANING_MOST 4 /* at one time; one more is told to try again */

struct cleaning {
    struct nx_request *request;
    int in, out;
    struct nx_clean_options options;
    char *stream, *column;
};

static void free_cleaning(struct cleaning *cleaning)
{
    if (cleaning->out >= 0)
        close(cleaning->out);
    g_free(cleaning->stream);
    g_free(cleaning->column);
    g_free(cleaning);
}

static gssize read_list(void *data, char *bytes, size_t n, GError **error)
{
    const struct cleaning *cleaning = data;
    ssize_t got = read(cleaning->in, bytes, n);
    if (got < 0)
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "the list: %s", g_strerror(errno));
    return got;
}

static gboolean write_list(void *data, enum nx_clean_out out, struct nx_str bytes, GError **error)
{
    const struct cleaning *cleaning = data;
    (void)out; /* removed lines were not asked for */
    while (bytes.n > 0) {
        ssize_t done = write(cleaning->out, bytes.p, bytes.n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            g_set_error(error, NX_ERROR, errno == ENOSPC ? NX_ERROR_FULL : NX_ERROR_IO, "the cleaned list: %s", g_strerror(errno));
            return FALSE;
        }
        bytes = nx_str_from(bytes, (size_t)done);
    }
    return TRUE;
}

static void add_count(struct nx_request *request, const char *name, uint64_t n)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, n);
    nx_request_add_header(request, name, text);
}

static gboolean clean(struct cleaning *cleaning, GError **error)
{
    struct nx_service *service = nx_request_service(cleaning->request);
    const struct nx_clean_io io = {.read = read_list, .write = write_list, .name = "the list", .data = cleaning};
    struct nx_clean_report report = {0};
    g_autoptr(nx_lookup) lookup = nx_lookup_new(service->store, error);
    if (lookup == NULL || lseek(cleaning->in, 0, SEEK_SET) != 0 || !nx_clean_run(lookup, &cleaning->options, &io, &report, error))
        return FALSE;
    add_count(cleaning->request, "Nixie-Kept", report.kept);
    add_count(cleaning->request, "Nixie-Suppressed", report.suppressed);
    add_count(cleaning->request, "Nixie-Invalid", report.invalid);
    add_count(cleaning->request, "Nixie-Duplicates", report.duplicates);
    nx_clean_report_clear(&report);
    return TRUE;
}

static void *run(void *data)
{
    struct cleaning *cleaning = data;
    struct nx_request *request = cleaning->request;
    struct nx_service *service = nx_request_service(request);
    g_autoptr(GError) error = NULL;
    if (clean(cleaning, &error)) {
        nx_request_file(request, 200, "text/plain; charset=utf-8", cleaning->out);
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

void nx_clean_list(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    struct nx_str type = nx_request_media_type(request), column = nx_request_query(request, "column"),
                  stream = nx_request_stream_name(request);
    if (type.n > 0 && !nx_str_eq(type, NX_STR("text/csv")) && !nx_str_eq(type, NX_STR("text/plain")) &&
        !nx_str_eq(type, NX_STR("application/octet-stream"))) {
        nx_request_problem(request, 415, "a %.*s is no list (send text/csv, or text/plain with an address a line)", NX_FMT(type));
        return;
    }
    if (service->ending || service->cleaning >= CLEANING_MOST) {
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(
            request, 503, service->ending ? "the daemon is stopping" : "%d lists are being cleaned already (try again in a moment)",
            CLEANING_MOST);
        return;
    }
    struct cleaning *cleaning = g_new0(struct cleaning, 1);
    cleaning->request = request;
    cleaning->in = nx_request_body_file(request);
    cleaning->out = nx_request_temporary(request);
    cleaning->stream = g_strndup(stream.p != NULL ? stream.p : "", stream.n);
    cleaning->column = column.n > 0 ? g_strndup(column.p, column.n) : NULL;
    cleaning->options = (struct nx_clean_options){.stream = nx_str_of(cleaning->stream),
                                                  .column = cleaning->column,
                                                  .now = nx_request_now(request),
                                                  .rules = nx_request_setup(request)->config->fold,
                                                  .unique = nx_str_eq(nx_request_query(request, "unique"), NX_STR("true")),
                                                  .annotate = nx_str_eq(nx_request_query(request, "annotate"), NX_STR("true")),
                                                  .workers = 1};
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
