/* SPDX-License-Identifier: Apache-2.0 */
/* export/loader.h - very many entries into the store, in the order of its keys.
 *
 * Entries come in any order and are copied; _run sorts them (base/sorter.h) and writes them in runs of LOADER_RUN, each whole or
 * not at all, the next one prepared while one is written. In order, so that each page of the database is written about once.
 * Nothing is written before _run. Another writer is waited for, ten minutes at most: BUSY. One thread. */
#pragma once
#include "store/lookup.h"

struct nx_loader;

/* store: NULL to write nothing and only count (then lookup, which may be NULL too, says what is known). directory: for what is
 * larger than memory. actor, source: of every entry; live as long as the loader. */
struct nx_loader *nx_loader_new(struct nx_store *store, const struct nx_lookup *lookup, const char *directory, struct nx_str actor,
                                struct nx_str source);
void nx_loader_free(struct nx_loader *loader);
/* key: of the address, folded. actor and source of the entry are not looked at. */
gboolean nx_loader_add(struct nx_loader *loader, const struct nx_manual *entry, struct nx_str key,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* progress (may be NULL): entries done, of all. *ret: as nx_store_suppress tells, or would; what was written before an error
 * counts. */
gboolean nx_loader_run(struct nx_loader *loader, nx_when now, void (*progress)(void *data, uint64_t done, uint64_t all), void *data,
                       struct nx_suppressed *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_loader nx_loader; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_loader, nx_loader_free)
