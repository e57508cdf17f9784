/* SPDX-License-Identifier: Apache-2.0 */
/* parse/log/log.h - the delivery log of a mail server: what was refused at SMTP time never becomes a bounce mail.
 *
 * Postfix, Exim, Sendmail, OpenSMTPD (syslog or their own files), PowerMTA accounting files (CSV), KumoMTA records (JSON lines). A
 * reader holds what earlier lines said of a queue id (Message-ID, sender, last deferral), bounded, oldest forgotten first; it
 * belongs to one thread. A line that is cut short, or that tells of no delivery, gives nothing. Times without a zone are local,
 * without a year the latest that is not after `now`. The event key is of the line alone, so a line read twice is one event. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "event/event.h"

struct nx_log;

/* "postfix", "exim", "sendmail", "opensmtpd", "powermta", "kumomta"; NULL for any other name. deliveries: also what was delivered.
 */
struct nx_log *nx_log_new(struct nx_str kind, bool deliveries, const struct nx_limits *limits);
void nx_log_free(struct nx_log *log);
/* For messages: "postfix, exim, ...". */
const char *nx_log_kinds(void);
/* One line without its end. Returns how many reports it gave (kind failed, delayed or delivered); their slices live in the arena or
 * the line. */
size_t nx_log_read(struct nx_log *log, struct nx_arena *arena, struct nx_str line, nx_when now, struct nx_report **ret_reports);

typedef struct nx_log nx_log; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_log, nx_log_free)
