/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/log/inner.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

#include <jansson.h>

#define MESSAGES_MAX 100000u /* queue ids remembered */
#define PENDING_MAX 200u     /* deferred recipients of one */
#define LINE_MAX_BYTES (64u << 10)

struct nx_log {
    nx_log_fn *read;
    struct nx_str name;
    struct nx_str format;
    bool deliveries;
    const struct nx_limits *limits;
    GHashTable *messages; /* id -> struct nx_log_message */
    GQueue *order;        /* ids, oldest first; owned by the messages */
    GPtrArray *columns;
};

static const struct {
    const char *name, *format;
    nx_log_fn *read;
} kinds[] = {
    {"postfix", "log:postfix", nx_log_postfix},    {"exim", "log:exim", nx_log_exim},
    {"sendmail", "log:sendmail", nx_log_sendmail}, {"opensmtpd", "log:opensmtpd", nx_log_opensmtpd},
    {"powermta", "log:powermta", nx_log_powermta}, {"kumomta", "log:kumomta", nx_log_kumomta},
};

static void pending_free(gpointer data)
{
    struct nx_log_pending *pending = data;
    g_free(pending->recipient);
    g_free(pending->text);
    g_free(pending->status);
    g_free(pending);
}

static void message_free(gpointer data)
{
    struct nx_log_message *message = data;
    g_free(message->id);
    g_free(message->message_id);
    g_free(message->from);
    g_clear_pointer(&message->pending, g_ptr_array_unref);
    g_free(message);
}

struct nx_log *nx_log_new(struct nx_str kind, bool deliveries, const struct nx_limits *limits)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!nx_str_eq(kind, nx_str_of(kinds[i].name)))
            continue;
        struct nx_log *log = g_new0(struct nx_log, 1);
        log->read = kinds[i].read;
        log->name = nx_str_of(kinds[i].name);
        log->format = nx_str_of(kinds[i].format);
        log->deliveries = deliveries;
        log->limits = limits;
        log->messages = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, message_free);
        log->order = g_queue_new();
        log->columns = g_ptr_array_new_with_free_func(g_free);
        return log;
    }
    return NULL;
}

void nx_log_free(struct nx_log *log)
{
    if (log == NULL)
        return;
    g_queue_free(log->order);
    g_hash_table_unref(log->messages);
    g_ptr_array_unref(log->columns);
    g_free(log);
}

const char *nx_log_kinds(void)
{
    return "postfix, exim, sendmail, opensmtpd, powermta, kumomta";
}

const struct nx_limits *nx_log_limits(const struct nx_log *log)
{
    return log->limits;
}

GPtrArray *nx_log_columns(struct nx_log *log)
{
    return log->columns;
}

struct nx_log_message *nx_log_message(struct nx_log *log, struct nx_str id)
{
    if (id.n == 0 || id.n > 64)
        return NULL;
    char key[65];
    memcpy(key, id.p, id.n);
    key[id.n] = '\0';
    struct nx_log_message *message = g_hash_table_lookup(log->messages, key);
    if (message != NULL)
        return message;
    if (g_hash_table_size(log->messages) >= MESSAGES_MAX) {
        char *oldest = g_queue_pop_head(log->order);
        g_hash_table_remove(log->messages, oldest);
    }
    message = g_new0(struct nx_log_message, 1);
    message->id = g_strdup(key);
    g_hash_table_insert(log->messages, message->id, message);
    g_queue_push_tail(log->order, message->id);
    return message;
}

void nx_log_forget(struct nx_log *log, struct nx_str id)
{
    g_autofree char *key = g_strndup(id.p != NULL ? id.p : "", id.n);
    struct nx_log_message *message = g_hash_table_lookup(log->messages, key);
    if (message == NULL)
        return;
    g_queue_remove(log->order, message->id); /* near the head: messages leave about in the order they came */
    g_hash_table_remove(log->messages, key);
}

void nx_log_set(char **field, struct nx_str value)
{
    if (value.n == 0 || value.n > 1000)
        return;
    g_free(*field);
    *field = g_strndup(value.p, value.n);
}

const struct nx_log_pending *nx_log_deferred(const struct nx_log_message *message, struct nx_str recipient)
{
    for (guint i = 0; message != NULL && message->pending != NULL && i < message->pending->len; i++) {
        const struct nx_log_pending *pending = g_ptr_array_index(message->pending, i);
        if (nx_str_eq(recipient, nx_str_of(pending->recipient)))
            return pending;
    }
    return NULL;
}

