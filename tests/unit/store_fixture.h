/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, with the policy's defaults, for the tests of the store: made before and removed behind each. */
#pragma once
#include "store/store.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
    char *directory, *path;
    struct nx_arena *arena;
    struct nx_policy policy;
    struct nx_store *store;
    struct nx_reader *reader;
    unsigned ids; /* of events made so far */
};

static inline void open_store(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    f->store = nx_store_open(f->path, NX_OPEN_WRITE, &f->policy, NULL, &error);
    f->reader = f->store == NULL ? NULL : nx_reader_new(f->store, &error);
    if (f->reader == NULL)
        fail_msg("%s", error->message);
}

static inline void close_store(struct fixture *f)
{
    nx_reader_free(f->reader);
    nx_store_close(f->store);
    f->reader = NULL;
    f->store = NULL;
}

static inline int make_store(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->directory = g_dir_make_tmp("nixie-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, "n.db", NULL);
    f->arena = nx_arena_new();
    nx_policy_defaults(&f->policy);
    open_store(f);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    close_store(f);
    GDir *dir = g_dir_open(f->directory, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(f->directory, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(f->directory);
    nx_arena_free(f->arena);
    g_free(f->path);
    g_free(f->directory);
    g_free(f);
    return 0;
}

/* One event, kept. */
static inline struct nx_stored store_one(struct fixture *f, const struct nx_event *event, nx_when now)
{
    struct nx_stored stored;
    g_autoptr(GError) error = NULL;
    if (!nx_store_add(f->store, f->arena, event, 1, now, &stored, &error))
        fail_msg("%s", error->message);
    return stored;
}

/* Is it suppressed for every stream: 1 or 0; ret may be NULL. */
static inline int look(struct fixture *f, const char *address, nx_when now, struct nx_entry *ret)
{
    g_autoptr(GError) error = NULL;
    struct nx_entry entry;
    int found =
        nx_reader_lookup(f->reader, f->arena, nx_str_of(address), NX_STR_NONE, now, ret != NULL ? ret : &entry, NULL, &error);
    if (found < 0)
        fail_msg("%s", error->message);
    return found;
}

static inline struct nx_rebuilt rebuild(struct fixture *f)
{
    struct nx_rebuilt rebuilt;
    g_autoptr(GError) error = NULL;
    if (!nx_store_rebuild(f->store, &rebuilt, &error))
        fail_msg("%s", error->message);
    return rebuilt;
}
