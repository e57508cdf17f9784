/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/webhook.h"

#include "base/error.h"
#include "event/json.h"
#include "serve/handlers.h"
#include "serve/log.h"

struct delivery { /* one body on its way into the store */
    struct nx_request *request;
    struct nx_arena *arena; /* of all that follows */
    struct nx_event *events;
    size_t n;
    struct nx_stored *stored;
    struct nx_claim claim;
    struct nx_endpoint endpoint;
};

struct nx_webhook_paths nx_endpoint_paths(const struct nx_config_webhook *settings)
{
    return (struct nx_webhook_paths){
        .events = nx_str_of(settings->at_events),
        .kind = nx_str_of(settings->at_kind),
        .recipient = nx_str_of(settings->at_recipient),
        .id = nx_str_of(settings->at_id),
        .message_id = nx_str_of(settings->at_message_id),
        .time = nx_str_of(settings->at_time),
        .diagnostic = nx_str_of(settings->at_diagnostic),
        .status = nx_str_of(settings->at_status),
        .reply = nx_str_of(settings->at_reply),
        .remote_mta = nx_str_of(settings->at_remote_mta),
        .stream = nx_str_of(settings->at_stream),
        .failed = nx_str_of(settings->is_failed),
        .failed_hard = nx_str_of(settings->is_failed_hard),
        .delayed = nx_str_of(settings->is_delayed),
        .delivered = nx_str_of(settings->is_delivered),
        .complaint = nx_str_of(settings->is_complaint),
        .unsubscribe = nx_str_of(settings->is_unsubscribe),
        .autoreply = nx_str_of(settings->is_autoreply),
    };
}

static void good(struct nx_request *request, size_t events, size_t fresh)
{
    char text[64];
    int n = g_snprintf(text, sizeof text, "{\"events\":%zu,\"new\":%zu}\n", events, fresh);
    nx_request_json(request, 200, (struct nx_str){text, (size_t)n});
}

static void free_delivery(struct delivery *delivery)
{
    nx_arena_free(delivery->arena);
    g_free(delivery);
}

/* From the writer's thread, after the commit. */
static void count(const struct delivery *delivery, const GError *error)
{
    bool *duplicates = nx_arena_array(delivery->arena, delivery->n, sizeof *duplicates);
    for (size_t i = 0; i < delivery->n && error == NULL; i++) {
        duplicates[i] = delivery->stored[i].duplicate;
        delivery->events[i].decision = delivery->stored[i].decision;
    }
    const struct nx_outcome outcome = {
        .events = delivery->events, .duplicates = duplicates, .n = error == NULL ? delivery->n : 0, .error = error};
    nx_metrics_outcome(nx_request_service(delivery->request)->metrics, &outcome);
}

static void kept(void *data, const GError *error)
{
    struct delivery *delivery = data;
    struct nx_request *request = delivery->request;
    count(delivery, error);
    if (error == NULL) {
        size_t fresh = 0;
        for (size_t i = 0; i < delivery->n; i++)
            fresh += !delivery->stored[i].duplicate;
        good(request, delivery->n, fresh);
    } else if (g_error_matches(error, NX_ERROR, NX_ERROR_DENIED)) { /* a replay: the signature is real, the body is not */
        nx_log(NX_LOG_WARN, "webhook", "replay refused", "endpoint", delivery->endpoint.settings->name, "why", error->message,
               NULL);
        nx_request_problem(request, delivery->endpoint.provider->refused, "%s", error->message);
    } else {
        nx_request_fail(request, error);
    }
    free_delivery(delivery);
    struct nx_service *service = nx_request_service(request);
    nx_request_wake(request);
    service->storing--;
}

/* A token may come again, with the same body alone. */
static struct nx_claim claim_of(struct nx_arena *arena, const struct nx_endpoint *endpoint, struct nx_str token, struct nx_str body)
{
    if (token.n == 0)
        return (struct nx_claim){.token = NX_STR_NONE};
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body.p, body.n);
    return (struct nx_claim){.token =
                                 nx_arena_printf(arena, "%s:%.*s", endpoint->settings->name, NX_FMT(nx_str_sub(token, 0, 200))),
                             .digest = nx_arena_dup(arena, nx_str_of(digest))};
}

