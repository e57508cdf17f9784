/* SPDX-License-Identifier: Apache-2.0 */
#include "export/entry.h"

#include "event/json.h"

#define HOUR 3600

bool nx_entry_format_parse(struct nx_str name, enum nx_entry_format *ret)
{
    static const char *const names[] = {[NX_ENTRY_CSV] = "csv", [NX_ENTRY_JSONL] = "jsonl", [NX_ENTRY_TXT] = "txt"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (nx_str_eq(name, nx_str_of(names[i]))) {
            *ret = (enum nx_entry_format)i;
            return true;
        }
    return false;
}

void nx_csv_field(struct nx_buf *out, struct nx_str text, char delimiter)
{
    bool quote = text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');
    for (size_t i = 0; i < text.n && !quote; i++)
        quote = text.p[i] == delimiter || text.p[i] == '"' || text.p[i] == '\n' || text.p[i] == '\r';
    if (!quote) {
        nx_buf_add(out, text);
        return;
    }
    nx_buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            nx_buf_addc(out, '"');
        nx_buf_addc(out, text.p[i]);
    }
    nx_buf_addc(out, '"');
}

void nx_entry_head(struct nx_buf *out, enum nx_entry_format format, const char *codes)
{
    if (format != NX_ENTRY_CSV)
        return;
    nx_buf_add(out, NX_STR("address,cause,class,since,until,stream,source,reason,status,diagnostic"));
    if (codes != NULL) {
        nx_buf_addc(out, ',');
        nx_buf_add(out, nx_str_of(codes));
    }
    nx_buf_addc(out, '\n');
}

/* Words of strangers in a cell: a spreadsheet takes what begins with one of these signs for a formula and runs it; behind an
 * apostrophe it is text (OWASP, CSV injection). */
static struct nx_str no_formula(struct nx_arena *arena, struct nx_str words)
{
    bool formula = words.n > 0 && strchr("=+-@", words.p[0]) != NULL;
    return formula ? nx_arena_printf(arena, "'%.*s", NX_FMT(words)) : words;
}

static void csv_line(struct nx_buf *out, const struct nx_entry *entry, const char *codes, const char *code)
{
    const struct nx_str fields[] = {entry->address,
                                    nx_str_of(nx_entry_cause_name(entry->cause)),
                                    nx_str_of(nx_class_name(entry->class_)),
                                    nx_when_format(out->arena, entry->since),
                                    nx_when_format(out->arena, entry->until),
                                    entry->stream,
                                    entry->source,
                                    no_formula(out->arena, entry->reason),
                                    entry->status,
                                    no_formula(out->arena, entry->diagnostic),
                                    nx_str_of(code)};
    size_t n = G_N_ELEMENTS(fields) - (codes == NULL);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        nx_csv_field(out, fields[i], ',');
    }
    nx_buf_addc(out, '\n');
}

static void member(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, out->n > 0 && out->p[out->n - 1] != '{' ? NX_STR(",\"") : NX_STR("\""));
    nx_buf_add(out, nx_str_of(name));
    nx_buf_add(out, NX_STR("\":"));
    nx_json_string(out, text);
}

static void json_object(struct nx_buf *out, const struct nx_entry *entry, const char *extra, const char *value)
{
    const enum nx_class class_ = entry->class_;
    nx_buf_addc(out, '{');
    if (extra != NULL)
        member(out, extra, nx_str_of(value));
    member(out, "address", entry->address);
    member(out, "stream", entry->stream);
    member(out, "cause", nx_str_of(nx_entry_cause_name(entry->cause)));
    member(out, "class", class_ == NX_CLASS_NONE ? NX_STR_NONE : nx_str_of(nx_class_name(class_)));
    member(out, "since", nx_when_format(out->arena, entry->since));
    member(out, "until", nx_when_format(out->arena, entry->until));
    member(out, "status", entry->status);
    member(out, "diagnostic", entry->diagnostic);
    member(out, "rule", entry->rule);
    member(out, "reason", entry->reason);
    member(out, "source", entry->source);
    member(out, "actor", entry->actor);
    member(out, "event_id", entry->event_id);
    nx_buf_add(out,
               nx_arena_printf(out->arena, ",\"renewals\":%u,\"manual\":%s}", entry->renewals, entry->manual ? "true" : "false"));
}

void nx_entry_to_json(struct nx_buf *out, const struct nx_entry *entry)
{
    json_object(out, entry, NULL, NULL);
}

void nx_entry_line(struct nx_buf *out, enum nx_entry_format format, const struct nx_entry *entry, const char *codes,
                   const char *code)
{
    switch (format) {
    case NX_ENTRY_CSV:
        csv_line(out, entry, codes, code);
        return;
    case NX_ENTRY_JSONL:
        json_object(out, entry, codes, code);
        nx_buf_addc(out, '\n');
        return;
    case NX_ENTRY_TXT:
        nx_buf_add(out, entry->address);
        nx_buf_addc(out, '\n');
        return;
    }
}

char *nx_entry_tag(int64_t position, nx_when now, const char *question, enum nx_entry_format format)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, question, -1);
    return g_strdup_printf("W/\"%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "-%.8s-%d\"", position, now / HOUR, digest, (int)format);
}
