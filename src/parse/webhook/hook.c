/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/webhook/hook.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "parse/reply.h"

#include <math.h>

#define TAG_KEY_MAX 64u
#define TAG_VALUE_MAX 256u
#define FIELD_MAX 1024u /* of one text field that is no diagnostic */

static json_t *walk(json_t *root, const char *path)
{
    while (root != NULL && *path != '\0' && *path != '|') {
        if (*path == '[') {
            size_t index = 0;
            for (path++; nx_is_digit((unsigned char)*path); path++)
                index = index * 10 + (size_t)(*path - '0');
            if (*path++ != ']')
                return NULL;
            root = json_array_get(root, index);
        } else {
            size_t n = strcspn(path, ".[|");
            root = json_object_getn(root, path, n);
            path += n;
        }
        path += *path == '.';
    }
    return root == NULL || json_is_null(root) ? NULL : root;
}

/* The path after the next "|"; NULL: that was the last. */
static const char *next_path(const char *path)
{
    path = strchr(path, '|');
    return path == NULL ? NULL : path + 1;
}

json_t *nx_hook_at(json_t *root, const char *path)
{
    json_t *value = NULL;
    for (; path != NULL && value == NULL; path = next_path(path))
        value = walk(root, path);
    return value;
}

static struct nx_str text_of(const struct nx_hook *hook, json_t *value, size_t cap)
{
    if (json_is_array(value))
        value = json_array_get(value, 0);
    if (json_is_string(value)) {
        char *copy = nx_arena_alloc(hook->arena, json_string_length(value) + 1);
        size_t n = json_string_length(value);
        memcpy(copy, json_string_value(value), n);
        for (char *nul = n == 0 ? NULL : memchr(copy, '\0', n); nul != NULL; nul = memchr(nul, '\0', n - (size_t)(nul - copy)))
            *nul = ' ';
        return nx_one_line(hook->arena, (struct nx_str){copy, n}, cap);
    }
    if (json_is_integer(value))
        return nx_arena_printf(hook->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        return nx_arena_printf(hook->arena, "%.17g", json_real_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? NX_STR("true") : NX_STR("false");
    return NX_STR_NONE;
}

struct nx_str nx_hook_text(const struct nx_hook *hook, json_t *root, const char *path)
{
    struct nx_str text = NX_STR_NONE;
    for (; path != NULL && text.n == 0; path = next_path(path))
        text = text_of(hook, walk(root, path), MAX(hook->limits->diagnostic, FIELD_MAX));
    return text;
}

struct nx_str nx_hook_whom(const struct nx_hook *hook, json_t *root, const char *path)
{
    json_t *value = nx_hook_at(root, path);
    struct nx_buf all;
    if (!json_is_array(value))
        return nx_hook_text(hook, root, path);
    nx_buf_init(&all, hook->arena, FIELD_MAX);
    for (size_t i = 0; i < json_array_size(value); i++) {
        nx_buf_add(&all, i == 0 ? NX_STR_NONE : NX_STR(", "));
        nx_buf_add(&all, text_of(hook, json_array_get(value, i), FIELD_MAX));
    }
    return nx_buf_str(&all);
}

struct nx_str nx_hook_header(const struct nx_hook *hook, json_t *list, const char *name_key, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (nx_hook_is(nx_hook_text(hook, json_array_get(list, i), name_key), name))
            return nx_hook_text(hook, json_array_get(list, i), "value");
    return NX_STR_NONE;
}

/* "550 ...", "4.2.2 ..." */
static bool is_refusal(struct nx_str text)
{
    size_t n = nx_status_length(text);
    if (text.n < 5 || (text.p[0] != '4' && text.p[0] != '5'))
        return false;
    bool reply =
        nx_is_digit((unsigned char)text.p[1]) && nx_is_digit((unsigned char)text.p[2]) && (text.p[3] == ' ' || text.p[3] == '-');
    return reply || (n > 0 && n < text.n && text.p[n] == ' ');
}

struct nx_str nx_hook_seek_refusal(const struct nx_hook *hook, json_t *root)
{
    struct nx_str found = NX_STR_NONE;
    const char *name;
    json_t *member;
    if (json_is_string(root)) {
        struct nx_str text = nx_hook_text(hook, root, "");
        return is_refusal(text) ? text : NX_STR_NONE;
    }
    for (size_t i = 0; i < json_array_size(root) && found.n == 0; i++)
        found = nx_hook_seek_refusal(hook, json_array_get(root, i));
    json_object_foreach(root, name, member)
    {
        if (found.n == 0 && strcmp(name, "headers") != 0 && strcmp(name, "subject") != 0) /* what the sender wrote is no answer */
            found = nx_hook_seek_refusal(hook, member);
    }
    return found;
}

bool nx_hook_int(json_t *root, const char *path, long long *ret)
{
    json_t *value = nx_hook_at(root, path);
    unsigned long long number;
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value) ||
        !nx_str_to_u64(nx_str_trim((struct nx_str){json_string_value(value), json_string_length(value)}), &number) ||
        number > INT64_MAX)
        return false;
    *ret = (long long)number;
    return true;
}

