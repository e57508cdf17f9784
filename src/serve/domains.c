/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"
#include "serve/service.h"

#include "export/entry.h"

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

/* ---- what a person decides */

/* {"reason", "actor"}, both optional; false: the problem is answered. */
static bool read_by(struct nx_request *request, struct nx_manual *by)
{
    struct nx_str body = nx_request_body(request);
    struct nx_arena *arena = nx_request_arena(request);
    const char *reason = NULL, *actor = NULL;
    json_error_t fault;
    json_t *root = body.n > 0 ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &fault) : json_object();
    bool good = json_unpack_ex(root, &fault, JSON_STRICT, "{s?s, s?s}", "reason", &reason, "actor", &actor) == 0;
    *by = (struct nx_manual){.reason = nx_arena_dup(arena, nx_str_of(reason)),
                             .actor = actor != NULL ? nx_arena_dup(arena, nx_str_of(actor)) : nx_request_actor(request),
                             .source = NX_STR("http")};
    json_decref(root);
    if (!good)
        nx_request_problem(request, 400, "the body is to be a JSON object with reason and actor (texts), nothing else");
    return good;
}

struct confirmed {
    struct nx_str domain;
    nx_when now;
};

/* Its term begins anew with each confirmation; what counts for the answer is when the entry was made. */
static int answer_confirm(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    const struct confirmed *confirmed = data;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str address = nx_arena_printf(arena, "@%.*s", NX_FMT(confirmed->domain));
    struct nx_entry entry;
    struct nx_buf body;
    int found = nx_reader_lookup(reader, arena, address, NX_STR_NONE, g_get_real_time() / G_USEC_PER_SEC, &entry, NULL, error);
    if (found < 0)
        return -1;
    nx_buf_init(&body, arena, SIZE_MAX / 2);
    if (found > 0)
        nx_entry_to_json(&body, &entry);
    nx_buf_addc(&body, '\n');
    if (found > 0)
        nx_said(answer, acted->changed > 0 && entry.since >= confirmed->now ? 201 : 200, nx_buf_str(&body));
    else
        nx_said_problem(answer, 409, "%.*s was noted, but is not in force: it is on the allow list", NX_FMT(address));
    return 1;
}

static int answer_dismiss(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error)
{
    (void)reader, (void)error;
    if (acted->changed > 0)
        nx_said(answer, 204, NX_STR_NONE);
    else
        nx_said_problem(answer, 404, "%.*s: is refused already", NX_FMT(*(const struct nx_str *)data));
    return acted->changed > 0;
}

static void confirm_domain(struct nx_request *request)
{
    struct confirmed confirmed = {nx_request_param(request), nx_request_now(request)};
    struct nx_manual by;
    struct nx_once once;
    g_autoptr(GError) error = NULL;
    if (!read_by(request, &by))
        return;
    nx_request_once(request, &once, answer_confirm, &confirmed);
    by.once = &once;
    (void)!nx_store_confirm(nx_request_service(request)->store, &nx_request_setup(request)->config->policy, confirmed.domain, &by,
                            confirmed.now, &error);
    nx_request_done(request, &once, error);
}

void nx_confirm_domain(struct nx_request *request)
{
    nx_request_apart(request, confirm_domain);
}

static void dismiss_domain(struct nx_request *request)
{
    struct nx_str domain = nx_request_param(request);
    struct nx_manual by;
    struct nx_once once;
    g_autoptr(GError) error = NULL;
    if (!read_by(request, &by))
        return;
    nx_request_once(request, &once, answer_dismiss, &domain);
    (void)!nx_store_dismiss(nx_request_service(request)->store, domain, by.reason, by.actor, &once, nx_request_now(request),
                            &error);
    nx_request_done(request, &once, error);
}

void nx_dismiss_domain(struct nx_request *request)
{
    nx_request_apart(request, dismiss_domain);
}
