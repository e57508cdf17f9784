/* SPDX-License-Identifier: Apache-2.0 */
#include "export/block.h"

#include "base/ascii.h"
#include "export/role.h"

#define BATCH 256u

enum fate { KEEP, SUPPRESSED, INVALID, BLANK };
struct line {
    struct nx_str record, key;
    struct nx_str domain, local;
    const char *why; /* it is no address */
    uint64_t number;
};

struct nx_judge {
    const struct nx_clean_job *job;
    struct nx_arena *arena; /* of a batch */
    struct nx_clean_report report;
    struct line lines[BATCH];
    struct nx_str keys[BATCH];
    struct nx_hit hits[BATCH];
    unsigned n;
};

void nx_block_init(struct nx_block *block)
{
    *block = (struct nx_block){
        .kept = g_string_new(NULL), .removed = g_string_new(NULL), .judged = g_array_new(FALSE, FALSE, sizeof(struct nx_judged))};
}

void nx_block_clear(struct nx_block *block)
{
    g_string_free(block->kept, TRUE);
    g_string_free(block->removed, TRUE);
    g_array_unref(block->judged);
}

struct nx_judge *nx_judge_new(const struct nx_clean_job *job)
{
    struct nx_judge *judge = g_new0(struct nx_judge, 1);
    judge->job = job;
    judge->arena = nx_arena_new();
    if (job->options->detail)
        judge->report.domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return judge;
}

void nx_judge_free(struct nx_judge *judge)
{
    nx_clean_report_clear(&judge->report);
    nx_arena_free(judge->arena);
    g_free(judge);
}

static void add_domain(GHashTable *domains, const char *domain, uint64_t n)
{
    uint64_t *count = g_hash_table_lookup(domains, domain);
    if (count == NULL) {
        count = g_new0(uint64_t, 1);
        g_hash_table_insert(domains, g_strdup(domain), count);
    }
    *count += n;
}

void nx_judge_merge(const struct nx_judge *judge, struct nx_clean_report *report)
{
    const struct nx_clean_report *own = &judge->report;
    GHashTableIter iter;
    gpointer key, value;
    report->lines += own->lines;
    report->blank += own->blank;
    report->suppressed += own->suppressed;
    report->invalid += own->invalid;
    report->allowed += own->allowed;
    report->latin1 += own->latin1;
    report->roles += own->roles;
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        report->causes[i] += own->causes[i];
    if (own->first_invalid > 0 && (report->first_invalid == 0 || own->first_invalid < report->first_invalid))
        report->first_invalid = own->first_invalid;
    if (own->domains == NULL)
        return;
    if (report->domains == NULL)
        report->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_iter_init(&iter, own->domains);
    while (g_hash_table_iter_next(&iter, &key, &value))
        add_domain(report->domains, key, *(uint64_t *)value);
}

static void read_line(struct nx_judge *judge, struct line *line)
{
    const struct nx_clean_options *options = judge->job->options;
    struct nx_str field;
    struct nx_address address;
    line->key = NX_STR_NONE;
    line->why = NULL;
    if (memchr(line->record.p, '\0', line->record.n) != NULL) {
        line->why = "there is a NUL in the line";
        return;
    }
    if (!nx_csv_get(&judge->job->shape.csv, judge->arena, line->record, judge->job->shape.column, &field)) {
        line->why = "the line has no such column";
        return;
    }
    struct nx_str text = nx_shape_address(field);
    if (!nx_address_fold(judge->arena, text, options->rules, &address, &line->why)) {
        if (text.n == 0 || text.n > NX_ADDRESS_MAX || g_utf8_validate(text.p, (gssize)text.n, NULL))
            return;
        if (!nx_address_fold(judge->arena, nx_shape_from_latin1(judge->arena, text), options->rules, &address, &line->why))
            return;
        judge->report.latin1++;
    }
    if (address.local.n == 0) {
        line->why = "it has no local part";
        return;
    }
    line->why = NULL;
    line->key = address.key;
    line->domain = address.domain;
    line->local = address.local;
}

static void add_field(GString *out, struct nx_str text, char delimiter)
{
    bool quote = memchr(text.p, delimiter, text.n) != NULL || memchr(text.p, '"', text.n) != NULL;
    if (!quote) {
        g_string_append_len(out, text.p, (gssize)text.n);
        return;
    }
    g_string_append_c(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, text.p[i]);
    }
    g_string_append_c(out, '"');
}

