/* SPDX-License-Identifier: Apache-2.0 */
#include "export/import.h"

#include "base/ascii.h"
#include "base/error.h"
#include "export/product.h"
#include "export/shape.h"

#include <jansson.h>

#define DOCUMENT_MAX (1u << 30)

struct reading {
    const struct nx_import_options *options;
    const char *name;
    nx_import_fn *fn;
    void *data;
    struct nx_arena *arena; /* of a row */
};

/* RFC 3339, RFC 5322, or seconds (or milliseconds) since 1970, with other words behind them in a Sympa table. */
static nx_when when_of(struct nx_str text)
{
    unsigned long long number;
    text = nx_str_trim(text);
    size_t dot = MIN(nx_str_chr(text, '.'), nx_str_chr(text, ' '));
    if (nx_str_to_u64(nx_str_sub(text, 0, dot), &number) && number > 100000000)
        return (nx_when)(number > 100000000000 ? number / 1000 : number);
    nx_when when = nx_when_parse(text);
    return when != NX_WHEN_NONE || text.n == 0 || nx_is_digit((unsigned char)text.p[0]) ? when : nx_when_parse_mail(text);
}

/* A list by an old program, or by several. */
static struct nx_str as_utf8(struct reading *reading, struct nx_str text)
{
    return text.n == 0 || g_utf8_validate(text.p, (gssize)text.n, NULL) || memchr(text.p, '\0', text.n) != NULL
               ? text
               : nx_shape_from_latin1(reading->arena, text);
}

static gboolean hand_out(struct reading *reading, uint64_t line, const struct nx_str *fields, GError **error)
{
    struct nx_import_row row = {.line = line,
                                .address = as_utf8(reading, nx_shape_address(fields[NX_FIELD_ADDRESS])),
                                .stream = as_utf8(reading, nx_str_trim(fields[NX_FIELD_STREAM])),
                                .text = as_utf8(reading, nx_str_trim(fields[NX_FIELD_TEXT])),
                                .since = when_of(fields[NX_FIELD_SINCE]),
                                .until = when_of(fields[NX_FIELD_UNTIL])};
    if (!nx_product_cause(reading->options->product, fields[NX_FIELD_WORD], &row.cause))
        row.skip = "not suppressed there";
    return reading->fn(reading->data, &row, error);
}

/* CSV */

struct columns {
    unsigned of[NX_FIELD_COUNT]; /* index, or UINT_MAX */
};

static void find_columns(const struct reading *reading, const struct nx_shape *shape, struct columns *ret)
{
    for (int field = 0; field < NX_FIELD_COUNT; field++) {
        int best = INT_MAX;
        ret->of[field] = UINT_MAX;
        for (unsigned i = 0; shape->header && i < shape->n_columns; i++) {
            int rank = nx_product_rank(reading->options->product, (enum nx_field)field, shape->names[i]);
            if (rank >= 0 && rank < best) {
                best = rank;
                ret->of[field] = i;
            }
        }
    }
    if (ret->of[NX_FIELD_ADDRESS] == UINT_MAX || reading->options->column != NULL)
        ret->of[NX_FIELD_ADDRESS] = shape->column;
}

static gboolean read_stretch(struct reading *reading, const struct nx_csv *csv, const struct columns *columns,
                             const struct nx_stretch *stretch, GError **error)
{
    struct nx_str rest = stretch->text, cells[NX_COLUMNS_MAX], fields[NX_FIELD_COUNT];
    uint64_t line = stretch->line;
    while (rest.n > 0) {
        size_t n;
        if (nx_csv_cut(csv, rest, &n) != NX_CSV_RECORD)
            n = rest.n;
        struct nx_str record = nx_str_sub(rest, 0, n);
        uint64_t lines = 0;
        for (const char *at = record.p; at < record.p + n && (at = memchr(at, csv->end, (size_t)(record.p + n - at))) != NULL; at++)
            lines++;
        rest = nx_str_from(rest, n);
        if (nx_csv_body(record).n > 0) {
            unsigned count = MIN(nx_csv_split(csv, reading->arena, record, cells, NX_COLUMNS_MAX), NX_COLUMNS_MAX);
            for (int i = 0; i < NX_FIELD_COUNT; i++)
                fields[i] = columns->of[i] < count ? cells[columns->of[i]] : NX_STR_NONE;
            if (!hand_out(reading, line, fields, error))
                return FALSE;
            if (nx_arena_used(reading->arena) > 60000)
                nx_arena_reset(reading->arena);
        }
        line += lines;
    }
    return TRUE;
}