/* Events that are about no delivery are let go. */
static size_t wanted(struct nx_event *events, size_t n, bool keep_other)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (keep_other || events[i].report.kind != NX_KIND_OTHER)
            events[left++] = events[i];
    return left;
}

/* The body outlives the handler where no rule explains an event of it. */
static void keep_raw(struct delivery *delivery, struct nx_str bytes)
{
    struct nx_str copy = NX_STR_NONE;
    for (size_t i = 0; i < delivery->n; i++) {
        bool keep = nx_event_is_unexplained(&delivery->events[i]);
        if (keep && copy.n == 0)
            copy = nx_arena_dup(delivery->arena, bytes);
        delivery->events[i].raw = keep ? copy : NX_STR_NONE;
    }
}

static void confirm(struct nx_request *request, const struct nx_endpoint *endpoint, const struct nx_webhook_body *body)
{
    const struct nx_config_webhook *settings = endpoint->settings;
    g_autofree char *topic = g_strndup(body->topic.n > 0 ? body->topic.p : "", body->topic.n);
    g_autoptr(GError) error = NULL;
    if (!nx_endpoint_believes(endpoint, body->topic)) { /* one inside a raw body, say */
        nx_request_problem(request, 403, "the topic is not one of `topics`");
        return;
    }
    if (!nx_fetch_allows(body->url, (const char *const *)settings->certificate_hosts, NULL)) {
        nx_request_problem(request, 403, "the address to confirm at is not one of SNS");
        return;
    }
    if (!nx_fetch_visit(nx_request_service(request)->fetch, body->url, &error)) {
        nx_log(NX_LOG_WARN, "webhook", "subscription not confirmed", "endpoint", settings->name, "topic", topic, "why",
               error->message, NULL);
        nx_request_fail(request, error);
        return;
    }
    nx_log(NX_LOG_INFO, "webhook", "subscription confirmed", "endpoint", settings->name, "topic", topic, NULL);
    good(request, 0, 0);
}

/* True: it was a handshake and has its answer. */
static bool shake(struct nx_request *request, const struct nx_endpoint *endpoint, const struct nx_webhook_body *body)
{
    struct nx_buf out;
    switch (body->handshake) {
    case NX_WEBHOOK_NO_HANDSHAKE:
        return false;
    case NX_WEBHOOK_SNS_CONFIRM:
        confirm(request, endpoint, body);
        return true;
    case NX_WEBHOOK_SNS_UNSUBSCRIBED:
        nx_log(NX_LOG_WARN, "webhook", "SNS has ended the subscription", "endpoint", endpoint->settings->name, NULL);
        good(request, 0, 0);
        return true;
    case NX_WEBHOOK_EVENT_GRID:
        nx_buf_init(&out, nx_request_arena(request), 4096);
        nx_buf_add(&out, NX_STR("{\"validationResponse\":"));
        nx_json_string(&out, body->code);
        nx_buf_add(&out, NX_STR("}\n"));
        nx_request_json(request, 200, nx_buf_str(&out));
        return true;
    }
    return false;
}

static void keep(struct nx_request *request, struct delivery *delivery, nx_when now)
{
    g_autoptr(GError) error = NULL;
    nx_request_service(request)->storing++;
    nx_request_wait(request); /* first: the answer may be there before submit returns */
    if (!nx_store_submit(nx_request_service(request)->store, delivery->arena, delivery->events, delivery->n,
                         delivery->claim.token.n > 0 ? &delivery->claim : NULL, NULL, now, delivery->stored, kept, delivery,
                         &error)) {
        nx_request_fail(request, error);
        free_delivery(delivery);
        nx_request_service(request)->storing--;
        nx_request_wake(request);
    }
}

