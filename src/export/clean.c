/* SPDX-License-Identifier: Apache-2.0 */
#include "export/clean.h"

#include "base/error.h"
#include "export/block.h"
#include "export/cutter.h"

#include <pthread.h>

#define SLOTS 12u
#define WORKERS_MAX 4u

enum state { EMPTY, FULL, TAKEN, DONE };
struct slot {
    enum state state;
    struct nx_stretch stretch;
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
    struct nx_cutter cutter;
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

static gboolean write_block(struct run *run, struct nx_block *block, GError **error)
{
    const struct nx_clean_io *io = run->io;
    if (run->seen != NULL)
        nx_block_unique(&run->job, block, run->seen, run->report);
    if (block->kept->len > 0 && !io->write(io->data, NX_CLEAN_KEPT, (struct nx_str){block->kept->str, block->kept->len}, error))
        return FALSE;
    return block->removed->len == 0 ||
           io->write(io->data, NX_CLEAN_REMOVED, (struct nx_str){block->removed->str, block->removed->len}, error);
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
            good = nx_cutter_next(&run->cutter, &next->stretch, error);
            next->block.text = next->stretch.text;
            next->block.line = next->stretch.line;
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

static gboolean find_shape(struct run *run, struct nx_arena *arena, GError **error)
{
    struct nx_shape *shape = &run->job.shape;
    struct nx_str text;
    if (!nx_cutter_peek(&run->cutter, &text, error) ||
        !nx_shape_find(arena, text, run->cutter.at_end, run->options->delimiter, run->options->column, run->options->header,
                       run->io->name, shape, error))
        return FALSE;
    struct nx_str head = nx_str_sub(text, 0, nx_shape_head(shape, text));
    if (shape->header)
        run->report->column = g_strndup(shape->names[shape->column].p, shape->names[shape->column].n);
    else
        run->report->column = g_strdup_printf("%u", shape->column + 1);
    GString *kept = g_string_new_len(head.p, (gssize)head.n), *removed = g_string_new(NULL);
    nx_job_head(&run->job, shape->header ? nx_csv_body(nx_str_from(head, shape->skip)) : NX_STR_NONE, kept, removed);
    run->cutter.csv = shape->csv;
    nx_cutter_skip(&run->cutter, head.n);
    gboolean good =
        (kept->len == 0 || run->io->write(run->io->data, NX_CLEAN_KEPT, (struct nx_str){kept->str, kept->len}, error)) &&
        (!run->options->removed ||
         run->io->write(run->io->data, NX_CLEAN_REMOVED, (struct nx_str){removed->str, removed->len}, error));
    g_string_free(kept, TRUE);
    g_string_free(removed, TRUE);
    return good;
}

gboolean nx_clean_run(const struct nx_lookup *lookup, const struct nx_clean_options *options, const struct nx_clean_io *io,
                      struct nx_clean_report *ret, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    *ret = (struct nx_clean_report){0};
    struct run *run = g_new0(struct run, 1);
    *run = (struct run){.options = options, .io = io, .report = ret};
    run->cutter = (struct nx_cutter){.read = io->read, .data = io->data, .name = io->name};
    run->job = (struct nx_clean_job){.lookup = lookup, .options = options};
    for (size_t i = 0; i < SLOTS; i++)
        nx_block_init(&run->slots[i].block);
    if (options->unique || options->detail)
        run->seen = nx_seen_new();
    gboolean good = find_shape(run, arena, error) && run_threads(run, error);
    for (size_t i = 0; i < SLOTS; i++) {
        nx_block_clear(&run->slots[i].block);
        g_free(run->slots[i].stretch.bytes);
    }
    nx_seen_free(run->seen);
    nx_cutter_clear(&run->cutter);
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
