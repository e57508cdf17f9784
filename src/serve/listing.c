/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/listing.h"

#include "event/json.h"

#define LIMIT_DEFAULT 100u
#define LIMIT_MOST 1000u

bool nx_listing_limit(struct nx_request *request, size_t *ret_limit)
{
    struct nx_str text = nx_request_query(request, "limit");
    unsigned long long limit = LIMIT_DEFAULT;
    if (text.n > 0 && (!nx_str_to_u64(text, &limit) || limit == 0 || limit > LIMIT_MOST)) {
        nx_request_problem(request, 400, "limit is to be a number from 1 to %u", LIMIT_MOST);
        return false;
    }
    *ret_limit = (size_t)limit;
    return true;
}

bool nx_listing_number(struct nx_request *request, const char *name, int64_t *ret)
{
    struct nx_str text = nx_request_query(request, name);
    unsigned long long number = 0;
    if (text.n > 0 && (!nx_str_to_u64(text, &number) || number > INT64_MAX)) {
        nx_request_problem(request, 400, "%s is to be what `next` of the page before said", name);
        return false;
    }
    *ret = (int64_t)number;
    return true;
}

void nx_listing_begin(struct nx_request *request, const char *name, size_t limit, struct nx_listing *ret)
{
    *ret = (struct nx_listing){.limit = limit};
    nx_buf_init(&ret->body, nx_request_arena(request), SIZE_MAX / 2);
    nx_buf_add(&ret->body, nx_arena_printf(ret->body.arena, "{\"%s\":[", name));
}

bool nx_listing_place(struct nx_listing *listing)
{
    if (listing->n == listing->limit) {
        listing->more = true;
        return false;
    }
    if (listing->n++ > 0)
        nx_buf_addc(&listing->body, ',');
    return true;
}

void nx_listing_end(struct nx_listing *listing)
{
    nx_buf_add(&listing->body, NX_STR("],\"next\":"));
    nx_json_string(&listing->body, listing->more ? listing->cursor : NX_STR_NONE);
}
