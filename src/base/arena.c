/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define BLOCK_MIN (16u * 1024)
#define BLOCK_KEEP (256u * 1024)
#define ALIGN 16u

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

struct nx_arena {
    struct block *top;
    size_t total;
};

static struct block *block_new(size_t size, struct block *next)
{
    struct block *block = g_malloc(sizeof *block + size);
    block->next = next;
    block->size = size;
    block->used = 0;
    return block;
}

struct nx_arena *nx_arena_new(void)
{
    struct nx_arena *arena = g_new0(struct nx_arena, 1);
    arena->top = block_new(BLOCK_MIN, NULL);
    return arena;
}

void nx_arena_free(struct nx_arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->top != NULL) {
        struct block *next = arena->top->next;
        g_free(arena->top);
        arena->top = next;
    }
    g_free(arena);
}

void nx_arena_reset(struct nx_arena *arena)
{
    struct block *keep = NULL;
    while (arena->top != NULL) {
        struct block *block = arena->top;
        arena->top = block->next;
        if (block->size <= BLOCK_KEEP && (keep == NULL || block->size > keep->size)) {
            g_free(keep);
            keep = block;
        } else {
            g_free(block);
        }
    }
    if (keep == NULL)
        keep = block_new(BLOCK_MIN, NULL);
    keep->next = NULL;
    keep->used = 0;
    arena->top = keep;
    arena->total = 0;
}

void *nx_arena_alloc(struct nx_arena *arena, size_t size)
{
    g_assert(size <= SIZE_MAX / 2);
    size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (need == 0)
        need = ALIGN;
    struct block *block = arena->top;
    if (block->size - block->used < need) {
        size_t grow = block->size * 2 < BLOCK_KEEP ? block->size * 2 : BLOCK_KEEP;
        if (need > grow / 4) { /* a large piece gets a block of its own, behind the one in use */
            struct block *own = block_new(need, block->next);
            block->next = own;
            own->used = need;
            arena->total += need;
            return memset(own->data, 0, need);
        }
        block = arena->top = block_new(grow, block);
    }
    void *piece = block->data + block->used;
    block->used += need;
    arena->total += need;
    return memset(piece, 0, need);
}

void *nx_arena_array(struct nx_arena *arena, size_t count, size_t size)
{
    g_assert(size == 0 || count <= SIZE_MAX / 2 / size);
    return nx_arena_alloc(arena, count * size);
}

struct nx_str nx_arena_dup(struct nx_arena *arena, struct nx_str text)
{
    if (text.n == 0)
        return NX_STR_NONE;
    char *copy = nx_arena_alloc(arena, text.n);
    memcpy(copy, text.p, text.n);
    return (struct nx_str){copy, text.n};
}

char *nx_arena_cstr(struct nx_arena *arena, struct nx_str text)
{
    char *copy = nx_arena_alloc(arena, text.n + 1);
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    return copy;
}

struct nx_str nx_arena_printf(struct nx_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    g_assert(n >= 0);
    char *text = nx_arena_alloc(arena, (size_t)n + 1);
    (void)vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return (struct nx_str){text, (size_t)n};
}

size_t nx_arena_used(const struct nx_arena *arena)
{
    return arena->total;
}
