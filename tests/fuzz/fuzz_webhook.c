/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what each provider posts: they are refused with a reason, or give reports that are well formed, write as JSON and
 * read back. */
#include "event/json.h"
#include "parse/webhook/webhook.h"

#include <assert.h>

static void look(struct nx_arena *arena, const struct nx_limits *limits, const struct nx_webhook_body *body)
{
    assert(body->n <= NX_WEBHOOK_EVENTS_MAX);
    for (size_t i = 0; i < body->n; i++) {
        const struct nx_report *report = &body->reports[i];
        assert(report->n_tags <= NX_WEBHOOK_TAGS_MAX && report->recipient.n <= limits->address &&
               report->diagnostic.n <= limits->diagnostic);
        assert(report->reply == 0 || (report->reply >= 200 && report->reply <= 599));
        if (i >= 50)
            continue;
        struct nx_event event = {.report = *report, .origin = {.received_at = NX_WHEN_NONE}, .decision = {.until = NX_WHEN_NONE}},
                        back;
        struct nx_buf json;
        GError *error = NULL;
        nx_buf_init(&json, arena, SIZE_MAX / 2);
        nx_event_to_json(&json, &event);
        if (!nx_event_from_json(arena, nx_buf_str(&json), &back, &error)) {
            fprintf(stderr, "%s\n%.*s\n", error->message, NX_FMT(nx_buf_str(&json)));
            abort();
        }
        assert(back.report.n_tags == report->n_tags && nx_str_eq(back.report.recipient, report->recipient));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    limits.address = 200;
    limits.diagnostic = 300;
    const struct nx_webhook_paths paths = {.events = NX_STR("items"),
                                           .kind = NX_STR("what"),
                                           .recipient = NX_STR("address.mail"),
                                           .time = NX_STR("at"),
                                           .diagnostic = NX_STR("smtp[0].text"),
                                           .failed = NX_STR("bounce,dead")};
    size_t n;
    const struct nx_webhook_provider *providers = nx_webhook_providers(&n);
    struct nx_arena *arena = nx_arena_new();
    for (size_t i = 0; i < n; i++) {
        const struct nx_input input = {
            .kind = NX_INPUT_EVENT, .bytes = {(const char *)data, size}, .provider = nx_str_of(providers[i].name)};
        struct nx_webhook_body body;
        const char *why = NULL;
        nx_arena_reset(arena);
        if (nx_webhook_parse(arena, &limits, &input, &paths, &body, &why))
            look(arena, &limits, &body);
        else
            assert(why != NULL);
    }
    struct nx_webhook_body body;
    if (nx_webhook_parse_text(arena, &limits, (struct nx_str){(const char *)data, size}, &body))
        look(arena, &limits, &body);
    nx_arena_free(arena);
    return 0;
}
