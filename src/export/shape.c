/* SPDX-License-Identifier: Apache-2.0 */
#include "export/shape.h"

#include "address/key.h"
#include "base/ascii.h"
#include "base/error.h"

#define LOOK_AT 50u /* records */

/* How products call the column, best first. */
static const char *const address_names[] = {
    "email",        "emailaddress", "mail",        "address",         "recipient", "subscriber",        "useremail",
    "emailadresse", "mailadresse",  "adressemail", "adressecourriel", "courriel",  "correoelectronico", "username"};

bool nx_header_parse(const char *word, enum nx_header *ret)
{
    static const char *const words[] = {[NX_HEADER_AUTO] = "auto", [NX_HEADER_YES] = "yes", [NX_HEADER_NO] = "no"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum nx_header)i;
            return true;
        }
    return false;
}

bool nx_delimiter_parse(const char *word, char *ret)
{
    static const struct {
        const char *word;
        char delimiter;
    } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"comma", ','}, {"semicolon", ';'}, {"pipe", '|'}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(word, words[i].word) == 0) {
            *ret = words[i].delimiter;
            return true;
        }
    if (strlen(word) != 1 || strchr("\"\r\n@", *word) != NULL)
        return false;
    *ret = *word;
    return true;
}

struct nx_str nx_shape_address(struct nx_str field)
{
    size_t open = nx_str_chr(field, '<');
    size_t close = open < field.n ? nx_str_chr(nx_str_from(field, open), '>') : 0;
    if (open == field.n || open + close >= field.n)
        return nx_str_trim(field);
    return nx_str_trim(nx_str_sub(field, open + 1, open + close));
}

struct nx_str nx_shape_from_latin1(struct nx_arena *arena, struct nx_str text)
{
    char *out = nx_arena_alloc(arena, 2 * text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x80) {
            out[n++] = (char)c;
        } else {
            out[n++] = (char)(0xc0 | c >> 6);
            out[n++] = (char)(0x80 | (c & 0x3f));
        }
    }
    return (struct nx_str){out, n};
}

static bool same_name(struct nx_str name, const char *plain)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = nx_lower((unsigned char)name.p[i]);
        if (c == ' ' || c == '-' || c == '_' || c == '.')
            continue;
        if (*plain == '\0' || c != (unsigned char)*plain++)
            return false;
    }
    return *plain == '\0';
}

unsigned nx_shape_column(const struct nx_shape *shape, const char *name)
{
    g_autofree char *plain = g_ascii_strdown(name, -1);
    char *to = plain;
    for (const char *from = plain; *from != '\0'; from++)
        if (strchr(" -_.", *from) == NULL)
            *to++ = *from;
    *to = '\0';
    for (unsigned i = 0; i < shape->n_columns; i++)
        if (same_name(nx_str_trim(shape->names[i]), plain))
            return i;
    return shape->n_columns;
}

static bool is_address(struct nx_arena *arena, struct nx_str field)
{
    struct nx_address address;
    struct nx_str text = nx_shape_address(field);
    if (text.n > 0 && text.n <= NX_ADDRESS_MAX &&
        !g_utf8_validate(text.p, (gssize)text.n, NULL)) { /* another encoding: any letter will do */
        char *plain = nx_arena_cstr(arena, text);
        for (size_t i = 0; i < text.n; i++)
            plain[i] = (unsigned char)plain[i] < 0x80 ? plain[i] : 'x';
        text.p = plain;
    }
    return nx_address_fold(arena, text, NULL, &address, NULL) && address.local.n > 0;
}

static gboolean check_encoding(struct nx_str sample, const char *name, size_t *ret_skip, GError **error)
{
    size_t nuls = 0;
    for (size_t i = 0; i < MIN(sample.n, 4096); i++)
        nuls += sample.p[i] == '\0';
    *ret_skip = sample.n >= 3 && memcmp(sample.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if ((sample.n >= 2 && (memcmp(sample.p, "\xff\xfe", 2) == 0 || memcmp(sample.p, "\xfe\xff", 2) == 0)) ||
        nuls > MIN(sample.n, 4096) / 8) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX,
                    "%s: UTF-16, or no text at all (save it as UTF-8: iconv -f UTF-16 -t UTF-8 %s)", name, name);
        return FALSE;
    }
    return TRUE;
}

struct looked { /* of the first records: how many hold an address in each column */
    unsigned hits[NX_COLUMNS_MAX];
    bool first_has;
    unsigned records, columns;
};

