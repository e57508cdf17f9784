/* SPDX-License-Identifier: Apache-2.0 */
#include "nixie.h"

#include "engine/engine.h"
#include "event/json.h"

struct nixie {
    struct nx_engine *engine;
};

struct nixie_reader {
    struct nx_worker *worker;
    struct nx_event *events;
    size_t n;
};

static const struct nx_origin no_origin = {.source = {"library", 7}, .received_at = NX_WHEN_NONE};

struct nixie *nixie_new(const char *patterns, const char *local, char **error)
{
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(GError) why = NULL;
    struct nx_engine *engine = nx_engine_new(patterns, local, &limits, &why);
    if (engine == NULL) {
        if (error != NULL)
            *error = g_strdup(why->message);
        return NULL;
    }
    struct nixie *nixie = g_new0(struct nixie, 1);
    nixie->engine = engine;
    return nixie;
}

void nixie_free(struct nixie *nixie)
{
    if (nixie == NULL)
        return;
    nx_engine_unref(nixie->engine);
    g_free(nixie);
}

void nixie_free_text(char *text)
{
    g_free(text);
}

const char *nixie_version(void)
{
    return NX_VERSION;
}

struct nixie_reader *nixie_reader_new(struct nixie *nixie)
{
    struct nixie_reader *reader = g_new0(struct nixie_reader, 1);
    reader->worker = nx_worker_new(nixie->engine);
    return reader;
}

void nixie_reader_free(struct nixie_reader *reader)
{
    if (reader == NULL)
        return;
    nx_worker_free(reader->worker);
    g_free(reader);
}

size_t nixie_read_message(struct nixie_reader *reader, const void *bytes, size_t size, const char *return_path)
{
    nx_worker_reset(reader->worker);
    struct nx_arena *arena = nx_worker_arena(reader->worker);
    struct nx_origin *origin = nx_arena_alloc(arena, sizeof *origin);
    *origin = no_origin;
    origin->envelope_to = nx_arena_dup(arena, nx_str_of(return_path));
    size_t kept = MIN(size, NX_LIMITS_DEFAULT.message);
    /* A copy: events must outlive the caller's bytes. */
    const struct nx_input input = {.kind = NX_INPUT_MAIL,
                                   .bytes = nx_arena_dup(arena, (struct nx_str){bytes, kept}),
                                   .notes = kept < size ? NX_NOTE_TRUNCATED : 0,
                                   .origin = origin};
    reader->n = nx_worker_process(reader->worker, &input, &reader->events);
    return reader->n;
}

size_t nixie_read_reply(struct nixie_reader *reader, const char *words)
{
    nx_worker_reset(reader->worker);
    struct nx_arena *arena = nx_worker_arena(reader->worker);
    reader->events = nx_arena_alloc(arena, sizeof *reader->events);
    reader->events->origin = no_origin;
    nx_worker_reply(reader->worker, nx_arena_dup(arena, nx_str_of(words)), reader->events);
    reader->n = 1;
    return 1;
}

static const char *text(struct nixie_reader *reader, struct nx_str value)
{
    return value.n == 0 ? NULL : nx_arena_cstr(nx_worker_arena(reader->worker), value);
}

static const char *name(const char *value)
{
    return *value == '\0' ? NULL : value;
}

int nixie_event(struct nixie_reader *reader, size_t i, struct nixie_event *ret_event, size_t size)
{
    if (i >= reader->n)
        return -1;
    const struct nx_event *event = &reader->events[i];
    const struct nx_report *report = &event->report;
    const struct nx_cause_facts *facts = nx_cause_facts(event->verdict.cause);
    const struct nixie_event filled = {
        .id = text(reader, event->id),
        .kind = nx_kind_name(report->kind),
        .recipient = text(reader, report->recipient),
        .original_recipient = text(reader, report->original_recipient),
        .class_ = nx_class_name(event->verdict.class_),
        .cause = name(facts->name),
        .fault = name(facts->fault),
        .advice = name(facts->advice),
        .status = text(reader, report->status),
        .stage = name(nx_stage_name(report->stage)),
        .reply = report->reply,
        .diagnostic = text(reader, report->diagnostic),
        .remote_mta = text(reader, report->remote_mta),
        .reporting_mta = text(reader, report->reporting_mta),
        .format = text(reader, report->format),
        .rule = text(reader, event->verdict.rule),
        .matched = text(reader, event->verdict.matched),
        .message_id = text(reader, report->original.message_id),
    };
    memset(ret_event, 0, size);
    memcpy(ret_event, &filled, MIN(size, sizeof filled));
    return 0;
}

const char *nixie_json(struct nixie_reader *reader, size_t i)
{
    if (i >= reader->n)
        return NULL;
    struct nx_buf line;
    nx_buf_init(&line, nx_worker_arena(reader->worker), SIZE_MAX / 2);
    nx_event_to_json(&line, &reader->events[i]);
    nx_buf_addc(&line, '\0');
    return line.p;
}

static const char *suppress_name(enum nx_suppress suppress)
{
    switch (suppress) {
    case NX_SUPPRESS_AT_ONCE:
        return "at_once";
    case NX_SUPPRESS_AFTER:
        return "after";
    case NX_SUPPRESS_MIRROR:
        return "mirror";
    case NX_SUPPRESS_CLEAR:
        return "clear";
    case NX_SUPPRESS_NEVER:
        break;
    }
    return "never";
}

int nixie_cause(size_t i, struct nixie_cause *ret_cause, size_t size)
{
    if (i + 1 >= NX_CAUSE_COUNT)
        return -1;
    const struct nx_cause_facts *facts = nx_cause_facts((enum nx_cause)(i + 1));
    const struct nixie_cause filled = {
        .name = facts->name,
        .class_ = nx_class_name(facts->class_),
        .fault = facts->fault,
        .advice = facts->advice,
        .suppress = suppress_name(facts->suppress),
        .threshold = facts->threshold,
        .span_days = facts->span_days,
        .window_days = facts->window_days,
        .ttl_days = facts->ttl_days,
        .ttl_max_days = facts->ttl_max_days,
    };
    memset(ret_cause, 0, size);
    memcpy(ret_cause, &filled, MIN(size, sizeof filled));
    return 0;
}
