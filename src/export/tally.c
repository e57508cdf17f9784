/* SPDX-License-Identifier: Apache-2.0 */
#include "export/tally.h"

#include "event/json.h"

void nx_tally_to_json(struct nx_buf *out, enum nx_tally by, enum nx_tally then, struct nx_str first, struct nx_str second,
                      uint64_t n)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "{\"%s\":", nx_tally_name(by)));
    nx_json_string(out, first);
    if (then != by) {
        nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", nx_tally_name(then)));
        nx_json_string(out, second);
    }
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"events\":%" G_GUINT64_FORMAT "}", n));
}
