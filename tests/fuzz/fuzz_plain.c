/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message: where mime/plain.h reads it, GMime reads the same. */
#include "../two_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nx_arena *arena;
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    limits.parts = 20; /* so that small inputs reach the limits */
    limits.depth = 6;
    limits.text = 16u << 10;
    if (arena == NULL) {
        nx_mime_init();
        arena = nx_arena_new();
    }
    if (two_readers(arena, &limits, (struct nx_str){(const char *)data, size}) == PARTED)
        abort();
    nx_arena_reset(arena);
    return 0;
}
