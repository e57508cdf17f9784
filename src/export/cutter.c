/* SPDX-License-Identifier: Apache-2.0 */
#include "export/cutter.h"

#include "base/error.h"

#define STRETCH (1u << 20)
#define PEEK (256u << 10)
#define RECORD_MAX (16u << 20) /* no line of a list is longer */

static void reserve(char **bytes, size_t *size, size_t need)
{
    if (need > *size) {
        *size = MAX(need, *size + *size / 2);
        *bytes = g_realloc(*bytes, *size);
    }
}

static gboolean fill(struct nx_cutter *cutter, char **bytes, size_t *size, size_t want, size_t *n, GError **error)
{
    reserve(bytes, size, want);
    while (*n < want && !cutter->at_end) {
        gssize got = cutter->read(cutter->data, *bytes + *n, want - *n, error);
        if (got < 0)
            return FALSE;
        cutter->at_end = got == 0;
        *n += (size_t)got;
    }
    return TRUE;
}

/* Bytes of whole records at the front; what is left over begins one. */
static size_t whole_records(const struct nx_csv *csv, struct nx_str text, enum nx_csv_cut *ret_why)
{
    *ret_why = NX_CSV_MORE;
    if (csv->delimiter == 0 || memchr(text.p, '"', text.n) == NULL) {
        const char *end = memrchr(text.p, csv->end, text.n);
        return end != NULL ? (size_t)(end - text.p) + 1 : 0;
    }
    size_t at = 0, n;
    while (at < text.n && (*ret_why = nx_csv_cut(csv, nx_str_from(text, at), &n)) == NX_CSV_RECORD)
        at += n;
    return at;
}

static uint64_t count_lines(struct nx_str text, char end)
{
    uint64_t n = 0;
    if (text.n == 0) /* and perhaps no pointer */
        return 0;
    const char *at = text.p, *stop = text.p + text.n;
    for (; at < stop && (at = memchr(at, end, (size_t)(stop - at))) != NULL; at++)
        n++;
    return n;
}

gboolean nx_cutter_peek(struct nx_cutter *cutter, struct nx_str *ret, GError **error)
{
    cutter->line = MAX(cutter->line, 1);
    if (!fill(cutter, &cutter->carry, &cutter->carry_size, PEEK, &cutter->carried, error))
        return FALSE;
    *ret = (struct nx_str){cutter->carry, cutter->carried};
    return TRUE;
}

void nx_cutter_skip(struct nx_cutter *cutter, size_t n)
{
    cutter->line += count_lines((struct nx_str){cutter->carry, n}, cutter->csv.end);
    cutter->carried -= n;
    memmove(cutter->carry, cutter->carry + n, cutter->carried);
}

static gboolean refuse(const struct nx_cutter *cutter, uint64_t line, const char *why, const char *remedy, enum nx_error code,
                       GError **error)
{
    g_set_error(error, NX_ERROR, (gint)code, "%s:%" G_GUINT64_FORMAT ": %s (%s)", cutter->name, line, why, remedy);
    return FALSE;
}

gboolean nx_cutter_next(struct nx_cutter *cutter, struct nx_stretch *stretch, GError **error)
{
    size_t n = cutter->carried, want = STRETCH;
    enum nx_csv_cut why = NX_CSV_MORE;
    cutter->line = MAX(cutter->line, 1);
    reserve(&stretch->bytes, &stretch->size, MAX(STRETCH, n));
    if (n > 0)
        memcpy(stretch->bytes, cutter->carry, n);
    cutter->carried = 0;
    for (;;) {
        if (!fill(cutter, &stretch->bytes, &stretch->size, MAX(want, n + 1), &n, error))
            return FALSE;
        struct nx_str text = {stretch->bytes, n};
        size_t whole = n > 0 ? whole_records(&cutter->csv, text, &why) : 0;
        if (whole == 0 && !cutter->at_end && n <= RECORD_MAX) {
            want = 2 * n;
            continue;
        }
        uint64_t bad = cutter->line + count_lines(nx_str_sub(text, 0, whole), cutter->csv.end);
        if (whole < n && cutter->at_end && why == NX_CSV_OPEN_QUOTE)
            return refuse(cutter, bad, "a quote that is opened there is never closed", "mend that line", NX_ERROR_SYNTAX, error);
        if (whole == 0 && n > RECORD_MAX && why == NX_CSV_OPEN_QUOTE)
            return refuse(cutter, bad, "a quote that is opened there is not closed within 16 MiB", "mend that line", NX_ERROR_LIMIT,
                          error);
        if (whole == 0 && n > RECORD_MAX)
            return refuse(cutter, bad, "a line of more than 16 MiB", "is this a list of addresses?", NX_ERROR_LIMIT, error);
        if (cutter->at_end)
            whole = n; /* the last line need not end */
        cutter->carried = n - whole;
        reserve(&cutter->carry, &cutter->carry_size, MAX(cutter->carried, 1));
        memcpy(cutter->carry, stretch->bytes + whole, cutter->carried);
        stretch->text = nx_str_sub(text, 0, whole);
        stretch->line = cutter->line;
        cutter->line += count_lines(stretch->text, cutter->csv.end);
        return TRUE;
    }
}

void nx_cutter_clear(struct nx_cutter *cutter)
{
    g_clear_pointer(&cutter->carry, g_free);
}
