/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one address, and erasing it. */
#include "serve/handlers.h"
#include "serve/listing.h"

#include "base/error.h"
#include "export/trail.h"

#include <jansson.h>

static bool add(const struct nx_logged *line, void *data)
{
    struct nx_listing *page = data;
    if (!nx_listing_place(page))
        return false;
    nx_logged_to_json(&page->body, line);
    if (page->n == page->limit)
        page->cursor = nx_arena_printf(page->body.arena, "%" G_GINT64_FORMAT, line->sequence);
    return true;
}

void nx_get_history(struct nx_request *request)
{
    int64_t cursor;
    size_t limit;
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL || !nx_listing_limit(request, &limit) || !nx_listing_number(request, "cursor", &cursor))
        return;
    const struct nx_log_filter filter = {
        .address = nx_request_param(request), .after = cursor, .since = NX_WHEN_NONE, .limit = limit + 1};
    struct nx_listing page;
    nx_listing_begin(request, "history", limit, &page);
    if (!nx_reader_log(reader, &filter, add, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_listing_end(&page);
    nx_buf_add(&page.body, NX_STR("}\n"));
    nx_request_json(request, 200, nx_buf_str(&page.body));
}

/* ---- erasing looks through the whole log, so it has a thread of its own */

struct forgetting {
    struct nx_request *request;
    char *reason, *actor;
    bool suppress;
};

static void free_forgetting(struct forgetting *forgetting)
{
    g_free(forgetting->reason);
    g_free(forgetting->actor);
    g_free(forgetting);
}

static void *run(void *data)
{
    struct forgetting *forgetting = data;
    struct nx_request *request = forgetting->request;
    struct nx_service *service = nx_request_service(request);
    const struct nx_str address = nx_request_param(request);
    const struct nx_forget forget = {.addresses = &address,
                                     .n = 1,
                                     .suppress = forgetting->suppress,
                                     .reason = nx_str_of(forgetting->reason),
                                     .actor = nx_str_of(forgetting->actor)};
    struct nx_erased erased;
    struct nx_cleared cleared;
    g_autoptr(GError) error = NULL;
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    struct nx_once once;
    nx_request_once(request, &once, NULL, NULL);
    /* Erasing is many transactions, so the answer is kept behind the last of them: what was broken off is done again. */
    if (nx_store_recall(service->store, &once, now, &error) && !once.repeated &&
        nx_store_forget(service->store, &forget, now, &erased, &cleared, &error)) {
        g_autofree char *body =
            g_strdup_printf("{\"suppressed\":%s,\"erased_before\":%s,\"events\":%zu,\"acts\":%zu,\"import_lines\":%zu,"
                            "\"mentions\":%zu,\"messages\":%zu}\n",
                            erased.kept ? "true" : "false", erased.before ? "true" : "false", erased.events, erased.acts,
                            erased.lines, cleared.mentions, cleared.messages);
        nx_said(once.answer, 200, nx_str_of(body));
        (void)!nx_store_keep(service->store, &once, now, NULL);
    }
    nx_request_done(request, &once, error);
    free_forgetting(forgetting);
    nx_request_wake(request);
    service->storing--;
    return NULL;
}

/* {"reason", "actor", "suppress"}, all optional; false: the problem is answered. */
static bool read_body(struct nx_request *request, struct forgetting *forgetting)
{
    struct nx_str body = nx_request_body(request);
    json_error_t fault;
    json_t *root = body.n > 0 ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &fault) : json_object();
    const char *key, *wrong = json_is_object(root) ? NULL : "the body is no JSON object";
    json_t *value;
    if (wrong == NULL) {
        json_object_foreach(root, key, value)
        {
            if (strcmp(key, "reason") == 0 && json_is_string(value))
                forgetting->reason = g_strdup(json_string_value(value));
            else if (strcmp(key, "actor") == 0 && json_is_string(value))
                forgetting->actor = g_strdup(json_string_value(value));
            else if (strcmp(key, "suppress") == 0 && json_is_boolean(value))
                forgetting->suppress = json_is_true(value);
            else
                wrong = "there are reason and actor (texts) and suppress (true or false), nothing else";
        }
    }
    json_decref(root);
    if (wrong != NULL)
        nx_request_problem(request, 400, "%s", wrong);
    return wrong == NULL;
}

void nx_post_forget(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    struct forgetting *forgetting = g_new0(struct forgetting, 1);
    forgetting->request = request;
    if (read_body(request, forgetting)) {
        pthread_t thread;
        struct nx_str actor = nx_request_actor(request);
        if (forgetting->actor == NULL)
            forgetting->actor = g_strndup(actor.p, actor.n);
        service->storing++;
        nx_request_wait(request);
        if (!service->ending && pthread_create(&thread, NULL, run, forgetting) == 0) {
            pthread_detach(thread);
            return;
        }
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(request, 503, "nothing can be erased for the moment (try again)");
        nx_request_wake(request);
        service->storing--;
    }
    free_forgetting(forgetting);
}
