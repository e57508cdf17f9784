/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sorter.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define FEW 16u            /* slots that are sorted by insertion */
#define PIECE (256u << 10) /* read from a run at a time, and written */
#define WORD 8u

struct item { /* then text and payload */
    uint32_t text, payload;
};

struct slot { /* one item of a run in memory; word: eight bytes of its text, as a number */
    uint64_t word;
    uint32_t at, text;
};

struct run { /* in memory */
    char *bytes;
    struct slot *slots;
    size_t n, size, n_slots, size_slots;
};

struct reader { /* of a run in the file, or of the one in memory */
    char *bytes;
    size_t at, n, size; /* what is read and not yet given */
    off_t from, end;
    struct nx_str text, payload;
};

struct nx_sorter {
    char *directory;
    size_t memory;
    guint64 count;
    struct run filling, sorting;
    pthread_t thread;
    bool busy, whole; /* whole: all of it is in `filling`, nothing in the file */
    GError *error;    /* of the thread */
    int fd;
    off_t end;
    GArray *ends; /* off_t: where each run of the file ends */
    size_t next;  /* slot, where it is whole */
    struct reader *readers;
    size_t *heap, n_heap; /* indices of readers, the first in order on top */
    bool begun;
};

static uint64_t word_at(const struct run *run, const struct slot *slot, size_t depth)
{
    const char *text = run->bytes + slot->at + sizeof(struct item) + depth;
    size_t left = slot->text > depth ? slot->text - depth : 0;
    uint64_t word = 0;
    memcpy(&word, text, MIN(left, WORD));
    return GUINT64_FROM_BE(word);
}

/* Behind equal words, so behind `depth` bytes that are the same in both. */
static int order_behind(const struct run *run, const struct slot *a, const struct slot *b, size_t depth)
{
    size_t x = a->text > depth ? a->text - depth : 0, y = b->text > depth ? b->text - depth : 0;
    const char *text = run->bytes + sizeof(struct item) + depth;
    int order = MIN(x, y) > 0 ? memcmp(text + a->at, text + b->at, MIN(x, y)) : 0;
    if (order != 0)
        return order;
    return a->text != b->text ? (a->text < b->text ? -1 : 1) : a->at < b->at ? -1 : 1;
}

static int order(const struct run *run, const struct slot *a, const struct slot *b, size_t depth)
{
    return a->word != b->word ? (a->word < b->word ? -1 : 1) : order_behind(run, a, b, depth);
}

static void sort_few(const struct run *run, struct slot *slots, size_t n, size_t depth)
{
    for (size_t i = 1; i < n; i++) {
        struct slot slot = slots[i];
        size_t j = i;
        for (; j > 0 && order(run, &slot, &slots[j - 1], depth) < 0; j--)
            slots[j] = slots[j - 1];
        slots[j] = slot;
    }
}

static int by_length(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    return x->text != y->text ? (x->text < y->text ? -1 : 1) : x->at < y->at ? -1 : 1;
}

static void swap_slots(struct slot *a, struct slot *b)
{
    struct slot slot = *a;
    *a = *b;
    *b = slot;
}

static uint64_t middle(uint64_t a, uint64_t b, uint64_t c)
{
    return a < b ? (b < c ? b : MAX(a, c)) : (a < c ? a : MAX(b, c));
}

/* Quicksort by eight bytes at a time (Bentley and Sedgewick, multikey): what most addresses begin with, their domain, is compared
 * once and not again with every comparison. Words of the slots are those at depth. */
