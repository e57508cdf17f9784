/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "event/json.h"

#define PAGE_DEFAULT 100u
#define PAGE_MOST 1000u

struct page {
    struct nx_buf body;
    size_t n, limit;
    int64_t last;
    bool more;
};

static bool add(const struct nx_logged *line, void *data)
{
    struct page *page = data;
    if (page->n == page->limit) {
        page->more = true;
        return false;
    }
    page->last = line->sequence;
    if (line->event == NULL) /* an act by hand, which is no event */
        return true;
    if (page->n++ > 0)
        nx_buf_addc(&page->body, ',');
    nx_event_to_json(&page->body, line->event);
    page->body.n--; /* one more key before its closing brace */
    nx_buf_add(&page->body, nx_arena_printf(page->body.arena, ",\"sequence\":%" G_GINT64_FORMAT "}", line->sequence));
    return true;
}

static bool number_of(struct nx_str text, unsigned long long most, unsigned long long *ret)
{
    return text.n == 0 || (nx_str_to_u64(text, ret) && *ret <= most);
}

static bool read_filter(struct nx_request *request, struct nx_log_filter *filter, size_t *ret_limit)
{
    struct nx_str kind = nx_request_query(request, "kind"), cause = nx_request_query(request, "cause"),
                  since = nx_request_query(request, "since");
    unsigned long long cursor = 0, limit = PAGE_DEFAULT;
    *filter = (struct nx_log_filter){.address = nx_request_query(request, "address"), .since = NX_WHEN_NONE};
    if (since.n > 0)
        filter->since = nx_when_parse(since);
    if (kind.n > 0 && !nx_kind_parse(kind, &filter->kind))
        nx_request_problem(request, 400, "'%.*s' is no kind (docs/schema.md lists them)", NX_FMT(kind));
    else if (cause.n > 0 && !nx_cause_parse(cause, &filter->cause))
        nx_request_problem(request, 400, "'%.*s' is no cause (docs/taxonomy.md lists them)", NX_FMT(cause));
    else if (since.n > 0 && filter->since == NX_WHEN_NONE)
        nx_request_problem(request, 400, "since=%.*s is no RFC 3339 time, such as 2026-01-31T12:00:00Z", NX_FMT(since));
    else if (!number_of(nx_request_query(request, "cursor"), INT64_MAX, &cursor))
        nx_request_problem(request, 400, "cursor is to be what `next` of the page before said");
    else if (!number_of(nx_request_query(request, "limit"), PAGE_MOST, &limit) || limit == 0)
        nx_request_problem(request, 400, "limit is to be a number from 1 to %u", PAGE_MOST);
    else {
        filter->after = (int64_t)cursor;
        *ret_limit = (size_t)limit;
        return true;
    }
    return false;
}

void nx_list_events(struct nx_request *request)
{
    struct nx_log_filter filter;
    struct page page = {.n = 0};
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL || !read_filter(request, &filter, &page.limit))
        return;
    nx_buf_init(&page.body, nx_request_arena(request), SIZE_MAX / 2);
    nx_buf_add(&page.body, NX_STR("{\"events\":["));
    if (!nx_reader_log(reader, &filter, add, &page, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_buf_add(&page.body, page.more ? nx_arena_printf(page.body.arena, "],\"next\":\"%" G_GINT64_FORMAT "\"}\n", page.last)
                                     : NX_STR("],\"next\":null}\n"));
    nx_request_json(request, 200, nx_buf_str(&page.body));
}
