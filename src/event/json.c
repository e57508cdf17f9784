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

/* Bytes that stand for themselves in a JSON string. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How many bytes at the start are plain, in steps of eight: nearly all are. */
static size_t plain_words(const unsigned char *p, size_t n)
{
    static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word, quote, slash, last;
        memcpy(&word, p + i, 8);
        quote = word ^ (ones * '"');
        slash = word ^ (ones * '\\');
        last = word ^ (ones * 0x7f);
        /* a byte below 0x20, equal to one of the three, or over 0x7f; a borrow may err to the safe side only */
        if (((word | (word - ones * 0x20) | (quote - ones) | (slash - ones) | (last - ones)) & high) != 0)
            break;
    }
    return i;
}

static void quoted(struct nx_buf *out, struct nx_str text)
{
    static const char hex[] = "0123456789abcdef";
    nx_buf_addc(out, '"');
    size_t start = 0;
    for (size_t i = plain_words((const unsigned char *)text.p, text.n); i < text.n;) {
        const unsigned char *p = (const unsigned char *)text.p + i;
        if (is_plain(*p)) {
            i++;
            continue;
        }
        size_t length = *p < 0x80 ? 1 : utf8_length(p, text.n - i);
        if (length > 1) {
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
        i += plain_words(p + 1, text.n - i);
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

struct writer {
    struct nx_buf *out;
    bool record; /* what is absent, or follows from the cause, is left out */
};

#define KEY(name) NX_STR(",\"" name "\":")

static void put_key(const struct writer *to, struct nx_str key)
{
    bool first = to->out->p[to->out->n - 1] == '{';
    nx_buf_add(to->out, first ? nx_str_from(key, 1) : key);
}

static void put(const struct writer *to, struct nx_str key, struct nx_str text)
{
    if (to->record && text.n == 0)
        return;
    put_key(to, key);
    nx_json_string(to->out, text);
}

static void put_name(const struct writer *to, struct nx_str key, const char *text)
{
    put(to, key, nx_str_of(text));
}

static void put_when(const struct writer *to, struct nx_str key, nx_when when)
{
    put(to, key, nx_when_format(to->out->arena, when));
}

static void put_raw(const struct writer *to, struct nx_str key, struct nx_str json)
{
    if (to->record && json.n == 0)
        return;
    put_key(to, key);
    nx_buf_add(to->out, json.n > 0 ? json : NX_STR("null"));
}

/* Where the object begins, for close_object. */
static size_t open_object(const struct writer *to, struct nx_str key)
{
    size_t start = to->out->n;
    put_key(to, key);
    nx_buf_addc(to->out, '{');
    return start;
}

static void close_object(const struct writer *to, size_t start)
{
    if (to->record && to->out->p[to->out->n - 1] == '{')
        to->out->n = start;
    else
        nx_buf_addc(to->out, '}');
}

static void put_original(const struct writer *to, const struct nx_original *original)
{
    size_t start = open_object(to, KEY("original"));
    put(to, KEY("message_id"), original->message_id);
    put(to, KEY("from"), original->from);
    put(to, KEY("to"), original->to);
    put(to, KEY("subject"), original->subject);
    put(to, KEY("date"), original->date);
    put(to, KEY("list_id"), original->list_id);
    put(to, KEY("feedback_id"), original->feedback_id);
    close_object(to, start);
}

static void put_feedback(const struct writer *to, const struct nx_feedback *feedback)
{
    if (feedback->type.n == 0) {
        put_raw(to, KEY("feedback"), NX_STR_NONE);
        return;
    }
    size_t start = open_object(to, KEY("feedback"));
    put(to, KEY("type"), feedback->type);
    put(to, KEY("user_agent"), feedback->user_agent);
    put(to, KEY("version"), feedback->version);
    put(to, KEY("source_ip"), feedback->source_ip);
    put(to, KEY("reported_domain"), feedback->reported_domain);
    put(to, KEY("original_mail_from"), feedback->original_mail_from);
    put(to, KEY("arrival_date"), feedback->arrival_date);
    put(to, KEY("auth_failure"), feedback->auth_failure);
    put(to, KEY("incidents"), feedback->incidents);
    close_object(to, start);
}

static void put_tags(const struct writer *to, const struct nx_report *report)
{
    struct nx_buf *out = to->out;
    if (report->n_tags == 0) {
        put_raw(to, KEY("tags"), NX_STR_NONE);
        return;
    }
    put_key(to, KEY("tags"));
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

static void put_notes(const struct writer *to, nx_notes notes)
{
    struct nx_buf *out = to->out;
    bool first = true;
    if (to->record && notes == 0)
        return;
    put_key(to, KEY("notes"));
    nx_buf_addc(out, '[');
    for (unsigned i = 0; i < NX_NOTE_COUNT && notes != 0; i++)
        if ((notes & ((nx_notes)1 << i)) != 0) {
            if (!first)
                nx_buf_addc(out, ',');
            first = false;
            nx_json_string(out, nx_str_of(nx_note_name((enum nx_note)i)));
        }
    nx_buf_addc(out, ']');
}

static void put_decision(const struct writer *to, const struct nx_decision *decision)
{
    if (!decision->made) {
        put_raw(to, KEY("decision"), NX_STR_NONE);
        return;
    }
    size_t start = open_object(to, KEY("decision"));
    put_name(to, KEY("action"), nx_action_name(decision->action));
    put(to, KEY("reason"), decision->reason);
    put_when(to, KEY("until"), decision->until);
    close_object(to, start);
}

/* The one key that may lack: most have no rules on trial. */
static void put_trial(const struct writer *to, const struct nx_trial *trial)
{
    if (!trial->differs)
        return;
    size_t start = open_object(to, KEY("trial"));
    put_name(to, KEY("cause"), nx_cause_name(trial->cause));
    put_name(to, KEY("class"), nx_class_name(trial->class_));
    put(to, KEY("rule"), trial->rule);
    put(to, KEY("ruleset"), trial->ruleset);
    close_object(to, start);
}

/* What is said of the cause everywhere. */
static void put_facts(const struct writer *to, const struct nx_cause_facts *facts)
{
    if (to->record)
        return;
    put_name(to, KEY("fault"), facts->fault);
    put_name(to, KEY("advice"), facts->advice);
    put_raw(to, KEY("retry_after"), *facts->retry == '\0' ? NX_STR_NONE : nx_arena_printf(to->out->arena, "[%s]", facts->retry));
}

static void put_event(const struct writer *to, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    const struct nx_verdict *verdict = &event->verdict;
    const struct nx_cause_facts *facts = nx_cause_facts(verdict->cause);
    struct nx_buf *out = to->out;
    lit(out, "{\"v\":1");
    put(to, KEY("id"), event->id);
    put_name(to, KEY("kind"), nx_kind_name(report->kind));
    put(to, KEY("recipient"), report->recipient);
    put(to, KEY("original_recipient"), report->original_recipient);
    put_name(to, KEY("class"), nx_class_name(verdict->class_));
    put_name(to, KEY("cause"), facts->name);
    put_facts(to, facts);
    put(to, KEY("status"), report->status);
    put_raw(to, KEY("reply"), report->reply == 0 ? NX_STR_NONE : nx_arena_printf(out->arena, "%u", report->reply));
    put_name(to, KEY("stage"), nx_stage_name(report->stage));
    put(to, KEY("diagnostic"), report->diagnostic);
    put(to, KEY("remote_mta"), report->remote_mta);
    put(to, KEY("reporting_mta"), report->reporting_mta);
    put(to, KEY("format"), report->format);
    put(to, KEY("rule"), verdict->rule);
    put(to, KEY("matched"), verdict->matched);
    put(to, KEY("ruleset"), verdict->ruleset);
    put_original(to, &report->original);
    put_feedback(to, &report->feedback);
    put_when(to, KEY("received_at"), event->origin.received_at);
    put_when(to, KEY("arrival_at"), report->arrival_at);
    put_when(to, KEY("last_attempt_at"), report->last_attempt_at);
    put_when(to, KEY("retry_until"), report->retry_until);
    put(to, KEY("source"), event->origin.source);
    put(to, KEY("file"), event->origin.file);
    put(to, KEY("stream"), report->stream.n > 0 ? report->stream : event->origin.stream);
    put_tags(to, report);
    put_name(to, KEY("verified"), nx_verified_name(report->verified));
    put_notes(to, report->notes | verdict->notes);
    put_decision(to, &event->decision);
    put_trial(to, &event->trial);
}

#define COMMON 2048u /* bytes of an event as JSON */

void nx_event_to_json(struct nx_buf *out, const struct nx_event *event)
{
    (void)nx_buf_reserve(out, COMMON); /* grown once, not by doubling from nothing */
    put_event(&(struct writer){.out = out}, event);
    nx_buf_addc(out, '}');
}

void nx_event_to_record(struct nx_buf *out, const struct nx_event *event)
{
    const struct writer to = {.out = out, .record = true};
    put_event(&to, event);
    put(&to, KEY("text"), event->report.text);
    if (event->report.hint != NX_CAUSE_NONE)
        put_name(&to, KEY("hint"), nx_cause_name(event->report.hint));
    if (event->report.hint_class != NX_CLASS_NONE)
        put_name(&to, KEY("hint_class"), nx_class_name(event->report.hint_class));
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
