/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule explains, over HTTP. A rule is tried on the whole log, so that happens in a thread of its own. */
#include "serve/handlers.h"

#include "base/error.h"
#include "event/json.h"
#include "triage/rule.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#define GROUPS_DEFAULT 100u
#define GROUPS_MOST 1000u

static bool is_true(struct nx_request *request, const char *name)
{
    return nx_str_eq(nx_request_query(request, name), NX_STR("true"));
}

static bool read_since(struct nx_request *request, nx_when *ret)
{
    struct nx_str since = nx_request_query(request, "since");
    *ret = since.n > 0 ? nx_when_parse(since) : NX_WHEN_NONE;
    if (since.n == 0 || *ret != NX_WHEN_NONE)
        return true;
    nx_request_problem(request, 400, "since=%.*s is no RFC 3339 time, such as 2026-01-31T12:00:00Z", NX_FMT(since));
    return false;
}

/* The groups of now; NULL: the problem is answered. */
static struct nx_triage *read_groups(struct nx_request *request)
{
    const struct nx_triage_options options = {.codes = is_true(request, "codes")};
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    nx_when since;
    if (reader == NULL || !read_since(request, &since))
        return NULL;
    g_autoptr(nx_triage) triage = nx_triage_new(nx_request_setup(request)->engine, &options);
    if (nx_triage_read(triage, reader, since, &error))
        return g_steal_pointer(&triage);
    nx_request_fail(request, error);
    return NULL;
}

void nx_list_triage(struct nx_request *request)
{
    struct nx_str text = nx_request_query(request, "limit");
    unsigned long long limit = GROUPS_DEFAULT;
    size_t seen, unexplained;
    if (text.n > 0 && (!nx_str_to_u64(text, &limit) || limit == 0 || limit > GROUPS_MOST)) {
        nx_request_problem(request, 400, "limit is to be a number from 1 to %u", GROUPS_MOST);
        return;
    }
    g_autoptr(nx_triage) triage = read_groups(request);
    if (triage == NULL)
        return;
    g_autoptr(GPtrArray) groups = nx_triage_groups(triage);
    struct nx_buf body;
    nx_buf_init(&body, nx_request_arena(request), SIZE_MAX / 2);
    nx_triage_counts(triage, &seen, &unexplained);
    nx_buf_add(&body, nx_arena_printf(body.arena, "{\"events\":%zu,\"groups_in_all\":%u,\"groups\":[", unexplained, groups->len));
    for (guint i = 0; i < groups->len && i < limit; i++) {
        if (i > 0)
            nx_buf_addc(&body, ',');
        nx_triage_group_to_json(&body, groups->pdata[i], false);
    }
    nx_buf_add(&body, NX_STR("]}\n"));
    nx_request_json(request, 200, nx_buf_str(&body));
}

void nx_get_triage(struct nx_request *request)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_triage) triage = read_groups(request);
    if (triage == NULL)
        return;
    const struct nx_triage_group *group = nx_triage_find(triage, nx_request_param(request), &error);
    if (group == NULL) {
        nx_request_fail(request, error);
        return;
    }
    struct nx_buf body;
    nx_buf_init(&body, nx_request_arena(request), SIZE_MAX / 2);
    nx_triage_group_to_json(&body, group, true);
    nx_buf_addc(&body, '\n');
    nx_request_json(request, 200, nx_buf_str(&body));
}

void nx_get_triage_message(struct nx_request *request)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_triage) triage = read_groups(request);
    if (triage == NULL)
        return;
    const struct nx_triage_group *group = nx_triage_find(triage, nx_request_param(request), &error);
    struct nx_raw raw;
    int got = group == NULL
                  ? -1
                  : nx_reader_raw(nx_request_reader(request), nx_request_arena(request), group->example.event.id, &raw, &error);
    if (got < 0)
        nx_request_fail(request, error);
    else if (got == 0)
        nx_request_problem(request, 404, "%s: its message is not kept (any more: [triage] size, age)", group->id);
    else
        nx_request_answer(request, 200, "application/octet-stream", raw.bytes);
}

struct proposing {
    struct nx_request *request;
    enum nx_cause cause;
    char *phrase;
    bool force, install;
    nx_when since;
};

static void free_proposing(struct proposing *proposing)
{
    g_free(proposing->phrase);
    g_free(proposing);
}

