/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an event: what is read can be written, and then reads and writes the same. */
#include "event/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nx_arena *arena = nx_arena_new();
    struct nx_event event;
    if (nx_event_from_json(arena, (struct nx_str){(const char *)data, size}, &event, NULL)) {
        struct nx_buf first, second;
        nx_buf_init(&first, arena, SIZE_MAX / 2);
        nx_buf_init(&second, arena, SIZE_MAX / 2);
        nx_event_to_json(&first, &event);
        gboolean again = nx_event_from_json(arena, nx_buf_str(&first), &event, NULL);
        assert(again);
        nx_event_to_json(&second, &event);
        assert(nx_str_eq(nx_buf_str(&first), nx_buf_str(&second)));
    }
    nx_arena_free(arena);
    return 0;
}
