/* SPDX-License-Identifier: Apache-2.0 */
#include "export/sisimai.h"

#include "event/json.h"
#include "export/codes.h"

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name));
    if (text.n > 0)
        nx_json_string(out, text);
    else
        nx_buf_add(out, NX_STR("\"\""));
}

static struct nx_str domain_of(struct nx_str address)
{
    for (size_t i = address.n; i > 0; i--)
        if (address.p[i - 1] == '@')
            return nx_str_from(address, i);
    return NX_STR_NONE;
}

/* "Name <a@b>" as a@b. */
static struct nx_str bare(struct nx_str field)
{
    size_t open = nx_str_chr(field, '<'), close = nx_str_chr(field, '>');
    return open < close && close < field.n ? nx_str_sub(field, open + 1, close) : nx_str_trim(field);
}

static const char *action_of(enum nx_kind kind)
{
    switch (kind) {
    case NX_KIND_FAILED:
    case NX_KIND_DELAYED:
    case NX_KIND_DELIVERED:
        return nx_kind_name(kind);
    case NX_KIND_OTHER:
    case NX_KIND_COMPLAINT:
    case NX_KIND_UNSUBSCRIBE:
    case NX_KIND_AUTOREPLY:
        break;
    }
    return "";
}

static struct nx_str command_of(struct nx_arena *arena, enum nx_stage stage)
{
    struct nx_str name = nx_str_of(nx_stage_name(stage));
    char *upper = nx_arena_cstr(arena, name);
    for (size_t i = 0; i < name.n; i++)
        upper[i] = g_ascii_toupper(upper[i]);
    return (struct nx_str){upper, name.n};
}

void nx_sisimai_line(struct nx_buf *out, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    const struct nx_original *original = &report->original;
    struct nx_str addresser = bare(original->from), command = command_of(out->arena, report->stage), reason = NX_STR_NONE;
    char *lower = nx_arena_cstr(out->arena, nx_str_of(nx_code(NX_CODES_SISIMAI, event->verdict.cause)));
    for (char *c = lower; *c != '\0'; c++)
        *c = g_ascii_tolower(*c);
    reason = nx_str_of(lower);
    nx_when when = report->arrival_at != NX_WHEN_NONE ? report->arrival_at : event->origin.received_at;
    nx_buf_addc(out, '{');
    put(out, "action", nx_str_of(action_of(report->kind)));
    put(out, "addresser", addresser);
    put(out, "alias", report->original_recipient);
    put(out, "command", command);
    put(out, "decodedby", report->format);
    put(out, "deliverystatus", report->status);
    put(out, "destination", domain_of(report->recipient));
    put(out, "diagnosticcode", report->diagnostic);
    put(out, "diagnostictype", report->reply > 0 ? NX_STR("SMTP") : NX_STR_NONE);
    put(out, "feedbackid", original->feedback_id);
    put(out, "feedbacktype", report->feedback.type);
    nx_buf_add(out, event->verdict.class_ == NX_CLASS_HARD ? NX_STR(",\"hardbounce\":true") : NX_STR(",\"hardbounce\":false"));
    put(out, "lhost", report->reporting_mta);
    put(out, "listid", original->list_id);
    put(out, "messageid", original->message_id);
    put(out, "origin", event->origin.file);
    put(out, "reason", reason);
    put(out, "recipient", report->recipient);
    put(out, "replycode", report->reply > 0 ? nx_arena_printf(out->arena, "%u", report->reply) : NX_STR_NONE);
    put(out, "rhost", report->remote_mta);
    put(out, "senderdomain", domain_of(addresser));
    put(out, "smtpagent", report->format);
    put(out, "smtpcommand", command);
    put(out, "subject", original->subject);
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"timestamp\":%lld", when == NX_WHEN_NONE ? 0LL : (long long)when));
    put(out, "timezoneoffset", NX_STR("+0000"));
    put(out, "token", event->id);
    nx_buf_addc(out, '}');
}
