/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "base/error.h"
#include "export/codes.h"
#include "export/entry.h"

#define PIECE_ENTRIES 500u /* read at a time: the store is not held while the client reads */

static const char *const offered[] = {
    [NX_ENTRY_CSV] = "text/csv", [NX_ENTRY_JSONL] = "application/x-ndjson", [NX_ENTRY_TXT] = "text/plain", NULL};

struct export
{
    enum nx_entry_format format;
    struct nx_filter filter;
    bool coded;
    enum nx_codes codes;
    nx_when now;
    char *cursor; /* owns filter.after once the first piece is out */
    bool begun;
    struct nx_buf piece;
    size_t n;
};

static void free_export(void *data)
{
    struct export *export = data;
    g_free(export->cursor);
    g_free(export);
}

static bool add(const struct nx_entry *entry, void *data)
{
    struct export *export = data;
    nx_entry_line(&export->piece, export->format, entry, export->coded ? nx_codes_name(export->codes) : NULL,
                  export->coded ? nx_code(export->codes, entry->cause) : NULL);
    if (++export->n == PIECE_ENTRIES) {
        struct nx_str cursor = nx_entry_cursor(export->piece.arena, entry);
        g_free(export->cursor);
        export->cursor = g_strndup(cursor.p, cursor.n);
    }
    return true;
}

static int next(struct nx_request *request, void *data, GString *out)
{
    struct export *export = data;
    nx_buf_init(&export->piece, nx_request_arena(request), SIZE_MAX / 2);
    if (!export->begun)
        nx_entry_head(&export->piece, export->format, export->coded ? nx_codes_name(export->codes) : NULL);
    export->begun = true;
    export->n = 0;
    if (!nx_reader_list(nx_request_reader(request), &export->filter, export->now, add, export, NULL))
        return -1;
    export->filter.after = nx_str_of(export->cursor);
    g_string_append_len(out, export->piece.p, (gssize) export->piece.n);
    return export->n == PIECE_ENTRIES ? 1 : 0;
}

static char *tag_of(struct nx_request *request, enum nx_entry_format format, GError **error)
{
    int64_t position;
    g_autofree char *question = nx_request_query_text(request);
    if (!nx_reader_position(nx_request_reader(request), &position, error))
        return NULL;
    return nx_entry_tag(position, nx_request_now(request), question, format);
}

void nx_get_export(struct nx_request *request)
{
    struct nx_str format = nx_request_query(request, "format"), codes = nx_request_query(request, "codes");
    enum nx_codes coded = NX_CODES_SISIMAI;
    enum nx_entry_format chosen = NX_ENTRY_CSV;
    const char *accepted = nx_request_accepts(request, offered);
    struct nx_filter filter;
    if (nx_request_reader(request) == NULL || !nx_request_filter(request, &filter))
        return;
    if (format.n > 0 && !nx_entry_format_parse(format, &chosen)) {
        nx_request_problem(request, 400, "'%.*s' is no format (csv, jsonl, txt)", NX_FMT(format));
        return;
    }
    if (codes.n > 0 && !nx_codes_parse(codes, &coded)) {
        nx_request_problem(
            request, 400,
            "codes=%.*s: there is no such table (sisimai, kumomta, powermta, sparkpost, ses, postmark, zonemta or mautic)",
            NX_FMT(codes));
        return;
    }
    if (format.n == 0 && accepted == NULL) {
        nx_request_problem(request, 406, "the list can be text/csv, application/x-ndjson or text/plain");
        return;
    }
    while (format.n == 0 && strcmp(offered[chosen], accepted) != 0)
        chosen++;
    if (codes.n > 0 && chosen == NX_ENTRY_TXT) {
        nx_request_problem(request, 400, "codes: txt has no columns (format=csv or jsonl)");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *tag = tag_of(request, chosen, &error);
    if (tag == NULL) {
        nx_request_fail(request, error);
        return;
    }
    nx_request_add_header(request, "ETag", tag);
    nx_request_add_header(request, "Vary", "Accept");
    if (nx_request_has_tag(request, tag)) {
        nx_request_empty(request, 304);
        return;
    }
    struct export *export = g_new0(struct export, 1);
    *export =
        (struct export){.format = chosen, .filter = filter, .coded = codes.n > 0, .codes = coded, .now = nx_request_now(request)};
    export->filter.limit = PIECE_ENTRIES;
    export->filter.brief = export->filter.once = chosen == NX_ENTRY_TXT;
    nx_request_stream(request, 200, offered[chosen], next, export, free_export);
}