bool nx_hook_true(json_t *root, const char *path)
{
    json_t *value = nx_hook_at(root, path);
    return json_is_true(value) || (json_is_string(value) && g_ascii_strcasecmp(json_string_value(value), "true") == 0) ||
           (json_is_integer(value) && json_integer_value(value) == 1);
}

/* Seconds; what would be after the year 5000 is milliseconds, and further on micro- or nanoseconds. */
static nx_when when_of_number(double number)
{
    if (!isfinite(number) || number <= 0)
        return NX_WHEN_NONE;
    while (number >= 1e11)
        number /= 1000;
    return (nx_when)number;
}

static nx_when when_of(const struct nx_hook *hook, json_t *value)
{
    if (json_is_number(value))
        return when_of_number(json_number_value(value));
    struct nx_str text = text_of(hook, value, FIELD_MAX);
    if (text.n == 0)
        return NX_WHEN_NONE;
    size_t digits = 0;
    while (digits < text.n && (nx_is_digit((unsigned char)text.p[digits]) || text.p[digits] == '.'))
        digits++;
    if (digits == text.n)
        return when_of_number(g_ascii_strtod(nx_arena_cstr(hook->arena, text), NULL));
    nx_when when = nx_when_parse(text);
    return when != NX_WHEN_NONE ? when : nx_when_parse_mail(text);
}

nx_when nx_hook_when(const struct nx_hook *hook, json_t *root, const char *path)
{
    nx_when when = NX_WHEN_NONE;
    for (; path != NULL && when == NX_WHEN_NONE; path = next_path(path))
        when = when_of(hook, walk(root, path));
    return when;
}

/* The object, whatever the order of its names and the blanks between. */
static struct nx_str digest_of(const struct nx_hook *hook, json_t *event)
{
    g_autofree char *all = json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all == NULL ? "" : all, -1);
    return nx_arena_dup(hook->arena, nx_str_of(sum));
}

static void one(struct nx_hook *hook, json_t *event, nx_hook_fn *reader)
{
    size_t first = hook->body.n;
    struct nx_str digest = NX_STR_NONE;
    reader(hook, event);
    for (size_t i = first; i < hook->body.n; i++) {
        struct nx_report *report = &hook->body.reports[i];
        if (report->key.n > 0 || report->digest.n > 0) /* one inside this one knew better */
            continue;
        if (digest.n == 0)
            digest = digest_of(hook, event);
        report->digest = digest;
    }
}

void nx_hook_each(struct nx_hook *hook, json_t *events, nx_hook_fn *reader)
{
    if (json_is_object(events))
        one(hook, events, reader);
    for (size_t i = 0; i < json_array_size(events) && hook->why == NULL; i++)
        if (json_is_object(json_array_get(events, i)))
            one(hook, json_array_get(events, i), reader);
}

