/* SPDX-License-Identifier: Apache-2.0 */
#include "export/clean.h"

#include "base/error.h"
#include "export/block.h"

#include <pthread.h>

#define BLOCK (1u << 20)
#define RECORD_MAX (16u << 20) /* no line of a list is longer */
#define SLOTS 12u
#define WORKERS_MAX 4u

enum state { EMPTY, FULL, TAKEN, DONE };
struct slot {
    enum state state;
    char *bytes;
    size_t size;
    struct nx_block block;
};

struct run {
    const struct nx_clean_options *options;
    const struct nx_clean_io *io;
    struct nx_clean_job job;
    struct nx_clean_report *report;
    struct slot slots[SLOTS];
    pthread_mutex_t lock;
    pthread_cond_t full, done;
    bool ended;
    /* the cutting side */
    char *carry; /* what stands behind the last whole record */
    size_t carried, carry_size;
    uint64_t line;
    bool at_end;
    struct nx_seen *seen;
};

static void *work(void *data)
{
    struct run *run = data;
    struct nx_judge *judge = nx_judge_new(&run->job);
    pthread_mutex_lock(&run->lock);
    for (;;) {
        struct slot *slot = NULL;
        for (size_t i = 0; i < SLOTS; i++) /* the one that is first in the list: the writer waits for it */
            if (run->slots[i].state == FULL && (slot == NULL || run->slots[i].block.line < slot->block.line))
                slot = &run->slots[i];
        if (slot == NULL && run->ended)
            break;
        if (slot == NULL) {
            pthread_cond_wait(&run->full, &run->lock);
            continue;
        }
        slot->state = TAKEN;
        pthread_mutex_unlock(&run->lock);
        nx_judge_block(judge, &slot->block);
        pthread_mutex_lock(&run->lock);
        slot->state = DONE;
        pthread_cond_broadcast(&run->done);
    }
    nx_judge_merge(judge, run->report);
    pthread_mutex_unlock(&run->lock);
    nx_judge_free(judge);
    return NULL;
}

static void reserve(char **bytes, size_t *size, size_t need)
{
    if (need > *size) {
        *size = MAX(need, *size + *size / 2);
        *bytes = g_realloc(*bytes, *size);
    }
}

static gboolean fill(struct run *run, struct slot *slot, size_t want, size_t *n, GError **error)
{
    reserve(&slot->bytes, &slot->size, want);
    while (*n < want && !run->at_end) {
        gssize got = run->io->read(run->io->data, slot->bytes + *n, want - *n, error);
        if (got < 0)
            return FALSE;
        run->at_end = got == 0;
        *n += (size_t)got;
    }
    return TRUE;
}

/* Bytes of whole records at the front; what is left over begins one. */
static size_t whole_records(const struct run *run, struct nx_str text, enum nx_csv_cut *ret_why)
{
    const struct nx_csv *csv = &run->job.shape.csv;
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
    for (const char *at = text.p, *stop = text.p + text.n; at < stop && (at = memchr(at, end, (size_t)(stop - at))) != NULL; at++)
        n++;
    return n;
}