/* The record, its three columns, and the end that it had. */
static void add_annotated(const struct nx_clean_job *job, GString *out, struct nx_str record, struct nx_str cause,
                          struct nx_str day, struct nx_str detail)
{
    char delimiter = job->shape.csv.delimiter != 0 ? job->shape.csv.delimiter : ',';
    struct nx_str body = nx_csv_body(record), end = nx_str_from(record, body.n);
    if (job->shape.csv.delimiter == 0) /* a plain line becomes the first field */
        add_field(out, body, delimiter);
    else
        g_string_append_len(out, body.p, (gssize)body.n);
    g_string_append_c(out, delimiter);
    g_string_append_len(out, cause.p, (gssize)cause.n);
    g_string_append_c(out, delimiter);
    if (day.n > 0)
        g_string_append_len(out, day.p, (gssize)day.n);
    g_string_append_c(out, delimiter);
    if (detail.n > 0)
        add_field(out, detail, delimiter);
    g_string_append_len(out, end.n > 0 ? end.p : "\n", end.n > 0 ? (gssize)end.n : 1);
}

static void put_out(struct nx_judge *judge, struct nx_block *block, const struct line *line, enum fate fate,
                    const struct nx_hit *hit)
{
    const struct nx_clean_options *options = judge->job->options;
    gsize kept = block->kept->len, removed = block->removed->len;
    if (fate == KEEP && !options->annotate) {
        g_string_append_len(block->kept, line->record.p, (gssize)line->record.n);
    } else if (options->annotate || options->removed) {
        GString *out = options->annotate ? block->kept : block->removed;
        struct nx_str detail = NX_STR_NONE, cause = NX_STR("ok");
        if (fate == INVALID) {
            cause = NX_STR("invalid");
            detail = nx_str_of(line->why);
        } else if (fate == SUPPRESSED) {
            cause = nx_str_of(nx_entry_cause_name(hit->cause));
            detail = hit->domain ? NX_STR("whole domain") : NX_STR_NONE;
        } else if (hit->answer == NX_ANSWER_ALLOWED) {
            cause = NX_STR("allowed");
        }
        struct nx_str day = fate == SUPPRESSED ? nx_str_sub(nx_when_format(judge->arena, hit->since), 0, 10) : NX_STR_NONE;
        add_annotated(judge->job, out, line->record, cause, day, detail);
    }
    if (!options->unique && !options->detail)
        return;
    const struct nx_judged judged = {.hash = fate == INVALID ? 0 : hit->hash | 1,
                                     .kept = (uint32_t)(block->kept->len - kept),
                                     .removed = (uint32_t)(block->removed->len - removed)};
    g_array_append_val(block->judged, judged);
}

static void finish_batch(struct nx_judge *judge, struct nx_block *block)
{
    const struct nx_clean_options *options = judge->job->options;
    struct nx_clean_report *report = &judge->report;
    nx_lookup_find(judge->job->lookup, judge->keys, judge->n, options->stream, options->now, judge->hits);
    for (unsigned i = 0; i < judge->n; i++) {
        const struct line *line = &judge->lines[i];
        const struct nx_hit *hit = &judge->hits[i];
        enum fate fate = line->why != NULL ? INVALID : hit->answer == NX_ANSWER_SUPPRESSED ? SUPPRESSED : KEEP;
        report->lines++;
        if (fate == INVALID) {
            report->invalid++;
            if (report->first_invalid == 0)
                report->first_invalid = line->number;
        } else if (fate == SUPPRESSED) {
            report->suppressed++;
            report->causes[hit->cause]++;
        }
        report->allowed += fate == KEEP && hit->answer == NX_ANSWER_ALLOWED;
        if (options->detail && fate != INVALID) {
            report->roles += nx_role_is(line->local);
            add_domain(report->domains, nx_arena_cstr(judge->arena, line->domain), 1);
        }
        put_out(judge, block, line, fate, hit);
    }
    judge->n = 0;
    nx_arena_reset(judge->arena);
}

static uint64_t ends_in(struct nx_str record, char end)
{
    uint64_t n = 0;
    for (size_t i = 0; i < record.n; i++)
        n += record.p[i] == end;
    return n;
}