void nx_log_settle(struct nx_log_message *message, struct nx_str recipient)
{
    for (guint i = 0; message != NULL && message->pending != NULL && i < message->pending->len; i++) {
        const struct nx_log_pending *pending = g_ptr_array_index(message->pending, i);
        if (nx_str_eq(recipient, nx_str_of(pending->recipient)))
            g_ptr_array_remove_index(message->pending, i--);
    }
}

void nx_log_defer(struct nx_log_message *message, struct nx_str recipient, struct nx_str text, struct nx_str status)
{
    nx_log_settle(message, recipient);
    if (message == NULL || recipient.n == 0 || (message->pending != NULL && message->pending->len >= PENDING_MAX))
        return;
    if (message->pending == NULL)
        message->pending = g_ptr_array_new_with_free_func(pending_free);
    struct nx_log_pending *pending = g_new0(struct nx_log_pending, 1);
    g_ptr_array_add(message->pending, pending);
    nx_log_set(&pending->recipient, recipient);
    nx_log_set(&pending->text, nx_str_sub(text, 0, 1000));
    nx_log_set(&pending->status, status);
}

struct nx_str nx_log_expired(struct nx_log_reading *reading, const struct nx_log_pending *pending, struct nx_str *ret_status)
{
    *ret_status = nx_arena_dup(reading->arena, nx_str_of(pending->status));
    return nx_arena_printf(reading->arena, "expired; last error: %s", pending->text != NULL ? pending->text : "");
}

void nx_log_expire(struct nx_log_reading *reading, struct nx_log_message *message)
{
    if (message == NULL || message->pending == NULL)
        return;
    for (guint i = 0; i < message->pending->len; i++) {
        const struct nx_log_pending *pending = g_ptr_array_index(message->pending, i);
        struct nx_str status, text = nx_log_expired(reading, pending, &status);
        struct nx_str recipient = nx_arena_dup(reading->arena, nx_str_of(pending->recipient));
        (void)nx_log_report(reading, message, NX_KIND_FAILED, recipient, status, text);
    }
    g_ptr_array_set_size(message->pending, 0);
}

struct nx_str nx_log_unescaped(struct nx_arena *arena, struct nx_str text)
{
    if (nx_str_chr(text, '\\') == text.n)
        return text;
    char *bytes = nx_arena_array(arena, text.n, 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct nx_str code = nx_str_sub(text, i + 1, i + 4);
        if (text.p[i] != '\\' || code.n == 0) {
            bytes[n++] = text.p[i];
        } else if (code.n == 3 && code.p[0] >= '0' && code.p[0] <= '3' && code.p[1] >= '0' && code.p[1] <= '7' &&
                   code.p[2] >= '0' && code.p[2] <= '7') {
            bytes[n++] = (char)((code.p[0] - '0') << 6 | (code.p[1] - '0') << 3 | (code.p[2] - '0'));
            i += 3;
        } else {
            bytes[n++] = code.p[0] == 'n' || code.p[0] == 'r' ? '\n' : code.p[0] == 't' ? ' ' : code.p[0];
            i++;
        }
    }
    return (struct nx_str){bytes, n};
}

static struct nx_str take_word(struct nx_str *text)
{
    size_t end = nx_str_chr(*text, ' ');
    struct nx_str word = nx_str_sub(*text, 0, end);
    *text = nx_str_from(*text, end < text->n ? end + 1 : end);
    while (text->n > 0 && text->p[0] == ' ')
        *text = nx_str_from(*text, 1);
    return word;
}

static int number(struct nx_str text)
{
    unsigned long long n = 0;
    return nx_str_to_u64(text, &n) && n < 10000 ? (int)n : -1;
}

static nx_when local(int year, int month, int day, int hour, int minute, int second)
{
    g_autoptr(GDateTime) date = g_date_time_new_local(year, month, day, hour, minute, second);
    return date == NULL ? NX_WHEN_NONE : g_date_time_to_unix(date);
}

/* "Jan 31 23:59:59" has no year. */
static nx_when syslog_time(struct nx_str month, struct nx_str day, struct nx_str clock, nx_when now)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int m = 0;
    for (int i = 0; i < 12; i++)
        if (nx_str_eq(month, (struct nx_str){names + 3 * i, 3}))
            m = i + 1;
    int d = number(day), hour = number(nx_str_sub(clock, 0, 2)), minute = number(nx_str_sub(clock, 3, 5)),
        second = number(nx_str_sub(clock, 6, 8));
    if (m == 0 || d < 1 || d > 31 || hour < 0 || minute < 0 || second < 0)
        return NX_WHEN_NONE;
    g_autoptr(GDateTime) today = g_date_time_new_from_unix_local(now);
    int year = g_date_time_get_year(today);
    nx_when at = local(year, m, d, hour, minute, second);
    return at == NX_WHEN_NONE || at > now + 86400 ? local(year - 1, m, d, hour, minute, second) : at;
}