struct nx_report *nx_hook_add(struct nx_hook *hook, const struct nx_hook_word *word, struct nx_str recipient)
{
    struct nx_webhook_body *body = &hook->body;
    if (body->n == NX_WEBHOOK_EVENTS_MAX) {
        hook->why = "more events in one body than any provider sends";
        body->n--; /* keeps the caller's pointer good; the body is refused */
    }
    if (body->n == hook->size) {
        size_t size = hook->size == 0 ? 4 : 2 * hook->size;
        struct nx_report *grown = nx_arena_array(hook->arena, size, sizeof *grown);
        if (body->n > 0)
            memcpy(grown, body->reports, body->n * sizeof *grown);
        body->reports = grown;
        hook->size = size;
    }
    struct nx_report *report = &body->reports[body->n++];
    *report = (struct nx_report){
        .kind = word == NULL ? NX_KIND_OTHER : word->kind,
        .recipient = nx_hook_address(hook, recipient),
        .format = hook->format,
        .arrival_at = NX_WHEN_NONE,
        .last_attempt_at = NX_WHEN_NONE,
        .retry_until = NX_WHEN_NONE,
        .verified = hook->input->verified,
    };
    nx_hook_hint(report, word);
    if (report->recipient.n == 0) {
        report->notes |= NX_NOTE_NO_RECIPIENT;
        nx_hook_tag(hook, report, "recipient", recipient); /* several, or too long */
    }
    return report;
}

/* The next sign of a word that counts, lower case; '\0' at the end. */
static unsigned char next_sign(struct nx_str *text)
{
    while (text->n > 0) {
        unsigned char c = (unsigned char)text->p[0];
        *text = nx_str_from(*text, 1);
        if (c != ' ' && c != '-' && c != '_' && c != '.')
            return nx_lower(c);
    }
    return '\0';
}

bool nx_hook_is(struct nx_str text, const char *word)
{
    struct nx_str other = nx_str_of(word);
    unsigned char a, b;
    do {
        a = next_sign(&text);
        b = next_sign(&other);
    } while (a == b && a != '\0');
    return a == b;
}

const struct nx_hook_word *nx_hook_word(const struct nx_hook_word *words, size_t n, struct nx_str text)
{
    for (size_t i = 0; text.n > 0 && i < n; i++)
        if (nx_hook_is(text, words[i].word))
            return &words[i];
    return NULL;
}

void nx_hook_hint(struct nx_report *report, const struct nx_hook_word *word)
{
    if (word == NULL)
        return;
    if (word->hint != NX_CAUSE_NONE) {
        report->hint = word->hint;
        /* these are what a category says that does not know more */
        report->hint_firm =
            word->hint != NX_CAUSE_POLICY_BLOCK && word->hint != NX_CAUSE_RECEIVER_UNAVAILABLE && word->hint != NX_CAUSE_EXPIRED;
    }
    if (word->hint_class != NX_CLASS_NONE)
        report->hint_class = word->hint_class;
}

/* How many of a list of addresses are some. */
static unsigned addresses(struct nx_str list)
{
    struct nx_str one;
    unsigned n = 0;
    while (nx_hook_next_address(&list, &one))
        n += nx_str_chr(one, '@') < one.n;
    return n;
}

/* Behind the last "<" outside of quotes: a display name may hold others. 0: there is none. */
static size_t after_angle(struct nx_str text)
{
    bool quoted = false;
    size_t open = 0, any = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (quoted && text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            quoted = !quoted;
        else if (text.p[i] == '<')
            *(quoted ? &any : &open) = i + 1;
    }
    return quoted ? MAX(open, any) : open; /* a quote that is never closed is none */
}

void nx_hook_feedback(struct nx_report *report, struct nx_str type)
{
    report->feedback.type = type.n > 0 ? type : NX_STR("abuse");
    report->kind = nx_feedback_kind(report->feedback.type, &report->notes);
    report->hint = report->kind == NX_KIND_COMPLAINT     ? NX_CAUSE_COMPLAINT
                   : report->kind == NX_KIND_UNSUBSCRIBE ? NX_CAUSE_UNSUBSCRIBE
                                                         : NX_CAUSE_NONE;
}

