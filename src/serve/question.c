/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/question.h"

#include "serve/log.h"

#include "base/error.h"

#include <signal.h>
#include <unistd.h>

struct work {
    struct nx_question question;
    nx_question_fn *fn;
    GDestroyNotify done;
};

bool nx_question_since(struct nx_request *request, nx_when *ret)
{
    struct nx_str since = nx_request_query(request, "since");
    *ret = since.n > 0 ? nx_when_parse(since) : NX_WHEN_NONE;
    if (since.n == 0 || *ret != NX_WHEN_NONE)
        return true;
    nx_request_problem(request, 400, "since=%.*s is no RFC 3339 time, such as 2026-01-31T12:00:00Z", NX_FMT(since));
    return false;
}

static void free_work(struct work *work)
{
    if (work->done != NULL && work->question.data != NULL)
        work->done(work->question.data);
    nx_reader_free(work->question.reader);
    nx_arena_free(work->question.arena);
    g_free(work);
}

static void *run(void *data)
{
    struct work *work = data;
    struct nx_request *request = work->question.request;
    struct nx_service *service = nx_request_service(request);
    g_autoptr(GError) error = NULL;
    work->question.reader = nx_reader_new(service->store, &error);
    if (work->question.reader == NULL || !work->fn(&work->question, &error)) {
        if (g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG))
            nx_request_problem(request, 409, "%s", error->message);
        else
            nx_request_fail(request, error);
    }
    free_work(work);
    service->triaging--;
    nx_request_wake(request);
    service->storing--;
    return NULL;
}

void nx_question_defer(struct nx_request *request, nx_when since, nx_question_fn *fn, void *data, GDestroyNotify done)
{
    struct nx_service *service = nx_request_service(request);
    struct work *work = g_new(struct work, 1);
    pthread_t thread;
    *work = (struct work){
        .question = {.request = request, .arena = nx_arena_new(), .since = since, .data = data}, .fn = fn, .done = done};
    service->storing++;
    nx_request_wait(request);
    if (++service->triaging <= NX_QUESTIONS && !service->ending && pthread_create(&thread, NULL, run, work) == 0) {
        pthread_detach(thread);
        return;
    }
    service->triaging--;
    free_work(work);
    nx_request_add_header(request, "Retry-After", "5");
    nx_request_problem(request, 503, "%u such questions are at work already, or the daemon is stopping (try again in a moment)",
                       NX_QUESTIONS);
    nx_request_wake(request);
    service->storing--;
}

gboolean nx_question_act(struct nx_question *question, nx_question_act_fn *fn, GError **error)
{
    struct nx_store *store = nx_request_service(question->request)->store;
    nx_when now = nx_request_now(question->request);
    struct nx_once once;
    bool reload = false;
    g_autoptr(GError) fault = NULL;
    nx_request_once(question->request, &once, NULL, NULL);
    bool good = nx_store_recall(store, &once, now, &fault);
    if (good && !once.repeated) {
        if (!fn(question, once.answer, &reload, error)) {
            g_string_free(once.answer, TRUE);
            return FALSE;
        }
        (void)!nx_store_keep(store, &once, now, NULL);
    }
    if (reload)
        kill(getpid(), SIGHUP); /* the one that an administrator would ask for */
    nx_request_done(question->request, &once, fault);
    return TRUE;
}

void nx_question_record(const struct nx_question *question, const char *what, const char *file)
{
    struct nx_str actor = nx_request_actor(question->request);
    g_autofree char *by = g_strndup(actor.p, actor.n);
    nx_log(NX_LOG_INFO, "rules", what, "file", file, "by", by, NULL);
}
