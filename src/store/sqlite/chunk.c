/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/chunk.h"

#include "base/error.h"

static void add_text(struct nx_buf *out, struct nx_str text)
{
    for (size_t i = 0; i < text.n; i++)
        nx_buf_addc(out, (unsigned char)text.p[i] < 0x20 ? ' ' : text.p[i]);
}

static void add_number(struct nx_buf *out, int64_t number)
{
    char digits[32];
    nx_buf_add(out, (struct nx_str){digits, (size_t)g_snprintf(digits, sizeof digits, "%lld", (long long)number)});
}

void nx_chunk_add(struct nx_db *db, struct nx_buf *out, const struct nx_change *change, bool with_reason)
{
    nx_buf_add(out, change->key);
    nx_buf_addc(out, '\t');
    nx_buf_add(out, change->stream);
    nx_buf_addc(out, '\t');
    add_number(out, db->cause_ids[change->cause]);
    nx_buf_addc(out, '\t');
    add_number(out, change->since);
    nx_buf_addc(out, '\t');
    if (change->until != NX_WHEN_NONE)
        add_number(out, change->until);
    nx_buf_addc(out, '\t');
    nx_buf_add(out, change->address);
    nx_buf_addc(out, '\t');
    if (with_reason)
        add_text(out, change->reason);
    nx_buf_addc(out, '\n');
}

static struct nx_str take_field(struct nx_str *line)
{
    size_t tab = nx_str_chr(*line, '\t');
    struct nx_str field = nx_str_sub(*line, 0, tab);
    *line = nx_str_from(*line, tab + 1);
    return field;
}

static bool take_number(struct nx_str *line, int64_t *ret)
{
    struct nx_str field = take_field(line);
    bool negative = field.n > 0 && field.p[0] == '-';
    unsigned long long number;
    if (!nx_str_to_u64(negative ? nx_str_from(field, 1) : field, &number) || number > INT64_MAX)
        return false;
    *ret = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

bool nx_chunk_next(const struct nx_db *db, struct nx_str *rest, struct nx_row *ret, bool *ret_broken)
{
    *ret_broken = false;
    if (rest->n == 0)
        return false;
    size_t end = nx_str_chr(*rest, '\n');
    struct nx_str line = nx_str_sub(*rest, 0, end);
    *rest = nx_str_from(*rest, end + 1);
    struct nx_row row = {.act = NX_ACT_IMPORT, .action = NX_ACTION_SUPPRESS, .until = NX_WHEN_NONE};
    int64_t cause;
    row.key = take_field(&line);
    row.scope = take_field(&line);
    if (!take_number(&line, &cause) || cause < 0 || cause >= (int64_t)db->causes->len || !take_number(&line, &row.at) ||
        (nx_str_chr(line, '\t') > 0 ? !take_number(&line, &row.until) : take_field(&line).n > 0)) {
        *ret_broken = true;
        return false;
    }
    row.cause = g_array_index(db->causes, enum nx_cause, cause);
    row.class_ = nx_cause_facts(row.cause)->class_;
    row.address = take_field(&line);
    row.reason = line;
    *ret = row;
    return true;
}

struct nx_str nx_chunk_seek(struct nx_str list, struct nx_str key)
{
    size_t low = 0, high = list.n; /* both at the beginning of a line, or the end */
    while (low < high) {
        size_t at = low + (high - low) / 2;
        while (at > low && list.p[at - 1] != '\n')
            at--;
        struct nx_str line = nx_str_from(list, at);
        line = nx_str_sub(line, 0, nx_str_chr(line, '\n'));
        if (nx_str_cmp(nx_str_sub(line, 0, nx_str_chr(line, '\t')), key) < 0)
            low = at + line.n + 1;
        else
            high = at;
    }
    return nx_str_from(list, low);
}

gboolean nx_chunk_load(struct nx_db *db, struct nx_arena *arena, int64_t sequence, struct nx_str *ret, GError **error)
{
    static const char GET[] = "SELECT body FROM chunks WHERE seq=?1";
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    sqlite3_bind_int64(get, 1, sequence);
    int got = nx_db_step(db, get, error);
    if (got < 0)
        return FALSE;
    bool good = got > 0 && nx_zip_unpack(db->zip, arena,
                                         (struct nx_str){sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0)}, ret);
    nx_db_reset(get);
    if (!good)
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: the list of import %lld cannot be read (put back a copy)", db->path,
                    (long long)sequence);
    return good;
}
