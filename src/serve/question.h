/* SPDX-License-Identifier: Apache-2.0 */
/* serve/question.h - requests that read much of the log, or change the rules: a thread each, a few at one time. Room-internal. */
#pragma once
#include "serve/request.h"

#define NX_QUESTIONS 4u /* at one time; one more is told to try again */

struct nx_question {
    struct nx_request *request;
    struct nx_arena *arena;
    struct nx_reader *reader;
    nx_when since; /* of nx_question_since */
    void *data;    /* the handler's own */
};

/* Gives the answer, or fails: CONFIG is 409 here, the others as with nx_request_fail. */
typedef gboolean nx_question_fn(struct nx_question *question, GError **error);
/* ?since=; false: the problem is answered. */
bool nx_question_since(struct nx_request *request, nx_when *ret);
/* Runs fn on a thread of its own; done frees data, also where nothing runs and the answer is 503. */
void nx_question_defer(struct nx_request *request, nx_when since, nx_question_fn *fn, void *data, GDestroyNotify done);
/* Inside of it, for an act that is a file and no row: fn writes its answer (nx_said), which is kept right behind the act under its
 * Idempotency-Key; what was broken off in between is tried again. After an act that reloads, the daemon does so. */
typedef gboolean nx_question_act_fn(struct nx_question *question, GString *answer, bool *ret_reload, GError **error);
gboolean nx_question_act(struct nx_question *question, nx_question_act_fn *fn, GError **error);
/* Who changed the rules stands in the log of the daemon: a file is no row that has a history. */
void nx_question_record(const struct nx_question *question, const char *what, const char *file);
