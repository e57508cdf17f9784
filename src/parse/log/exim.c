/* SPDX-License-Identifier: Apache-2.0 */
/* Exim main log (spec chapter 52): "date time id FLAG address ... : words", FLAG ** failed, == deferred, => and -> delivered, <=
 * arrived. "retry timeout exceeded" has its reason in the last deferral. */
#include "parse/log/inner.h"

#include "base/ascii.h"
#include "parse/address.h"

/* 6-6-2 or, since 4.97, 6-11-4 letters and digits. */
static size_t id_length(struct nx_str text)
{
    size_t n = nx_str_chr(text, ' ');
    if (n != 16 && n != 23)
        return 0;
    size_t second = n == 16 ? 13 : 18;
    for (size_t i = 0; i < n; i++)
        if ((i == 6 || i == second) ? text.p[i] != '-' : !nx_is_alnum((unsigned char)text.p[i]))
            return 0;
    return n;
}

static struct nx_str skip(struct nx_str text, size_t n)
{
    text = nx_str_from(text, n);
    while (text.n > 0 && text.p[0] == ' ')
        text = nx_str_from(text, 1);
    return text;
}

/* " H=mx.example.net [192.0.2.1]" */
static struct nx_str host_of(struct nx_str head)
{
    size_t at = nx_str_find(head, NX_STR(" H="));
    struct nx_str rest = nx_str_from(head, at + 3);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != ' ' && rest.p[end] != '[' && rest.p[end] != ':')
        end++;
    return nx_str_sub(rest, 0, end);
}

static void arrived(struct nx_log_message *message, struct nx_str rest)
{
    struct nx_str sender = nx_str_sub(rest, 0, nx_str_chr(rest, ' '));
    if (!nx_str_eq(sender, NX_STR("<>")))
        nx_log_set(&message->from, sender);
    size_t at = nx_str_find(rest, NX_STR(" id="));
    if (at < rest.n) {
        struct nx_str id = nx_str_from(rest, at + 4);
        nx_log_set(&message->message_id, nx_str_sub(id, 0, nx_str_chr(id, ' ')));
    }
}

/* "final <original> R=..." or "|command with blanks <original> R=...": the length of the first; *ret_parent gets the second. */
static size_t addresses(struct nx_str rest, struct nx_str *ret_parent)
{
    bool program = rest.n > 0 && (rest.p[0] == '|' || rest.p[0] == '/' || rest.p[0] == '>');
    size_t end = 0;
    if (program) {
        size_t close = nx_str_find(rest, NX_STR("> R="));
        for (end = close < rest.n ? close : 0; end > 0 && rest.p[end] != '<'; end--)
            continue;
        if (end > 1)
            end--;
    }
    while (end < rest.n && rest.p[end] != ' ' && !(rest.p[end] == ':' && (end + 1 == rest.n || rest.p[end + 1] == ' ')))
        end++;
    struct nx_str behind = skip(rest, end);
    if (behind.n > 0 && behind.p[0] == '<')
        *ret_parent = nx_str_sub(behind, 1, nx_str_chr(behind, '>'));
    return end;
}

static void delivery(struct nx_log_reading *reading, struct nx_log_message *message, enum nx_kind kind, struct nx_str rest)
{
    struct nx_str parent = NX_STR_NONE, status = NX_STR_NONE;
    size_t end = addresses(rest, &parent);
    struct nx_str address = nx_str_sub(rest, 0, end), behind = nx_str_from(rest, end);
    size_t colon = nx_str_find(behind, NX_STR(": "));
    struct nx_str head = nx_str_sub(behind, 0, colon), text = nx_log_unescaped(reading->arena, nx_str_from(behind, colon + 2));
    if (address.n == 0 || (kind != NX_KIND_DELIVERED && text.n == 0))
        return;
    if (address.p[0] == '|' || address.p[0] == '/' || address.p[0] == '>' || nx_str_chr(address, '@') == address.n) {
        if (parent.n == 0 && address.p[0] != '|' && address.p[0] != '/' && address.p[0] != '>')
            parent = address; /* a local user */
        address = parent;
    }
    const struct nx_log_pending *pending = nx_log_deferred(message, address);
    if (kind == NX_KIND_DELAYED)
        nx_log_defer(message, address, text, NX_STR_NONE);
    else if (kind == NX_KIND_FAILED && pending != NULL && nx_str_istarts(text, NX_STR("retry time"))) /* ... "out exceeded" */
        text = nx_log_expired(reading, pending, &status);
    if (kind != NX_KIND_DELAYED)
        nx_log_settle(message, address);
    struct nx_report *report = nx_log_report(reading, message, kind, address, status, text);
    if (report != NULL) {
        struct nx_str host = host_of(head);
        if (host.n > 0)
            report->remote_mta = host;
        if (parent.n > 0 && !nx_str_ieq(parent, address))
            report->original_recipient = parent;
        if (kind == NX_KIND_DELIVERED)
            report->diagnostic = report->text = NX_STR_NONE;
    }
}

void nx_log_exim(struct nx_log_reading *reading)
{
    size_t used = nx_log_local_time(reading->line, &reading->at);
    if (used == 0) { /* through syslog */
        if (!nx_log_syslog(reading))
            return;
        used = nx_log_local_time(reading->rest, &reading->at);
    } else {
        reading->rest = reading->line;
    }
    struct nx_str rest = skip(reading->rest, used);
    if (rest.n > 0 && rest.p[0] == '[') /* log_selector +pid */
        rest = skip(rest, nx_str_chr(rest, ' '));
    size_t id = id_length(rest);
    if (id == 0)
        return;
    struct nx_str message_id = nx_str_sub(rest, 0, id);
    rest = skip(rest, id);
    struct nx_str flag = nx_str_sub(rest, 0, 2), words = skip(rest, 2);
    static const struct {
        const char *flag;
        enum nx_kind kind;
    } flags[] = {{"**", NX_KIND_FAILED}, {"==", NX_KIND_DELAYED}, {"=>", NX_KIND_DELIVERED}, {"->", NX_KIND_DELIVERED}};
    if (nx_str_eq(flag, NX_STR("<="))) {
        struct nx_log_message *message = nx_log_message(reading->log, message_id);
        if (message != NULL)
            arrived(message, words);
    } else if (nx_str_istarts(rest, NX_STR("Completed"))) {
        nx_log_forget(reading->log, message_id);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (nx_str_eq(flag, nx_str_of(flags[i].flag)))
            delivery(reading, nx_log_message(reading->log, message_id), flags[i].kind, words);
}
