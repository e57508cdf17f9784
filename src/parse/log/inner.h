/* SPDX-License-Identifier: Apache-2.0 */
/* parse/log/inner.h - what the readers of the several logs share. Inside the room only. */
#pragma once
#include "parse/log/log.h"

#include <glib.h>

struct nx_log_pending { /* a recipient that was deferred; owned strings */
    char *recipient, *text, *status;
};
struct nx_log_message { /* what is known of a queue id; owned strings, NULL: unknown */
    char *id, *message_id, *from;
    GPtrArray *pending; /* of struct nx_log_pending; NULL: none */
};

struct nx_log_reading { /* one line */
    struct nx_log *log;
    struct nx_arena *arena;
    struct nx_str line;
    nx_when now;
    nx_when at;            /* of the line */
    struct nx_str host;    /* who wrote it */
    struct nx_str program; /* "postfix/smtp", "sendmail" */
    struct nx_str rest;    /* behind "program[pid]: " */
    struct nx_report *reports;
    size_t n;
};

typedef void nx_log_fn(struct nx_log_reading *reading);
nx_log_fn nx_log_postfix, nx_log_exim, nx_log_sendmail, nx_log_opensmtpd, nx_log_powermta, nx_log_kumomta;

/* Takes time, host and program off a line of syslog (RFC 3164 or RFC 3339 time, with or without <PRI>) or of journalctl (-o short
 * and its kin, json); false when it is none. */
bool nx_log_syslog(struct nx_log_reading *reading);
/* "2026-01-31 23:59:59" at the start, local unless a zone follows; the length used, 0 when there is none. */
size_t nx_log_local_time(struct nx_str text, nx_when *ret);
/* Known or new; NULL for an empty id. Valid until the next call. */
struct nx_log_message *nx_log_message(struct nx_log *log, struct nx_str id);
void nx_log_forget(struct nx_log *log, struct nx_str id);
void nx_log_set(char **field, struct nx_str value);
/* The last deferral of each recipient: remembered, forgotten (delivered or failed), asked for (NULL: none). */
void nx_log_defer(struct nx_log_message *message, struct nx_str recipient, struct nx_str text, struct nx_str status);
void nx_log_settle(struct nx_log_message *message, struct nx_str recipient);
const struct nx_log_pending *nx_log_deferred(const struct nx_log_message *message, struct nx_str recipient);
/* What to say of a recipient that was given up: the words of its last deferral, and its status. Both in the arena. */
struct nx_str nx_log_expired(struct nx_log_reading *reading, const struct nx_log_pending *pending, struct nx_str *ret_status);
/* The message was given up: a report on every recipient that is still deferred. */
void nx_log_expire(struct nx_log_reading *reading, struct nx_log_message *message);
/* The bytes that Exim and Sendmail wrote as \n, \t, \\ or octal \303 since they do not print; a reply's lines become lines. */
struct nx_str nx_log_unescaped(struct nx_arena *arena, struct nx_str text);
/* A report on one recipient; text: the words of the log (the server's, with or without the MTA's). NULL where the log does not ask
 * for deliveries. */
struct nx_report *nx_log_report(struct nx_log_reading *reading, const struct nx_log_message *message, enum nx_kind kind,
                                struct nx_str recipient, struct nx_str status, struct nx_str text);
/* The value of "name=" in "a=b, c=<d>, ...": up to ", " or the end, without <>; the last field (whole) may hold anything. */
struct nx_str nx_log_value(struct nx_str text, const char *name);
const struct nx_limits *nx_log_limits(const struct nx_log *log);
/* Columns of a PowerMTA file, from its first line; owned by the log. */
GPtrArray *nx_log_columns(struct nx_log *log);