static void take(struct nx_request *request, const struct nx_endpoint *endpoint, struct nx_str bytes, struct nx_str media_type,
                 struct nx_str token)
{
    const struct nx_config_webhook *settings = endpoint->settings;
    const struct nx_webhook_paths paths = nx_endpoint_paths(settings);
    nx_when now = nx_request_now(request);
    struct nx_webhook_body body;
    g_autoptr(GError) error = NULL;
    struct delivery *delivery = g_new0(struct delivery, 1);
    *delivery = (struct delivery){.request = request, .arena = nx_arena_new(), .endpoint = *endpoint};
    const struct nx_origin origin = {.source = nx_arena_printf(delivery->arena, "webhook:%s", settings->name),
                                     .stream = nx_arena_dup(delivery->arena, nx_str_of(settings->stream)),
                                     .received_at = now};
    const struct nx_input input = {.kind = NX_INPUT_EVENT,
                                   .bytes = bytes,
                                   .provider = nx_str_of(endpoint->provider->name),
                                   .media_type = media_type,
                                   .verified = NX_VERIFIED_PROVIDER,
                                   .origin = &origin};
    if (!nx_worker_webhook(nx_request_worker(request), delivery->arena, &input, &paths, &body, &delivery->events, &error)) {
        nx_log(NX_LOG_WARN, "webhook", "unreadable body", "endpoint", settings->name, "why", error->message, NULL);
        nx_request_fail(request, error);
    } else if (!shake(request, endpoint, &body)) {
        delivery->n = wanted(delivery->events, body.n, settings->keep_other);
        keep_raw(delivery, bytes);
        delivery->claim = claim_of(delivery->arena, endpoint, token, bytes);
        delivery->stored = nx_arena_array(delivery->arena, delivery->n, sizeof *delivery->stored);
        if (delivery->n > 0 || token.n > 0) {
            keep(request, delivery, now);
            return;
        }
        good(request, 0, 0); /* a ping, or opens and clicks */
    }
    free_delivery(delivery);
}

void nx_post_webhook(struct nx_request *request)
{
    struct nx_endpoint endpoint;
    struct nx_str token;
    if (!nx_endpoint_find(request, &endpoint) || !nx_endpoint_admits(request, &endpoint, &token))
        return;
    struct nx_str coding = nx_request_header(request, "Content-Encoding");
    if (coding.n > 0 && !nx_str_ieq(nx_str_trim(coding), NX_STR("identity"))) {
        nx_request_problem(request, 415, "Content-Encoding: %.*s is not read here (have the provider send plain bodies)",
                           NX_FMT(coding));
        return;
    }
    if (nx_request_service(request)->ending) {
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(request, 503, "the daemon is stopping (send it again)");
        return;
    }
    take(request, &endpoint, nx_request_body(request), nx_request_media_type(request), token);
}

/* Probes (Mandrill asks with HEAD, Unisender with GET), and Elastic Email, whose events are query strings. */
void nx_get_webhook(struct nx_request *request)
{
    static const char *const fields[] = {"from",    "to",       "date",      "subject",     "status", "channel",
                                         "account", "category", "messageid", "transaction", "message"};
    struct nx_endpoint endpoint;
    if (!nx_endpoint_find(request, &endpoint))
        return;
    if (strcmp(endpoint.provider->name, "elasticemail") != 0 || nx_request_query(request, "status").n == 0) {
        good(request, 0, 0);
        return;
    }
    if (!nx_endpoint_knows(request, &endpoint))
        return;
    struct nx_buf body;
    nx_buf_init(&body, nx_request_arena(request), 64u << 10);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        nx_buf_addc(&body, i == 0 ? '{' : ',');
        nx_json_string(&body, nx_str_of(fields[i]));
        nx_buf_addc(&body, ':');
        nx_json_string(&body, nx_request_query(request, fields[i]));
    }
    nx_buf_addc(&body, '}');
    take(request, &endpoint, nx_buf_str(&body), NX_STR("application/json"), NX_STR_NONE);
}

/* CloudEvents 1.0 HTTP webhook, "Validation": may this origin send here? */
void nx_options_webhook(struct nx_request *request)
{
    struct nx_endpoint endpoint;
    if (!nx_endpoint_find(request, &endpoint) || !nx_endpoint_knows(request, &endpoint))
        return;
    struct nx_str origin = nx_request_header(request, "WebHook-Request-Origin");
    if (origin.n > 0) {
        nx_request_add_header(request, "WebHook-Allowed-Origin", nx_arena_cstr(nx_request_arena(request), origin));
        nx_request_add_header(request, "WebHook-Allowed-Rate", "*");
    }
    nx_request_add_header(request, "Allow", "POST, GET, HEAD, OPTIONS");
    nx_request_empty(request, 200);
}