static gboolean read_csv(struct reading *reading, struct nx_cutter *cutter, struct nx_str sample, GError **error)
{
    const struct nx_import_options *options = reading->options;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_shape shape;
    struct columns columns;
    struct nx_stretch stretch = {0};
    if (!nx_shape_find(arena, sample, cutter->at_end, options->delimiter, options->column, options->header, reading->name, &shape,
                       error))
        return FALSE;
    find_columns(reading, &shape, &columns);
    cutter->csv = shape.csv;
    nx_cutter_skip(cutter, nx_shape_head(&shape, sample));
    gboolean good = TRUE;
    while (good && (good = nx_cutter_next(cutter, &stretch, error)) && stretch.text.n > 0)
        good = read_stretch(reading, &shape.csv, &columns, &stretch, error);
    g_free(stretch.bytes);
    return good;
}

/* JSON */

static struct nx_str text_of(struct reading *reading, json_t *value)
{
    if (json_is_string(value))
        return (struct nx_str){json_string_value(value), json_string_length(value)};
    if (json_is_integer(value))
        return nx_arena_printf(reading->arena, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return nx_arena_printf(reading->arena, "%.0f", json_real_value(value));
    return NX_STR_NONE;
}

#define INSIDE 1000 /* added to the rank of what stands in an object inside: a member of the entry itself goes before it */

/* Members by name; one level of objects inside is looked into as well ("reason": {"code": ...}). */
static void collect(struct reading *reading, json_t *object, struct nx_str *fields, int *ranks, int inside)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (json_is_object(value) && inside == 0)
            collect(reading, value, fields, ranks, INSIDE);
        struct nx_str text = text_of(reading, value);
        for (int field = 0; field < NX_FIELD_COUNT && text.n > 0; field++) {
            int rank = nx_product_rank(reading->options->product, (enum nx_field)field, nx_str_of(name));
            if (rank >= 0 && rank + inside < ranks[field]) {
                ranks[field] = rank + inside;
                fields[field] = text;
            }
        }
    }
}

static json_t *find_array(const struct reading *reading, json_t *node, unsigned depth);
static gboolean all_entries(struct reading *reading, json_t *array, uint64_t *number, GError **error);

/* number counts the entries before it. A page of a list in the place of an entry (pages gathered by jq -s) gives all of its own. */
static gboolean one_object(struct reading *reading, json_t *object, uint64_t *number, GError **error)
{
    struct nx_str fields[NX_FIELD_COUNT] = {0};
    int ranks[NX_FIELD_COUNT] = {INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX};
    json_t *page = json_is_object(object) ? find_array(reading, object, 0) : NULL;
    if (page != NULL)
        return all_entries(reading, page, number, error);
    nx_arena_reset(reading->arena);
    if (json_is_string(object))
        fields[NX_FIELD_ADDRESS] = text_of(reading, object);
    else
        collect(reading, object, fields, ranks, 0);
    return hand_out(reading, ++*number, fields, error);
}

static gboolean all_entries(struct reading *reading, json_t *array, uint64_t *number, GError **error)
{
    size_t index;
    json_t *value;
    gboolean good = TRUE;
    json_array_foreach(array, index, value)
    {
        good = good && one_object(reading, value, number, error);
    }
    return good;
}

