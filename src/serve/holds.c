/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"
#include "serve/listing.h"

#include "base/error.h"
#include "event/json.h"
#include "export/hold.h"

#include <jansson.h>

#define INCIDENTS_MOST 1000u

struct page {
    struct nx_listing listing;
};

static bool add_incident(const struct nx_incident *incident, void *data)
{
    struct page *page = data;
    if (!nx_listing_place(&page->listing))
        return false;
    nx_incident_to_json(&page->listing.body, incident);
    return true;
}

static bool add_hold(const struct nx_hold *hold, void *data)
{
    struct page *page = data;
    if (!nx_listing_place(&page->listing))
        return false;
    nx_hold_to_json(&page->listing.body, hold);
    if (page->listing.n == page->listing.limit)
        page->listing.cursor = nx_hold_cursor(page->listing.body.arena, hold);
    return true;
}

void nx_list_holds(struct nx_request *request)
{
    struct nx_reader *reader = nx_request_reader(request);
    size_t limit;
    g_autoptr(GError) error = NULL;
    struct page page = {0};
    struct nx_hold_filter filter = {.remote = nx_request_query(request, "provider"),
                                    .after = nx_request_query(request, "cursor"),
                                    .over = nx_str_eq(nx_request_query(request, "over"), NX_STR("true"))};
    if (reader == NULL || !nx_listing_limit(request, &limit))
        return;
    nx_listing_begin(request, "incidents", INCIDENTS_MOST, &page.listing);
    if (!nx_reader_incidents(reader, &filter, nx_request_now(request), add_incident, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    page.listing.n = 0;
    page.listing.more = false;
    page.listing.limit = limit;
    filter.limit = limit + 1;
    nx_buf_add(&page.listing.body, NX_STR("],\"holds\":["));
    if (!nx_reader_holds(reader, &filter, nx_request_now(request), add_hold, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_listing_end(&page.listing);
    nx_buf_add(&page.listing.body, NX_STR("}\n"));
    nx_request_json(request, 200, nx_buf_str(&page.listing.body));
}

/* Reads {"provider" or "addresses", "reason", "actor"}; texts are copied. False: what is wrong is in *ret_why. */
static bool read_settle(struct nx_request *request, const json_t *root, struct nx_settle *settle, const char **ret_why)
{
    static const char *const known[] = {"provider", "addresses", "reason", "actor"};
    struct nx_arena *arena = nx_request_arena(request);
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)root, key, value)
    {
        bool here = false;
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
            here |= strcmp(known[i], key) == 0;
        *ret_why = here ? "provider, reason and actor are to be strings, addresses a list of them"
                        : "there is a key that is none of provider, addresses, reason, actor";
        if (!here || (strcmp(key, "addresses") == 0 ? !json_is_array(value) : !json_is_string(value) && !json_is_null(value)))
            return false;
    }
    const json_t *addresses = json_object_get(root, "addresses");
    struct nx_str *list = nx_arena_array(arena, json_array_size(addresses) + 1, sizeof *list);
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const json_t *one = json_array_get(addresses, i);
        if (!json_is_string(one))
            return false;
        list[i] = nx_arena_dup(arena, (struct nx_str){json_string_value(one), json_string_length(one)});
    }
    settle->remote = nx_arena_dup(arena, nx_str_of(json_string_value(json_object_get(root, "provider"))));
    settle->reason = nx_arena_dup(arena, nx_str_of(json_string_value(json_object_get(root, "reason"))));
    struct nx_str actor = nx_arena_dup(arena, nx_str_of(json_string_value(json_object_get(root, "actor"))));
    settle->actor = actor.n > 0 ? actor : nx_request_actor(request);
    settle->addresses = list;
    settle->n = json_array_size(addresses);
    *ret_why = "say which: either a provider, or addresses";
    return (settle->remote.n > 0) != (settle->n > 0);
}

static int answer_settle(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    g_autofree char *body = g_strdup_printf("{\"settled\":%zu}\n", acted->changed);
    (void)data, (void)reader, (void)error;
    nx_said(answer, 200, nx_str_of(body));
    return 1;
}

static void settle(struct nx_request *request, bool release)
{
    struct nx_str body = nx_request_body(request);
    struct nx_settle what = {.release = release, .source = NX_STR("http")};
    const char *why = "the body is no JSON object";
    g_autoptr(GError) error = NULL;
    size_t n;
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(root) && read_settle(request, root, &what, &why);
    json_decref(root);
    if (!good) {
        nx_request_problem(request, 400, "%s", why);
        return;
    }
    struct nx_once once;
    nx_request_once(request, &once, answer_settle, NULL);
    what.once = &once;
    (void)!nx_store_settle(nx_request_service(request)->store, &what, nx_request_now(request), &n, &error);
    nx_request_done(request, &once, error);
}

static void release_holds(struct nx_request *request)
{
    settle(request, true);
}

void nx_release_holds(struct nx_request *request)
{
    nx_request_apart(request, release_holds);
}

static void drop_holds(struct nx_request *request)
{
    settle(request, false);
}

void nx_drop_holds(struct nx_request *request)
{
    nx_request_apart(request, drop_holds);
}
