/* SPDX-License-Identifier: Apache-2.0 */
/* hook/outbox.h - tells applications what was stored: each event and each act of the log is posted to those who asked for it.
 *
 * Source: Standard Webhooks 1.0 (id, timestamp, HMAC-SHA256). The log of the store is the outbox: an event is in it when its commit
 * is, and a mark says how far each receiver has come, so nothing is lost and ingestion never waits. A receiver gets events in
 * order, at least once (webhook-id tells repeats apart), from its first start on; while it does not answer 2xx it is asked again,
 * with pauses that double, by what the log says then: what was erased meanwhile is not sent. One thread a receiver. */
#pragma once
#include "config/config.h"
#include "store/store.h"

struct nx_outbox;
struct nx_outbox_change;

/* From the threads: something went wrong (why), or is well again (why NULL). */
typedef void nx_outbox_say_fn(const char *hook, const char *what, const char *why);

/* Every fault of every [hook NAME] in one NX_ERROR_CONFIG. */
gboolean nx_outbox_check(const struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Starts; the store lives longer. Errors: those of nx_outbox_plan. */
struct nx_outbox *nx_outbox_new(struct nx_store *store, const struct nx_config *config, nx_outbox_say_fn *say,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Breaks off what is under way; it is sent again after the next start. */
void nx_outbox_free(struct nx_outbox *outbox);

/* Other settings in two steps: what can fail, and then what cannot. Receivers that did not change go on undisturbed; one that did,
 * and one that is taken out, ends once the event under way is through, and its follower begins where it stopped. One thread.
 * Errors: those of nx_outbox_check, and of the store; nothing has changed then. */
struct nx_outbox_change *nx_outbox_plan(struct nx_outbox *outbox, const struct nx_config *config,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes the change. */
void nx_outbox_apply(struct nx_outbox_change *change);
/* All stays as it is. */
void nx_outbox_change_free(struct nx_outbox_change *change);

typedef struct nx_outbox_change nx_outbox_change; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_outbox_change, nx_outbox_change_free)
typedef struct nx_outbox nx_outbox; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_outbox, nx_outbox_free)
