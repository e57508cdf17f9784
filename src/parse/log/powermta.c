/* SPDX-License-Identifier: Apache-2.0 */
/* PowerMTA accounting files: CSV whose first line names the columns; records b (bounce), rb (remote bounce), t (transient), d
 * (delivered), f (feedback loop). */
#include "parse/log/inner.h"

#include "parse/address.h"
#include "parse/reply.h"

/* Takes one field off a CSV line (RFC 4180); doubled quotes inside are kept as they stand. */
static struct nx_str take_field(struct nx_str *rest)
{
    struct nx_str field;
    size_t end;
    if (rest->n > 0 && rest->p[0] == '"') {
        end = 1;
        while (end < rest->n && !(rest->p[end] == '"' && (end + 1 == rest->n || rest->p[end + 1] == ',')))
            end++;
        field = nx_str_sub(*rest, 1, end);
        end++;
    } else {
        end = nx_str_chr(*rest, ',');
        field = nx_str_sub(*rest, 0, end);
    }
    *rest = nx_str_from(*rest, end + 1);
    return field;
}

static struct nx_str column(const GPtrArray *names, const struct nx_str *fields, size_t n, const char *name)
{
    for (guint i = 0; i < names->len && i < n; i++)
        if (g_ascii_strcasecmp(g_ptr_array_index(names, i), name) == 0)
            return fields[i];
    return NX_STR_NONE;
}

/* "5.1.1 (bad destination mailbox address)" */
static struct nx_str status_of(struct nx_str text)
{
    return nx_str_sub(text, 0, nx_status_length(text));
}

/* User's Guide, accounting file. */
static const char DEFAULT_COLUMNS[] =
    "type timeLogged timeQueued orig rcpt orcpt dsnAction dsnStatus dsnDiag dsnMta bounceCat srcType "
    "srcMta dlvType dlvSourceIp dlvDestinationIp dlvEsmtpAvailable dlvSize vmta jobId envId";

void nx_log_powermta(struct nx_log_reading *reading)
{
    GPtrArray *names = nx_log_columns(reading->log);
    struct nx_str rest = reading->line, fields[128];
    size_t n = 0;
    while (rest.n > 0 && n < G_N_ELEMENTS(fields))
        fields[n++] = take_field(&rest);
    if (n > 1 && nx_str_eq(fields[0], NX_STR("type"))) {
        g_ptr_array_set_size(names, 0);
        for (size_t i = 0; i < n; i++)
            g_ptr_array_add(names, g_strndup(fields[i].p != NULL ? fields[i].p : "", fields[i].n));
        return;
    }
    if (names->len == 0) {
        g_auto(GStrv) columns = g_strsplit(DEFAULT_COLUMNS, " ", -1);
        for (char **name = columns; *name != NULL; name++)
            g_ptr_array_add(names, g_strdup(*name));
    }
    if (n < 5)
        return;
    struct nx_str type = fields[0], text = column(names, fields, n, "dsnDiag");
    enum nx_kind kind = nx_str_eq(type, NX_STR("b")) || nx_str_eq(type, NX_STR("rb")) ? NX_KIND_FAILED
                        : nx_str_eq(type, NX_STR("t"))                                ? NX_KIND_DELAYED
                        : nx_str_eq(type, NX_STR("d"))                                ? NX_KIND_DELIVERED
                        : nx_str_eq(type, NX_STR("f"))                                ? NX_KIND_COMPLAINT
                                                                                      : NX_KIND_OTHER;
    if (kind == NX_KIND_OTHER)
        return;
    (void)nx_log_local_time(column(names, fields, n, "timeLogged"), &reading->at);
    struct nx_log_message message = {0};
    nx_log_set(&message.from, column(names, fields, n, "orig"));
    nx_log_set(&message.message_id, column(names, fields, n, "header_Message-Id"));
    size_t semicolon = nx_str_chr(text, ';');
    struct nx_str recipient = column(names, fields, n, "rcpt");
    struct nx_report *report = nx_log_report(reading, &message, kind, recipient, status_of(column(names, fields, n, "dsnStatus")),
                                             semicolon < 12 ? nx_str_trim(nx_str_from(text, semicolon + 1)) : text);
    if (report != NULL) {
        struct nx_str host = column(names, fields, n, "dsnMta"), job = column(names, fields, n, "jobId"),
                      category = column(names, fields, n, "bounceCat");
        nx_notes notes = 0;
        report->remote_mta = nx_str_sub(host, 0, nx_str_chr(host, ' '));
        report->original_recipient = nx_address_of_field(reading->arena, column(names, fields, n, "orcpt"), NULL, &notes);
        if (nx_str_ieq(report->original_recipient, recipient))
            report->original_recipient = NX_STR_NONE;
        struct nx_tag *tags = nx_arena_array(reading->arena, 2, sizeof *tags);
        if (category.n > 0)
            tags[report->n_tags++] = (struct nx_tag){NX_STR("bounceCat"), category};
        if (job.n > 0)
            tags[report->n_tags++] = (struct nx_tag){NX_STR("jobId"), job};
        report->tags = tags;
        if (kind == NX_KIND_COMPLAINT)
            report->feedback.type = NX_STR("abuse");
    }
    g_free(message.from);
    g_free(message.message_id);
}
