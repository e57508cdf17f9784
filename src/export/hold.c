/* SPDX-License-Identifier: Apache-2.0 */
#include "export/hold.h"

#include "event/json.h"

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", name));
    nx_json_string(out, text);
}

void nx_hold_to_json(struct nx_buf *out, const struct nx_hold *hold)
{
    nx_buf_add(out, NX_STR("{\"address\":"));
    nx_json_string(out, hold->address);
    put(out, "stream", hold->stream);
    put(out, "provider", hold->remote);
    put(out, "cause", nx_str_of(nx_cause_name(hold->cause)));
    put(out, "class", nx_str_of(nx_class_name(hold->class_)));
    put(out, "at", nx_when_format(out->arena, hold->at));
    put(out, "until", nx_when_format(out->arena, hold->until));
    put(out, "reason", hold->reason);
    put(out, "diagnostic", hold->diagnostic);
    nx_buf_addc(out, '}');
}

void nx_incident_to_json(struct nx_buf *out, const struct nx_incident *incident)
{
    nx_buf_add(out, NX_STR("{\"provider\":"));
    nx_json_string(out, incident->remote);
    put(out, "state", incident->state);
    put(out, "since", nx_when_format(out->arena, incident->since));
    put(out, "opened", nx_when_format(out->arena, incident->opened));
    put(out, "until", nx_when_format(out->arena, incident->until));
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"held\":%" G_GUINT64_FORMAT ",\"holding\":%" G_GUINT64_FORMAT, incident->held,
                                    incident->holding));
    put(out, "reason", incident->reason);
    nx_buf_addc(out, '}');
}
