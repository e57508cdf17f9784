/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

/* Routes of one path stand together; a literal path goes before one with {}, a longer one before a shorter. */
const struct nx_route nx_routes[] = {
    {"POST", "/v1/suppressions/check", NX_ROLE_READ, NX_BODY_MESSAGE, nx_check_suppressions, "many addresses at once"},
    {"GET", "/v1/suppressions/{address}", NX_ROLE_READ, NX_BODY_NONE, nx_get_suppression, "is this address suppressed, and why"},
    {"PUT", "/v1/suppressions/{address}", NX_ROLE_WRITE, NX_BODY_SMALL, nx_put_suppression, "suppress an address by hand"},
    {"DELETE", "/v1/suppressions/{address}", NX_ROLE_WRITE, NX_BODY_NONE, nx_delete_suppression, "lift a suppression"},
    {"POST", "/v1/messages", NX_ROLE_INGEST, NX_BODY_MESSAGE, nx_post_messages, "take bounces: a message or an mbox"},
    {"POST", "/v1/webhooks/{provider}", NX_ROLE_ANYONE, NX_BODY_WEBHOOK, nx_post_webhook, "take what a mail provider posts"},
    {"GET", "/v1/webhooks/{provider}", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_webhook,
     "a mail provider asks whether anybody is there"},
    {"OPTIONS", "/v1/webhooks/{provider}", NX_ROLE_ANYONE, NX_BODY_NONE, nx_options_webhook,
     "a mail provider asks whether it may post"},
    {"POST", "/v1/classify", NX_ROLE_READ, NX_BODY_MESSAGE, nx_post_classify,
     "what does this message or reply mean; nothing is stored"},
    {"GET", "/v1/suppressions", NX_ROLE_READ, NX_BODY_NONE, nx_list_suppressions, "the list, by pages"},
    {"GET", "/v1/events", NX_ROLE_READ, NX_BODY_NONE, nx_list_events, "what was reported, by pages"},
    {"GET", "/v1/triage/{group}/message", NX_ROLE_ADMIN, NX_BODY_NONE, nx_get_triage_message, "the message of its example, as it came"},
    {"POST", "/v1/triage/{group}/rule", NX_ROLE_ADMIN, NX_BODY_SMALL, nx_post_triage_rule, "a rule for it: tried, and installed on request"},
    {"GET", "/v1/triage/{group}", NX_ROLE_READ, NX_BODY_NONE, nx_get_triage, "one group: its texts, domains, hosts, statuses"},
    {"GET", "/v1/triage", NX_ROLE_READ, NX_BODY_NONE, nx_list_triage, "what no rule explains, in groups"},
    {"POST", "/v1/lists/clean", NX_ROLE_READ, NX_BODY_LIST, nx_clean_list, "a mailing list in, its mailable lines out"},
    {"GET", "/v1/export", NX_ROLE_READ, NX_BODY_NONE, nx_get_export, "the whole list"},
    {"GET", "/", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_page, "the page: paste a bounce, look at an address"},
    {"GET", "/page.css", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_page_style, "its style"},
    {"GET", "/page.js", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_page_script, "its script"},
    {"GET", "/healthz", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_health, "the process answers"},
    {"GET", "/readyz", NX_ROLE_ANYONE, NX_BODY_NONE, nx_get_ready, "messages can be taken and questions answered"},
    {"GET", "/metrics", NX_ROLE_READ, NX_BODY_NONE, nx_get_metrics, "counters for Prometheus"},
    {NULL, NULL, NX_ROLE_ANYONE, NX_BODY_NONE, NULL, NULL},
};