static void sort_slots(const struct run *run, struct slot *slots, size_t n, size_t depth)
{
    uint64_t random = 0x9e3779b97f4a7c15u ^ n; /* no list can be made that is slow to sort without knowing where it will lie */
    while (n > FEW) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t where = (size_t)(random >> 33) % n;
        uint64_t pivot = middle(slots[where].word, slots[(where + n / 3) % n].word, slots[(where + n / 3 * 2) % n].word);
        size_t low = 0, high = n, i = 0;
        while (i < high) {
            if (slots[i].word < pivot)
                swap_slots(&slots[i++], &slots[low++]);
            else if (slots[i].word > pivot)
                swap_slots(&slots[i], &slots[--high]);
            else
                i++;
        }
        sort_slots(run, slots, low, depth);
        sort_slots(run, slots + high, n - high, depth);
        slots += low;
        n = high - low;
        size_t ended = 0; /* texts that end here come before those that go on */
        for (i = 0; i < n; i++)
            if (slots[i].text <= depth + WORD)
                swap_slots(&slots[i], &slots[ended++]);
        qsort(slots, ended, sizeof *slots, by_length);
        slots += ended;
        n -= ended;
        depth += WORD;
        for (i = 0; i < n; i++)
            slots[i].word = word_at(run, &slots[i], depth);
    }
    sort_few(run, slots, n, depth);
}

static void sort_run(struct run *run)
{
    for (size_t i = 0; i < run->n_slots; i++)
        run->slots[i].word = word_at(run, &run->slots[i], 0);
    sort_slots(run, run->slots, run->n_slots, 0);
}

static gboolean fail(const struct nx_sorter *sorter, const char *what, GError **error)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    g_set_error(error, NX_ERROR, full ? NX_ERROR_FULL : NX_ERROR_IO, "%s: the list cannot be %s there to be sorted: %s%s",
                sorter->directory, what, g_strerror(errno), full ? " (make room: it takes about twice the size of the list)" : "");
    return FALSE;
}

static gboolean open_file(struct nx_sorter *sorter, GError **error)
{
    if (sorter->fd >= 0)
        return TRUE;
    sorter->fd = open(sorter->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (sorter->fd < 0 &&
        (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) { /* a file system that knows no such files */
        g_autofree char *name = g_build_filename(sorter->directory, ".nixie-sort-XXXXXX", NULL);
        sorter->fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
        if (sorter->fd >= 0)
            unlink(name);
    }
    return sorter->fd >= 0 || fail(sorter, "kept", error);
}

static gboolean write_piece(struct nx_sorter *sorter, const char *bytes, size_t n, GError **error)
{
    while (n > 0) {
        ssize_t done = pwrite(sorter->fd, bytes, n, sorter->end);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail(sorter, "kept", error);
        sorter->end += done;
        bytes += done;
        n -= (size_t)done;
    }
    return TRUE;
}

static size_t item_size(const char *bytes)
{
    struct item item;
    memcpy(&item, bytes, sizeof item);
    return sizeof item + item.text + item.payload;
}

static gboolean spill(struct nx_sorter *sorter, const struct run *run, GError **error)
{
    g_autofree char *piece = g_malloc(PIECE);
    size_t n = 0;
    if (!open_file(sorter, error))
        return FALSE;
    for (size_t i = 0; i < run->n_slots; i++) {
        const char *bytes = run->bytes + run->slots[i].at;
        size_t size = item_size(bytes);
        if (n + size > PIECE) {
            if (!write_piece(sorter, piece, n, error))
                return FALSE;
            n = 0;
        }
        if (size > PIECE && !write_piece(sorter, bytes, size, error))
            return FALSE;
        if (size <= PIECE) {
            memcpy(piece + n, bytes, size);
            n += size;
        }
    }
    if (!write_piece(sorter, piece, n, error))
        return FALSE;
    g_array_append_val(sorter->ends, sorter->end);
    return TRUE;
}

static void *sort_and_spill(void *data)
{
    struct nx_sorter *sorter = data;
    sort_run(&sorter->sorting);
    (void)!spill(sorter, &sorter->sorting, &sorter->error);
    return NULL;
}

static gboolean wait_for_run(struct nx_sorter *sorter, GError **error)
{
    if (!sorter->busy)
        return TRUE;
    pthread_join(sorter->thread, NULL);
    sorter->busy = false;
    sorter->sorting.n = sorter->sorting.n_slots = 0;
    if (sorter->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&sorter->error));
    return FALSE;
}

static gboolean start_run(struct nx_sorter *sorter, GError **error)
{
    if (!wait_for_run(sorter, error))
        return FALSE;
    struct run run = sorter->sorting;
    sorter->sorting = sorter->filling;
    sorter->filling = run;
    int failed = pthread_create(&sorter->thread, NULL, sort_and_spill, sorter);
    sorter->busy = failed == 0;
    if (failed != 0)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "cannot start a thread: %s (try again)", g_strerror(failed));
    return failed == 0;
}

