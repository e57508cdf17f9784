/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "base/error.h"
#include "event/json.h"
#include "ingest/mailbox.h"

#include <jansson.h>

#define ANSWER_MAX SIZE_MAX / 2

struct post { /* one request on its way through the intake */
    struct nx_job job;
    struct nx_request *request;
    GArray *inputs;          /* struct nx_input */
    GPtrArray *texts;        /* bytes of the messages of an mbox */
    struct nx_origin origin; /* of all of them */
    struct nx_claim claim;   /* Idempotency-Key */
};

static void free_post(struct post *post)
{
    g_array_unref(post->inputs);
    g_ptr_array_unref(post->texts);
    g_free(post);
}

/* An event's JSON with one more key. */
static void add_event(struct nx_buf *out, const struct nx_event *event, bool duplicate)
{
    nx_event_to_json(out, event);
    out->n--; /* its closing brace */
    nx_buf_add(out, duplicate ? NX_STR(",\"duplicate\":true}") : NX_STR(",\"duplicate\":false}"));
}

/* From a worker's thread, after the commit. */
static void stored(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct post *post = job->data;
    struct nx_request *request = post->request;
    if (g_error_matches(outcome->error, NX_ERROR, NX_ERROR_DENIED)) {
        nx_request_problem(request, 422, "this Idempotency-Key came with another request before (use a new one for each)");
    } else if (outcome->error != NULL) {
        nx_request_fail(request, outcome->error);
    } else {
        struct nx_buf body;
        nx_buf_init(&body, outcome->arena, ANSWER_MAX);
        nx_buf_add(&body, nx_arena_printf(outcome->arena, "{\"messages\":%zu,\"events\":[", job->n_inputs));
        for (size_t i = 0; i < outcome->n; i++) {
            if (i > 0)
                nx_buf_addc(&body, ',');
            add_event(&body, &outcome->events[i], outcome->duplicates[i]);
        }
        nx_buf_add(&body, NX_STR("]}\n"));
        nx_request_json(request, 200, nx_buf_str(&body));
    }
    free_post(post);
    nx_request_wake(request);
}

static void add_message(struct post *post, struct nx_str bytes, nx_notes notes, size_t limit)
{
    const struct nx_input input = {
        .kind = NX_INPUT_MAIL, .bytes = nx_str_sub(bytes, 0, limit), .notes = notes | (bytes.n > limit ? NX_NOTE_TRUNCATED : 0)};
    g_array_append_val(post->inputs, input);
}

static void add_mbox(struct post *post, struct nx_str bytes, size_t limit)
{
    g_autoptr(nx_mailbox) mailbox = nx_mailbox_of_bytes(bytes, limit);
    struct nx_message message;
    while (nx_mailbox_next(mailbox, &message, NULL) > 0) {
        char *copy = g_memdup2(message.bytes.p, message.bytes.n);
        g_ptr_array_add(post->texts, copy);
        add_message(post, (struct nx_str){copy, message.bytes.n}, message.size > message.bytes.n ? NX_NOTE_TRUNCATED : 0, limit);
    }
}