static void look(struct nx_arena *arena, const struct nx_csv *csv, struct nx_str rest, bool whole, struct nx_str *first,
                 struct looked *ret)
{
    struct nx_str fields[NX_COLUMNS_MAX];
    size_t n;
    while (ret->records < LOOK_AT && rest.n > 0) {
        if (nx_csv_cut(csv, rest, &n) != NX_CSV_RECORD) {
            if (!whole && ret->records > 0)
                break;
            n = rest.n;
        }
        struct nx_str record = nx_str_sub(rest, 0, n);
        rest = nx_str_from(rest, n);
        if (nx_str_trim(record).n == 0)
            continue;
        unsigned count = MIN(nx_csv_split(csv, arena, record, fields, NX_COLUMNS_MAX), NX_COLUMNS_MAX);
        for (unsigned i = 0; i < count; i++) {
            bool hit = is_address(arena, fields[i]);
            ret->hits[i] += hit;
            ret->first_has = ret->first_has || (hit && ret->records == 0);
        }
        if (ret->records == 0) {
            ret->columns = count;
            memcpy(first, fields, count * sizeof *fields);
        }
        ret->records++;
    }
}

static gboolean given_column(struct nx_shape *shape, const char *column, const char *name, GError **error)
{
    unsigned long long number;
    if (nx_str_to_u64(nx_str_of(column), &number)) {
        if (number >= 1 && number <= shape->n_columns) {
            shape->column = (unsigned)number - 1;
            return TRUE;
        }
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "%s: there is no column %s, the first line has %u", name, column,
                    shape->n_columns);
        return FALSE;
    }
    shape->column = nx_shape_column(shape, column);
    if (shape->column < shape->n_columns)
        return TRUE;
    GString *names = g_string_new(NULL);
    for (unsigned i = 0; i < shape->n_columns; i++)
        g_string_append_printf(names, "%s%.*s", i > 0 ? ", " : "", NX_FMT(nx_str_sub(shape->names[i], 0, 40)));
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "%s: no column is called '%s' (there are: %s)", name, column,
                shape->header ? names->str : "no names, give a number");
    g_string_free(names, TRUE);
    return FALSE;
}

static gboolean find_column(struct nx_shape *shape, const struct looked *looked, const char *name, GError **error)
{
    unsigned best = shape->n_columns, others = 0;
    for (size_t i = 0; shape->header && i < G_N_ELEMENTS(address_names) && best == shape->n_columns; i++)
        best = nx_shape_column(shape, address_names[i]);
    if (best < shape->n_columns) {
        shape->column = best;
        return TRUE;
    }
    GString *found = g_string_new(NULL);
    for (unsigned i = 0; i < shape->n_columns; i++)
        if (looked->hits[i] > 0) {
            best = i;
            others++;
            g_string_append_printf(found, "%s%u%s%.*s%s", others > 1 ? " and " : "", i + 1, shape->header ? " (" : "",
                                   NX_FMT(nx_str_sub(shape->names[i], 0, 40)), shape->header ? ")" : "");
        }
    if (others > 1)
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s: columns %s hold addresses (say which: --column)", name, found->str);
    else if (others == 0 && shape->n_columns > 1)
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s: no column holds addresses in the first %u lines (say which: --column)",
                    name, looked->records);
    g_string_free(found, TRUE);
    shape->column = others == 0 ? 0 : best;
    return others == 1 || (others == 0 && shape->n_columns <= 1);
}

size_t nx_shape_head(const struct nx_shape *shape, struct nx_str sample)
{
    size_t n = 0;
    if (!shape->header)
        return shape->skip;
    if (nx_csv_cut(&shape->csv, nx_str_from(sample, shape->skip), &n) != NX_CSV_RECORD)
        return sample.n;
    return shape->skip + n;
}

gboolean nx_shape_find(struct nx_arena *arena, struct nx_str sample, bool whole, char delimiter, const char *column,
                       enum nx_header header, const char *name, struct nx_shape *ret, GError **error)
{
    struct nx_shape shape = {0};
    struct nx_str first[NX_COLUMNS_MAX];
    struct looked looked = {0};
    if (!check_encoding(sample, name, &shape.skip, error))
        return FALSE;
    sample = nx_str_from(sample, shape.skip);
    shape.csv = nx_csv_guess(sample, delimiter);
    look(arena, &shape.csv, sample, whole, first, &looked);
    shape.n_columns = looked.columns;
    shape.names = nx_arena_array(arena, MAX(looked.columns, 1), sizeof *shape.names);
    shape.header = header == NX_HEADER_YES || (header == NX_HEADER_AUTO && looked.records > 0 && !looked.first_has);
    if (shape.header)
        for (unsigned i = 0; i < looked.columns; i++)
            shape.names[i] = nx_arena_dup(arena, first[i]);
    /* One word that is no address, in a list that has none below it either, is no header but a bad line. */
    if (shape.header && header == NX_HEADER_AUTO && shape.csv.delimiter == 0 && looked.hits[0] == 0) {
        shape.header = false;
        for (size_t i = 0; i < G_N_ELEMENTS(address_names); i++)
            shape.header = shape.header || same_name(nx_str_trim(shape.names[0]), address_names[i]);
    }
    if (looked.records > 0 &&
        !(column != NULL ? given_column(&shape, column, name, error) : find_column(&shape, &looked, name, error)))
        return FALSE;
    *ret = shape;
    return TRUE;
}
