/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"
#include "serve/service.h"

#include <jansson.h>

static json_t *when_of(struct nx_request *request, nx_when when)
{
    struct nx_str text = when == NX_WHEN_NONE ? NX_STR_NONE : nx_when_format(nx_request_arena(request), when);
    return text.n > 0 ? json_stringn(text.p, text.n) : json_null();
}

struct listing {
    struct nx_request *request;
    json_t *list;
};

static bool add(const struct nx_domain *domain, void *data)
{
    struct listing *listing = data;
    json_array_append_new(listing->list,
                          json_pack("{s:s%, s:s, s:I, s:o, s:o, s:o, s:b}", "domain", domain->domain.p, domain->domain.n, "state",
                                    nx_domain_state_name(domain->state), "addresses", (json_int_t)domain->addresses, "since",
                                    when_of(listing->request, domain->since), "last", when_of(listing->request, domain->last),
                                    "alive", when_of(listing->request, domain->alive), "big", nx_domain_is_big(domain->domain)));
    return true;
}

void nx_list_domains(struct nx_request *request)
{
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    if (reader == NULL)
        return;
    struct listing listing = {request, json_array()};
    if (nx_reader_domains(reader, &nx_request_setup(request)->config->policy, nx_request_now(request), add, &listing, &error)) {
        json_t *root = json_pack("{s:O}", "domains", listing.list);
        char *text = json_dumps(root, JSON_COMPACT);
        nx_request_json(request, 200, nx_arena_printf(nx_request_arena(request), "%s\n", text));
        free(text);
        json_decref(root);
    } else {
        nx_request_fail(request, error);
    }
    json_decref(listing.list);
}
