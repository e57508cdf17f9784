/* SPDX-License-Identifier: Apache-2.0 */
/* export/report.h - what a cleaning found, for people and programs. Pure, any thread. */
#pragma once
#include "base/buf.h"
#include "export/clean.h"

struct nx_counted {
    const char *name, *other; /* the report's; other: what a mistyped one may mean */
    uint64_t n;
};
/* struct nx_counted of domains by how often they occur, empty without details; with typos: only those that look mistyped. */
GArray *nx_report_domains(const struct nx_clean_report *report, bool typos);
/* All of it as one object (docs/openapi.yaml, CleanReport), of domains the thousand most frequent; then a line end. */
void nx_report_to_json(struct nx_buf *out, const struct nx_clean_report *report);
