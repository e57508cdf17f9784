/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message: read, judged, written as JSON, and that read back. */
#include "engine/engine.h"
#include "event/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nx_worker *worker;
    if (worker == NULL) {
        struct nx_limits limits = NX_LIMITS_DEFAULT;
        limits.parts = 50; /* so that small inputs reach the limits */
        limits.depth = 8;
        limits.recipients = 20;
        limits.text = 16u << 10;
        GError *error = NULL;
        struct nx_engine *engine = nx_engine_new(NULL, NULL, &limits, &error);
        if (engine == NULL) {
            fprintf(stderr, "%s\n", error->message);
            abort();
        }
        nx_engine_trust(engine, g_strsplit("mx.example.org", " ", -1));
        worker = nx_worker_new(engine);
        nx_engine_unref(engine);
    }
    const struct nx_origin origin = {.source = NX_STR("fuzz"), .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = {(const char *)data, size}, .origin = &origin};
    struct nx_event *events;
    size_t n = nx_worker_process(worker, &input, &events);
    assert(n > 0);
    for (size_t i = 0; i < n; i++) {
        struct nx_buf json;
        struct nx_event back;
        GError *error = NULL;
        nx_buf_init(&json, nx_worker_arena(worker), SIZE_MAX / 2);
        nx_event_to_json(&json, &events[i]);
        if (!nx_event_from_json(nx_worker_arena(worker), nx_buf_str(&json), &back, &error)) {
            fprintf(stderr, "%s\n%.*s\n", error->message, NX_FMT(nx_buf_str(&json)));
            abort();
        }
    }
    nx_worker_reset(worker);
    return 0;
}
