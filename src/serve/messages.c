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
    struct nx_once once;     /* Idempotency-Key */
};

static void free_post(struct post *post)
{
    if (post->once.answer != NULL)
        g_string_free(post->once.answer, TRUE);
    g_array_unref(post->inputs);
    g_ptr_array_unref(post->texts);
    g_free(post);
}

/* The answer: each event's JSON with one more key. */
static struct nx_str compose(struct nx_arena *arena, size_t n_messages, const struct nx_event *events, const bool *duplicates,
                             size_t n)
{
    struct nx_buf body;
    nx_buf_init(&body, arena, ANSWER_MAX);
    nx_buf_add(&body, nx_arena_printf(arena, "{\"messages\":%zu,\"events\":[", n_messages));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            nx_buf_addc(&body, ',');
        nx_event_to_json(&body, &events[i]);
        body.n--; /* its closing brace */
        nx_buf_add(&body, duplicates[i] ? NX_STR(",\"duplicate\":true}") : NX_STR(",\"duplicate\":false}"));
    }
    nx_buf_add(&body, NX_STR("]}\n"));
    return nx_buf_str(&body);
}

/* The answer that is kept with the events, for a repeat. */
static int answer_kept(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    const struct nx_job *job = data;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_event *events = nx_arena_array(arena, job->n_events, sizeof *events);
    bool *duplicates = nx_arena_array(arena, job->n_events, sizeof *duplicates);
    (void)reader, (void)acted, (void)error;
    for (size_t i = 0; i < job->n_events; i++) {
        events[i] = job->events[i];
        events[i].decision = job->stored[i].decision;
        duplicates[i] = job->stored[i].duplicate;
    }
    nx_said(answer, 200, compose(arena, job->n_inputs, events, duplicates, job->n_events));
    return 1;
}

/* From a worker's thread, after the commit. */
static void stored(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct post *post = job->data;
    struct nx_request *request = post->request;
    if (job->once != NULL)
        nx_request_done(request, job->once, outcome->error);
    else if (outcome->error != NULL)
        nx_request_fail(request, outcome->error);
    else
        nx_request_json(request, 200, compose(outcome->arena, job->n_inputs, outcome->events, outcome->duplicates, outcome->n));
    free_post(post);
    nx_request_wake(request);
}

/* True: the request has its answer, the one kept under its key or a problem; nothing is read. */
static bool answer_again(struct nx_request *request, struct post *post)
{
    g_autoptr(GError) error = NULL;
    nx_request_once(request, &post->once, answer_kept, &post->job);
    if (post->once.claim.token.n == 0)
        return false;
    struct nx_reader *reader = nx_request_reader(request);
    if (reader == NULL)
        return true;
    int known = nx_reader_recall(reader, &post->once, nx_request_now(request), &error);
    if (known != 0)
        nx_request_done(request, &post->once, error);
    post->job.once = &post->once;
    return known != 0;
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
    if (answer_again(request, post)) {
        free_post(post);
        return;
    }
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
    post->job.inputs = (const struct nx_input *)(const void *)post->inputs->data;
    post->job.n_inputs = post->inputs->len;
    post->job.done = stored;
    post->job.data = post;
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
