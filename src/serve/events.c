/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"
#include "serve/listing.h"

#include "event/json.h"

static bool add(const struct nx_logged *line, void *data)
{
    struct nx_listing *page = data;
    if (line->event == NULL) /* an act by hand, which is no event */
        return true;
    if (!nx_listing_place(page))
        return false;
    struct nx_str sequence = nx_arena_printf(page->body.arena, "%" G_GINT64_FORMAT, line->sequence);
    nx_event_to_json(&page->body, line->event);
    page->body.n--; /* one more key before its closing brace */
    nx_buf_add(&page->body, NX_STR(",\"sequence\":"));
    nx_buf_add(&page->body, sequence);
    nx_buf_addc(&page->body, '}');
    page->cursor = sequence;
    return true;
}

static bool read_filter(struct nx_request *request, struct nx_log_filter *filter)
{
    struct nx_str kind = nx_request_query(request, "kind"), cause = nx_request_query(request, "cause"),
                  since = nx_request_query(request, "since");
    *filter = (struct nx_log_filter){.address = nx_request_query(request, "address"), .since = NX_WHEN_NONE};
    if (since.n > 0)
        filter->since = nx_when_parse(since);
    if (kind.n > 0 && !nx_kind_parse(kind, &filter->kind))
        nx_request_problem(request, 400, "'%.*s' is no kind (docs/schema.md lists them)", NX_FMT(kind));
    else if (cause.n > 0 && !nx_cause_parse(cause, &filter->cause))
        nx_request_problem(request, 400, "'%.*s' is no cause (docs/taxonomy.md lists them)", NX_FMT(cause));
    else if (since.n > 0 && filter->since == NX_WHEN_NONE)
        nx_request_problem(request, 400, "since=%.*s is no RFC 3339 time, such as 2026-01-31T12:00:00Z", NX_FMT(since));
    else
        return nx_listing_number(request, "cursor", &filter->after);
    return false;
}

void nx_list_events(struct nx_request *request)
{
    struct nx_log_filter filter;
    struct nx_listing page;
    size_t limit;
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL || !read_filter(request, &filter) || !nx_listing_limit(request, &limit))
        return;
    nx_listing_begin(request, "events", limit, &page);
    if (!nx_reader_log(reader, &filter, add, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_listing_end(&page);
    nx_buf_add(&page.body, NX_STR("}\n"));
    nx_request_json(request, 200, nx_buf_str(&page.body));
}
