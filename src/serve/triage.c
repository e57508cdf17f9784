/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule explains, over HTTP. It reads much of the log, so each question has a thread of its own. */
#include "serve/handlers.h"
#include "serve/question.h"

#include "event/json.h"
#include "triage/rule.h"

#include <jansson.h>

#define GROUPS_DEFAULT 100u
#define GROUPS_MOST 1000u

struct asking { /* what is wanted of the groups */
    nx_question_fn *answer;
    struct nx_triage *triage;
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

static void free_asking(void *data)
{
    struct asking *asking = data;
    nx_triage_free(asking->triage);
    g_free(asking->phrase);
    g_free(asking);
}

/* Reads the groups first. */
static gboolean answer(struct nx_question *question, GError **error)
{
    struct asking *asking = question->data;
    const struct nx_triage_options options = {.codes = is_true(question->request, "codes")};
    asking->triage = nx_triage_new(nx_request_setup(question->request)->engine, &options);
    return nx_triage_read(asking->triage, question->reader, asking->whole ? NX_WHEN_NONE : question->since, error) &&
           asking->answer(question, error);
}

/* Takes asking. */
static void defer(struct nx_request *request, const struct asking *asking, nx_question_fn *fn)
{
    nx_when since;
    struct asking *own = g_memdup2(asking, sizeof *asking);
    own->answer = fn;
    if (nx_question_since(request, &since))
        nx_question_defer(request, since, answer, own, free_asking);
    else
        free_asking(own);
}

static gboolean answer_list(struct nx_question *question, GError **error)
{
    const struct asking *asking = question->data;
    g_autoptr(GPtrArray) groups = nx_triage_groups(asking->triage);
    struct nx_buf body;
    size_t seen, unexplained;
    (void)error;
    nx_buf_init(&body, question->arena, SIZE_MAX / 2);
    nx_triage_counts(asking->triage, &seen, &unexplained);
    nx_buf_add(&body, nx_arena_printf(body.arena, "{\"events\":%zu,\"groups_in_all\":%u,\"groups\":[", unexplained, groups->len));
    for (guint i = 0; i < groups->len && i < asking->limit; i++) {
        if (i > 0)
            nx_buf_addc(&body, ',');
        nx_triage_group_to_json(&body, groups->pdata[i], false);
    }
    nx_buf_add(&body, NX_STR("]}\n"));
    nx_request_json(question->request, 200, nx_buf_str(&body));
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
    const struct asking asking = {.limit = limit};
    defer(request, &asking, answer_list);
}

static gboolean answer_group(struct nx_question *question, GError **error)
{
    const struct asking *asking = question->data;
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(question->request), error);
    struct nx_buf body;
    if (group == NULL)
        return FALSE;
    nx_buf_init(&body, question->arena, SIZE_MAX / 2);
    nx_triage_group_to_json(&body, group, true);
    nx_buf_addc(&body, '\n');
    nx_request_json(question->request, 200, nx_buf_str(&body));
    return TRUE;
}

void nx_get_triage(struct nx_request *request)
{
    const struct asking asking = {.limit = 0};
    defer(request, &asking, answer_group);
}

static gboolean answer_message(struct nx_question *question, GError **error)
{
    const struct asking *asking = question->data;
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(question->request), error);
    struct nx_raw raw;
    int got = group == NULL ? -1 : nx_reader_raw(question->reader, question->arena, group->example.event.id, &raw, error);
    if (got < 0)
        return FALSE;
    if (got == 0)
        nx_request_problem(question->request, 404, "%s: its message is not kept (any more: [triage] size, age)", group->id);
    else
        nx_request_answer(question->request, 200, "application/octet-stream", raw.bytes);
    return TRUE;
}

void nx_get_triage_message(struct nx_request *request)
{
    const struct asking asking = {.limit = 0};
    defer(request, &asking, answer_message);
}

static void say_proposal(const struct nx_question *question, const struct nx_proposal *proposal, GString *said)
{
    const struct asking *asking = question->data;
    struct nx_buf body;
    nx_buf_init(&body, question->arena, SIZE_MAX / 2);
    nx_proposal_to_json(&body, proposal);
    body.n--; /* one more key before its closing brace */
    nx_buf_add(&body, asking->install ? NX_STR(",\"installed\":true}\n") : NX_STR(",\"installed\":false}\n"));
    nx_said(said, asking->install ? 201 : 200, nx_buf_str(&body));
}

static gboolean propose(struct nx_question *question, GString *said, bool *ret_reload, GError **error)
{
    const struct asking *asking = question->data;
    const struct nx_config *config = nx_request_setup(question->request)->config;
    const struct nx_triage_group *group = nx_triage_find(asking->triage, nx_request_param(question->request), error);
    struct nx_proposal proposal;
    g_autofree char *path = NULL;
    if (group == NULL ||
        !nx_triage_propose(config, group, asking->cause, asking->phrase, question->reader, question->since, &proposal, error))
        return FALSE;
    if (asking->cause == NX_CAUSE_NONE && asking->install)
        proposal.cause = NX_CAUSE_NONE; /* a guess is not enough */
    gboolean good = !asking->install || nx_triage_install(config, &proposal,
                                                          asking->trial   ? NX_INSTALL_TRIAL
                                                          : asking->force ? NX_INSTALL_FORCE
                                                                          : NX_INSTALL_CAREFUL,
                                                          &path, error);
    if (good)
        say_proposal(question, &proposal, said);
    *ret_reload = good && asking->install;
    if (*ret_reload)
        nx_question_record(question, asking->trial ? "put on trial" : "installed", path);
    nx_proposal_clear(&proposal);
    return good;
}

static gboolean answer_rule(struct nx_question *question, GError **error)
{
    return nx_question_act(question, propose, error);
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
    struct asking asking = {.install = install, .whole = true};
    if (read_body(request, &asking))
        defer(request, &asking, answer_rule);
    else
        g_free(asking.phrase);
}
