/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/zip.h - events and import lists, made small with zstd and a dictionary. Inner to the back-end.
 *
 * The dictionary is what an event of each cause looks like, and how often which byte comes in such, so that no frame has to say that
 * of itself; it is written into the database when that is created and stays with it, so that names may change later. Frames name
 * it; those that name none were made with that of a former version, if any. One of these a connection; one thread at a time. */
#pragma once
#include "base/arena.h"

struct nx_zip;

/* The dictionary of a new database. */
struct nx_str nx_zip_dictionary(struct nx_arena *arena);
struct nx_zip *nx_zip_new(struct nx_str dictionary, struct nx_str former);
void nx_zip_free(struct nx_zip *zip);
/* In the arena. */
struct nx_str nx_zip_pack(struct nx_zip *zip, struct nx_arena *arena, struct nx_str plain);
/* Without the dictionary and harder, for lists. */
struct nx_str nx_zip_pack_list(struct nx_zip *zip, struct nx_arena *arena, struct nx_str plain);
/* False when the bytes are none of ours. */
bool nx_zip_unpack(struct nx_zip *zip, struct nx_arena *arena, struct nx_str packed, struct nx_str *ret);