/* A field of the journal: text, or a list of its bytes where they are not UTF-8. */
static struct nx_str journal_field(struct nx_arena *arena, const json_t *entry, const char *name)
{
    const json_t *value = json_object_get(entry, name);
    if (json_is_string(value))
        return nx_arena_dup(arena, (struct nx_str){json_string_value(value), json_string_length(value)});
    size_t n = json_array_size(value);
    char *bytes = nx_arena_array(arena, n + 1, 1);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)json_integer_value(json_array_get(value, i));
    return (struct nx_str){bytes, n};
}

/* A line of journalctl -o json (systemd.journal-fields(7)). */
static bool journal(struct nx_log_reading *reading)
{
    json_error_t error;
    json_t *entry = json_loadb(reading->line.p, reading->line.n, JSON_ALLOW_NUL, &error);
    unsigned long long at = 0;
    if (nx_str_to_u64(journal_field(reading->arena, entry, "__REALTIME_TIMESTAMP"), &at))
        reading->at = (nx_when)(at / 1000000);
    reading->host = journal_field(reading->arena, entry, "_HOSTNAME");
    reading->program = journal_field(reading->arena, entry, "SYSLOG_IDENTIFIER");
    reading->rest = journal_field(reading->arena, entry, "MESSAGE");
    json_decref(entry);
    return reading->at != NX_WHEN_NONE && reading->program.n > 0 && reading->rest.n > 0;
}

/* "Sat 2026-11-28 10:03:14 UTC" of journalctl -o short-full: a zone's name says nothing certain, so the time is local but for
 * UTC. */
static nx_when weekday_time(struct nx_str *rest)
{
    nx_when at = NX_WHEN_NONE;
    size_t used = nx_log_local_time(*rest, &at);
    struct nx_str clock = nx_str_sub(*rest, 0, used);
    *rest = nx_str_trim(nx_str_from(*rest, used));
    if (at == NX_WHEN_NONE)
        return NX_WHEN_NONE;
    return nx_str_eq(take_word(rest), NX_STR("UTC")) ? nx_when_parse(clock) : at;
}

bool nx_log_syslog(struct nx_log_reading *reading)
{
    struct nx_str rest = reading->line;
    if (rest.n > 0 && rest.p[0] == '{')
        return journal(reading);
    if (rest.n > 0 && rest.p[0] == '<')
        rest = nx_str_from(rest, nx_str_chr(rest, '>') + 1);
    struct nx_str first = take_word(&rest);
    if (first.n == 3 && rest.n > 10 && rest.p[4] == '-') {
        reading->at = weekday_time(&rest);
    } else if (first.n > 10 && first.p[4] == '-') {
        reading->at = nx_when_parse(first);
    } else {
        struct nx_str day = take_word(&rest), clock = take_word(&rest);
        reading->at = syslog_time(first, day, clock, reading->now);
    }
    if (reading->at == NX_WHEN_NONE)
        return false;
    reading->host = take_word(&rest);
    size_t colon = nx_str_find(rest, NX_STR(": "));
    if (colon == rest.n)
        return false;
    struct nx_str program = nx_str_sub(rest, 0, colon);
    reading->program = nx_str_sub(program, 0, nx_str_chr(program, '['));
    reading->rest = nx_str_from(rest, colon + 2);
    return reading->program.n > 0 && nx_str_chr(reading->program, ' ') == reading->program.n;
}

size_t nx_log_local_time(struct nx_str text, nx_when *ret)
{
    if (text.n < 19 || text.p[4] != '-' || text.p[7] != '-' || (text.p[10] != ' ' && text.p[10] != 'T') || text.p[13] != ':')
        return 0;
    int year = number(nx_str_sub(text, 0, 4)), month = number(nx_str_sub(text, 5, 7)), day = number(nx_str_sub(text, 8, 10));
    int hour = number(nx_str_sub(text, 11, 13)), minute = number(nx_str_sub(text, 14, 16)),
        second = number(nx_str_sub(text, 17, 19));
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
        return 0;
    size_t n = 19;
    if (n < text.n && text.p[n] == '.')
        for (n++; n < text.n && nx_is_digit((unsigned char)text.p[n]);)
            n++;
    size_t zone = n < text.n && text.p[n] == ' ' ? n + 1 : n;
    if (zone + 5 <= text.n && (text.p[zone] == '+' || text.p[zone] == '-') && number(nx_str_sub(text, zone + 1, zone + 5)) >= 0) {
        char stamp[32];
        g_snprintf(stamp, sizeof stamp, "%04d-%02d-%02dT%02d:%02d:%02d%.*s", year, month, day, hour, minute, second, 5,
                   text.p + zone);
        *ret = nx_when_parse(nx_str_of(stamp));
        return *ret == NX_WHEN_NONE ? 0 : zone + 5;
    }
    *ret = local(year, month, day, hour, minute, second);
    return *ret == NX_WHEN_NONE ? 0 : n;
}

