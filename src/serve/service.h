/* SPDX-License-Identifier: Apache-2.0 */
/* serve/service.h - what the parts of the daemon share.
 *
 * A setup is what a reload swaps, whole or not at all: settings, engine and tokens; immutable, counted by reference. A service is
 * the rest, and lives as long as the daemon. Any thread. */
#pragma once
#include "config/config.h"
#include "fetch/fetch.h"
#include "ingest/intake.h"
#include "serve/metrics.h"
#include "serve/token.h"
#include "store/sieve.h"

#include <pthread.h>

struct nx_setup {
    int references;
    struct nx_config *config;
    struct nx_engine *engine;
    struct nx_tokens *tokens;
    char rules[16]; /* the rule set's digest */
    bool open;      /* there are no tokens: this machine may ask, nobody else */
};

/* Reads patterns and tokens by the settings, which it takes also when it fails. */
struct nx_setup *nx_setup_new(struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The rule set's digest. */
const char *nx_setup_rules(const struct nx_setup *setup);
struct nx_setup *nx_setup_ref(struct nx_setup *setup);
void nx_setup_unref(struct nx_setup *setup);

struct nx_service {
    struct nx_store *store;
    struct nx_sieve *sieve;
    struct nx_intake *intake;
    struct nx_metrics *metrics;
    pthread_mutex_t lock; /* guards setup */
    struct nx_setup *setup;
    struct nx_fetch *fetch;
    pthread_mutex_t fetching;     /* one request at a time waits for a host of others */
    _Atomic unsigned cleaning;    /* lists at work */
    _Atomic unsigned triaging;    /* questions that read much of the log, and acts on rules */
    _Atomic unsigned storing;     /* webhooks that wait for their commit, and lists at work */
    _Atomic size_t webhook_bytes; /* bodies of webhooks that are held */
    _Atomic bool ending;          /* no new work is taken */
};

/* Takes the setup; opens the store and starts the intake. */
struct nx_service *nx_service_new(struct nx_setup *setup, struct nx_store *store);
/* Drains the intake, closes the store. */
void nx_service_free(struct nx_service *service);
/* The setup in force, with a reference. */
struct nx_setup *nx_service_setup(struct nx_service *service);
/* From now on; takes the setup. */
void nx_service_swap(struct nx_service *service, struct nx_setup *setup);

typedef struct nx_setup nx_setup; /* for g_autoptr only */
typedef struct nx_service nx_service;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_setup, nx_setup_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_service, nx_service_free)
