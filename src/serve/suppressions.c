/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"
#include "serve/listing.h"

#include "base/error.h"
#include "decide/stream.h"
#include "event/json.h"
#include "export/entry.h"
#include "store/hold.h"

#include <jansson.h>

#define NOT_LISTED "%.*s is not suppressed"

/* 1 suppressed, 0 not, -1 answered. */
static int look_up(struct nx_request *request, struct nx_str stream, struct nx_entry *entry, bool *allowed)
{
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL)
        return -1;
    int found = nx_reader_lookup(reader, nx_request_arena(request), nx_request_param(request), stream, nx_request_now(request),
                                 entry, allowed, &error);
    if (found < 0)
        nx_request_fail(request, error);
    return found;
}

static void answer_entry(struct nx_request *request, const struct nx_entry *entry, const struct nx_sieve_place *place)
{
    struct nx_buf body;
    nx_buf_init(&body, nx_request_arena(request), 64u << 10);
    nx_entry_to_json(&body, entry);
    nx_buf_addc(&body, '\n');
    if (!entry->erased)
        nx_sieve_tell(nx_request_service(request)->sieve, place, nx_request_stream_name(request), entry->until, nx_buf_str(&body));
    nx_request_json(request, 200, nx_buf_str(&body));
}

/* Not on the list: perhaps for a reason. */
static void answer_none(struct nx_request *request, bool allowed)
{
    struct nx_str address = nx_request_param(request);
    struct nx_hold hold;
    g_autoptr(GError) error = NULL;
    int held =
        nx_reader_held(nx_request_reader(request), nx_request_arena(request), address, nx_request_now(request), &hold, &error);
    if (held < 0)
        nx_request_fail(request, error);
    else if (held > 0 && !allowed)
        nx_request_problem(request, 404, "%.*s is not suppressed: until %.*s %.*s", NX_FMT(address),
                           NX_FMT(nx_when_format(nx_request_arena(request), hold.until)), NX_FMT(hold.reason));
    else
        nx_request_problem(request, 404, NOT_LISTED "%s", NX_FMT(address), allowed ? ": it is on the allow list" : "");
}

void nx_get_suppression(struct nx_request *request)
{
    struct nx_str address = nx_request_param(request), stream = nx_request_stream_name(request), text;
    struct nx_sieve_place place;
    struct nx_entry entry;
    bool allowed = false;
    switch (nx_sieve_ask(nx_request_service(request)->sieve, nx_request_arena(request), address, stream, nx_request_now(request),
                         &text, &place)) {
    case NX_SIEVE_CLEARS:
        nx_request_problem(request, 404, NOT_LISTED, NX_FMT(address));
        return;
    case NX_SIEVE_KNOWS:
        nx_request_json(request, 200, text);
        return;
    case NX_SIEVE_ASK:
        break;
    }
    int found = look_up(request, stream, &entry, &allowed);
    if (found > 0)
        answer_entry(request, &entry, &place);
    else if (found == 0)
        answer_none(request, allowed);
}

static nx_when json_when(const json_t *object, const char *key, bool *wrong)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value))
        return NX_WHEN_NONE;
    nx_when when = json_is_string(value) ? nx_when_parse(nx_str_of(json_string_value(value))) : NX_WHEN_NONE;
    *wrong |= when == NX_WHEN_NONE;
    return when;
}

static struct nx_str json_text(struct nx_arena *arena, const json_t *object, const char *key)
{
    return nx_arena_dup(arena, nx_str_of(json_string_value(json_object_get(object, key))));
}

/* Reads the body of a PUT; false: the problem is answered. */
static bool read_manual(struct nx_request *request, struct nx_manual *manual)
{
    static const char *const known[] = {"cause", "reason", "stream", "since", "until", "actor"};
    struct nx_arena *arena = nx_request_arena(request);
    struct nx_str body = nx_request_body(request);
    *manual = (struct nx_manual){.address = nx_request_param(request),
                                 .stream = nx_request_stream_name(request),
                                 .since = NX_WHEN_NONE,
                                 .until = NX_WHEN_NONE,
                                 .actor = nx_request_actor(request),
                                 .source = NX_STR("http")};
    if (body.n == 0)
        return true;
    json_error_t fault;
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &fault);
    bool wrong = false;
    if (!json_is_object(root)) {
        nx_request_problem(request, 400, "the body is no JSON object%s%s", root == NULL ? ": " : "",
                           root == NULL ? fault.text : "");
        json_decref(root);
        return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        bool here = false;
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
            here |= strcmp(known[i], key) == 0;
        if (here && (json_is_string(value) || json_is_null(value)))
            continue;
        nx_request_problem(
            request, 400,
            here ? "'%s' is to be a string" : "'%s' is no key of a suppression (cause, reason, stream, since, until, actor)", key);
        json_decref(root);
        return false;
    }
    struct nx_str cause = json_text(arena, root, "cause"), stream = json_text(arena, root, "stream"),
                  actor = json_text(arena, root, "actor");
    manual->reason = json_text(arena, root, "reason");
    manual->since = json_when(root, "since", &wrong);
    manual->until = json_when(root, "until", &wrong);
    json_decref(root);
    if (stream.n > 0)
        manual->stream = stream;
    if (actor.n > 0)
        manual->actor = actor;
    if (wrong)
        nx_request_problem(request, 400, "since and until are to be RFC 3339 times, such as 2026-01-31T12:00:00Z");
    else if (stream.n > 0 && !nx_stream_is_scope(stream))
        nx_request_problem(request, 400, "'%.*s' is no name of a stream (" NX_STREAM_NAMES ")", NX_FMT(nx_str_sub(stream, 0, 100)));
    else if (cause.n > 0 && !nx_str_eq(cause, NX_STR("manual")) && !nx_cause_parse(cause, &manual->cause))
        nx_request_problem(request, 400, "'%.*s' is no cause (docs/schema.md lists them)", NX_FMT(cause));
    else
        return true;
    return false;
}

