/* SPDX-License-Identifier: Apache-2.0 */
/* store/writer.h - the queue before the writer thread, and what one task of it holds. Room-internal.
 *
 * Tasks that wait together, and those that come while they run, become one transaction; when one of them fails all is rolled back
 * and each runs alone, so nothing of the others is lost or kept twice. A task belongs to its waiter, or (fn set) to the writer,
 * which frees it. */
#pragma once
#include "store/ops.h"

#include <pthread.h>
#include <semaphore.h>

struct nx_task {
    struct nx_task *next;
    gboolean (*run)(struct nx_store *store, struct nx_task *task, GError **error);
    bool alone; /* not inside a group's transaction */
    /* events */
    struct nx_arena *arena;
    const struct nx_event *events;
    size_t n;
    nx_when now;
    struct nx_stored *ret_stored;
    const struct nx_claim *claim;
    struct nx_once *once;     /* around run */
    struct nx_once *answered; /* of recall and keep */
    nx_stored_fn *fn;
    void *data;
    const struct nx_raw_limits *raw_limits;
    const struct nx_sent *sent;
    const struct nx_sent_limits *sent_limits;
    struct nx_recorded *recorded;
    struct nx_str name; /* of a mark */
    int64_t value;
    /* acts */
    struct nx_change *changes;
    const struct nx_change **sorted; /* of an import */
    size_t changed, erased_before;
    struct nx_rebuilt *rebuilt;
    const struct nx_settle *settle;
    const struct nx_str *keys; /* of what is settled, or sent */
    /* erasure */
    const struct nx_forget *forget;
    const struct nx_address *addresses;
    struct nx_erased *erased;
    struct nx_cleared *cleared;
    uint64_t *lost;
    const struct nx_retention *retention;
    struct nx_retain_cursor *cursor;
    struct nx_retained *retained;
    bool dry;
    int64_t after;
    /* of a caller that waits */
    sem_t over; /* of its own, so that a commit wakes those alone that it was for */
    GError *error;
};

struct nx_store {
    const struct nx_backend_ops *ops;
    char *path;
    struct nx_backend *backend; /* NULL in READ mode */
    struct nx_fold_rules *rules;
    struct nx_streams *streams;
    struct nx_arena *scratch; /* of the writer thread */
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t work, room;
    struct nx_task *head, **tail;
    size_t queued;
    bool closing;
};

/* The task within its once: not run when it was done before. */
gboolean nx_once_run(struct nx_store *store, struct nx_task *task, GError **error);

/* Starts the thread of a store whose back-end is open; what it owns is the store's. BUSY: it could not. */
gboolean nx_writer_start(struct nx_store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes what is queued, and ends the thread. */
void nx_writer_stop(struct nx_store *store);
/* wait: for a place in the queue; else BUSY when there is none. */
gboolean nx_writer_enqueue(struct nx_store *store, struct nx_task *task, bool wait, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Until it is committed, or has failed; then the task may be used again. */
gboolean nx_writer_wait(struct nx_store *store, struct nx_task *task, GError **error) G_GNUC_WARN_UNUSED_RESULT;
