/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/entry.h"

#include "event/json.h"

static void add(struct nx_buf *out, const char *key, struct nx_str value)
{
    nx_buf_addc(out, out->p[out->n - 1] == '{' ? '"' : ',');
    if (out->p[out->n - 1] == ',')
        nx_buf_addc(out, '"');
    nx_buf_add(out, nx_str_of(key));
    nx_buf_add(out, NX_STR("\":"));
    nx_json_string(out, value);
}

void nx_entry_to_json(struct nx_buf *out, const struct nx_entry *entry)
{
    const enum nx_class class_ = entry->class_;
    nx_buf_addc(out, '{');
    add(out, "address", entry->address);
    add(out, "stream", entry->stream);
    add(out, "cause", nx_str_of(nx_entry_cause_name(entry->cause)));
    add(out, "class", class_ == NX_CLASS_NONE ? NX_STR_NONE : nx_str_of(nx_class_name(class_)));
    add(out, "since", nx_when_format(out->arena, entry->since));
    add(out, "until", nx_when_format(out->arena, entry->until));
    add(out, "status", entry->status);
    add(out, "diagnostic", entry->diagnostic);
    add(out, "rule", entry->rule);
    add(out, "reason", entry->reason);
    add(out, "source", entry->source);
    add(out, "actor", entry->actor);
    add(out, "event_id", entry->event_id);
    nx_buf_add(out,
               nx_arena_printf(out->arena, ",\"renewals\":%u,\"manual\":%s}", entry->renewals, entry->manual ? "true" : "false"));
}