struct nx_sorter *nx_sorter_new(const char *directory, size_t memory)
{
    struct nx_sorter *sorter = g_new0(struct nx_sorter, 1);
    g_assert(memory <= UINT32_MAX);
    sorter->directory = g_strdup(directory);
    sorter->memory = memory;
    sorter->fd = -1;
    sorter->ends = g_array_new(FALSE, FALSE, sizeof(off_t));
    return sorter;
}

gboolean nx_sorter_add(struct nx_sorter *sorter, struct nx_str text, struct nx_str payload, GError **error)
{
    struct run *run = &sorter->filling;
    const struct item item = {.text = (uint32_t)text.n, .payload = (uint32_t)payload.n};
    if (text.n > sorter->memory || payload.n > sorter->memory || sizeof item + text.n + payload.n > sorter->memory) {
        g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "one entry is larger than %zu bytes", sorter->memory);
        return FALSE;
    }
    if (run->n + sizeof item + text.n + payload.n > sorter->memory && !start_run(sorter, error))
        return FALSE;
    if (run->n + sizeof item + text.n + payload.n > run->size) { /* twice as much, so that small lists cost little */
        run->size = MIN(MAX(2 * run->size, sizeof item + text.n + payload.n + PIECE), sorter->memory);
        run->bytes = g_realloc(run->bytes, run->size);
    }
    if (run->n_slots == run->size_slots) {
        run->size_slots = MAX(2 * run->size_slots, 1024);
        run->slots = g_renew(struct slot, run->slots, run->size_slots);
    }
    run->slots[run->n_slots++] = (struct slot){.at = (uint32_t)run->n, .text = item.text};
    memcpy(run->bytes + run->n, &item, sizeof item);
    run->n += sizeof item;
    if (text.n > 0)
        memcpy(run->bytes + run->n, text.p, text.n);
    run->n += text.n;
    if (payload.n > 0)
        memcpy(run->bytes + run->n, payload.p, payload.n);
    run->n += payload.n;
    sorter->count++;
    return TRUE;
}

/* Sets text and payload from the bytes, which hold the whole item. */
static size_t take(const char *bytes, struct nx_str *text, struct nx_str *payload)
{
    struct item item;
    memcpy(&item, bytes, sizeof item);
    *text = (struct nx_str){bytes + sizeof item, item.text};
    *payload = (struct nx_str){bytes + sizeof item + item.text, item.payload};
    return sizeof item + item.text + item.payload;
}