struct nx_str nx_hook_address(const struct nx_hook *hook, struct nx_str text)
{
    static const char *const prefixes[] = {"rfc822;", "utf-8;", "mailto:"};
    size_t open = after_angle(text);
    if (addresses(text) > 1)
        return NX_STR_NONE;
    if (open > 0) {
        struct nx_str inside = nx_str_from(text, open);
        size_t close = nx_str_chr(inside, '>');
        if (close < inside.n)
            text = nx_str_sub(inside, 0, close);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (nx_str_istarts(text, nx_str_of(prefixes[i])))
            text = nx_str_from(text, strlen(prefixes[i]));
    text = nx_str_trim(text);
    return text.n > hook->limits->address ? NX_STR_NONE : text;
}

bool nx_hook_next_address(struct nx_str *list, struct nx_str *ret)
{
    while (list->n > 0) {
        bool quoted = false, angled = false;
        size_t n = 0;
        for (; n < list->n && (quoted || angled || (list->p[n] != ',' && list->p[n] != ';')); n++) {
            char c = list->p[n];
            if (quoted && c == '\\')
                n++;
            else if (c == '"')
                quoted = !quoted;
            else if (!quoted && (c == '<' || c == '>'))
                angled = c == '<';
        }
        n = MIN(n, list->n);
        *ret = nx_str_trim(nx_str_sub(*list, 0, n));
        *list = nx_str_from(*list, MIN(n + 1, list->n));
        if (ret->n > 0)
            return true;
    }
    return false;
}

void nx_hook_status(struct nx_report *report, struct nx_str status)
{
    status = nx_str_trim(status);
    if (report->status.n == 0 && status.n > 0 && nx_status_length(status) == status.n)
        report->status = status;
}

void nx_hook_reply(struct nx_report *report, struct nx_str reply)
{
    unsigned long long code;
    reply = nx_str_trim(reply);
    /* RFC 5321 4.2.1, with the 57x of the wild; providers' own codes (498, 605) are none */
    if (report->reply == 0 && reply.n == 3 && nx_str_to_u64(reply, &code) && strchr("245", reply.p[0]) != NULL && reply.p[1] <= '7')
        report->reply = (unsigned)code;
}

/* "250 2.0.0 OK", "sent (250 2.0.0 OK)": nx_reply_read looks for refusals only. */
static void read_success(struct nx_report *report, struct nx_str text)
{
    for (size_t i = 0; i + 3 <= text.n && i < 40; i++) {
        if (text.p[i] != '2' || (i > 0 && text.p[i - 1] != ' ' && text.p[i - 1] != '(') ||
            (i + 3 < text.n && text.p[i + 3] != ' ' && text.p[i + 3] != '-' && text.p[i + 3] != ')'))
            continue;
        nx_hook_reply(report, nx_str_sub(text, i, i + 3));
        struct nx_str rest = nx_str_from(text, i + 3 < text.n ? i + 4 : text.n);
        nx_hook_status(report, nx_str_sub(rest, 0, nx_status_length(rest)));
        return;
    }
    size_t n = nx_status_length(text);
    if (n > 0 && text.p[0] == '2')
        nx_hook_status(report, nx_str_sub(text, 0, n));
}

void nx_hook_diagnostic(const struct nx_hook *hook, struct nx_report *report, struct nx_str text)
{
    text = nx_str_trim(text);
    if (nx_str_istarts(text, NX_STR("smtp;")))
        text = nx_str_trim(nx_str_from(text, 5));
    if (text.n == 0)
        return;
    if (report->kind == NX_KIND_DELIVERED) {
        read_success(report, text);
        report->diagnostic = nx_one_line(hook->arena, text, hook->limits->diagnostic);
        return;
    }
    struct nx_reply reply;
    nx_reply_read(hook->arena, text, &reply);
    nx_hook_status(
        report, nx_str_sub(text, 0, nx_status_length(text))); /* the reporter's own comes first: "4.4.7 expired: 451 4.7.1 busy" */
    nx_hook_status(report, reply.status);
    if (report->reply == 0)
        report->reply = reply.code;
    if (report->stage == NX_STAGE_NONE)
        report->stage = reply.stage;
    if (report->remote_mta.n == 0)
        report->remote_mta = reply.host;
    report->diagnostic = nx_one_line(hook->arena, reply.words.n > 0 ? reply.words : text, hook->limits->diagnostic);
}

void nx_hook_words(const struct nx_hook *hook, struct nx_report *report, struct nx_str text)
{
    report->text = nx_one_line(hook->arena, text, hook->limits->diagnostic);
}

void nx_hook_message_id(struct nx_report *report, struct nx_str message_id)
{
    message_id = nx_str_trim(message_id);
    if (message_id.n >= 2 && message_id.p[0] == '<' && message_id.p[message_id.n - 1] == '>')
        message_id = nx_str_sub(message_id, 1, message_id.n - 1);
    report->original.message_id = message_id;
}

void nx_hook_key(const struct nx_hook *hook, struct nx_report *report, struct nx_str id, struct nx_str type, struct nx_str time)
{
    if (id.n > 0)
        report->key = nx_arena_printf(hook->arena, "%s:%.*s%s%.*s%s%.*s", hook->provider, NX_FMT(id), type.n > 0 ? ":" : "",
                                      NX_FMT(type), time.n > 0 ? ":" : "", NX_FMT(time));
}

void nx_hook_tag(const struct nx_hook *hook, struct nx_report *report, const char *key, struct nx_str value)
{
    value = nx_one_line(hook->arena, value, TAG_VALUE_MAX);
    struct nx_str name = nx_one_line(hook->arena, nx_str_of(key), TAG_KEY_MAX);
    if (value.n == 0 || name.n == 0)
        return;
    struct nx_tag *tags = nx_arena_array(hook->arena, report->n_tags + 1, sizeof *tags);
    size_t at = report->n_tags;
    for (size_t i = 0; i < report->n_tags; i++) {
        tags[i] = report->tags[i];
        if (nx_str_eq(tags[i].key, name))
            at = i;
    }
    if (at == report->n_tags) {
        if (at == NX_WEBHOOK_TAGS_MAX)
            return;
        tags[report->n_tags++] = (struct nx_tag){nx_arena_dup(hook->arena, name), nx_arena_dup(hook->arena, value)};
    } else if (!nx_str_eq(tags[at].value, value)) { /* names are unique in an event: the values of a list stand in one */
        tags[at].value = nx_one_line(hook->arena, nx_arena_printf(hook->arena, "%.*s, %.*s", NX_FMT(tags[at].value), NX_FMT(value)),
                                     TAG_VALUE_MAX);
    }
    report->tags = tags;
}

void nx_hook_tags(const struct nx_hook *hook, struct nx_report *report, const char *key, json_t *value)
{
    if (json_is_object(value)) {
        const char *name;
        json_t *member;
        json_object_foreach(value, name, member)
        {
            if (report->n_tags == NX_WEBHOOK_TAGS_MAX)
                return;
            if (json_is_array(member))
                nx_hook_tags(hook, report, name, member);
            else
                nx_hook_tag(hook, report, name, text_of(hook, member, TAG_VALUE_MAX));
        }
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value) && i < NX_WEBHOOK_TAGS_MAX; i++)
            nx_hook_tag(hook, report, key, text_of(hook, json_array_get(value, i), TAG_VALUE_MAX));
    } else {
        nx_hook_tag(hook, report, key, text_of(hook, value, TAG_VALUE_MAX));
    }
}

static const struct nx_hook_word codes[] = {
    {"10", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD},
    {"20", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"21", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_SOFT},
    {"22", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT},
    {"23", NX_KIND_FAILED, NX_CAUSE_MESSAGE_TOO_LARGE, NX_CLASS_SOFT},
    {"24", NX_KIND_FAILED, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT},
    {"25", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"26", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE},
    {"30", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD},
    {"40", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"50", NX_KIND_FAILED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"51", NX_KIND_FAILED, NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_SOFT},
    {"52", NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_SOFT},
    {"53", NX_KIND_FAILED, NX_CAUSE_CONTENT_PROHIBITED, NX_CLASS_SOFT},
    {"54", NX_KIND_FAILED, NX_CAUSE_RELAY_DENIED, NX_CLASS_SOFT},
    {"60", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE},
    {"70", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"80", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"90", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
    {"100", NX_KIND_AUTOREPLY, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE},
};

const struct nx_hook_word *nx_hook_bounce_code(struct nx_str code)
{
    return NX_HOOK_WORD(codes, code);
}
