/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery status notifications, RFC 3464 (and 6533), with the damage that is met: blanks before the colon, groups run together
 * or torn apart, values that are not folded, comments, types of any spelling, codes that contradict the diagnostic. */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/internal.h"
#include "parse/reply.h"

struct group { /* RFC 3464 2.3 */
    struct nx_str original_recipient, final_recipient, actual_recipient, action, status, remote_mta, diagnostic, last_attempt,
        retry_until;
};
struct message_group { /* RFC 3464 2.2 */
    struct nx_str reporting_mta, arrival;
};

static const struct {
    const char *name;
    size_t offset;
} group_fields[] = {
    {"Original-Recipient", offsetof(struct group, original_recipient)},
    {"Final-Recipient", offsetof(struct group, final_recipient)},
    {"X-Actual-Recipient", offsetof(struct group, actual_recipient)},
    {"Action", offsetof(struct group, action)},
    {"Status", offsetof(struct group, status)},
    {"Remote-MTA", offsetof(struct group, remote_mta)},
    {"Diagnostic-Code", offsetof(struct group, diagnostic)},
    {"Last-Attempt-Date", offsetof(struct group, last_attempt)},
    {"Will-Retry-Until", offsetof(struct group, retry_until)},
};

static struct nx_str *slot(struct group *group, struct nx_str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(group_fields); i++)
        if (nx_str_ieq(name, nx_str_of(group_fields[i].name)))
            return (struct nx_str *)(void *)((char *)group + group_fields[i].offset);
    return NULL;
}

static bool is_empty(const struct group *group)
{
    return group->original_recipient.n + group->final_recipient.n + group->actual_recipient.n + group->action.n + group->status.n +
               group->diagnostic.n ==
           0;
}

/* "Name : value". Names of RFC 3464 hold letters and hyphens only, so text with a colon in it is seldom taken for one. */
static bool split_field(struct nx_str line, struct nx_str *ret_name, struct nx_str *ret_value)
{
    size_t n = 0;
    while (n < line.n && (nx_is_alnum((unsigned char)line.p[n]) || line.p[n] == '-' || line.p[n] == '_'))
        n++;
    size_t colon = n;
    while (colon < line.n && nx_is_blank((unsigned char)line.p[colon]))
        colon++;
    if (n < 4 || colon == line.n || line.p[colon] != ':')
        return false;
    *ret_name = nx_str_sub(line, 0, n);
    *ret_value = nx_str_trim(nx_str_from(line, colon + 1));
    return true;
}

/* A field that closes a group when it comes after a blank line, or a second time. */
static bool names_recipient(struct nx_str name)
{
    return nx_str_ieq(name, NX_STR("Final-Recipient")) || nx_str_ieq(name, NX_STR("Original-Recipient"));
}

static bool is_known_field(struct nx_str name)
{
    struct group probe;
    static const char *const others[] = {"Reporting-MTA",        "DSN-Gateway",  "Received-From-MTA", "Arrival-Date",
                                         "Original-Envelope-Id", "Final-Log-ID", "Localized-Reason"};
    if (slot(&probe, name) != NULL || nx_str_istarts(name, NX_STR("X-")))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (nx_str_ieq(name, nx_str_of(others[i])))
            return true;
    return false;
}

/* Adds a line to a value. joined holds the value that grows; it doubles, so that a thousand folds cost no more than their text. */
static void append(struct nx_reading *reading, struct nx_buf *joined, struct nx_str *value, struct nx_str more)
{
    if (value->n == 0) {
        *value = more;
        return;
    }
    if (joined->p != value->p) {
        nx_buf_init(joined, reading->arena, reading->limits->diagnostic * 3);
        nx_buf_add(joined, *value);
    }
    nx_buf_addc(joined, '\n');
    nx_buf_add(joined, more);
    *value = nx_buf_str(joined);
}