/* The next block of whole records into a slot; block.text.n == 0 at the end. */
static gboolean next_block(struct run *run, struct slot *slot, GError **error)
{
    size_t n = run->carried, want = BLOCK;
    enum nx_csv_cut why = NX_CSV_MORE;
    reserve(&slot->bytes, &slot->size, MAX(BLOCK, n));
    if (n > 0)
        memcpy(slot->bytes, run->carry, n);
    run->carried = 0;
    for (;;) {
        if (!fill(run, slot, MAX(want, n + 1), &n, error))
            return FALSE;
        struct nx_str text = {slot->bytes, n};
        size_t whole = n > 0 ? whole_records(run, text, &why) : 0;
        if (whole == 0 && !run->at_end && n <= RECORD_MAX) {
            want = 2 * n;
            continue;
        }
        uint64_t bad = run->line + count_lines(nx_str_sub(text, 0, whole), run->job.shape.csv.end);
        if (whole < n && run->at_end && why == NX_CSV_OPEN_QUOTE) {
            g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s:%" G_GUINT64_FORMAT ": a quote that is opened there is never closed (mend that line)",
                        run->io->name, bad);
            return FALSE;
        }
        if (whole == 0 && n > RECORD_MAX) {
            g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "%s:%" G_GUINT64_FORMAT ": %s (%s)", run->io->name, bad,
                        why == NX_CSV_OPEN_QUOTE ? "a quote that is opened there is not closed within 16 MiB" : "a line of more than 16 MiB",
                        why == NX_CSV_OPEN_QUOTE ? "mend that line" : "is this a list of addresses?");
            return FALSE;
        }
        if (run->at_end)
            whole = n; /* the last line need not end */
        run->carried = n - whole;
        reserve(&run->carry, &run->carry_size, run->carried);
        memcpy(run->carry, slot->bytes + whole, run->carried);
        slot->block.text = nx_str_sub(text, 0, whole);
        slot->block.line = run->line;
        run->line += count_lines(slot->block.text, run->job.shape.csv.end);
        return TRUE;
    }
}

static gboolean write_block(struct run *run, struct nx_block *block, GError **error)
{
    const struct nx_clean_io *io = run->io;
    if (run->seen != NULL)
        nx_block_unique(&run->job, block, run->seen, run->report);
    if (block->kept->len > 0 && !io->write(io->data, NX_CLEAN_KEPT, (struct nx_str){block->kept->str, block->kept->len}, error))
        return FALSE;
    return block->removed->len == 0 || io->write(io->data, NX_CLEAN_REMOVED, (struct nx_str){block->removed->str, block->removed->len}, error);
}

/* Fills slots in order, takes them back in order. */
static gboolean pump(struct run *run, GError **error)
{
    gboolean good = TRUE;
    uint64_t in = 0, out = 0;
    bool more = true;
    while (good && (more || out < in)) {
        struct slot *next = &run->slots[in % SLOTS];
        if (more && in - out < SLOTS) {
            good = next_block(run, next, error);
            more = good && next->block.text.n > 0;
            if (!more)
                continue;
            pthread_mutex_lock(&run->lock);
            next->state = FULL;
            pthread_cond_signal(&run->full);
            bool ready = run->slots[out % SLOTS].state == DONE;
            pthread_mutex_unlock(&run->lock);
            in++;
            if (!ready)
                continue;
        }
        struct slot *oldest = &run->slots[out % SLOTS];
        pthread_mutex_lock(&run->lock);
        while (oldest->state != DONE)
            pthread_cond_wait(&run->done, &run->lock);
        oldest->state = EMPTY;
        pthread_mutex_unlock(&run->lock);
        good = write_block(run, &oldest->block, error);
        if (good && run->io->progress != NULL)
            run->io->progress(run->io->data, oldest->block.line);
        out++;
    }
    return good;
}

static gboolean run_threads(struct run *run, GError **error)
{
    unsigned n = run->options->workers > 0 ? run->options->workers : MIN(g_get_num_processors(), WORKERS_MAX), started = 0;
    pthread_t threads[WORKERS_MAX];
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->full, NULL);
    pthread_cond_init(&run->done, NULL);
    while (started < MIN(n, WORKERS_MAX) && pthread_create(&threads[started], NULL, work, run) == 0)
        started++;
    gboolean good = started > 0 && pump(run, error);
    if (started == 0)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s: cannot start a thread (try again)", run->io->name);
    pthread_mutex_lock(&run->lock);
    run->ended = true;
    for (size_t i = 0; i < SLOTS && !good; i++)
        if (run->slots[i].state == FULL)
            run->slots[i].state = EMPTY; /* nobody will want it */
    pthread_cond_broadcast(&run->full);
    pthread_mutex_unlock(&run->lock);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&run->lock);
    pthread_cond_destroy(&run->full);
    pthread_cond_destroy(&run->done);
    return good;
}

