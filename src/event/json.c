/* SPDX-License-Identifier: Apache-2.0 */
#include "event/json.h"

#include "base/error.h"

#include <glib.h>
#include <jansson.h>

static void lit(struct nx_buf *out, const char *text)
{
    nx_buf_add(out, nx_str_of(text));
}

/* Length of the UTF-8 sequence at p (at most n bytes), 0 when there is none (RFC 3629 4). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    size_t need = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (need == 0 || need > n)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return need;
}

static void quoted(struct nx_buf *out, struct nx_str text)
{
    static const char hex[] = "0123456789abcdef";
    nx_buf_addc(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < text.n;) {
        const unsigned char *p = (const unsigned char *)text.p + i;
        size_t length = *p < 0x80 ? 1 : utf8_length(p, text.n - i);
        if (length > 0 && *p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f) {
            i += length;
            continue;
        }
        nx_buf_add(out, nx_str_sub(text, start, i));
        if (length == 0 || *p == '\0') {
            lit(out, "\xef\xbf\xbd"); /* not as an escape: what is read back must write the same */
        } else if (*p == '"' || *p == '\\') {
            nx_buf_addc(out, '\\');
            nx_buf_addc(out, (char)*p);
        } else if (*p == '\n') {
            lit(out, "\\n");
        } else if (*p == '\t') {
            lit(out, "\\t");
        } else {
            char escape[6] = {'\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15]};
            nx_buf_add(out, (struct nx_str){escape, sizeof escape});
        }
        start = ++i;
    }
    nx_buf_add(out, nx_str_from(text, start));
    nx_buf_addc(out, '"');
}

void nx_json_string(struct nx_buf *out, struct nx_str text)
{
    if (text.n == 0)
        lit(out, "null");
    else
        quoted(out, text);
}

static void key(struct nx_buf *out, const char *name)
{
    if (out->n > 0 && out->p[out->n - 1] != '{')
        nx_buf_addc(out, ',');
    nx_buf_addc(out, '"');
    lit(out, name);
    lit(out, "\":");
}

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    key(out, name);
    nx_json_string(out, text);
}

static void put_name(struct nx_buf *out, const char *name, const char *text)
{
    put(out, name, nx_str_of(text));
}

static void put_when(struct nx_buf *out, const char *name, nx_when when)
{
    put(out, name, nx_when_format(out->arena, when));
}

static void put_original(struct nx_buf *out, const struct nx_original *original)
{
    key(out, "original");
    nx_buf_addc(out, '{');
    put(out, "message_id", original->message_id);
    put(out, "from", original->from);
    put(out, "to", original->to);
    put(out, "subject", original->subject);
    put(out, "date", original->date);
    put(out, "list_id", original->list_id);
    put(out, "feedback_id", original->feedback_id);
    nx_buf_addc(out, '}');
}

static void put_feedback(struct nx_buf *out, const struct nx_feedback *feedback)
{
    key(out, "feedback");
    if (feedback->type.n == 0) {
        lit(out, "null");
        return;
    }
    nx_buf_addc(out, '{');
    put(out, "type", feedback->type);
    put(out, "user_agent", feedback->user_agent);
    put(out, "version", feedback->version);
    put(out, "source_ip", feedback->source_ip);
    put(out, "reported_domain", feedback->reported_domain);
    put(out, "original_mail_from", feedback->original_mail_from);
    put(out, "arrival_date", feedback->arrival_date);
    put(out, "auth_failure", feedback->auth_failure);
    put(out, "incidents", feedback->incidents);
    nx_buf_addc(out, '}');
}

static void put_tags(struct nx_buf *out, const struct nx_report *report)
{
    key(out, "tags");
    if (report->n_tags == 0) {
        lit(out, "null");
        return;
    }
    nx_buf_addc(out, '{');
    for (size_t i = 0; i < report->n_tags; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        quoted(out, report->tags[i].key);
        nx_buf_addc(out, ':');
        nx_json_string(out, report->tags[i].value);
    }
    nx_buf_addc(out, '}');
}

static void put_notes(struct nx_buf *out, nx_notes notes)
{
    bool first = true;
    key(out, "notes");
    nx_buf_addc(out, '[');
    for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
        if ((notes & ((nx_notes)1 << i)) != 0) {
            if (!first)
                nx_buf_addc(out, ',');
            first = false;
            nx_json_string(out, nx_str_of(nx_note_name((enum nx_note)i)));
        }
    nx_buf_addc(out, ']');
}

static void put_retry(struct nx_buf *out, const char *retry)
{
    key(out, "retry_after");
    if (*retry == '\0') {
        lit(out, "null");
        return;
    }
    nx_buf_addc(out, '[');
    lit(out, retry);
    nx_buf_addc(out, ']');
}

static void put_decision(struct nx_buf *out, const struct nx_decision *decision)
{
    key(out, "decision");
    if (!decision->made) {
        lit(out, "null");
        return;
    }
    nx_buf_addc(out, '{');
    put_name(out, "action", nx_action_name(decision->action));
    put(out, "reason", decision->reason);
    put_when(out, "until", decision->until);
    nx_buf_addc(out, '}');
}

