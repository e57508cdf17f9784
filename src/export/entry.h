/* SPDX-License-Identifier: Apache-2.0 */
/* export/entry.h - one suppression as a line of CSV, JSON or text.
 *
 * CSV: RFC 4180 quoting, LF line ends, UTF-8, a header line first; times RFC 3339. JSON: one object a line, absent is null. Text:
 * the address alone. The same lines over HTTP and from the command line. Appends to buf; slices of the entry are copied. Pure, any
 * thread. */
#pragma once
#include "base/buf.h"
#include "store/store.h"

enum nx_entry_format { NX_ENTRY_CSV, NX_ENTRY_JSONL, NX_ENTRY_TXT };
bool nx_entry_format_parse(struct nx_str name, enum nx_entry_format *ret);
/* The header line, empty for formats that have none. codes: the name of the extra column, or NULL. */
void nx_entry_head(struct nx_buf *out, enum nx_entry_format format, const char *codes);
/* code: its value, such as the cause in another product's words (export/codes.h). */
void nx_entry_line(struct nx_buf *out, enum nx_entry_format format, const struct nx_entry *entry, const char *codes,
                   const char *code);
/* The JSON object alone (docs/http.md, schema Suppression): fixed key order, absent is null, no line end. */
void nx_entry_to_json(struct nx_buf *out, const struct nx_entry *entry);
/* The entity tag (RFC 9110 8.8.3) of the list as it is now: another one after every change of the store (its position), for another
 * question or format, and every hour, because entries run out; a weak one for that reason. Freed with g_free. */
char *nx_entry_tag(int64_t position, nx_when now, const char *question, enum nx_entry_format format);
/* A CSV field, quoted where it must be. */
void nx_csv_field(struct nx_buf *out, struct nx_str text, char delimiter);
