/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule explains, over HTTP. It reads much of the log, so each question has a thread of its own. */
#include "serve/handlers.h"

#include "base/error.h"
#include "event/json.h"
#include "triage/rule.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#define GROUPS_DEFAULT 100u
#define GROUPS_MOST 1000u
#define AT_ONCE 4u /* such requests at one time; one more is told to try again */

struct asking { /* one request in its own thread */
    struct nx_request *request;
    gboolean (*answer)(struct asking *asking, GError **error);
    struct nx_arena *arena;
    struct nx_reader *reader;
    struct nx_triage *triage;
    nx_when since;
    unsigned long long limit;
    enum nx_cause cause;
    char *phrase;
    bool force, trial, install;
    bool whole; /* the group may be older than since */
};

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

static void free_asking(struct asking *asking)
{
    nx_triage_free(asking->triage);
    nx_reader_free(asking->reader);
    nx_arena_free(asking->arena);
    g_free(asking->phrase);
    g_free(asking);
}

static gboolean read_groups(struct asking *asking, GError **error)
{
    struct nx_request *request = asking->request;
    const struct nx_triage_options options = {.codes = is_true(request, "codes")};
    asking->reader = nx_reader_new(nx_request_service(request)->store, error);
    asking->triage = nx_triage_new(nx_request_setup(request)->engine, &options);
    return asking->reader != NULL &&
           nx_triage_read(asking->triage, asking->reader, asking->whole ? NX_WHEN_NONE : asking->since, error);
}

static void *run(void *data)
{
    struct asking *asking = data;
    struct nx_request *request = asking->request;
    struct nx_service *service = nx_request_service(request);
    g_autoptr(GError) error = NULL;
    if (!read_groups(asking, &error) || !asking->answer(asking, &error)) {
        if (g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG))
            nx_request_problem(request, 409, "%s", error->message);
        else
            nx_request_fail(request, error);
    }
    free_asking(asking);
    service->triaging--;
    nx_request_wake(request);
    service->storing--;
    return NULL;
}

/* Takes asking. */
static void defer(struct asking *asking, gboolean (*answer)(struct asking *asking, GError **error))
{
    struct nx_request *request = asking->request;
    struct nx_service *service = nx_request_service(request);
    pthread_t thread;
    asking->answer = answer;
    asking->arena = nx_arena_new();
    service->storing++;
    nx_request_wait(request);
    if (++service->triaging <= AT_ONCE && !service->ending && pthread_create(&thread, NULL, run, asking) == 0) {
        pthread_detach(thread);
        return;
    }
    service->triaging--;
    free_asking(asking);
    nx_request_add_header(request, "Retry-After", "5");
    nx_request_problem(request, 503, "%u such questions are at work already, or the daemon is stopping (try again in a moment)",
                       AT_ONCE);
    nx_request_wake(request);
    service->storing--;
}

/* NULL: the problem is answered. */
static struct asking *ask(struct nx_request *request)
{
    nx_when since;
    if (!read_since(request, &since))
        return NULL;
    struct asking *asking = g_new0(struct asking, 1);
    asking->request = request;
    asking->since = since;
    return asking;
}

static gboolean answer_list(struct asking *asking, GError **error)
{
    g_autoptr(GPtrArray) groups = nx_triage_groups(asking->triage);
    struct nx_buf body;
    size_t seen, unexplained;
    (void)error;
    nx_buf_init(&body, asking->arena, SIZE_MAX / 2);
    nx_triage_counts(asking->triage, &seen, &unexplained);
    nx_buf_add(&body, nx_arena_printf(body.arena, "{\"events\":%zu,\"groups_in_all\":%u,\"groups\":[", unexplained, groups->len));
    for (guint i = 0; i < groups->len && i < asking->limit; i++) {
        if (i > 0)
            nx_buf_addc(&body, ',');
        nx_triage_group_to_json(&body, groups->pdata[i], false);
    }
    nx_buf_add(&body, NX_STR("]}\n"));
    nx_request_json(asking->request, 200, nx_buf_str(&body));
    return TRUE;
}

void nx_list_triage(struct nx_request *request)
{
    struct nx_str text = nx_request_query(request, "limit");
    unsigned long long limit = GROUPS_DEFAULT;
    if (text.n > 0 && (!nx_str_to_u64(text, &limit) || limit == 0 || limit > GROUPS_MOST)) {
        nx_request_problem(request, 400, "limit is to be a number from 1 to %u", GROUPS_MOST);
        return;
    }
    struct asking *asking = ask(request);
    if (asking == NULL)
        return;
    asking->limit = limit;
    defer(asking, answer_list);
}

static gboolean answer_group(struct asking *asking, GError **error)
{
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(asking->request), error);
    struct nx_buf body;
    if (group == NULL)
        return FALSE;
    nx_buf_init(&body, asking->arena, SIZE_MAX / 2);
    nx_triage_group_to_json(&body, group, true);
    nx_buf_addc(&body, '\n');
    nx_request_json(asking->request, 200, nx_buf_str(&body));
    return TRUE;
}

