/* SPDX-License-Identifier: Apache-2.0 */
/* export/reconcile.h - two lists of suppressions beside each other: ours, and what a provider gave of its own.
 *
 * Theirs comes in any order and is copied; _run sorts it (base/sorter.h) and goes through both in the order of the store's keys, so
 * neither needs to fit into memory. What ours says is what a question about the address is answered (store/lookup.h): entries for
 * its domain, for erased addresses and the allow list count. One thread. */
#pragma once
#include "export/import.h"
#include "export/upload.h"
#include "store/lookup.h"

enum nx_drift {
    NX_DRIFT_SAME,
    NX_DRIFT_THERE,   /* only there */
    NX_DRIFT_HERE,    /* only here */
    NX_DRIFT_GROUND,  /* on both, for something else (export/upload.h); by hand agrees with everything */
    NX_DRIFT_ALLOWED, /* there, and on our allow list */
};
#define NX_DRIFT_COUNT 5
const char *nx_drift_name(enum nx_drift drift);

struct nx_difference { /* slices live for the call */
    enum nx_drift drift;
    struct nx_str address, key; /* the address as it is spelled there, or here */
    struct nx_import_row there; /* of several for one address and stream the strongest; not for HERE */
    struct nx_hit here;         /* not for THERE */
};
typedef gboolean nx_difference_fn(void *data, const struct nx_difference *difference, GError **error);

struct nx_reconciler;
/* directory: for what is larger than memory. stream: whose entries count; "" is a question without one. grounds: bits, what is
 * compared. The slices and the lookup outlive it. */
struct nx_reconciler *nx_reconciler_new(const struct nx_lookup *lookup, struct nx_str stream, unsigned grounds,
                                        const char *directory);
void nx_reconciler_free(struct nx_reconciler *reconciler);
/* key: of the row's address, folded. */
gboolean nx_reconciler_add(struct nx_reconciler *reconciler, const struct nx_import_row *row, struct nx_str key,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* fn gets SAME too; false stops with its error. */
gboolean nx_reconciler_run(struct nx_reconciler *reconciler, struct nx_reader *reader, nx_when now, nx_difference_fn *fn,
                           void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_reconciler nx_reconciler; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_reconciler, nx_reconciler_free)
