/* SPDX-License-Identifier: Apache-2.0 */
#include "export/trail.h"

#include "event/json.h"

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", name));
    nx_json_string(out, text);
}

void nx_logged_to_json(struct nx_buf *out, const struct nx_logged *line)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "{\"sequence\":%lld", (long long)line->sequence));
    put(out, "act", nx_str_of(nx_act_name(line->act)));
    put(out, "at", nx_when_format(out->arena, line->at));
    put(out, "made", nx_when_format(out->arena, line->made));
    put(out, "address", line->address);
    put(out, "stream", line->stream);
    put(out, "cause", line->cause == NX_CAUSE_NONE ? NX_STR_NONE : nx_str_of(nx_cause_name(line->cause)));
    put(out, "until", nx_when_format(out->arena, line->until));
    put(out, "reason", line->reason);
    put(out, "actor", line->actor);
    put(out, "source", line->source);
    nx_buf_add(out, NX_STR(",\"event\":"));
    if (line->event != NULL)
        nx_event_to_json(out, line->event);
    else
        nx_buf_add(out, NX_STR("null"));
    nx_buf_addc(out, '}');
}