struct nx_str nx_log_value(struct nx_str text, const char *name)
{
    struct nx_str wanted = nx_str_of(name);
    for (size_t at = 0; at < text.n;) {
        at += nx_str_find(nx_str_from(text, at), wanted);
        if (at >= text.n)
            break;
        bool starts = at == 0 || text.p[at - 1] == ' ' || text.p[at - 1] == ',';
        at += wanted.n;
        if (!starts)
            continue;
        struct nx_str rest = nx_str_from(text, at);
        if (rest.n > 0 && (rest.p[0] == '<' || rest.p[0] == '"')) {
            size_t close = nx_str_chr(nx_str_from(rest, 1), rest.p[0] == '<' ? '>' : '"');
            return nx_str_sub(rest, 1, close + 1);
        }
        size_t comma = nx_str_find(rest, NX_STR(", "));
        struct nx_str value = nx_str_trim(nx_str_sub(rest, 0, comma));
        return value.n > 0 && value.p[value.n - 1] == ',' ? nx_str_sub(value, 0, value.n - 1) : value;
    }
    return NX_STR_NONE;
}

static struct nx_str digest(struct nx_arena *arena, struct nx_str line)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)line.p, line.n);
    return nx_arena_dup(arena, nx_str_of(sum));
}

struct nx_report *nx_log_report(struct nx_log_reading *reading, const struct nx_log_message *message, enum nx_kind kind,
                                struct nx_str recipient, struct nx_str status, struct nx_str text)
{
    const struct nx_log *log = reading->log;
    if (kind == NX_KIND_DELIVERED && !log->deliveries)
        return NULL;
    if (reading->n >= log->limits->recipients || recipient.n == 0 || recipient.n > log->limits->address)
        return NULL;
    if (reading->n % 16 == 0) {
        struct nx_report *more = nx_arena_array(reading->arena, reading->n + 16, sizeof *more);
        if (reading->n > 0)
            memcpy(more, reading->reports, reading->n * sizeof *more);
        reading->reports = more;
    }
    struct nx_report *report = &reading->reports[reading->n++];
    struct nx_reply reply;
    nx_reply_read(reading->arena, text, &reply);
    *report = (struct nx_report){
        .kind = kind,
        .recipient = recipient,
        .reply = kind == NX_KIND_DELIVERED ? 0 : reply.code,
        .stage = reply.stage,
        .diagnostic = nx_one_line(reading->arena, reply.words, log->limits->diagnostic),
        .text = nx_one_line(reading->arena, text, log->limits->diagnostic),
        .remote_mta = reply.host,
        .reporting_mta = reading->host,
        .format = log->format,
        .verified = NX_VERIFIED_PROVIDER, /* our own server's word */
        .arrival_at = NX_WHEN_NONE,
        .last_attempt_at = reading->at,
        .retry_until = NX_WHEN_NONE,
        .key = nx_arena_printf(reading->arena, "%.*s:%.*s", NX_FMT(log->format), NX_FMT(digest(reading->arena, reading->line))),
    };
    report->status = reply.status.n > 0 && !nx_str_iends(reply.status, NX_STR(".0.0")) && kind != NX_KIND_DELIVERED ? reply.status
                     : status.n > 0                                                                                 ? status
                                                                                                                    : reply.status;
    if (message != NULL) {
        report->original.message_id = nx_arena_dup(reading->arena, nx_str_of(message->message_id));
        report->original.from = nx_arena_dup(reading->arena, nx_str_of(message->from));
    }
    return report;
}

size_t nx_log_read(struct nx_log *log, struct nx_arena *arena, struct nx_str line, nx_when now, struct nx_report **ret_reports)
{
    struct nx_log_reading reading = {.log = log, .arena = arena, .line = line, .now = now, .at = NX_WHEN_NONE};
    *ret_reports = NULL;
    if (line.n == 0 || line.n > LINE_MAX_BYTES)
        return 0;
    log->read(&reading);
    *ret_reports = reading.reports;
    return reading.n;
}
