/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/retain.h"

#include "base/error.h"
#include "serve/log.h"

#include <errno.h>
#include <time.h>

#define FIRST 600 /* seconds; and after a run that failed */

struct nx_retain {
    struct nx_service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    bool waits; /* and it was told */
};

static bool goes_on(void *data)
{
    struct nx_retain *retain = data;
    pthread_mutex_lock(&retain->lock);
    bool ending = retain->ending;
    pthread_mutex_unlock(&retain->lock);
    return !ending;
}

static void tell(const struct nx_retained *retained)
{
    g_autofree char *events = g_strdup_printf("%zu", retained->events), *details = g_strdup_printf("%zu", retained->details);
    g_autofree char *addresses = g_strdup_printf("%zu", retained->addresses), *hashes = g_strdup_printf("%zu", retained->hashes);
    if (retained->events + retained->details + retained->addresses + retained->hashes > 0)
        nx_log(NX_LOG_INFO, "retain", "past its time, dropped", "events", events, "details", details, "addresses", addresses,
               "hashes", hashes, NULL);
}

/* false: it is time to end. */
static bool sleep_until(struct nx_retain *retain, int64_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&retain->lock);
    while (!retain->ending && pthread_cond_timedwait(&retain->wake, &retain->lock, &until) != ETIMEDOUT)
        ;
    bool ending = retain->ending;
    pthread_mutex_unlock(&retain->lock);
    return !ending;
}

static int64_t every(struct nx_retain *retain)
{
    g_autoptr(nx_setup) setup = nx_service_setup(retain->service);
    return MAX(setup->config->retention_every, 1);
}

static bool retain_now(struct nx_retain *retain)
{
    struct nx_service *service = retain->service;
    struct nx_retention retention;
    struct nx_retained retained;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_setup) setup = nx_service_setup(service);
    nx_config_retention(setup->config, &retention.events, &retention.details, retention.causes);
    retention.sent = setup->config->sent;
    retention.believe_clock = false;
    bool done =
        nx_store_retain(service->store, &retention, g_get_real_time() / G_USEC_PER_SEC, false, goes_on, retain, &retained, &error);
    bool waits = g_error_matches(error, NX_ERROR, NX_ERROR_DENIED);
    nx_metrics_count(service->metrics, NX_METRIC_RETENTION,
                     done    ? "result=\"done\""
                     : waits ? "result=\"waits\""
                             : "result=\"failed\"",
                     1);
    if (waits && !retain->waits)
        nx_log(NX_LOG_WARN, "retain", "the clock is not believed; it is looked at again and again", "why", error->message, NULL);
    retain->waits = waits;
    if (!done && !waits)
        nx_log(NX_LOG_WARN, "retain", "what is past its time stays for now; it is tried again", "why", error->message, NULL);
    tell(&retained);
    return done;
}

static void *run(void *data)
{
    struct nx_retain *retain = data;
    bool done = false;
    while (sleep_until(retain, done ? every(retain) : MIN(every(retain), FIRST)))
        done = retain_now(retain);
    return NULL;
}

struct nx_retain *nx_retain_new(struct nx_service *service, GError **error)
{
    struct nx_retain *retain = g_new0(struct nx_retain, 1);
    pthread_condattr_t attributes;
    retain->service = service;
    pthread_mutex_init(&retain->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&retain->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    int failed = pthread_create(&retain->thread, NULL, run, retain);
    if (failed == 0)
        return retain;
    g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "cannot start a thread: %s (try again)", g_strerror(failed));
    pthread_mutex_destroy(&retain->lock);
    pthread_cond_destroy(&retain->wake);
    g_free(retain);
    return NULL;
}

void nx_retain_free(struct nx_retain *retain)
{
    if (retain == NULL)
        return;
    pthread_mutex_lock(&retain->lock);
    retain->ending = true;
    pthread_cond_signal(&retain->wake);
    pthread_mutex_unlock(&retain->lock);
    pthread_join(retain->thread, NULL);
    pthread_mutex_destroy(&retain->lock);
    pthread_cond_destroy(&retain->wake);
    g_free(retain);
}
