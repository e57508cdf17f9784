/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "store/hold.h"

#include <glib/gstdio.h>

#define SPOOL_MOST 10000u

void nx_get_health(struct nx_request *request)
{
    nx_request_json(request, 200, NX_STR("{\"status\":\"ok\"}\n"));
}

/* Ready: the store can be read and the intake takes messages. */
void nx_get_ready(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    struct nx_reader *reader = nx_request_reader(request);
    g_autoptr(GError) error = NULL;
    int64_t position;
    if (reader == NULL)
        return;
    if (service->ending)
        nx_request_problem(request, 503, "the daemon is stopping");
    else if (nx_intake_is_full(service->intake))
        nx_request_problem(request, 503, "the queue is full: messages come faster than they can be stored");
    else if (!nx_reader_position(reader, &position, &error))
        nx_request_fail(request, error);
    else
        nx_request_json(request, 200, NX_STR("{\"status\":\"ready\"}\n"));
}

static int64_t size_of(const char *path)
{
    GStatBuf about;
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    int64_t size = g_stat(path, &about) == 0 ? about.st_size : 0;
    return size + (g_stat(log, &about) == 0 ? about.st_size : 0);
}

static int64_t spooled(const struct nx_config *config)
{
    g_autofree char *directory = nx_config_spool(config), *path = g_build_filename(directory, "new", NULL);
    g_autoptr(GDir) open = g_dir_open(path, 0, NULL);
    unsigned n = 0;
    while (open != NULL && n < SPOOL_MOST && g_dir_read_name(open) != NULL)
        n++;
    return n;
}

struct held {
    int64_t incidents, addresses;
};

static bool add_incident(const struct nx_incident *incident, void *data)
{
    struct held *held = data;
    held->incidents += !nx_str_eq(incident->state, NX_STR("released"));
    held->addresses += (int64_t)incident->holding;
    return true;
}

void nx_get_metrics(struct nx_request *request)
{
    struct nx_service *service = nx_request_service(request);
    const struct nx_setup *setup = nx_request_setup(request);
    struct nx_reader *reader = nx_request_reader(request);
    const struct nx_hold_filter in_force = {.over = false};
    struct held held = {0};
    int64_t position = 0;
    if (reader == NULL)
        return;
    bool readable = nx_reader_position(reader, &position, NULL) &&
                    nx_reader_incidents(reader, &in_force, nx_request_now(request), add_incident, &held, NULL);
    nx_metrics_set(service->metrics, NX_METRIC_QUEUE, "", (int64_t)nx_intake_waiting(service->intake));
    nx_metrics_set(service->metrics, NX_METRIC_SPOOL, "", spooled(setup->config));
    nx_metrics_set(service->metrics, NX_METRIC_STORE_BYTES, "", size_of(setup->config->store_path));
    nx_metrics_set(service->metrics, NX_METRIC_POSITION, "", position);
    nx_metrics_set(service->metrics, NX_METRIC_INCIDENTS, "", held.incidents);
    nx_metrics_set(service->metrics, NX_METRIC_HOLDING, "", held.addresses);
    nx_metrics_set(service->metrics, NX_METRIC_READY, "", readable && !service->ending && !nx_intake_is_full(service->intake));
    GString *text = g_string_sized_new(8192);
    nx_metrics_write(service->metrics, text);
    nx_request_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", (struct nx_str){text->str, text->len});
    g_string_free(text, TRUE);
}
