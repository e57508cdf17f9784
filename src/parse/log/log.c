/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/log/inner.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

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

void nx_log_defer(struct nx_log_message *message, struct nx_str recipient, struct nx_str text, struct nx_str status)
{
    if (message == NULL)
        return;
    if (message->pending == NULL)
        message->pending = g_ptr_array_new_with_free_func(pending_free);
    struct nx_log_pending *pending = NULL;
    for (guint i = 0; i < message->pending->len && pending == NULL; i++) {
        struct nx_log_pending *other = g_ptr_array_index(message->pending, i);
        if (nx_str_eq(recipient, nx_str_of(other->recipient)))
            pending = other;
    }
    if (pending == NULL) {
        if (message->pending->len >= PENDING_MAX)
            return;
        pending = g_new0(struct nx_log_pending, 1);
        g_ptr_array_add(message->pending, pending);
        nx_log_set(&pending->recipient, recipient);
    }
    nx_log_set(&pending->text, nx_str_sub(text, 0, 1000));
    nx_log_set(&pending->status, status);
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

bool nx_log_syslog(struct nx_log_reading *reading)
{
    struct nx_str rest = reading->line;
    if (rest.n > 0 && rest.p[0] == '<')
        rest = nx_str_from(rest, nx_str_chr(rest, '>') + 1);
    struct nx_str first = take_word(&rest);
    if (first.n > 10 && first.p[4] == '-') {
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
