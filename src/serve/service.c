/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/service.h"

#include "serve/bind.h"
#include "serve/webhook.h"

#define NICENESS 5 /* of the workers: a question takes microseconds and somebody waits for it */

struct nx_setup *nx_setup_new(struct nx_config *config, GError **error)
{
    g_autoptr(nx_setup) setup = g_new0(struct nx_setup, 1);
    g_autofree char *tokens = nx_config_tokens(config);
    guint n;
    *setup = (struct nx_setup){.references = 1, .config = config};
    if (!nx_endpoints_check(config, error))
        return NULL;
    setup->engine = nx_bind_engine(config, error);
    if (setup->engine == NULL)
        return NULL;
    setup->tokens = nx_tokens_load(tokens, error);
    if (setup->tokens == NULL)
        return NULL;
    nx_tokens_list(setup->tokens, &n);
    struct nx_str digest = nx_ruleset_digest(nx_engine_rules(setup->engine));
    g_snprintf(setup->rules, sizeof setup->rules, "%.*s", NX_FMT(digest));
    setup->open = n == 0;
    return g_steal_pointer(&setup);
}

const char *nx_setup_rules(const struct nx_setup *setup)
{
    return setup->rules;
}

struct nx_setup *nx_setup_ref(struct nx_setup *setup)
{
    __atomic_add_fetch(&setup->references, 1, __ATOMIC_RELAXED);
    return setup;
}

void nx_setup_unref(struct nx_setup *setup)
{
    if (__atomic_sub_fetch(&setup->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    g_clear_pointer(&setup->engine, nx_engine_unref);
    g_clear_pointer(&setup->tokens, nx_tokens_free);
    nx_config_free(setup->config);
    g_free(setup);
}

static void observe(void *data, const struct nx_outcome *outcome, int64_t microseconds)
{
    nx_metrics_outcome(data, outcome);
    nx_metrics_observe(data, NX_METRIC_COMMIT, microseconds);
}

static void name_build(struct nx_service *service, const struct nx_setup *setup)
{
    g_autofree char *labels = g_strdup_printf("version=\"%s\",rules=\"%s\"", NX_VERSION, setup->rules);
    nx_metrics_set(service->metrics, NX_METRIC_INFO, labels, 1);
}

struct nx_service *nx_service_new(struct nx_setup *setup, struct nx_store *store)
{
    struct nx_service *service = g_new0(struct nx_service, 1);
    service->metrics = nx_metrics_new();
    nx_metrics_set(service->metrics, NX_METRIC_START, "", g_get_real_time() / G_USEC_PER_SEC);
    name_build(service, setup);
    const struct nx_intake_options options = {.workers = setup->config->serve_workers,
                                              .queue = setup->config->serve_queue,
                                              .niceness = NICENESS,
                                              .observe = observe,
                                              .data = service->metrics};
    const struct nx_config *config = setup->config;
    pthread_mutex_init(&service->lock, NULL);
    pthread_mutex_init(&service->fetching, NULL);
    service->fetch = nx_fetch_new(*config->fetch_ca_file == '\0' ? NULL : config->fetch_ca_file,
                                  *config->fetch_connect_to == '\0' ? NULL : config->fetch_connect_to);
    service->setup = setup;
    service->store = store;
    service->sieve = nx_sieve_new(store);
    service->intake = nx_intake_new(setup->engine, store, &options);
    return service;
}

void nx_service_free(struct nx_service *service)
{
    nx_intake_free(service->intake);
    nx_sieve_free(service->sieve);
    nx_store_close(service->store);
    nx_metrics_free(service->metrics);
    nx_fetch_free(service->fetch);
    pthread_mutex_destroy(&service->fetching);
    nx_setup_unref(service->setup);
    pthread_mutex_destroy(&service->lock);
    g_free(service);
}

struct nx_setup *nx_service_setup(struct nx_service *service)
{
    pthread_mutex_lock(&service->lock);
    struct nx_setup *setup = nx_setup_ref(service->setup);
    pthread_mutex_unlock(&service->lock);
    return setup;
}

void nx_service_swap(struct nx_service *service, struct nx_setup *setup)
{
    if (strcmp(setup->rules, service->setup->rules) != 0) {
        g_autofree char *labels = g_strdup_printf("version=\"%s\",rules=\"%s\"", NX_VERSION, service->setup->rules);
        nx_metrics_set(service->metrics, NX_METRIC_INFO, labels, 0);
    }
    name_build(service, setup);
    nx_store_limit_raw(service->store, &setup->config->raw);
    nx_intake_set_engine(service->intake, setup->engine);
    pthread_mutex_lock(&service->lock);
    struct nx_setup *old = service->setup;
    service->setup = setup;
    pthread_mutex_unlock(&service->lock);
    nx_setup_unref(old);
}
