/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/letter.h"

#include "decide/stream.h"
#include "event/json.h"
#include "export/trail.h"

#define ACT "act" /* among the kinds */

void nx_letter_filter_read(struct nx_letter_filter *filter, const struct nx_config_hook *settings, nx_letter_fault_fn *fault,
                           void *data)
{
    filter->streams = settings->streams;
    for (char **name = settings->kinds; name != NULL && *name != NULL; name++) {
        enum nx_kind kind;
        filter->some_kinds = true;
        if (strcmp(*name, ACT) == 0)
            filter->acts = true;
        else if (nx_kind_parse(nx_str_of(*name), &kind))
            filter->kinds |= 1u << kind;
        else if (fault != NULL)
            fault(data, "kinds", "is no kind (nor act)", *name);
    }
    for (char **name = settings->classes; name != NULL && *name != NULL; name++) {
        enum nx_class class_;
        if (nx_class_parse(nx_str_of(*name), &class_))
            filter->classes |= 1u << class_;
        else if (fault != NULL)
            fault(data, "classes", "is no class", *name);
    }
    for (char **name = settings->causes; name != NULL && *name != NULL; name++) {
        enum nx_cause cause;
        if (nx_cause_parse(nx_str_of(*name), &cause))
            filter->causes[cause] = filter->some_causes = true;
        else if (fault != NULL)
            fault(data, "causes", "is no cause", *name);
    }
    for (char **name = settings->actions; name != NULL && *name != NULL; name++) {
        enum nx_action action;
        if (nx_action_parse(nx_str_of(*name), &action))
            filter->actions |= 1u << action;
        else if (fault != NULL)
            fault(data, "actions", "is no action (none, suppress, count, clear, hold)", *name);
    }
}

static bool is_among(char *const *streams, struct nx_str stream)
{
    if (streams == NULL || *streams == NULL)
        return true;
    for (; *streams != NULL; streams++)
        if (nx_str_eq(nx_str_of(*streams), stream))
            return true;
    return false;
}

static bool wants_event(const struct nx_letter_filter *filter, const struct nx_event *event)
{
    return (!filter->some_kinds || (filter->kinds & 1u << event->report.kind) != 0) &&
           (filter->classes == 0 || (filter->classes & 1u << event->verdict.class_) != 0) &&
           (filter->actions == 0 || (filter->actions & 1u << event->decision.action) != 0) &&
           (!filter->some_causes || filter->causes[event->verdict.cause]) && is_among(filter->streams, event->report.stream);
}

/* What an act does to the list, as the actions of events. After a DISALLOW entries count again that were outranked; after a FORGET
 * nobody may say of whom, so both who adds and who takes off has to look. */
static unsigned actions_of(enum nx_act act)
{
    switch (act) {
    case NX_ACT_EVENT:
    case NX_ACT_SUPPRESS:
    case NX_ACT_IMPORT:
    case NX_ACT_HOLD_RELEASE:
    case NX_ACT_REJUDGE:
    case NX_ACT_DOMAIN:
        return 1u << NX_ACTION_SUPPRESS;
    case NX_ACT_RELEASE:
    case NX_ACT_ALLOW:
    case NX_ACT_REVIVE:
        return 1u << NX_ACTION_CLEAR;
    case NX_ACT_HOLD: /* what was on the list is on it no more */
        return 1u << NX_ACTION_HOLD | 1u << NX_ACTION_CLEAR;
    case NX_ACT_DISALLOW:
    case NX_ACT_FORGET:
        return 1u << NX_ACTION_SUPPRESS | 1u << NX_ACTION_CLEAR;
    case NX_ACT_REHOLD:
        return 1u << NX_ACTION_HOLD;
    case NX_ACT_HOLD_DROP:
    case NX_ACT_DISMISS:
        return 1u << NX_ACTION_NONE;
    }
    return 0;
}

/* An act for all streams is one for each; what takes off may take off anything, whatever its cause was. */
static bool wants_act(const struct nx_letter_filter *filter, const struct nx_logged *line)
{
    unsigned actions = actions_of(line->act);
    bool every = line->stream.n == 0 || line->stream.p[0] == NX_STREAM_BULK[0];
    if ((filter->some_kinds && !filter->acts) || (filter->actions != 0 && (filter->actions & actions) == 0) ||
        (!every && !is_among(filter->streams, line->stream)))
        return false;
    if (actions != 1u << NX_ACTION_SUPPRESS || line->n_lines > 0)
        return true;
    enum nx_class class_ = nx_cause_facts(line->cause)->class_;
    return (filter->classes == 0 || (filter->classes & 1u << class_) != 0) && (!filter->some_causes || filter->causes[line->cause]);
}

static void put(struct nx_buf *out, const char *before, struct nx_str text)
{
    nx_buf_add(out, nx_str_of(before));
    nx_json_string(out, text);
}

/* The lines of an import that are wanted; false: none is. */
static bool write_lines(const struct nx_letter_filter *filter, struct nx_buf *out, const struct nx_logged *line)
{
    size_t n = 0;
    nx_buf_add(out, NX_STR(",\"lines\":["));
    for (size_t i = 0; i < line->n_lines; i++) {
        const struct nx_logged *one = &line->lines[i];
        if (!wants_act(filter, one))
            continue;
        put(out, n++ > 0 ? ",{\"address\":" : "{\"address\":", one->address);
        put(out, ",\"stream\":", one->stream);
        put(out, ",\"cause\":", one->cause == NX_CAUSE_NONE ? NX_STR_NONE : nx_str_of(nx_cause_name(one->cause)));
        put(out, ",\"at\":", nx_when_format(out->arena, one->at));
        put(out, ",\"until\":", nx_when_format(out->arena, one->until));
        put(out, ",\"reason\":", one->reason.n > 0 ? one->reason : line->reason);
        nx_buf_addc(out, '}');
    }
    nx_buf_addc(out, ']');
    return n > 0;
}

bool nx_letter_write(const struct nx_letter_filter *filter, struct nx_arena *arena, const struct nx_logged *line,
                     struct nx_letter *ret)
{
    struct nx_buf body;
    if (line->event != NULL ? !wants_event(filter, line->event) : !wants_act(filter, line))
        return false;
    nx_buf_init(&body, arena, SIZE_MAX / 2);
    nx_buf_add(&body,
               nx_arena_printf(arena, "{\"type\":\"%s.%s\",\"timestamp\":\"%.*s\",\"data\":", line->event != NULL ? "event" : ACT,
                               line->event != NULL ? nx_kind_name(line->event->report.kind) : nx_act_name(line->act),
                               NX_FMT(nx_when_format(arena, line->made))));
    if (line->event != NULL)
        nx_event_to_json(&body, line->event);
    else
        nx_logged_to_json(&body, line);
    if (line->act == NX_ACT_IMPORT) {
        body.n--; /* its closing brace */
        if (!write_lines(filter, &body, line))
            return false;
        nx_buf_addc(&body, '}');
    }
    nx_buf_addc(&body, '}');
    struct nx_str id = line->event != NULL
                           ? nx_arena_dup(arena, line->event->id)
                           : nx_arena_printf(arena, "act-%lld-%lld", (long long)line->sequence, (long long)line->made);
    *ret = (struct nx_letter){line->sequence, id, nx_buf_str(&body)};
    return true;
}
