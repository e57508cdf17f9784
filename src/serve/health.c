/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

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