/* The one key that may lack: most have no rules on trial. */
static void put_trial(struct nx_buf *out, const struct nx_trial *trial)
{
    if (!trial->differs)
        return;
    key(out, "trial");
    nx_buf_addc(out, '{');
    put_name(out, "cause", nx_cause_name(trial->cause));
    put_name(out, "class", nx_class_name(trial->class_));
    put(out, "rule", trial->rule);
    put(out, "ruleset", trial->ruleset);
    nx_buf_addc(out, '}');
}

static void put_event(struct nx_buf *out, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    const struct nx_verdict *verdict = &event->verdict;
    const struct nx_cause_facts *facts = nx_cause_facts(verdict->cause);
    lit(out, "{\"v\":1");
    put(out, "id", event->id);
    put_name(out, "kind", nx_kind_name(report->kind));
    put(out, "recipient", report->recipient);
    put(out, "original_recipient", report->original_recipient);
    put_name(out, "class", nx_class_name(verdict->class_));
    put_name(out, "cause", facts->name);
    put_name(out, "fault", facts->fault);
    put_name(out, "advice", facts->advice);
    put_retry(out, facts->retry);
    put(out, "status", report->status);
    key(out, "reply");
    if (report->reply == 0)
        lit(out, "null");
    else
        nx_buf_add(out, nx_arena_printf(out->arena, "%u", report->reply));
    put_name(out, "stage", nx_stage_name(report->stage));
    put(out, "diagnostic", report->diagnostic);
    put(out, "remote_mta", report->remote_mta);
    put(out, "reporting_mta", report->reporting_mta);
    put(out, "format", report->format);
    put(out, "rule", verdict->rule);
    put(out, "matched", verdict->matched);
    put(out, "ruleset", verdict->ruleset);
    put_original(out, &report->original);
    put_feedback(out, &report->feedback);
    put_when(out, "received_at", event->origin.received_at);
    put_when(out, "arrival_at", report->arrival_at);
    put_when(out, "last_attempt_at", report->last_attempt_at);
    put_when(out, "retry_until", report->retry_until);
    put(out, "source", event->origin.source);
    put(out, "file", event->origin.file);
    put(out, "stream", report->stream.n > 0 ? report->stream : event->origin.stream);
    put_tags(out, report);
    put_name(out, "verified", nx_verified_name(report->verified));
    put_notes(out, report->notes | verdict->notes);
    put_decision(out, &event->decision);
    put_trial(out, &event->trial);
}

void nx_event_to_json(struct nx_buf *out, const struct nx_event *event)
{
    put_event(out, event);
    nx_buf_addc(out, '}');
}

void nx_event_to_record(struct nx_buf *out, const struct nx_event *event)
{
    put_event(out, event);
    if (event->report.text.n > 0)
        put(out, "text", event->report.text);
    if (event->report.hint != NX_CAUSE_NONE)
        put_name(out, "hint", nx_cause_name(event->report.hint));
    if (event->report.hint_class != NX_CLASS_NONE)
        put_name(out, "hint_class", nx_class_name(event->report.hint_class));
    nx_buf_addc(out, '}');
}

/* Reading back. */

struct reader {
    struct nx_arena *arena;
    const char *bad; /* the first key whose value is off */
};

static struct nx_str get(struct reader *in, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (value == NULL || json_is_null(value))
        return NX_STR_NONE;
    if (!json_is_string(value)) {
        if (in->bad == NULL)
            in->bad = name;
        return NX_STR_NONE;
    }
    return nx_arena_dup(in->arena, (struct nx_str){json_string_value(value), json_string_length(value)});
}

static nx_when get_when(struct reader *in, json_t *object, const char *name)
{
    struct nx_str text = get(in, object, name);
    if (text.n == 0)
        return NX_WHEN_NONE;
    nx_when when = nx_when_parse(text);
    if (when == NX_WHEN_NONE && in->bad == NULL)
        in->bad = name;
    return when;
}

static void check(struct reader *in, const char *name, bool good)
{
    if (!good && in->bad == NULL)
        in->bad = name;
}

static void get_tags(struct reader *in, json_t *object, struct nx_report *report)
{
    size_t n = json_object_size(object);
    if (n == 0)
        return;
    struct nx_tag *tags = nx_arena_array(in->arena, n, sizeof *tags);
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        tags[report->n_tags].key = nx_arena_dup(in->arena, nx_str_of(name));
        tags[report->n_tags++].value = get(in, object, name);
    }
    report->tags = tags;
}

static nx_notes get_notes(json_t *array)
{
    nx_notes notes = 0;
    size_t index;
    json_t *value;
    json_array_foreach(array, index, value)
    {
        for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
            if (json_is_string(value) && g_str_equal(json_string_value(value), nx_note_name((enum nx_note)i)))
                notes |= (nx_notes)1 << i;
    }
    return notes;
}

static void get_original(struct reader *in, json_t *object, struct nx_original *ret)
{
    *ret = (struct nx_original){
        .message_id = get(in, object, "message_id"),
        .from = get(in, object, "from"),
        .to = get(in, object, "to"),
        .subject = get(in, object, "subject"),
        .date = get(in, object, "date"),
        .list_id = get(in, object, "list_id"),
        .feedback_id = get(in, object, "feedback_id"),
    };
}

