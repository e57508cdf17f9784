/* SPDX-License-Identifier: Apache-2.0 */
#include "export/csv.h"

static enum nx_csv_cut cut_quoted(const struct nx_csv *csv, struct nx_str text, size_t *ret_n)
{
    bool field_begins = true;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' && field_begins) {
            do { /* to the quote that is not doubled */
                const char *quote = memchr(text.p + i + 1, '"', text.n - i - 1);
                if (quote == NULL)
                    return NX_CSV_OPEN_QUOTE;
                i = (size_t)(quote - text.p) + 1;
            } while (i < text.n && text.p[i] == '"');
            if (i >= text.n)
                return NX_CSV_MORE;
            c = text.p[i];
        }
        if (c == csv->end) {
            *ret_n = i + 1;
            return NX_CSV_RECORD;
        }
        field_begins = c == csv->delimiter;
    }
    return NX_CSV_MORE;
}

enum nx_csv_cut nx_csv_cut(const struct nx_csv *csv, struct nx_str text, size_t *ret_n)
{
    const char *end = text.n > 0 ? memchr(text.p, csv->end, text.n) : NULL;
    size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
    if (csv->delimiter != 0 && n > 0 && memchr(text.p, '"', n) != NULL)
        return cut_quoted(csv, text, ret_n);
    if (end == NULL)
        return NX_CSV_MORE;
    *ret_n = n + 1;
    return NX_CSV_RECORD;
}

struct nx_str nx_csv_body(struct nx_str record)
{
    if (record.n > 0 && record.p[record.n - 1] == '\n')
        record.n--;
    if (record.n > 0 && record.p[record.n - 1] == '\r')
        record.n--;
    return record;
}

/* Takes one field off *rest; *ret_more: a delimiter follows it. */
static struct nx_str take_field(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str *rest, bool *ret_more)
{
    struct nx_str field;
    size_t n = 0;
    if (rest->n > 0 && rest->p[0] == '"') {
        char *out = nx_arena_alloc(arena, rest->n);
        size_t i = 1, kept = 0;
        for (; i < rest->n; i++) {
            if (rest->p[i] == '"' && (i + 1 >= rest->n || rest->p[i + 1] != '"'))
                break;
            i += rest->p[i] == '"';
            out[kept++] = rest->p[i];
        }
        field = (struct nx_str){out, kept};
        n = MIN(i + 1, rest->n);
        n += nx_str_chr(nx_str_from(*rest, n), csv->delimiter); /* words behind the quote belong to nobody */
    } else {
        const char *end = rest->n > 0 ? memchr(rest->p, csv->delimiter, rest->n) : NULL;
        n = end != NULL ? (size_t)(end - rest->p) : rest->n;
        field = nx_str_sub(*rest, 0, n);
    }
    *ret_more = n < rest->n;
    *rest = nx_str_from(*rest, n + 1);
    return field;
}

bool nx_csv_get(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str record, unsigned index, struct nx_str *ret)
{
    struct nx_str rest = nx_csv_body(record);
    bool more = true;
    if (csv->delimiter == 0) {
        *ret = rest;
        return index == 0;
    }
    for (unsigned i = 0; i <= index; i++) {
        if (!more)
            return false;
        *ret = take_field(csv, arena, &rest, &more);
    }
    return true;
}

unsigned nx_csv_split(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str record, struct nx_str *ret, unsigned max)
{
    struct nx_str rest = nx_csv_body(record);
    bool more = true;
    unsigned n = 0;
    if (csv->delimiter == 0) {
        if (max > 0)
            ret[0] = rest;
        return 1;
    }
    while (more) {
        struct nx_str field = take_field(csv, arena, &rest, &more);
        if (n < max)
            ret[n] = field;
        n++;
    }
    return n;
}

static unsigned count_fields(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str sample, unsigned line)
{
    size_t n;
    for (unsigned i = 0; i < line; i++) {
        if (nx_csv_cut(csv, sample, &n) != NX_CSV_RECORD)
            return 0;
        sample = nx_str_from(sample, n);
    }
    if (sample.n == 0)
        return 0;
    if (nx_csv_cut(csv, sample, &n) != NX_CSV_RECORD)
        n = sample.n;
    return nx_csv_split(csv, arena, nx_str_sub(sample, 0, n), NULL, 0);
}

struct nx_csv nx_csv_guess(struct nx_str sample, char given)
{
    static const char candidates[] = "\t;,|";
    struct nx_csv best = {.delimiter = given, .end = '\n'};
    g_autoptr(nx_arena) arena = nx_arena_new();
    unsigned most = 1, alone = 1;
    char by_header = 0;
    if (nx_str_chr(sample, '\n') == sample.n && nx_str_chr(sample, '\r') < sample.n)
        best.end = '\r';
    bool header =
        nx_str_chr(nx_str_sub(sample, 0, nx_str_chr(sample, best.end)), '@') == MIN(sample.n, nx_str_chr(sample, best.end));
    for (const char *c = candidates; given == 0 && *c != '\0'; c++) {
        struct nx_csv csv = {.delimiter = *c, .end = best.end};
        unsigned first = count_fields(&csv, arena, sample, 0), second = count_fields(&csv, arena, sample, 1);
        if (first > most && (second == 0 || second == first)) { /* the same in two lines is no accident */
            most = first;
            best.delimiter = *c;
        }
        if (first > alone && header) { /* a header speaks for itself where the line below is damaged */
            alone = first;
            by_header = *c;
        }
    }
    if (given == 0 && best.delimiter == 0)
        best.delimiter = by_header;
    return best;
}
