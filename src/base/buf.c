/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

void nx_buf_init(struct nx_buf *buf, struct nx_arena *arena, size_t cap)
{
    *buf = (struct nx_buf){.arena = arena, .cap = cap};
}

static void grow(struct nx_buf *buf, size_t need)
{
    size_t size = buf->size == 0 ? 128 : buf->size;
    while (size < need)
        size *= 2;
    char *p = nx_arena_alloc(buf->arena, size);
    if (buf->n > 0)
        memcpy(p, buf->p, buf->n);
    buf->p = p;
    buf->size = size;
}

void nx_buf_add(struct nx_buf *buf, struct nx_str text)
{
    if (text.n > buf->cap - buf->n) {
        text.n = buf->cap - buf->n;
        buf->full = true;
    }
    if (text.n == 0)
        return;
    if (buf->n + text.n > buf->size)
        grow(buf, buf->n + text.n);
    memcpy(buf->p + buf->n, text.p, text.n);
    buf->n += text.n;
}

void nx_buf_addc(struct nx_buf *buf, char c)
{
    nx_buf_add(buf, (struct nx_str){&c, 1});
}

char *nx_buf_reserve(struct nx_buf *buf, size_t n)
{
    if (buf->n + n > buf->size)
        grow(buf, buf->n + n);
    return buf->p + buf->n;
}