static bool is_mail(struct nx_str type)
{
    static const char *const known[] = {"", "message/rfc822", "message/global", "application/octet-stream", "text/plain"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (nx_str_eq(type, nx_str_of(known[i])))
            return true;
    return false;
}

void nx_post_messages(struct nx_request *request)
{
    struct nx_str type = nx_request_media_type(request), body = nx_request_body(request);
    bool mbox = nx_str_eq(type, NX_STR("application/mbox"));
    if (!mbox && !is_mail(type)) {
        nx_request_problem(request, 415, "a %.*s is no mail (send Content-Type: message/rfc822 or application/mbox)", NX_FMT(type));
        return;
    }
    struct post *post = g_new0(struct post, 1);
    size_t limit = nx_request_setup(request)->config->limits.message;
    post->request = request;
    post->inputs = g_array_new(FALSE, TRUE, sizeof(struct nx_input));
    post->texts = g_ptr_array_new_with_free_func(g_free);
    if (mbox || (body.n >= 5 && memcmp(body.p, "From ", 5) == 0))
        add_mbox(post, body, limit);
    else
        add_message(post, body, 0, limit);
    post->origin = (struct nx_origin){.source = NX_STR("http"),
                                      .envelope_from = nx_request_query(request, "from"),
                                      .envelope_to = nx_request_query(request, "to"),
                                      .stream = nx_request_stream_name(request),
                                      .received_at = nx_request_now(request)};
    for (guint i = 0; i < post->inputs->len; i++)
        g_array_index(post->inputs, struct nx_input, i).origin = &post->origin;
    post->job = (struct nx_job){.inputs = (const struct nx_input *)(const void *)post->inputs->data,
                                .n_inputs = post->inputs->len,
                                .done = stored,
                                .data = post};
    post->claim = nx_request_claim(request);
    post->claim.again = true;
    post->job.claim = post->claim.token.n > 0 ? &post->claim : NULL;
    g_autoptr(GError) error = NULL;
    if (nx_request_service(request)->ending) {
        free_post(post);
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(request, 503, "the daemon is stopping (send it again)");
        return;
    }
    nx_request_wait(request); /* first: the answer may be there before submit returns */
    if (!nx_intake_submit(nx_request_service(request)->intake, &post->job, &error)) {
        free_post(post);
        nx_request_fail(request, error);
        nx_request_wake(request);
    }
}

/* {"reply": "550 5.1.1 ...", "recipient": "user@example.net"}: one event as if a mail server had said so. False: the problem is
 * answered. */
static bool reply_event(struct nx_request *request, struct nx_str json, struct nx_event *event)
{
    struct nx_arena *arena = nx_request_arena(request);
    json_error_t fault;
    json_t *root = json_loadb(json.p, json.n, 0, &fault);
    const char *reply = json_string_value(json_object_get(root, "reply")),
               *recipient = json_string_value(json_object_get(root, "recipient"));
    if (reply == NULL) {
        nx_request_problem(request, 400, "the body is to be {\"reply\": \"550 5.1.1 ...\"}%s%s", root == NULL ? ": " : "",
                           root == NULL ? fault.text : "");
        json_decref(root);
        return false;
    }
    struct nx_report *report = &event->report;
    const struct nx_origin origin = event->origin;
    nx_worker_reply(nx_request_worker(request), nx_arena_dup(arena, nx_str_of(reply)), event);
    event->origin = origin;
    report->recipient = nx_arena_dup(arena, nx_str_of(recipient));
    report->format = NX_STR("reply");
    if (report->reply / 100 == 4 || (report->reply == 0 && report->status.n > 0 && report->status.p[0] == '4'))
        report->kind = NX_KIND_DELAYED; /* nothing has failed for good */
    json_decref(root);
    return true;
}

void nx_post_classify(struct nx_request *request)
{
    struct nx_str type = nx_request_media_type(request), body = nx_request_body(request);
    struct nx_arena *arena = nx_request_arena(request);
    const struct nx_origin origin = {
        .source = NX_STR("http"), .envelope_to = nx_request_query(request, "to"), .received_at = nx_request_now(request)};
    struct nx_event of_reply = {.origin = origin}, *events = &of_reply;
    size_t n = 1;
    if (nx_str_eq(type, NX_STR("application/json"))) {
        if (!reply_event(request, body, &of_reply))
            return;
    } else if (is_mail(type)) {
        const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = body, .origin = &origin};
        n = nx_worker_process(nx_request_worker(request), &input, &events);
    } else {
        nx_request_problem(request, 415, "a %.*s is no mail (send Content-Type: message/rfc822, or application/json with a reply)",
                           NX_FMT(type));
        return;
    }
    struct nx_buf out;
    nx_buf_init(&out, arena, ANSWER_MAX);
    nx_buf_add(&out, NX_STR("{\"events\":["));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            nx_buf_addc(&out, ',');
        nx_event_to_json(&out, &events[i]);
    }
    nx_buf_add(&out, NX_STR("]}\n"));
    nx_request_json(request, 200, nx_buf_str(&out));
}