static void answer_proposal(struct nx_request *request, const struct nx_proposal *proposal, bool installed)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_buf body;
    nx_buf_init(&body, arena, SIZE_MAX / 2);
    nx_proposal_to_json(&body, proposal);
    body.n--; /* one more key before its closing brace */
    nx_buf_add(&body, installed ? NX_STR(",\"installed\":true}\n") : NX_STR(",\"installed\":false}\n"));
    nx_request_json(request, installed ? 201 : 200, nx_buf_str(&body));
}

static gboolean propose(struct proposing *proposing, GError **error)
{
    struct nx_request *request = proposing->request;
    const struct nx_config *config = nx_request_setup(request)->config;
    const struct nx_triage_options options = {.codes = is_true(request, "codes")};
    g_autoptr(nx_reader) reader = nx_reader_new(nx_request_service(request)->store, error);
    g_autoptr(nx_triage) triage = nx_triage_new(nx_request_setup(request)->engine, &options);
    struct nx_proposal proposal;
    g_autofree char *path = NULL;
    if (reader == NULL || !nx_triage_read(triage, reader, NX_WHEN_NONE, error))
        return FALSE;
    const struct nx_triage_group *group = nx_triage_find(triage, nx_request_param(request), error);
    if (group == NULL ||
        !nx_triage_propose(config, group, proposing->cause, proposing->phrase, reader, proposing->since, &proposal, error))
        return FALSE;
    if (proposing->cause == NX_CAUSE_NONE && proposing->install)
        proposal.cause = NX_CAUSE_NONE; /* a guess is not enough */
    gboolean good = !proposing->install || nx_triage_install(config, &proposal, proposing->force, &path, error);
    if (good)
        answer_proposal(request, &proposal, proposing->install);
    if (good && proposing->install)
        kill(getpid(), SIGHUP); /* the reload that an administrator would ask for */
    nx_proposal_clear(&proposal);
    return good;
}

static void *run(void *data)
{
    struct proposing *proposing = data;
    struct nx_request *request = proposing->request;
    struct nx_service *service = nx_request_service(request);
    g_autoptr(GError) error = NULL;
    if (!propose(proposing, &error)) {
        if (g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG))
            nx_request_problem(request, 409, "%s", error->message);
        else
            nx_request_fail(request, error);
    }
    free_proposing(proposing);
    nx_request_wake(request);
    service->storing--;
    return NULL;
}

/* Reads {"cause", "phrase", "force"}, all optional; false: the problem is answered. */
static bool read_body(struct nx_request *request, struct proposing *proposing)
{
    struct nx_str body = nx_request_body(request);
    json_error_t fault;
    json_t *root = body.n > 0 ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &fault) : json_object();
    const char *key;
    json_t *value;
    const char *wrong = json_is_object(root) ? NULL : "the body is no JSON object";
    if (wrong == NULL) {
        json_object_foreach(root, key, value)
        {
            bool text = json_is_string(value);
            if (strcmp(key, "cause") == 0 && (!text || !nx_cause_parse(nx_str_of(json_string_value(value)), &proposing->cause)))
                wrong = "cause: is to be one of docs/taxonomy.md";
            else if (strcmp(key, "phrase") == 0 && text)
                proposing->phrase = g_strdup(json_string_value(value));
            else if (strcmp(key, "force") == 0 && json_is_boolean(value))
                proposing->force = json_is_true(value);
            else if (strcmp(key, "cause") != 0)
                wrong = "there are cause and phrase (texts) and force (true or false), nothing else";
        }
    }
    json_decref(root);
    if (wrong != NULL)
        nx_request_problem(request, 400, "%s", wrong);
    return wrong == NULL;
}

void nx_post_triage_rule(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    struct nx_str dry = nx_request_query(request, "dry_run");
    struct proposing *proposing = g_new0(struct proposing, 1);
    proposing->request = request;
    proposing->install = nx_str_eq(dry, NX_STR("false"));
    if (dry.n > 0 && !proposing->install && !nx_str_eq(dry, NX_STR("true"))) {
        nx_request_problem(request, 400, "dry_run is to be true (the default: nothing is written) or false");
    } else if (read_since(request, &proposing->since) && read_body(request, proposing)) {
        pthread_t thread;
        service->storing++;
        nx_request_wait(request);
        if (!service->ending && pthread_create(&thread, NULL, run, proposing) == 0) {
            pthread_detach(thread);
            return;
        }
        nx_request_add_header(request, "Retry-After", "5");
        nx_request_problem(request, 503, "this cannot be tried for the moment (try again)");
        nx_request_wake(request);
        service->storing--;
    }
    free_proposing(proposing);
}