void nx_get_triage(struct nx_request *request)
{
    struct asking *asking = ask(request);
    if (asking != NULL)
        defer(asking, answer_group);
}

static gboolean answer_message(struct asking *asking, GError **error)
{
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(asking->request), error);
    struct nx_raw raw;
    int got = group == NULL ? -1 : nx_reader_raw(asking->reader, asking->arena, group->example.event.id, &raw, error);
    if (got < 0)
        return FALSE;
    if (got == 0)
        nx_request_problem(asking->request, 404, "%s: its message is not kept (any more: [triage] size, age)", group->id);
    else
        nx_request_answer(asking->request, 200, "application/octet-stream", raw.bytes);
    return TRUE;
}

void nx_get_triage_message(struct nx_request *request)
{
    struct asking *asking = ask(request);
    if (asking != NULL)
        defer(asking, answer_message);
}

static void say_proposal(struct asking *asking, const struct nx_proposal *proposal, GString *answer)
{
    struct nx_buf body;
    nx_buf_init(&body, asking->arena, SIZE_MAX / 2);
    nx_proposal_to_json(&body, proposal);
    body.n--; /* one more key before its closing brace */
    nx_buf_add(&body, asking->install ? NX_STR(",\"installed\":true}\n") : NX_STR(",\"installed\":false}\n"));
    nx_said(answer, asking->install ? 201 : 200, nx_buf_str(&body));
}

static gboolean propose(struct asking *asking, GString *answer, GError **error)
{
    const struct nx_config *config = nx_request_setup(asking->request)->config;
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(asking->request), error);
    struct nx_proposal proposal;
    g_autofree char *path = NULL;
    if (group == NULL ||
        !nx_triage_propose(config, group, asking->cause, asking->phrase, asking->reader, asking->since, &proposal, error))
        return FALSE;
    if (asking->cause == NX_CAUSE_NONE && asking->install)
        proposal.cause = NX_CAUSE_NONE; /* a guess is not enough */
    gboolean good = !asking->install || nx_triage_install(config, &proposal,
                                                          asking->trial   ? NX_INSTALL_TRIAL
                                                          : asking->force ? NX_INSTALL_FORCE
                                                                          : NX_INSTALL_CAREFUL,
                                                          &path, error);
    if (good)
        say_proposal(asking, &proposal, answer);
    if (good && asking->install)
        kill(getpid(), SIGHUP); /* the reload that an administrator would ask for */
    nx_proposal_clear(&proposal);
    return good;
}

/* A rule is a file and no row, so its answer is kept behind it; what was broken off in between says on the next try that the rule
 * is there. */
static gboolean answer_rule(struct asking *asking, GError **error)
{
    struct nx_store *store = nx_request_service(asking->request)->store;
    nx_when now = nx_request_now(asking->request);
    struct nx_once once;
    g_autoptr(GError) fault = NULL;
    nx_request_once(asking->request, &once, NULL, NULL);
    bool good = nx_store_recall(store, &once, now, &fault);
    if (good && !once.repeated) {
        if (!propose(asking, once.answer, error)) {
            g_string_free(once.answer, TRUE);
            return FALSE;
        }
        (void)!nx_store_keep(store, &once, now, NULL);
    }
    nx_request_done(asking->request, &once, fault);
    return TRUE;
}

/* Reads {"cause", "phrase", "force", "trial"}, all optional; false: the problem is answered. */
static bool read_body(struct nx_request *request, struct asking *asking)
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
            if (strcmp(key, "cause") == 0 && (!text || !nx_cause_parse(nx_str_of(json_string_value(value)), &asking->cause)))
                wrong = "cause: is to be one of docs/taxonomy.md";
            else if (strcmp(key, "phrase") == 0 && text)
                asking->phrase = g_strdup(json_string_value(value));
            else if (strcmp(key, "force") == 0 && json_is_boolean(value))
                asking->force = json_is_true(value);
            else if (strcmp(key, "trial") == 0 && json_is_boolean(value))
                asking->trial = json_is_true(value);
            else if (strcmp(key, "cause") != 0)
                wrong = "there are cause and phrase (texts), force and trial (true or false), nothing else";
        }
    }
    json_decref(root);
    if (wrong != NULL)
        nx_request_problem(request, 400, "%s", wrong);
    return wrong == NULL;
}

void nx_post_triage_rule(struct nx_request *request)
{
    struct nx_str dry = nx_request_query(request, "dry_run");
    bool install = nx_str_eq(dry, NX_STR("false"));
    if (dry.n > 0 && !install && !nx_str_eq(dry, NX_STR("true"))) {
        nx_request_problem(request, 400, "dry_run is to be true (the default: nothing is written) or false");
        return;
    }
    struct asking *asking = ask(request);
    if (asking == NULL)
        return;
    asking->install = install;
    asking->whole = true;
    if (read_body(request, asking))
        defer(asking, answer_rule);
    else
        free_asking(asking);
}