/* "dns; mx.example.org", "dsn;host (192.0.2.1)", "smtp;[192.0.2.1]": the name. */
static struct nx_str mta_name(struct nx_str value)
{
    size_t semicolon = nx_str_chr(value, ';');
    struct nx_str name = nx_str_trim(semicolon < value.n ? nx_str_from(value, semicolon + 1) : value);
    size_t blank = 0;
    while (blank < name.n && !nx_is_space((unsigned char)name.p[blank]))
        blank++;
    name = nx_str_sub(name, 0, blank);
    while (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    return name;
}

static enum nx_kind kind_of(struct nx_str action, struct nx_str status)
{
    static const struct {
        const char *prefix;
        enum nx_kind kind;
    } actions[] = {
        {"delay", NX_KIND_DELAYED},       {"warn", NX_KIND_DELAYED},      {"deliverable", NX_KIND_FAILED},
        {"delivered", NX_KIND_DELIVERED}, {"relayed", NX_KIND_DELIVERED}, {"expanded", NX_KIND_DELIVERED},
        {"fail", NX_KIND_FAILED},         {"expired", NX_KIND_FAILED},    {"error", NX_KIND_FAILED},
        {"undeliver", NX_KIND_FAILED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
        if (nx_str_istarts(action, nx_str_of(actions[i].prefix)))
            return actions[i].kind;
    return status.n > 0 && status.p[0] == '2' ? NX_KIND_DELIVERED : NX_KIND_FAILED;
}

/* The address that failed. Final-Recipient names it unless it is a mailbox path, a command or a local name. */
static void set_recipient(struct nx_reading *reading, struct nx_report *report, const struct group *group)
{
    nx_notes notes = 0;
    struct nx_str rest, original_rest;
    struct nx_str final = nx_address_of_field(reading->arena, group->final_recipient, &rest, &notes);
    nx_notes original_notes = 0;
    struct nx_str original = nx_address_of_field(reading->arena, group->original_recipient, &original_rest, &original_notes);
    struct nx_str actual = nx_address_of_field(reading->arena, group->actual_recipient, NULL, &original_notes);
    report->recipient = final.n > 0 ? final : original.n > 0 ? original : actual;
    if (original.n > 0 && !nx_address_same(original, report->recipient))
        report->original_recipient = original;
    report->notes |= notes;
    if (report->recipient.n == 0 && rest.n > 0)
        report->original_recipient = rest; /* what stood there, for people */
    /* A bare host name or label after @ is the server's inner address: the one that was mailed tells more. */
    size_t sign = nx_str_chr(final, '@');
    if (original.n > 0 && sign < final.n && nx_str_chr(nx_str_from(final, sign), '.') == final.n - sign) {
        report->recipient = original;
        report->original_recipient = final;
    }
}

static struct nx_str status_of(struct nx_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        size_t n = nx_status_length(nx_str_from(value, i));
        if (n > 0)
            return nx_str_sub(value, i, i + n);
    }
    return NX_STR_NONE;
}

/* "X-Unix; 255": how a local program ended; no words. */
static bool is_exit_code(struct nx_str value)
{
    unsigned long long code;
    return nx_str_istarts(value, NX_STR("x-unix")) &&
           nx_str_to_u64(nx_str_trim(nx_str_from(value, nx_str_chr(value, ';') + 1)), &code);
}

/* "smtp; 550 ...", "X-Notes; ...": the words. */
static struct nx_str diagnostic_words(struct nx_str value)
{
    size_t semicolon = nx_str_chr(value, ';');
    if (is_exit_code(value))
        return NX_STR_NONE;
    if (semicolon >= value.n || semicolon > 24)
        return value;
    for (size_t i = 0; i < semicolon; i++)
        if (!nx_is_alnum((unsigned char)value.p[i]) && value.p[i] != '-' && value.p[i] != ' ' && value.p[i] != '_')
            return value;
    return nx_str_trim(nx_str_from(value, semicolon + 1));
}

/* "250 2.1.5 Ok" of a delivered recipient. */
static unsigned success_reply(struct nx_str words)
{
    unsigned long long code;
    bool bounded = words.n == 3 || (words.n > 3 && !nx_is_alnum((unsigned char)words.p[3]));
    return bounded && nx_str_to_u64(nx_str_sub(words, 0, 3), &code) && code >= 200 && code < 300 ? (unsigned)code : 0;
}

static void finish(struct nx_reading *reading, const struct message_group *message, const struct group *group)
{
    if (is_empty(group) || (group->final_recipient.n + group->original_recipient.n + group->actual_recipient.n == 0 &&
                            group->action.n == 0 && group->status.n == 0))
        return;
    struct nx_report *report = nx_reports_add(reading);
    if (report == NULL)
        return;
    set_recipient(reading, report, group);
    report->format = NX_STR("rfc3464");
    report->reporting_mta = mta_name(message->reporting_mta);
    report->remote_mta = mta_name(group->remote_mta);
    report->arrival_at = nx_when_parse_mail(message->arrival);
    report->last_attempt_at = nx_when_parse_mail(group->last_attempt);
    report->retry_until = nx_when_parse_mail(group->retry_until);
    struct nx_reply reply;
    nx_notes ignored = 0;
    nx_reply_read(reading->arena, nx_words_decode(reading->arena, diagnostic_words(group->diagnostic), &ignored), &reply);
    report->diagnostic = nx_one_line(reading->arena, reply.words, reading->limits->diagnostic);
    report->reply = reply.code;
    report->stage = reply.stage;
    if (report->remote_mta.n == 0)
        report->remote_mta = reply.host;
    struct nx_str status = status_of(group->status);
    report->kind = kind_of(group->action, status);
    if (report->kind == NX_KIND_DELIVERED)
        report->reply = success_reply(report->diagnostic);
    /* The code inside the server's words is the truth; X.0.0 says nothing. */
    report->status = reply.status.n > 0 && !nx_str_iends(reply.status, NX_STR(".0.0")) ? reply.status
                     : status.n > 0                                                    ? status
                                                                                       : reply.status;
    if (group->status.n > 0 && status.n == 0)
        report->notes |= NX_NOTE_BAD_FIELD;
    size_t comment = nx_str_chr(group->status, '('); /* "4.0.0 (host name lookup failure)": the only words there may be */
    if (comment < group->status.n)
        report->text = nx_one_line(reading->arena, nx_str_sub(group->status, comment + 1, nx_str_chr(group->status, ')')),
                                   reading->limits->diagnostic);
}

static size_t indent_of(struct nx_str line)
{
    size_t n = 0;
    while (n < line.n && nx_is_blank((unsigned char)line.p[n]))
        n++;
    return n;
}

bool nx_dsn_read(struct nx_reading *reading, struct nx_str fields)
{
    struct message_group message = {0};
    struct group group = {0};
    struct nx_str *last = NULL, line;
    struct nx_buf joined = {0};
    size_t before = reading->out.n;
    bool blank = false;
    size_t margin = indent_of(fields); /* fields that are quoted may stand indented all of them */
    while (nx_str_next_line(&fields, &line)) {
        struct nx_str trimmed = nx_str_trim(line), name, value;
        if (trimmed.n == 0) {
            blank = true;
            continue;
        }
        bool indented = indent_of(line) > margin;
        if (!split_field(indented && !blank ? NX_STR_NONE : trimmed, &name, &value) ||
            (!is_known_field(name) && last != NULL && !blank)) {
            if (last != NULL && !blank) /* folded, or not folded as it should be */
                append(reading, &joined, last, trimmed);
            if (!indented)
                reading->out.notes |= NX_NOTE_BAD_FIELD;
            continue;
        }
        struct nx_str *field = slot(&group, name);
        bool again = field != NULL && field->n > 0 && names_recipient(name);
        bool next = blank && field != NULL && (names_recipient(name) || field->n > 0); /* Exim's groups begin with Action */
        if (again || (next && (group.final_recipient.n > 0 || group.original_recipient.n > 0))) {
            finish(reading, &message, &group);
            group = (struct group){0};
        }
        blank = false;
        last = field;
        if (field == NULL) {
            last = nx_str_ieq(name, NX_STR("Reporting-MTA")) && message.reporting_mta.n == 0 ? &message.reporting_mta
                   : nx_str_ieq(name, NX_STR("Arrival-Date"))                                ? &message.arrival
                                                                                             : NULL;
            if (last != NULL)
                *last = value;
        } else if (field->n == 0) {
            *field = value;
        } else if (field == &group.diagnostic) {
            append(reading, &joined, field, value);
        } else if (value.n > 0 && group.diagnostic.n + group.status.n > 0 && field != &group.last_attempt &&
                   nx_str_ieq(name, NX_STR("Action"))) {
            last = NULL; /* a second Action in one group: the first stands */
        }
    }
    finish(reading, &message, &group);
    return reading->out.n > before;
}

size_t nx_dsn_find(struct nx_str text)
{
    static const char *const marks[] = {"Reporting-MTA", "Final-Recipient", "Original-Recipient"};
    size_t found = text.n;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        struct nx_str mark = nx_str_of(marks[i]);
        for (size_t at = 0; at < text.n;) {
            at += nx_str_ifind(nx_str_from(text, at), mark);
            if (at >= found)
                break;
            size_t colon = at + mark.n;
            while (colon < text.n && nx_is_blank((unsigned char)text.p[colon]))
                colon++;
            size_t line = at;
            while (line > 0 && nx_is_blank((unsigned char)text.p[line - 1]))
                line--;
            if (colon < text.n && text.p[colon] == ':' && (line == 0 || text.p[line - 1] == '\n')) {
                found = line;
                break;
            }
            at += mark.n;
        }
    }
    return found;
}