/* The array of entries in a document: itself, or a member (of a member) that the product names. */
static json_t *find_array(const struct reading *reading, json_t *node, unsigned depth)
{
    const char *name;
    json_t *value;
    if (json_is_array(node))
        return node;
    json_object_foreach(node, name, value)
    {
        bool listed = nx_product_is_list(reading->options->product, nx_str_of(name));
        json_t *found = listed && json_is_array(value)       ? value
                        : json_is_object(value) && depth < 3 ? find_array(reading, value, depth + 1)
                                                             : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

static uint64_t lines_in(struct nx_str text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

/* One document, or the pages of a list one behind the other. */
static gboolean read_documents(struct reading *reading, struct nx_str text, GError **error)
{
    uint64_t number = 0;
    struct nx_str rest = text;
    gboolean good = TRUE;
    for (bool first = true; good && (first || nx_str_trim(rest).n > 0); first = false) {
        json_error_t why;
        json_t *root = json_loadb(rest.p, rest.n, JSON_DISABLE_EOF_CHECK, &why);
        json_t *array = root != NULL ? find_array(reading, root, 0) : NULL;
        good = array != NULL;
        if (root == NULL)
            g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s:%" G_GUINT64_FORMAT ": %s", reading->name,
                        lines_in(nx_str_sub(text, 0, text.n - rest.n)) + (uint64_t)MAX(why.line, 1), why.text);
        else if (array == NULL)
            g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s: no list of entries in it (is it a list of %s?)", reading->name,
                        reading->options->product->title);
        else
            good = all_entries(reading, array, &number, error);
        rest = nx_str_from(rest, root != NULL ? (size_t)why.position : rest.n);
        json_decref(root);
    }
    return good;
}

static gboolean read_lines(struct reading *reading, struct nx_cutter *cutter, GError **error)
{
    struct nx_stretch stretch = {0};
    gboolean good = TRUE;
    while (good && (good = nx_cutter_next(cutter, &stretch, error)) && stretch.text.n > 0) {
        struct nx_str rest = stretch.text, line;
        for (uint64_t number = stretch.line; good && rest.n > 0; number++) {
            size_t end = nx_str_chr(rest, '\n');
            json_error_t why;
            line = nx_str_trim(nx_str_sub(rest, 0, end));
            rest = nx_str_from(rest, end + 1);
            if (line.n == 0)
                continue;
            json_t *object = json_loadb(line.p, line.n, JSON_DECODE_ANY, &why);
            good = object != NULL;
            if (object == NULL)
                g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s:%" G_GUINT64_FORMAT ": %s", reading->name, number, why.text);
            else {
                uint64_t before = number - 1; /* rows are named by their line */
                good = one_object(reading, object, &before, error);
            }
            json_decref(object);
        }
    }
    g_free(stretch.bytes);
    return good;
}

static gboolean read_json(struct reading *reading, struct nx_cutter *cutter, struct nx_str sample, GError **error)
{
    struct nx_str first = nx_str_sub(sample, 0, nx_str_chr(sample, '\n'));
    json_t *object = json_loadb(first.p, first.n, 0, NULL);
    bool lines = json_is_object(object) && find_array(reading, object, 0) == NULL;
    json_decref(object);
    cutter->csv = (struct nx_csv){.end = '\n'};
    if (lines)
        return read_lines(reading, cutter, error);
    GString *all = g_string_new_len(cutter->carry, (gssize)cutter->carried);
    gboolean good = TRUE;
    g_autofree char *bytes = g_malloc(1u << 20);
    while (good && !cutter->at_end) {
        gssize got = cutter->read(cutter->data, bytes, 1u << 20, error);
        good = got >= 0 && all->len <= DOCUMENT_MAX;
        if (got >= 0 && !good)
            g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "%s: a JSON document of more than 1 GiB (make it JSON lines: jq -c '.[]')",
                        reading->name);
        if (got > 0 && good)
            g_string_append_len(all, bytes, got);
        cutter->at_end = got == 0;
    }
    good = good && read_documents(reading, (struct nx_str){all->str, all->len}, error);
    g_string_free(all, TRUE);
    return good;
}

gboolean nx_import_read(const struct nx_import_options *options, nx_read_fn *read, void *read_data, const char *name,
                        nx_import_fn *fn, void *data, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct reading reading = {.options = options, .name = name, .fn = fn, .data = data, .arena = arena};
    struct nx_cutter cutter = {.read = read, .data = read_data, .name = name, .csv = {.end = '\n'}};
    struct nx_str sample;
    gboolean good = nx_cutter_peek(&cutter, &sample, error);
    struct nx_str start =
        nx_str_trim(good ? nx_str_from(sample, sample.n >= 3 && memcmp(sample.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0) : NX_STR_NONE);
    bool json = start.n > 0 && (start.p[0] == '{' || (start.p[0] == '[' && nx_str_chr(start, '@') > 1));
    if (json && start.p > sample.p)
        nx_cutter_skip(&cutter, (size_t)(start.p - sample.p));
    good = good && (json ? read_json(&reading, &cutter, start, error) : read_csv(&reading, &cutter, sample, error));
    nx_cutter_clear(&cutter);
    return good;
}
