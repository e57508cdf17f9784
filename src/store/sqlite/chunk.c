/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/chunk.h"

#include "base/error.h"

static char *put_text(char *at, struct nx_str text)
{
    if (text.n > 0)
        memcpy(at, text.p, text.n);
    at += text.n;
    *at++ = '\t';
    return at;
}

static char *put_number(char *at, int64_t number)
{
    char digits[24];
    size_t n = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    digits[--n] = '\t';
    do
        digits[--n] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        digits[--n] = '-';
    memcpy(at, digits + n, sizeof digits - n);
    return at + sizeof digits - n;
}

void nx_chunk_add(struct nx_db *db, struct nx_buf *out, const struct nx_change *change, bool with_reason)
{
    struct nx_str reason = with_reason ? change->reason : NX_STR_NONE;
    char *start = nx_buf_reserve(out, change->key.n + change->stream.n + change->address.n + reason.n + 100), *at = start;
    at = put_text(at, change->key);
    at = put_text(at, change->stream);
    at = put_number(at, db->cause_ids[change->cause]);
    at = put_number(at, change->since);
    if (change->until != NX_WHEN_NONE)
        at = put_number(at, change->until);
    else
        *at++ = '\t';
    at = put_text(at, change->address);
    for (size_t i = 0; i < reason.n; i++)
        *at++ = (unsigned char)reason.p[i] < 0x20 ? ' ' : reason.p[i];
    *at++ = '\n';
    out->n += (size_t)(at - start);
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
