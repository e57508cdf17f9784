/* SPDX-License-Identifier: Apache-2.0 */
/* serve/webhook.h - endpoints of mail providers: who may post, and what comes of it. Room-internal but for the check of the
 * settings.
 *
 * Order, by docs/webhooks.md: the raw body is taken, its sender proved, then it is read, kept, and answered once it is on disk:
 * 200, as every provider accepts. Refused: 401, or what makes the provider stop (Mailgun 406, Postmark and SNS 403). Unreadable:
 * 400. Not kept: 503. An unknown endpoint: 404. Secrets never reach log or answer. */
#pragma once
#include "serve/request.h"
#include "verify/verify.h"

struct nx_endpoint {
    const struct nx_config_webhook *settings;
    const struct nx_webhook_provider *provider;
    struct nx_str secret; /* the last segment of the path, where there is one */
};

/* The endpoint that the request names; false: 404 is answered. */
bool nx_endpoint_find(struct nx_request *request, struct nx_endpoint *ret_endpoint);
/* Did it send what the endpoint asks for? False: the refusal is answered and logged. *ret_token: nx_verify. */
bool nx_endpoint_admits(struct nx_request *request, const struct nx_endpoint *endpoint, struct nx_str *ret_token);
/* Is the SNS topic one of those to be believed? */
bool nx_endpoint_believes(const struct nx_endpoint *endpoint, struct nx_str topic);
/* Basic and path secret alone: for probes. */
bool nx_endpoint_knows(struct nx_request *request, const struct nx_endpoint *endpoint);

/* Where things stand, as the settings of a generic endpoint say. */
struct nx_webhook_paths nx_endpoint_paths(const struct nx_config_webhook *settings);
/* Every fault of every [webhook NAME] in one NX_ERROR_CONFIG. */
gboolean nx_endpoints_check(const struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