/* What the address is suppressed by now. */
static int answer_put(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    const struct nx_manual *manual = data;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_entry entry;
    struct nx_buf body;
    bool allowed = false;
    int found = nx_reader_lookup(reader, arena, manual->address, manual->stream, g_get_real_time() / G_USEC_PER_SEC, &entry,
                                 &allowed, error);
    if (found < 0)
        return -1;
    nx_buf_init(&body, arena, SIZE_MAX / 2);
    if (found > 0) {
        nx_entry_to_json(&body, &entry);
        nx_buf_addc(&body, '\n');
        nx_said(answer, acted->changed > 0 ? 201 : 200, nx_buf_str(&body));
    } else {
        nx_said_problem(answer, 409, "%.*s was noted, but is not in force: %s", NX_FMT(manual->address),
                        allowed ? "it is on the allow list, which outranks every entry" : "its time is over already");
    }
    return 1;
}

static void put_suppression(struct nx_request *request)
{
    struct nx_manual manual;
    struct nx_once once;
    g_autoptr(GError) error = NULL;
    if (!read_manual(request, &manual))
        return;
    nx_request_once(request, &once, answer_put, &manual);
    manual.once = &once;
    (void)!nx_store_suppress(nx_request_service(request)->store, &manual, 1, nx_request_now(request), NULL, &error);
    nx_request_done(request, &once, error);
}

void nx_put_suppression(struct nx_request *request)
{
    nx_request_apart(request, put_suppression);
}

static int answer_delete(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    const struct nx_manual *manual = data;
    (void)reader, (void)error;
    if (acted->changed > 0)
        nx_said(answer, 204, NX_STR_NONE);
    else
        nx_said_problem(answer, 404, "%.*s: is not suppressed, nothing to release", NX_FMT(nx_str_sub(manual->address, 0, 100)));
    return acted->changed > 0;
}

static void delete_suppression(struct nx_request *request)
{
    struct nx_manual manual = {.address = nx_request_param(request),
                               .stream = nx_request_stream_name(request),
                               .reason = nx_request_query(request, "reason"),
                               .actor = nx_request_actor(request),
                               .source = NX_STR("http")};
    struct nx_once once;
    size_t lifted;
    g_autoptr(GError) error = NULL;
    nx_request_once(request, &once, answer_delete, &manual);
    manual.once = &once;
    (void)!nx_store_release_all(nx_request_service(request)->store, &manual, 1, nx_request_now(request), &lifted, &error);
    nx_request_done(request, &once, error);
}

void nx_delete_suppression(struct nx_request *request)
{
    nx_request_apart(request, delete_suppression);
}

/* ---- the list, by pages */

bool nx_request_filter(struct nx_request *request, struct nx_filter *filter)
{
    struct nx_str cause = nx_request_query(request, "cause"), class_ = nx_request_query(request, "class"),
                  since = nx_request_query(request, "since");
    *filter = (struct nx_filter){.stream = nx_request_stream_name(request),
                                 .domain = nx_request_query(request, "domain"),
                                 .after = nx_request_query(request, "cursor"),
                                 .since = NX_WHEN_NONE,
                                 .before = NX_WHEN_NONE,
                                 .expired = nx_str_eq(nx_request_query(request, "expired"), NX_STR("true"))};
    if (since.n > 0)
        filter->since = nx_when_parse(since);
    if (cause.n > 0 && !nx_cause_parse(cause, &filter->cause))
        nx_request_problem(request, 400, "'%.*s' is no cause (docs/schema.md lists them)", NX_FMT(cause));
    else if (class_.n > 0 && !nx_class_parse(class_, &filter->class_))
        nx_request_problem(request, 400, "'%.*s' is no class (hard, soft, block, none)", NX_FMT(class_));
    else if (since.n > 0 && filter->since == NX_WHEN_NONE)
        nx_request_problem(request, 400, "since=%.*s is no RFC 3339 time, such as 2026-01-31T12:00:00Z", NX_FMT(since));
    else
        return nx_listing_limit(request, &filter->limit);
    return false;
}

static bool add_to_page(const struct nx_entry *entry, void *data)
{
    struct nx_listing *page = data;
    if (!nx_listing_place(page))
        return false;
    nx_entry_to_json(&page->body, entry);
    if (page->n == page->limit)
        page->cursor = nx_arena_dup(page->body.arena, nx_entry_cursor(page->body.arena, entry));
    return true;
}

void nx_list_suppressions(struct nx_request *request)
{
    struct nx_filter filter;
    struct nx_reader *reader = nx_request_reader(request);
    if (reader == NULL || !nx_request_filter(request, &filter))
        return;
    struct nx_listing page;
    g_autoptr(GError) error = NULL;
    nx_listing_begin(request, "suppressions", filter.limit++, &page);
    if (!nx_reader_list(reader, &filter, nx_request_now(request), add_to_page, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_listing_end(&page);
    uint64_t erased = 0; /* they are suppressed too, and cannot be listed */
    if (!nx_reader_erased(reader, nx_request_now(request), &erased, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_buf_add(&page.body, nx_arena_printf(page.body.arena, ",\"erased\":%" G_GUINT64_FORMAT "}\n", erased));
    nx_request_json(request, 200, nx_buf_str(&page.body));
}
