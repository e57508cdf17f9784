/* SPDX-License-Identifier: Apache-2.0 */
/* Postal webhooks, with and without the outer object. docs.postalserver.io/developer/webhooks. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"MessageSent", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"MessageDelayed", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"MessageDeliveryFailed", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"MessageHeld", NX_KIND_DELAYED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT}, /* until an operator releases it */
    {"MessageBounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
    /* the same by status, where the outer object is missing */
    {"Sent", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"SoftFail", NX_KIND_DELAYED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"HardFail", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"Held", NX_KIND_DELAYED, NX_CAUSE_POLICY_BLOCK, NX_CLASS_SOFT},
    {"Bounced", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_NONE},
};
static const struct nx_hook_word given_up = {"", NX_KIND_FAILED, NX_CAUSE_EXPIRED, NX_CLASS_SOFT};
static const struct nx_hook_word suppressed = {"", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_NONE};

void nx_hook_postal(struct nx_hook *hook, json_t *event)
{
    json_t *payload = nx_hook_at(event, "payload");
    if (payload == NULL)
        payload = event;
    json_t *returned = nx_hook_at(payload, "original_message"),
           *message = returned != NULL ? returned : nx_hook_at(payload, "message");
    struct nx_str name = nx_hook_text(hook, event, "event"), status = nx_hook_text(hook, payload, "status"),
                  details = nx_hook_text(hook, payload, "details");
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name.n > 0 ? name : status);
    if (message == NULL ||
        nx_hook_is(nx_hook_text(hook, message, "direction"), "incoming")) /* domain and limit events; mail that came in */
        return;
    if (returned != NULL)
        word = NX_HOOK_WORD(events, NX_STR("MessageBounced"));
    else if (nx_hook_is(status, "Held") && nx_str_ihas(details, NX_STR("suppression list")))
        word = &suppressed;
    struct nx_report *report = nx_hook_add(hook, word, nx_hook_whom(hook, message, "to"));
    struct nx_str output = nx_hook_text(hook, payload, "output");
    if (report->kind != NX_KIND_OTHER) {
        nx_hook_diagnostic(hook, report, output.n > 0 ? output : details);
        nx_hook_words(hook, report, details);
    }
    if (report->kind == NX_KIND_FAILED && nx_str_ihas(details, NX_STR("maximum number of delivery attempts")))
        nx_hook_hint(report, &given_up); /* each of them was refused for the time being */
    report->arrival_at = nx_hook_when(hook, message, "timestamp");
    report->last_attempt_at = nx_hook_when(hook, payload, "timestamp");
    nx_hook_message_id(report, nx_hook_text(hook, message, "message_id"));
    report->original.from = nx_hook_text(hook, message, "from");
    report->original.subject = nx_hook_text(hook, message, "subject");
    struct nx_str uuid = nx_hook_text(hook, event, "uuid"), token = nx_hook_text(hook, message, "token");
    if (uuid.n > 0)
        nx_hook_key(hook, report, uuid, NX_STR_NONE, NX_STR_NONE);
    else
        nx_hook_key(hook, report, token, status, nx_hook_text(hook, payload, "timestamp"));
    nx_hook_tag(hook, report, "event", name);
    nx_hook_tag(hook, report, "status", status);
    nx_hook_tag(hook, report, "token", token);
    nx_hook_tag(hook, report, "tag", nx_hook_text(hook, message, "tag"));
}