static void get_feedback(struct reader *in, json_t *object, struct nx_feedback *ret)
{
    *ret = (struct nx_feedback){
        .type = get(in, object, "type"),
        .user_agent = get(in, object, "user_agent"),
        .version = get(in, object, "version"),
        .source_ip = get(in, object, "source_ip"),
        .reported_domain = get(in, object, "reported_domain"),
        .original_mail_from = get(in, object, "original_mail_from"),
        .arrival_date = get(in, object, "arrival_date"),
        .auth_failure = get(in, object, "auth_failure"),
        .incidents = get(in, object, "incidents"),
    };
}

static void get_decision(struct reader *in, json_t *object, struct nx_decision *ret)
{
    *ret = (struct nx_decision){.until = NX_WHEN_NONE};
    if (!json_is_object(object))
        return;
    ret->made = true;
    ret->reason = get(in, object, "reason");
    ret->until = get_when(in, object, "until");
    check(in, "action", nx_action_parse(get(in, object, "action"), &ret->action));
}

static void get_trial(struct reader *in, json_t *object, struct nx_trial *ret)
{
    if (!json_is_object(object))
        return;
    *ret =
        (struct nx_trial){.tried = true, .differs = true, .rule = get(in, object, "rule"), .ruleset = get(in, object, "ruleset")};
    check(in, "trial",
          nx_cause_parse(get(in, object, "cause"), &ret->cause) && nx_class_parse(get(in, object, "class"), &ret->class_));
}

static void get_event(struct reader *in, json_t *root, struct nx_event *event)
{
    struct nx_report *report = &event->report;
    struct nx_verdict *verdict = &event->verdict;
    struct nx_str text;
    event->id = get(in, root, "id");
    event->origin.source = get(in, root, "source");
    event->origin.file = get(in, root, "file");
    event->origin.received_at = get_when(in, root, "received_at");
    report->stream = get(in, root, "stream");
    check(in, "kind", nx_kind_parse(get(in, root, "kind"), &report->kind));
    report->recipient = get(in, root, "recipient");
    report->original_recipient = get(in, root, "original_recipient");
    report->status = get(in, root, "status");
    json_t *reply = json_object_get(root, "reply");
    check(in, "reply",
          reply == NULL || json_is_null(reply) ||
              (json_is_integer(reply) && json_integer_value(reply) >= 0 && json_integer_value(reply) <= 999));
    report->reply = (unsigned)json_integer_value(reply);
    text = get(in, root, "stage");
    check(in, "stage", text.n == 0 || nx_stage_parse(text, &report->stage));
    report->diagnostic = get(in, root, "diagnostic");
    report->remote_mta = get(in, root, "remote_mta");
    report->reporting_mta = get(in, root, "reporting_mta");
    report->format = get(in, root, "format");
    get_original(in, json_object_get(root, "original"), &report->original);
    get_feedback(in, json_object_get(root, "feedback"), &report->feedback);
    report->arrival_at = get_when(in, root, "arrival_at");
    report->last_attempt_at = get_when(in, root, "last_attempt_at");
    report->retry_until = get_when(in, root, "retry_until");
    get_tags(in, json_object_get(root, "tags"), report);
    text = get(in, root, "verified");
    for (int i = NX_VERIFIED_NONE; i <= NX_VERIFIED_PROVIDER; i++)
        if (nx_str_eq(text, nx_str_of(nx_verified_name((enum nx_verified)i))))
            report->verified = (enum nx_verified)i;
    report->notes = get_notes(json_object_get(root, "notes"));
    text = get(in, root, "class");
    check(in, "class", nx_class_parse(text, &verdict->class_));
    text = get(in, root, "cause");
    check(in, "cause", text.n == 0 || nx_cause_parse(text, &verdict->cause));
    verdict->rule = get(in, root, "rule");
    verdict->matched = get(in, root, "matched");
    verdict->ruleset = get(in, root, "ruleset");
    get_decision(in, json_object_get(root, "decision"), &event->decision);
    get_trial(in, json_object_get(root, "trial"), &event->trial);
    report->text = get(in, root, "text");
    text = get(in, root, "hint");
    check(in, "hint", text.n == 0 || nx_cause_parse(text, &report->hint));
    text = get(in, root, "hint_class");
    check(in, "hint_class", text.n == 0 || nx_class_parse(text, &report->hint_class));
}

gboolean nx_event_from_json(struct nx_arena *arena, struct nx_str json, struct nx_event *ret_event, GError **error)
{
    json_error_t why;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "event:%d:%d: %s", why.line, why.column, why.text);
        return FALSE;
    }
    struct reader in = {.arena = arena};
    struct nx_event event = {0};
    bool version = json_integer_value(json_object_get(root, "v")) == 1;
    if (version)
        get_event(&in, root, &event);
    json_decref(root);
    if (!version || in.bad != NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "event: bad value for \"%s\"", version ? in.bad : "v");
        return FALSE;
    }
    *ret_event = event;
    return TRUE;
}
