/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "export/tally.h"

#define LINES_DEFAULT 1000u
#define LINES_MOST 10000u

struct counts {
    struct nx_buf body;
    enum nx_tally by, then;
    size_t n, limit;
    uint64_t events;
    bool more;
};

static bool add(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    struct counts *counts = data;
    if (counts->n == counts->limit) {
        counts->more = true;
        return false;
    }
    if (counts->n++ > 0)
        nx_buf_addc(&counts->body, ',');
    nx_tally_to_json(&counts->body, counts->by, counts->then, first, second, n);
    counts->events += n;
    return true;
}

static bool read_when(struct nx_request *request, const char *name, nx_when *ret)
{
    struct nx_str text = nx_request_query(request, name);
    *ret = text.n > 0 ? nx_when_parse(text) : NX_WHEN_NONE;
    if (text.n == 0 || *ret != NX_WHEN_NONE)
        return true;
    nx_request_problem(request, 400, "%s=%.*s is no day or RFC 3339 time, such as 2026-01-31", name, NX_FMT(text));
    return false;
}

static bool read_filter(struct nx_request *request, struct nx_tally_filter *filter, struct counts *counts)
{
    struct nx_str by = nx_request_query(request, "by"), kind = nx_request_query(request, "kind"),
                  cause = nx_request_query(request, "cause"), class_ = nx_request_query(request, "class"),
                  limit = nx_request_query(request, "limit");
    enum nx_action action;
    unsigned long long n = LINES_DEFAULT;
    *filter = (struct nx_tally_filter){.stream = nx_request_stream_name(request),
                                       .domain = nx_request_query(request, "domain"),
                                       .remote = nx_request_query(request, "remote"),
                                       .source = nx_request_query(request, "source"),
                                       .action = nx_request_query(request, "action")};
    if (!read_when(request, "since", &filter->since) || !read_when(request, "before", &filter->before))
        return false;
    if (!nx_tally_parse(by.n > 0 ? by : NX_STR("cause"), &counts->by, &counts->then))
        nx_request_problem(request, 400, "by=%.*s: one or two, parted by a comma, of " NX_TALLY_NAMES, NX_FMT(by));
    else if (kind.n > 0 && !nx_kind_parse(kind, &filter->kind))
        nx_request_problem(request, 400, "'%.*s' is no kind (docs/schema.md lists them)", NX_FMT(kind));
    else if (cause.n > 0 && !nx_cause_parse(cause, &filter->cause))
        nx_request_problem(request, 400, "'%.*s' is no cause (docs/taxonomy.md lists them)", NX_FMT(cause));
    else if (class_.n > 0 && !nx_class_parse(class_, &filter->class_))
        nx_request_problem(request, 400, "'%.*s' is no class (hard, soft, block, none)", NX_FMT(class_));
    else if (filter->action.n > 0 && !nx_action_parse(filter->action, &action))
        nx_request_problem(request, 400, "'%.*s' is no action (suppress, count, clear, hold, none)", NX_FMT(filter->action));
    else if (limit.n > 0 && (!nx_str_to_u64(limit, &n) || n == 0 || n > LINES_MOST))
        nx_request_problem(request, 400, "limit is to be a number from 1 to %u", LINES_MOST);
    else {
        counts->limit = (size_t)n;
        filter->limit = (size_t)n + 1;
        return true;
    }
    return false;
}

void nx_get_stats(struct nx_request *request)
{
    struct nx_tally_filter filter;
    struct counts counts = {.n = 0};
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL || !read_filter(request, &filter, &counts))
        return;
    nx_buf_init(&counts.body, nx_request_arena(request), SIZE_MAX / 2);
    nx_buf_add(&counts.body, NX_STR("{\"counts\":["));
    if (!nx_reader_tally(reader, counts.by, counts.then, &filter, add, &counts, &error)) {
        nx_request_fail(request, error);
        return;
    }
    nx_buf_add(&counts.body, nx_arena_printf(counts.body.arena, "],\"events\":%" G_GUINT64_FORMAT ",\"more\":%s}\n", counts.events,
                                             counts.more ? "true" : "false"));
    nx_request_json(request, 200, nx_buf_str(&counts.body));
}
