/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/error.h"
#include "decide/stream.h"
#include "parse/reply.h"

struct nx_worker {
    struct nx_engine *engine;
    struct nx_matcher *matcher;
    struct nx_matcher *trial; /* of the rules on trial; NULL: there are none */
    struct nx_arena *arena;
};

struct nx_worker *nx_worker_new(struct nx_engine *engine)
{
    struct nx_worker *worker = g_new0(struct nx_worker, 1);
    worker->engine = nx_engine_ref(engine);
    worker->arena = nx_arena_new();
    worker->matcher = nx_matcher_new(nx_engine_rules(engine));
    if (nx_engine_trial(engine) != NULL)
        worker->trial = nx_matcher_new(nx_engine_trial(engine));
    return worker;
}

void nx_worker_free(struct nx_worker *worker)
{
    nx_matcher_free(worker->matcher);
    if (worker->trial != NULL)
        nx_matcher_free(worker->trial);
    nx_arena_free(worker->arena);
    nx_engine_unref(worker->engine);
    g_free(worker);
}

/* Did we write to this recipient with the return path that the report came to? */
static bool names(const struct nx_engine *engine, struct nx_arena *arena, const struct nx_verp_token *token,
                  struct nx_str recipient)
{
    struct nx_address folded;
    return recipient.n > 0 && nx_address_fold(arena, recipient, nx_engine_fold(engine), &folded, NULL) &&
           nx_verp_names(nx_engine_verp(engine), token, folded.folded);
}

/* All that the report came to, blanks between. */
static struct nx_str paths_of(struct nx_arena *arena, const struct nx_origin *origin, const struct nx_report *report)
{
    return origin->envelope_to.n == 0
               ? report->return_paths
               : nx_arena_printf(arena, "%.*s %.*s", NX_FMT(origin->envelope_to), NX_FMT(report->return_paths));
}

static void verify(struct nx_worker *worker, const struct nx_origin *origin, struct nx_report *report)
{
    const struct nx_verp *verp = nx_engine_verp(worker->engine);
    if (verp == NULL || report->verified != NX_VERIFIED_NONE || (report->notes & NX_NOTE_SIGN_OF_LIFE) != 0)
        return;
    struct nx_str rest = paths_of(worker->arena, origin, report);
    while (rest.n > 0) {
        struct nx_str path = nx_str_sub(rest, 0, nx_str_chr(rest, ' '));
        rest = nx_str_from(rest, path.n + 1);
        struct nx_verp_token token;
        nx_verp_read(verp, path, origin->received_at, &token);
        if (token.state == NX_VERP_FOREIGN)
            continue;
        if (token.state == NX_VERP_GOOD && (names(worker->engine, worker->arena, &token, report->recipient) ||
                                            names(worker->engine, worker->arena, &token, report->original_recipient))) {
            report->verified = NX_VERIFIED_SIGNED;
            report->notes &= ~(nx_notes)NX_NOTE_BAD_TOKEN;
            if (token.stream.n > 0)
                report->stream = nx_arena_dup(worker->arena, token.stream);
            return;
        }
        report->notes |= NX_NOTE_BAD_TOKEN;
    }
    report->notes |= NX_NOTE_UNVERIFIED; /* told where paths are signed: there it means something */
}

/* The first place that names one: what is no name would make entries that nobody can ask for. */
static struct nx_str stream_of(const struct nx_worker *worker, struct nx_arena *arena, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    if (nx_stream_is_name(report->stream))
        return report->stream;
    if (nx_stream_is_name(event->origin.stream))
        return event->origin.stream;
    struct nx_str of_path = nx_parser_stream(nx_engine_parser(worker->engine), arena, paths_of(arena, &event->origin, report));
    if (nx_stream_is_name(of_path))
        return nx_arena_dup(arena, of_path);
    return nx_arena_dup(arena, nx_streams_route(nx_engine_streams(worker->engine), arena, event->origin.envelope_to, report));
}

