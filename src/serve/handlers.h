/* SPDX-License-Identifier: Apache-2.0 */
/* serve/handlers.h - what routes.c names: one function an operation, each answering once (serve/request.h). Contract:
 * docs/openapi.yaml. */
#pragma once
#include "serve/request.h"

void nx_post_messages(struct nx_request *request);
void nx_post_sent(struct nx_request *request);
void nx_post_classify(struct nx_request *request);
void nx_get_suppression(struct nx_request *request);
void nx_put_suppression(struct nx_request *request);
void nx_delete_suppression(struct nx_request *request);
void nx_get_history(struct nx_request *request);
void nx_post_forget(struct nx_request *request);
void nx_check_suppressions(struct nx_request *request);
void nx_list_suppressions(struct nx_request *request);
void nx_list_domains(struct nx_request *request);
void nx_confirm_domain(struct nx_request *request);
void nx_dismiss_domain(struct nx_request *request);
void nx_list_events(struct nx_request *request);
void nx_list_triage(struct nx_request *request);
void nx_get_triage(struct nx_request *request);
void nx_get_triage_message(struct nx_request *request);
void nx_post_triage_rule(struct nx_request *request);
void nx_list_trials(struct nx_request *request);
void nx_post_trial(struct nx_request *request);
void nx_promote_trial(struct nx_request *request);
void nx_drop_trial(struct nx_request *request);
void nx_get_stats(struct nx_request *request);
void nx_list_holds(struct nx_request *request);
void nx_release_holds(struct nx_request *request);
void nx_drop_holds(struct nx_request *request);
void nx_clean_list(struct nx_request *request);
void nx_get_export(struct nx_request *request);
void nx_post_webhook(struct nx_request *request);
void nx_get_webhook(struct nx_request *request);
void nx_options_webhook(struct nx_request *request);
void nx_get_page(struct nx_request *request);
void nx_get_page_style(struct nx_request *request);
void nx_get_page_script(struct nx_request *request);
void nx_get_health(struct nx_request *request);
void nx_get_metrics(struct nx_request *request);
void nx_get_ready(struct nx_request *request);
