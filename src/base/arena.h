/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h - memory that is freed all at once.
 *
 * One arena a worker, reset per message: what mime, parse, classify and decide make lives there, so those rooms free
 * nothing. Pointers from an arena are valid until nx_arena_reset or _free. Memory is zeroed. Never returns NULL: out of
 * memory aborts, as GLib does; limits (base/limits.h) keep input from getting there. One thread at a time. */
#pragma once
#include "base/str.h"

#include <glib.h>

struct nx_arena;

struct nx_arena *nx_arena_new(void);
void nx_arena_free(struct nx_arena *arena);
/* Forgets everything; keeps one block of up to 256 KiB for the next message and gives the rest back. */
void nx_arena_reset(struct nx_arena *arena);
/* size bytes, zeroed, aligned for any type; size 0 gives a valid pointer. */
void *nx_arena_alloc(struct nx_arena *arena, size_t size);
/* count * size with a check for overflow (aborts: a bug, never input). */
void *nx_arena_array(struct nx_arena *arena, size_t count, size_t size);
struct nx_str nx_arena_dup(struct nx_arena *arena, struct nx_str text);
/* A terminated copy, for C interfaces; NULs inside stay and cut it for the callee. */
char *nx_arena_cstr(struct nx_arena *arena, struct nx_str text);
struct nx_str nx_arena_printf(struct nx_arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Bytes handed out since the last reset. */
size_t nx_arena_used(const struct nx_arena *arena);

typedef struct nx_arena nx_arena; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_arena, nx_arena_free)
