/* SPDX-License-Identifier: Apache-2.0 */
/* KumoMTA: log records as JSON lines, the same that its log hooks post (docs: reference/log_record). */
#include "parse/log/inner.h"

#include "parse/webhook/webhook.h"

void nx_log_kumomta(struct nx_log_reading *reading)
{
    struct nx_input input = {.kind = NX_INPUT_EVENT, .bytes = reading->line, .provider = NX_STR("kumomta")};
    struct nx_webhook_body body;
    const char *why;
    if (!nx_webhook_parse(reading->arena, nx_log_limits(reading->log), &input, NULL, &body, &why))
        return;
    for (size_t i = 0; i < body.n; i++) {
        const struct nx_report *record = &body.reports[i];
        if (record->kind == NX_KIND_OTHER)
            continue;
        struct nx_report *report =
            nx_log_report(reading, NULL, record->kind, record->recipient, record->status, record->diagnostic);
        if (report == NULL)
            continue;
        struct nx_str key = report->key, format = report->format;
        *report = *record;
        report->key = record->key.n > 0 ? record->key : key;
        report->format = format;
    }
}