/* Has `need` bytes of the run at hand, if it still has so many; false only on errors. */
static gboolean have(struct nx_sorter *sorter, struct reader *reader, size_t need, GError **error)
{
    if (reader->n - reader->at >= need || reader->from == reader->end)
        return TRUE;
    if (reader->at > 0)
        memmove(reader->bytes, reader->bytes + reader->at, reader->n - reader->at);
    reader->n -= reader->at;
    reader->at = 0;
    if (reader->size < MAX(need, PIECE)) {
        reader->size = MAX(need, PIECE);
        reader->bytes = g_realloc(reader->bytes, reader->size);
    }
    while (reader->n < reader->size && reader->from < reader->end) {
        ssize_t got = pread(sorter->fd, reader->bytes + reader->n,
                            MIN(reader->size - reader->n, (size_t)(reader->end - reader->from)), reader->from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO;
        if (got <= 0)
            return fail(sorter, "read", error);
        reader->n += (size_t)got;
        reader->from += got;
    }
    return TRUE;
}

/* 1 the reader has moved on, 0 it is at its end, -1 error. */
static int advance(struct nx_sorter *sorter, struct reader *reader, GError **error)
{
    if (!have(sorter, reader, sizeof(struct item), error))
        return -1;
    if (reader->n == reader->at)
        return 0;
    if (!have(sorter, reader, item_size(reader->bytes + reader->at), error))
        return -1;
    reader->at += take(reader->bytes + reader->at, &reader->text, &reader->payload);
    return 1;
}

static bool is_before(const struct nx_sorter *sorter, size_t a, size_t b)
{
    int order = nx_str_cmp(sorter->readers[a].text, sorter->readers[b].text);
    return order != 0 ? order < 0 : a < b;
}

static void sink_top(struct nx_sorter *sorter)
{
    size_t *heap = sorter->heap, at = 0, own = heap[0];
    for (size_t child; (child = 2 * at + 1) < sorter->n_heap; at = child) {
        if (child + 1 < sorter->n_heap && is_before(sorter, heap[child + 1], heap[child]))
            child++;
        if (!is_before(sorter, heap[child], own))
            break;
        heap[at] = heap[child];
    }
    heap[at] = own;
}

static void clear_run(struct run *run)
{
    g_free(run->bytes);
    g_free(run->slots);
    *run = (struct run){0};
}

static gboolean begin_merge(struct nx_sorter *sorter, GError **error)
{
    off_t from = 0;
    sorter->readers = g_new0(struct reader, sorter->ends->len);
    sorter->heap = g_new0(size_t, sorter->ends->len);
    for (guint i = 0; i < sorter->ends->len; i++) {
        struct reader *reader = &sorter->readers[i];
        reader->from = from;
        from = reader->end = g_array_index(sorter->ends, off_t, i);
        if (advance(sorter, reader, error) < 0)
            return FALSE;
        size_t at = sorter->n_heap++; /* no run is empty */
        for (; at > 0 && is_before(sorter, i, sorter->heap[(at - 1) / 2]); at = (at - 1) / 2)
            sorter->heap[at] = sorter->heap[(at - 1) / 2];
        sorter->heap[at] = i;
    }
    return TRUE;
}

gboolean nx_sorter_end(struct nx_sorter *sorter, GError **error)
{
    if (sorter->ends->len == 0 && !sorter->busy) {
        sort_run(&sorter->filling);
        sorter->whole = true;
        return TRUE;
    }
    if (!start_run(sorter, error))
        return FALSE;
    clear_run(&sorter->filling);
    if (!wait_for_run(sorter, error))
        return FALSE;
    clear_run(&sorter->sorting);
    return begin_merge(sorter, error);
}

int nx_sorter_next(struct nx_sorter *sorter, struct nx_str *ret_text, struct nx_str *ret_payload, GError **error)
{
    if (sorter->whole) {
        const struct run *run = &sorter->filling;
        if (sorter->next == run->n_slots)
            return 0;
        take(run->bytes + run->slots[sorter->next++].at, ret_text, ret_payload);
        return 1;
    }
    if (sorter->begun && sorter->n_heap > 0) { /* now that its slices are no longer used */
        int got = advance(sorter, &sorter->readers[sorter->heap[0]], error);
        if (got < 0)
            return -1;
        if (got == 0)
            sorter->heap[0] = sorter->heap[--sorter->n_heap];
        sink_top(sorter);
    }
    sorter->begun = true;
    if (sorter->n_heap == 0)
        return 0;
    *ret_text = sorter->readers[sorter->heap[0]].text;
    *ret_payload = sorter->readers[sorter->heap[0]].payload;
    return 1;
}

guint64 nx_sorter_count(const struct nx_sorter *sorter)
{
    return sorter->count;
}

void nx_sorter_free(struct nx_sorter *sorter)
{
    if (sorter == NULL)
        return;
    if (sorter->busy)
        pthread_join(sorter->thread, NULL);
    g_clear_error(&sorter->error);
    clear_run(&sorter->filling);
    clear_run(&sorter->sorting);
    for (guint i = 0; sorter->readers != NULL && i < sorter->ends->len; i++)
        g_free(sorter->readers[i].bytes);
    g_free(sorter->readers);
    g_free(sorter->heap);
    g_array_unref(sorter->ends);
    if (sorter->fd >= 0)
        close(sorter->fd);
    g_free(sorter->directory);
    g_free(sorter);
}