/* The shape, from the first stretch of the input, which then is what the first block begins with. */
static gboolean find_shape(struct run *run, struct nx_arena *arena, GError **error)
{
    struct slot *slot = &run->slots[0];
    size_t n = 0;
    if (!fill(run, slot, 256u << 10, &n, error) ||
        !nx_shape_find(arena, (struct nx_str){slot->bytes, n}, run->at_end, run->options->delimiter, run->options->column, run->options->header,
                       run->io->name, &run->job.shape, error))
        return FALSE;
    struct nx_shape *shape = &run->job.shape;
    struct nx_str text = {slot->bytes, n}, head = nx_str_sub(text, 0, shape->skip);
    run->line = 1;
    if (shape->header) { /* it may be longer than what was looked at only in a file that is no list */
        size_t length;
        if (nx_csv_cut(&shape->csv, nx_str_from(text, shape->skip), &length) != NX_CSV_RECORD)
            length = n - shape->skip;
        head = nx_str_sub(text, 0, shape->skip + length);
        run->line += count_lines(head, shape->csv.end);
    }
    run->carried = n - head.n;
    reserve(&run->carry, &run->carry_size, MAX(run->carried, 1));
    memcpy(run->carry, slot->bytes + head.n, run->carried);
    for (unsigned i = 0; i < shape->n_columns; i++) /* they point into the slot, which is about to be used again */
        shape->names[i] = nx_arena_dup(arena, shape->names[i]);
    run->report->column = shape->header ? g_strndup(shape->names[shape->column].p, shape->names[shape->column].n) : g_strdup_printf("%u", shape->column + 1);
    GString *kept = g_string_new_len(head.p, (gssize)head.n), *removed = g_string_new(NULL);
    nx_job_head(&run->job, shape->header ? nx_csv_body(nx_str_from(head, shape->skip)) : NX_STR_NONE, kept, removed);
    gboolean good = (kept->len == 0 || run->io->write(run->io->data, NX_CLEAN_KEPT, (struct nx_str){kept->str, kept->len}, error)) &&
                    (!run->options->removed ||
                     run->io->write(run->io->data, NX_CLEAN_REMOVED, (struct nx_str){removed->str, removed->len}, error));
    g_string_free(kept, TRUE);
    g_string_free(removed, TRUE);
    return good;
}

gboolean nx_clean_run(const struct nx_lookup *lookup, const struct nx_clean_options *options, const struct nx_clean_io *io, struct nx_clean_report *ret,
                      GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    *ret = (struct nx_clean_report){0};
    struct run *run = g_new0(struct run, 1);
    *run = (struct run){.options = options, .io = io, .report = ret};
    run->job = (struct nx_clean_job){.lookup = lookup, .options = options};
    for (size_t i = 0; i < SLOTS; i++)
        nx_block_init(&run->slots[i].block);
    if (options->unique || options->detail)
        run->seen = nx_seen_new();
    gboolean good = find_shape(run, arena, error) && run_threads(run, error);
    for (size_t i = 0; i < SLOTS; i++) {
        nx_block_clear(&run->slots[i].block);
        g_free(run->slots[i].bytes);
    }
    nx_seen_free(run->seen);
    g_free(run->carry);
    g_free(run);
    ret->removed = options->annotate ? 0 : ret->suppressed + ret->invalid + (options->unique ? ret->duplicates : 0);
    ret->kept = ret->lines - ret->removed;
    if (!good)
        nx_clean_report_clear(ret);
    return good;
}

void nx_clean_report_clear(struct nx_clean_report *report)
{
    g_clear_pointer(&report->column, g_free);
    g_clear_pointer(&report->domains, g_hash_table_unref);
}
