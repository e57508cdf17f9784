/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/pending.h"

#include "store/sqlite/rate.h"
#include "store/sqlite/tally.h"

#include <xxhash.h>

struct slot {
    struct nx_str key;
    void *value;
};

static guint hash_of(gconstpointer slot)
{
    const struct nx_str key = ((const struct slot *)slot)->key;
    return (guint)XXH3_64bits(key.p, key.n);
}

static gboolean is_same(gconstpointer a, gconstpointer b)
{
    return nx_str_eq(((const struct slot *)a)->key, ((const struct slot *)b)->key);
}

static void slots_init(struct nx_slots *slots)
{
    *slots = (struct nx_slots){nx_arena_new(), g_hash_table_new(hash_of, is_same), g_ptr_array_new()};
}

static void slots_free(struct nx_slots *slots)
{
    g_hash_table_unref(slots->index);
    g_ptr_array_unref(slots->all);
    nx_arena_free(slots->arena);
}

void *nx_slots_get(struct nx_slots *slots, struct nx_str key, size_t size, bool *ret_new)
{
    const struct slot asked = {.key = key};
    struct slot *slot = g_hash_table_lookup(slots->index, &asked);
    *ret_new = slot == NULL;
    if (slot != NULL)
        return slot->value;
    slot = nx_arena_alloc(slots->arena, sizeof *slot);
    *slot = (struct slot){nx_arena_dup(slots->arena, key), nx_arena_alloc(slots->arena, size)};
    g_hash_table_add(slots->index, slot);
    g_ptr_array_add(slots->all, slot->value);
    return slot->value;
}

void nx_slots_clear(struct nx_slots *slots)
{
    if (slots->all->len == 0)
        return;
    g_hash_table_remove_all(slots->index);
    g_ptr_array_set_size(slots->all, 0);
    nx_arena_reset(slots->arena);
}

struct nx_pending *nx_pending_new(void)
{
    struct nx_pending *pending = g_new0(struct nx_pending, 1);
    slots_init(&pending->tally);
    slots_init(&pending->names);
    slots_init(&pending->rates);
    pending->first_hour = INT64_MAX;
    return pending;
}

void nx_pending_free(struct nx_pending *pending)
{
    if (pending == NULL)
        return;
    slots_free(&pending->tally);
    slots_free(&pending->names);
    slots_free(&pending->rates);
    g_free(pending);
}

gboolean nx_pending_write(struct nx_db *db, GError **error)
{
    return nx_tally_write(db, error) && nx_rate_write(db, error);
}

void nx_pending_begin(struct nx_db *db)
{
    memset(db->pending->rare, 0, sizeof db->pending->rare);
    db->pending->open = true;
}

void nx_pending_end(struct nx_db *db)
{
    db->pending->open = false;
    nx_slots_clear(&db->pending->tally);
    nx_slots_clear(&db->pending->names);
    nx_slots_clear(&db->pending->rates);
    db->pending->first_hour = INT64_MAX;
}

gboolean nx_rare_has(struct nx_db *db, enum nx_rare table, bool *ret, GError **error)
{
    static const char *const any[] = {[NX_RARE_SENT] = "SELECT 1 FROM sent LIMIT 1",
                                      [NX_RARE_FORGOTTEN] = "SELECT 1 FROM forgotten LIMIT 1",
                                      [NX_RARE_HOLDS] = "SELECT 1 FROM holds LIMIT 1",
                                      [NX_RARE_INCIDENTS] = "SELECT 1 FROM incidents LIMIT 1"};
    struct nx_pending *pending = db->pending;
    if (pending == NULL || !pending->open) {
        *ret = true;
        return TRUE;
    }
    if (pending->rare[table] == UNKNOWN) {
        bool some;
        sqlite3_stmt *ask = nx_db_statement(db, any[table], error);
        if (ask == NULL || !nx_db_exists(db, ask, &some, error))
            return FALSE;
        pending->rare[table] = some ? FILLED : EMPTY;
    }
    *ret = pending->rare[table] == FILLED;
    return TRUE;
}

void nx_rare_filled(struct nx_db *db, enum nx_rare table)
{
    if (db->pending != NULL)
        db->pending->rare[table] = FILLED;
}
