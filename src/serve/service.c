/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/service.h"

struct nx_setup *nx_setup_new(struct nx_config *config, struct nx_engine *engine)
{
    struct nx_setup *setup = g_new0(struct nx_setup, 1);
    *setup = (struct nx_setup){.references = 1, .config = config, .engine = engine};
    return setup;
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
    nx_engine_unref(setup->engine);
    nx_config_free(setup->config);
    g_free(setup);
}

struct nx_service *nx_service_new(struct nx_setup *setup, struct nx_store *store)
{
    struct nx_service *service = g_new0(struct nx_service, 1);
    const struct nx_intake_options options = {.workers = setup->config->serve_workers, .queue = setup->config->serve_queue};
    pthread_mutex_init(&service->lock, NULL);
    service->setup = setup;
    service->store = store;
    service->intake = nx_intake_new(setup->engine, store, &options);
    return service;
}

void nx_service_free(struct nx_service *service)
{
    nx_intake_free(service->intake);
    nx_store_close(service->store);
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
    nx_intake_set_engine(service->intake, setup->engine);
    pthread_mutex_lock(&service->lock);
    struct nx_setup *old = service->setup;
    service->setup = setup;
    pthread_mutex_unlock(&service->lock);
    nx_setup_unref(old);
}
