/* SPDX-License-Identifier: Apache-2.0 */
/* serve/listing.h - one page of a listing: {"NAME":[...],"next":CURSOR}, and what pages are asked for by. Room-internal.
 *
 * The body grows in the request's arena. `next` is null at the end; a page that is full says where the next one begins. */
#pragma once
#include "serve/request.h"

struct nx_listing {
    struct nx_buf body;
    size_t n, limit;
    bool more;            /* there is one behind the page */
    struct nx_str cursor; /* of the last one on it */
};

/* ?limit=, 1 to 1000, else 100, and ?NAME= as a number; false: the problem is answered. */
bool nx_listing_limit(struct nx_request *request, size_t *ret_limit);
bool nx_listing_number(struct nx_request *request, const char *name, int64_t *ret);
void nx_listing_begin(struct nx_request *request, const char *name, size_t limit, struct nx_listing *ret);
/* Is there room for one more? False: no, and there is a next page. */
bool nx_listing_place(struct nx_listing *listing);
/* Closes the list and names the next page; the object stays open. */
void nx_listing_end(struct nx_listing *listing);
