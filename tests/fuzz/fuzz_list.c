/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as any product's list: the first byte says which, the second how it is read. And as CSV, which loses and invents
 * nothing. */
#include "export/csv.h"
#include "export/import.h"

#include <assert.h>

struct feeding {
    struct nx_str rest;
    size_t piece;
};

static gssize feed(void *data, char *bytes, size_t n, GError **error)
{
    struct feeding *feeding = data;
    struct nx_str piece = nx_str_sub(feeding->rest, 0, MIN(n, feeding->piece));
    (void)error;
    if (piece.n > 0)
        memcpy(bytes, piece.p, piece.n);
    feeding->rest = nx_str_from(feeding->rest, piece.n);
    return (gssize)piece.n;
}

static gboolean take(void *data, const struct nx_import_row *row, GError **error)
{
    uint64_t *last = data;
    (void)error;
    assert(row->line >= *last); /* also reads every byte, for the sanitizer */
    *last = row->line;
    for (size_t i = 0; i < row->address.n; i++)
        assert(row->address.p[i] != '\n' || row->address.n > 1);
    assert(row->skip != NULL || row->cause < NX_CAUSE_COUNT);
    assert(row->text.n == 0 || g_utf8_validate(row->text.p, (gssize)row->text.n, NULL) ||
           memchr(row->text.p, 0, row->text.n) != NULL);
    return TRUE;
}

static void cut_all(struct nx_str text, char delimiter)
{
    const struct nx_csv csv = nx_csv_guess(text, delimiter);
    struct nx_arena *arena = nx_arena_new();
    struct nx_str fields[8], field;
    size_t n;
    for (struct nx_str rest = text; rest.n > 0; rest = nx_str_from(rest, n)) {
        if (nx_csv_cut(&csv, rest, &n) != NX_CSV_RECORD)
            n = rest.n;
        assert(n > 0 && n <= rest.n);
        struct nx_str record = nx_str_sub(rest, 0, n);
        unsigned count = nx_csv_split(&csv, arena, record, fields, G_N_ELEMENTS(fields));
        assert(count > 0);
        for (unsigned i = 0; i < MIN(count, G_N_ELEMENTS(fields)); i++)
            assert(nx_csv_get(&csv, arena, record, i, &field) && nx_str_eq(field, fields[i]));
        assert(!nx_csv_get(&csv, arena, record, count, &field));
    }
    nx_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const products[] = {"nixie",     "ses",   "sendgrid", "mailgun", "postmark", "sparkpost",
                                           "mailchimp", "brevo", "listmonk", "postal",  "sympa",    "list"};
    static const char delimiters[] = "\0,;\t|";
    if (size < 2)
        return 0;
    const struct nx_import_options options = {.product = nx_product_find(products[data[0] % G_N_ELEMENTS(products)]),
                                              .header = (enum nx_header)(data[1] % 3),
                                              .delimiter = delimiters[data[1] / 3 % (sizeof delimiters - 1)],
                                              .column = (data[1] & 0x80) != 0 ? "2" : NULL};
    struct nx_str text = {(const char *)data + 2, size - 2};
    struct feeding feeding = {.rest = text, .piece = (data[1] & 0x40) != 0 ? 7 : SIZE_MAX};
    GError *error = NULL;
    uint64_t last = 0;
    if (!nx_import_read(&options, feed, &feeding, "list", take, &last, &error))
        assert(error != NULL && error->message[0] != 0);
    g_clear_error(&error);
    cut_all(text, options.delimiter);
    return 0;
}
