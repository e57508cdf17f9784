/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include "base/error.h"

struct nx_reader *nx_reader_new(struct nx_store *store, GError **error)
{
    struct nx_reader *reader = store->ops->reader_new(store->path, error);
    if (reader != NULL) {
        reader->rules = store->rules;
        reader->streams = store->streams;
    }
    return reader;
}

void nx_reader_free(struct nx_reader *reader)
{
    if (reader != NULL)
        reader->ops->reader_free(reader);
}

gboolean nx_reader_fold(struct nx_reader *reader, struct nx_arena *arena, struct nx_str text, struct nx_address *ret,
                        GError **error)
{
    const char *why;
    if (nx_address_fold(arena, text, reader->rules, ret, &why))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no address: %s", NX_FMT(nx_str_sub(text, 0, 100)), why);
    return FALSE;
}

int nx_reader_lookup(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, struct nx_str stream, nx_when now,
                     struct nx_entry *ret_entry, bool *ret_allowed, GError **error)
{
    struct nx_address folded;
    bool allowed = false;
    if (!nx_reader_fold(reader, arena, address, &folded, error))
        return -1;
    int found = reader->ops->lookup(reader, arena, &folded, stream, now, ret_entry, &allowed, error);
    if (ret_allowed != NULL)
        *ret_allowed = allowed;
    return found;
}

gboolean nx_reader_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                        GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address folded = {0};
    struct nx_filter own = *filter;
    if (filter->address.n > 0 && !nx_reader_fold(reader, arena, filter->address, &folded, error))
        return FALSE;
    own.address = folded.key;
    return reader->ops->list(reader, &own, now, fn, data, error);
}

gboolean nx_reader_sent(struct nx_reader *reader, struct nx_str address, nx_sent_fn *fn, void *data, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address folded;
    return nx_reader_fold(reader, arena, address, &folded, error) && reader->ops->sent_to(reader, folded.key, fn, data, error);
}

gboolean nx_reader_erased(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error)
{
    return reader->ops->erased(reader, now, ret, error);
}

gboolean nx_reader_log(struct nx_reader *reader, const struct nx_log_filter *filter, nx_logged_fn *fn, void *data, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address folded = {0};
    if (filter->address.n > 0 && !nx_reader_fold(reader, arena, filter->address, &folded, error))
        return FALSE;
    return reader->ops->log(reader, filter, folded.key, fn, data, error);
}

gboolean nx_reader_domains(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                           GError **error)
{
    return reader->ops->domains(reader, policy, now, fn, data, error);
}

gboolean nx_reader_position(struct nx_reader *reader, int64_t *ret, GError **error)
{
    return reader->ops->position(reader, ret, error);
}

int nx_reader_mark(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error)
{
    return reader->ops->get_mark(reader, name, ret, error);
}

int nx_reader_raw(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret, GError **error)
{
    return reader->ops->raw(reader, arena, event_id, ret, error);
}

gboolean nx_reader_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                         nx_tally_fn *fn, void *data, GError **error)
{
    return reader->ops->tally(reader, by, then, filter, fn, data, error);
}

gboolean nx_reader_size(struct nx_reader *reader, struct nx_size *ret, GError **error)
{
    return reader->ops->size(reader, ret, error);
}
