/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "base/error.h"
#include "export/sent.h"

/* A JSON object a line; false: the problem is answered. */
static bool read_lines(struct nx_request *request, GArray *rows)
{
    struct nx_str rest = nx_request_body(request), line, stream = nx_request_stream_name(request);
    for (unsigned number = 1; nx_str_next_line(&rest, &line); number++) {
        struct nx_sent row;
        const char *why;
        if (nx_str_trim(line).n == 0)
            continue;
        if (!nx_sent_read(nx_request_arena(request), line, &row, &why)) {
            nx_request_problem(
                request, 400,
                "line %u: %s (a line is {\"message_id\": \"...\", \"recipient\": \"user@example.net\"}; nothing was kept)", number,
                why);
            return false;
        }
        if (stream.n > 0)
            row.stream = stream;
        g_array_append_val(rows, row);
    }
    return true;
}

static int answer(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *said, GError **error)
{
    const struct nx_recorded *done = data;
    g_autofree char *body =
        g_strdup_printf("{\"recorded\":%zu,\"known\":%zu,\"erased\":%zu}\n", done->kept, done->known, done->erased);
    (void)reader, (void)acted, (void)error;
    nx_said(said, 200, nx_str_of(body));
    return 1;
}

void nx_post_sent(struct nx_request *request)
{
    struct nx_str type = nx_request_media_type(request);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct nx_sent));
    g_autoptr(GError) error = NULL;
    struct nx_recorded done;
    struct nx_once once;
    if (!nx_str_eq(type, NX_STR("application/x-ndjson")) && !nx_str_eq(type, NX_STR("application/json"))) {
        nx_request_problem(request, 415, "send application/x-ndjson, a JSON object a line");
        return;
    }
    if (!read_lines(request, rows))
        return;
    nx_request_once(request, &once, answer, &done);
    (void)!nx_store_sent(nx_request_service(request)->store, (const struct nx_sent *)(const void *)rows->data, rows->len,
                         &nx_request_setup(request)->config->sent, &once, nx_request_now(request), &done, &error);
    nx_request_done(request, &once, error);
}
