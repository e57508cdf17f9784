/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hold.h"

#include "base/error.h"
#include "store/ops.h"

gboolean nx_reader_holds(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_hold_fn *fn, void *data,
                         GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address after = {0}, folded = {0};
    struct nx_hold_filter own = *filter;
    size_t tab = nx_str_chr(filter->after, '\t');
    if (filter->after.n > 0 &&
        (tab == filter->after.n || !nx_address_fold(arena, nx_str_sub(filter->after, 0, tab), NULL, &after, NULL))) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no cursor (take the one that the last page gave)",
                    NX_FMT(nx_str_sub(filter->after, 0, 100)));
        return FALSE;
    }
    if (filter->address.n > 0 && !nx_reader_fold(reader, arena, filter->address, &folded, error))
        return FALSE;
    own.address = folded.key;
    return reader->ops->holds(reader, &own, after.key, now, fn, data, error);
}

gboolean nx_reader_incidents(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_incident_fn *fn,
                             void *data, GError **error)
{
    return reader->ops->incidents(reader, filter, now, fn, data, error);
}

gboolean nx_reader_knows_source(struct nx_reader *reader, const struct nx_breaker *breaker, struct nx_str source, nx_when at,
                                bool *ret, GError **error)
{
    return reader->ops->knows_source(reader, breaker, source, at, ret, error);
}

int nx_reader_held(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, nx_when now, struct nx_hold *ret,
                   GError **error)
{
    struct nx_address folded;
    return nx_reader_fold(reader, arena, address, &folded, error) ? reader->ops->held(reader, arena, folded.key, now, ret, error)
                                                                  : -1;
}

struct nx_str nx_hold_cursor(struct nx_arena *arena, const struct nx_hold *hold)
{
    return nx_arena_printf(arena, "%.*s\t%.*s", NX_FMT(hold->key), NX_FMT(hold->stream));
}
