/* SPDX-License-Identifier: Apache-2.0 */
/* base/buf.h - text built piece by piece into an arena, with a cap.
 *
 * Appending past the cap keeps what fits and sets `full`; nothing fails. The text is valid until the arena is reset. */
#pragma once
#include "base/arena.h"

struct nx_buf {
    struct nx_arena *arena;
    char *p;
    size_t n, size, cap;
    bool full;
};

void nx_buf_init(struct nx_buf *buf, struct nx_arena *arena, size_t cap);
void nx_buf_add(struct nx_buf *buf, struct nx_str text);
void nx_buf_addc(struct nx_buf *buf, char c);
/* Room for n bytes behind the text, which is all that is promised: the caller adds what it wrote there to ->n. Beyond the cap too.
 */
char *nx_buf_reserve(struct nx_buf *buf, size_t n);
static inline struct nx_str nx_buf_str(const struct nx_buf *buf)
{
    return (struct nx_str){buf->p, buf->n};
}