/* What the rules on trial would have said. */
static void try(struct nx_worker *worker, struct nx_arena *arena, struct nx_event *event)
{
    struct nx_verdict would;
    if (event->report.kind != NX_KIND_FAILED && event->report.kind != NX_KIND_DELAYED)
        return;
    nx_classify(worker->trial, arena, &event->report, &would);
    event->trial.tried = true;
    if (would.cause == event->verdict.cause && would.class_ == event->verdict.class_)
        return;
    event->trial.differs = true;
    event->trial.cause = would.cause;
    event->trial.class_ = would.class_;
    event->trial.rule = would.rule;
    event->trial.ruleset = would.ruleset;
}

static struct nx_event *judge(struct nx_worker *worker, struct nx_arena *arena, const struct nx_input *input,
                              struct nx_report *reports, size_t n)
{
    struct nx_event *events = nx_arena_array(arena, n, sizeof *events);
    for (size_t i = 0; i < n; i++) {
        struct nx_event *event = &events[i];
        reports[i].notes |= input->notes;
        event->origin = *input->origin;
        verify(worker, input->origin, &reports[i]);
        event->raw = input->bytes;
        event->report = reports[i];
        event->report.stream = stream_of(worker, arena, event);
        nx_classify(worker->matcher, arena, &event->report, &event->verdict);
        if (worker->trial != NULL)
            try(worker, arena, event);
        event->decision.until = NX_WHEN_NONE;
        event->id = nx_event_id(arena, &event->report);
        if (nx_event_is_unexplained(event))
            event->group = nx_triage_group(arena, event);
    }
    return events;
}

struct nx_event *nx_worker_judge(struct nx_worker *worker, const struct nx_input *input, struct nx_report *reports, size_t n)
{
    return judge(worker, worker->arena, input, reports, n);
}

size_t nx_worker_process(struct nx_worker *worker, const struct nx_input *input, struct nx_event **ret_events)
{
    struct nx_report *reports;
    size_t n = nx_parse_mail(nx_engine_parser(worker->engine), worker->arena, input, &reports);
    *ret_events = nx_worker_judge(worker, input, reports, n);
    return n;
}

gboolean nx_worker_webhook(struct nx_worker *worker, struct nx_arena *arena, const struct nx_input *input,
                           const struct nx_webhook_paths *paths, struct nx_webhook_body *ret_body, struct nx_event **ret_events,
                           GError **error)
{
    const char *why;
    if (arena == NULL)
        arena = worker->arena;
    if (!nx_webhook_parse(arena, nx_engine_limits(worker->engine), input, paths, ret_body, &why)) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "webhook %.*s: %s", NX_FMT(input->provider), why);
        return FALSE;
    }
    *ret_events = judge(worker, arena, input, ret_body->reports, ret_body->n);
    return TRUE;
}

void nx_worker_reply(struct nx_worker *worker, struct nx_str words, struct nx_event *ret_event)
{
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    struct nx_reply reply;
    nx_reply_read(worker->arena, words, &reply);
    *ret_event = (struct nx_event){.report = {.kind = NX_KIND_FAILED,
                                              .reply = reply.code,
                                              .status = reply.status,
                                              .stage = reply.stage,
                                              .remote_mta = reply.host,
                                              .diagnostic = nx_one_line(worker->arena, words, limits.diagnostic),
                                              .arrival_at = NX_WHEN_NONE,
                                              .last_attempt_at = NX_WHEN_NONE,
                                              .retry_until = NX_WHEN_NONE}};
    ret_event->origin.received_at = NX_WHEN_NONE;
    ret_event->decision.until = NX_WHEN_NONE;
    nx_classify(worker->matcher, worker->arena, &ret_event->report, &ret_event->verdict);
}

void nx_worker_reset(struct nx_worker *worker)
{
    nx_arena_reset(worker->arena);
}

struct nx_arena *nx_worker_arena(struct nx_worker *worker)
{
    return worker->arena;
}

struct nx_matcher *nx_worker_matcher(struct nx_worker *worker)
{
    return worker->matcher;
}