void nx_judge_block(struct nx_judge *judge, struct nx_block *block)
{
    const struct nx_csv *csv = &judge->job->shape.csv;
    struct nx_str rest = block->text;
    uint64_t number = block->line;
    g_string_truncate(block->kept, 0);
    g_string_truncate(block->removed, 0);
    g_array_set_size(block->judged, 0);
    while (rest.n > 0) {
        size_t n;
        if (nx_csv_cut(csv, rest, &n) != NX_CSV_RECORD)
            n = rest.n;
        struct line *line = &judge->lines[judge->n];
        line->record = nx_str_sub(rest, 0, n);
        line->number = number;
        rest = nx_str_from(rest, n);
        number += csv->delimiter != 0 && memchr(line->record.p, '"', n) != NULL ? ends_in(line->record, csv->end) : 1;
        if (nx_csv_body(line->record).n == 0) {
            judge->report.blank++;
            continue;
        }
        read_line(judge, line);
        judge->keys[judge->n++] = line->key;
        if (judge->n == BATCH)
            finish_batch(judge, block);
    }
    finish_batch(judge, block);
}

void nx_job_head(const struct nx_clean_job *job, struct nx_str header, GString *kept, GString *removed)
{
    char delimiter = job->shape.csv.delimiter != 0 ? job->shape.csv.delimiter : ',';
    GString *columns = g_string_new(NULL);
    g_string_printf(columns, "%cnixie_cause%cnixie_since%cnixie_detail\n", delimiter, delimiter, delimiter);
    if (job->options->annotate) {
        gsize mark = job->shape.skip;
        g_string_truncate(kept, mark);
        if (header.n > 0)
            g_string_append_len(kept, header.p, (gssize)header.n);
        else if (job->shape.csv.delimiter == 0)
            g_string_append(kept, "address");
        if (kept->len > mark)
            g_string_append(kept, columns->str);
    }
    if (header.n > 0)
        g_string_append_len(removed, header.p, (gssize)header.n);
    else if (job->shape.csv.delimiter == 0)
        g_string_append(removed, "address");
    if (removed->len > 0)
        g_string_append(removed, columns->str);
    g_string_free(columns, TRUE);
}

/* Open addressing; never more than three quarters full. */
struct nx_seen {
    uint64_t *hashes;
    size_t size, n; /* size is a power of two */
};

struct nx_seen *nx_seen_new(void)
{
    struct nx_seen *seen = g_new0(struct nx_seen, 1);
    seen->size = 1u << 16;
    seen->hashes = g_new0(uint64_t, seen->size);
    return seen;
}

void nx_seen_free(struct nx_seen *seen)
{
    if (seen == NULL)
        return;
    g_free(seen->hashes);
    g_free(seen);
}

static bool add_hash(struct nx_seen *seen, uint64_t hash)
{
    size_t at = (hash >> 8) & (seen->size - 1);
    while (seen->hashes[at] != 0) {
        if (seen->hashes[at] == hash)
            return false;
        at = (at + 1) & (seen->size - 1);
    }
    seen->hashes[at] = hash;
    seen->n++;
    return true;
}

static void grow(struct nx_seen *seen)
{
    struct nx_seen larger = {.size = 2 * seen->size};
    larger.hashes = g_new0(uint64_t, larger.size);
    for (size_t i = 0; i < seen->size; i++)
        if (seen->hashes[i] != 0)
            (void)add_hash(&larger, seen->hashes[i]);
    g_free(seen->hashes);
    *seen = larger;
}

void nx_block_unique(const struct nx_clean_job *job, struct nx_block *block, struct nx_seen *seen, struct nx_clean_report *report)
{
    bool drop = job->options->unique;
    GString *kept = drop ? g_string_sized_new(block->kept->len) : NULL,
            *removed = drop ? g_string_sized_new(block->removed->len) : NULL;
    const char *kept_at = block->kept->str, *removed_at = block->removed->str;
    for (guint i = 0; i < block->judged->len; i++) {
        const struct nx_judged *judged = &g_array_index(block->judged, struct nx_judged, i);
        if (seen->n * 4 > seen->size * 3)
            grow(seen);
        bool again = judged->hash != 0 && !add_hash(seen, judged->hash);
        /* A duplicate of what is removed anyway is removed for that reason. */
        bool duplicate = again && judged->kept > 0;
        report->duplicates += duplicate;
        if (!drop)
            continue;
        if (!duplicate)
            g_string_append_len(kept, kept_at, judged->kept);
        else if (job->options->removed)
            add_annotated(job, removed, (struct nx_str){kept_at, judged->kept}, NX_STR("duplicate"), NX_STR_NONE, NX_STR_NONE);
        g_string_append_len(removed, removed_at, judged->removed);
        kept_at += judged->kept;
        removed_at += judged->removed;
    }
    if (!drop)
        return;
    g_string_free(block->kept, TRUE);
    g_string_free(block->removed, TRUE);
    block->kept = kept;
    block->removed = removed;
}
