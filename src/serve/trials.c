/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on trial, over HTTP: what they would have said, and the files put there, promoted and dropped. */
#include "serve/handlers.h"
#include "serve/question.h"

#include "base/error.h"
#include "event/json.h"
#include "triage/replay.h"
#include "triage/trial.h"

static const struct nx_config *config_of(const struct nx_question *question)
{
    return nx_request_setup(question->request)->config;
}

static void put_file(struct nx_buf *out, const struct nx_trial_file *file)
{
    nx_buf_add(out, NX_STR("{\"file\":"));
    nx_json_string(out, nx_str_of(file->name));
    nx_buf_add(out, NX_STR(",\"rules\":["));
    for (guint i = 0; i < file->rules->len; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(file->rules->pdata[i]));
    }
    nx_buf_add(out, NX_STR("]}"));
}

static void put_files(struct nx_buf *out, const GPtrArray *files)
{
    nx_buf_add(out, NX_STR("{\"files\":["));
    for (guint i = 0; files != NULL && i < files->len; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        put_file(out, files->pdata[i]);
    }
    nx_buf_addc(out, ']');
}

static void put_faults(struct nx_buf *out, const GError *fault)
{
    g_auto(GStrv) lines = g_strsplit(fault == NULL ? "" : fault->message, "\n", -1);
    nx_buf_add(out, NX_STR(",\"faults\":["));
    for (char **line = lines; *line != NULL; line++) {
        if (line != lines)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(*line));
    }
    nx_buf_addc(out, ']');
}

static bool is_text(struct nx_str digest, const char *text)
{
    return nx_str_eq(digest, nx_str_of(text));
}

/* The files as they stand now, and whether they are what the daemon asks. */
static gboolean put_state(struct nx_buf *out, const struct nx_question *question, GError **error)
{
    const struct nx_engine *engine = nx_request_setup(question->request)->engine;
    const struct nx_ruleset *trial = nx_engine_trial(engine);
    struct nx_str in_force = nx_ruleset_digest(nx_engine_rules(engine)), digest = NX_STR_NONE;
    g_autoptr(GPtrArray) files = NULL;
    g_autofree char *rules = NULL, *with = NULL;
    g_autoptr(GError) fault = NULL;
    if (!nx_trial_read(config_of(question), &files, &rules, &with, &fault) && fault->code != NX_ERROR_SYNTAX) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    if (trial != NULL)
        digest = nx_ruleset_digest(trial);
    put_files(out, files);
    put_faults(out, fault);
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"loaded\":%s,\"in_force\":\"%.*s\",\"ruleset\":",
                                    fault == NULL && is_text(in_force, rules) && is_text(digest, with) ? "true" : "false",
                                    NX_FMT(in_force)));
    nx_json_string(out, digest);
    nx_buf_addc(out, ',');
    return TRUE;
}

static gboolean put_plan(struct nx_buf *out, const struct nx_question *question, const struct nx_replay *replay, GError **error)
{
    struct nx_rejudge_sum sum = {0};
    if (replay->rejudge != NULL &&
        !nx_rejudge_plan(replay->rejudge, question->reader, nx_request_now(question->request), &sum, error))
        return FALSE;
    nx_buf_add(out, nx_arena_printf(out->arena,
                                    "{\"entries\":%zu,\"lifted\":%zu,\"made\":%zu,\"holds_dropped\":%zu,\"held_back\":%zu,"
                                    "\"rash\":%s}",
                                    sum.entries, sum.lift, sum.put, sum.drop, sum.hold,
                                    nx_replay_plan_is_rash(replay, &sum) ? "true" : "false"));
    return TRUE;
}

static gboolean list(struct nx_question *question, GError **error)
{
    const struct nx_ruleset *trial = nx_engine_trial(nx_request_setup(question->request)->engine);
    g_auto(nx_replay) replay = {.changes = g_ptr_array_new()};
    struct nx_buf body;
    nx_buf_init(&body, question->arena, SIZE_MAX / 2);
    if (!put_state(&body, question, error))
        return FALSE;
    if (trial != NULL) {
        nx_replay_clear(&replay);
        if (!nx_replay_read(&replay, trial, config_of(question), question->reader, question->since, error))
            return FALSE;
    }
    nx_replay_to_json(&body, &replay);
    nx_buf_add(&body, NX_STR(",\"plan\":"));
    if (trial == NULL || !nx_str_eq(nx_request_query(question->request, "plan"), NX_STR("true")))
        nx_buf_add(&body, NX_STR("null"));
    else if (!put_plan(&body, question, &replay, error))
        return FALSE;
    nx_buf_add(&body, NX_STR("}\n"));
    nx_request_json(question->request, 200, nx_buf_str(&body));
    return TRUE;
}

void nx_list_trials(struct nx_request *request)
{
    nx_when since;
    if (nx_question_since(request, &since))
        nx_question_defer(request, since, list, NULL, NULL);
}

static char *param_of(const struct nx_question *question)
{
    struct nx_str param = nx_request_param(question->request);
    return g_strndup(param.p, param.n);
}

static void say_file(const struct nx_question *question, unsigned status, const char *file, GString *answer)
{
    struct nx_buf body;
    nx_buf_init(&body, question->arena, SIZE_MAX / 2);
    nx_buf_add(&body, NX_STR("{\"file\":"));
    nx_json_string(&body, nx_str_of(file));
    nx_buf_add(&body, NX_STR("}\n"));
    nx_said(answer, status, nx_buf_str(&body));
}

static gboolean put(struct nx_question *question, GString *answer, bool *ret_reload, GError **error)
{
    g_autofree char *file = param_of(question);
    if (!nx_trial_put(config_of(question), file, nx_request_body(question->request), error))
        return FALSE;
    nx_question_record(question, "put on trial", file);
    say_file(question, 201, file, answer);
    *ret_reload = true;
    return TRUE;
}

static gboolean promote(struct nx_question *question, GString *answer, bool *ret_reload, GError **error)
{
    g_autofree char *name = param_of(question), *file = NULL;
    if (!nx_trial_promote(config_of(question), name, &file, error))
        return FALSE;
    nx_question_record(question, "promoted", file);
    say_file(question, 200, file, answer);
    *ret_reload = true;
    return TRUE;
}

static gboolean drop(struct nx_question *question, GString *answer, bool *ret_reload, GError **error)
{
    g_autofree char *file = param_of(question);
    if (!nx_trial_drop(config_of(question), file, error))
        return FALSE;
    nx_question_record(question, "dropped, was on trial", file);
    nx_said(answer, 204, NX_STR_NONE);
    *ret_reload = true;
    return TRUE;
}

static gboolean answer_put(struct nx_question *question, GError **error)
{
    return nx_question_act(question, put, error);
}

void nx_post_trial(struct nx_request *request)
{
    if (nx_str_eq(nx_request_media_type(request), NX_STR("text/plain")))
        nx_question_defer(request, NX_WHEN_NONE, answer_put, NULL, NULL);
    else
        nx_request_problem(request, 415, "send the text of the rule file as text/plain");
}

static gboolean answer_promote(struct nx_question *question, GError **error)
{
    return nx_question_act(question, promote, error);
}

void nx_promote_trial(struct nx_request *request)
{
    nx_question_defer(request, NX_WHEN_NONE, answer_promote, NULL, NULL);
}

static gboolean answer_drop(struct nx_question *question, GError **error)
{
    return nx_question_act(question, drop, error);
}

void nx_drop_trial(struct nx_request *request)
{
    nx_question_defer(request, NX_WHEN_NONE, answer_drop, NULL, NULL);
}
