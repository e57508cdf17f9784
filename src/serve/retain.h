/* SPDX-License-Identifier: Apache-2.0 */
/* serve/retain.h - the thread that drops what is past its time ([retention]) while the daemon runs, by the settings in force.
 *
 * First ten minutes after the start, or after [retention] every where that is less. Start and stop from one thread. */
#pragma once
#include "serve/service.h"

struct nx_retain;

struct nx_retain *nx_retain_new(struct nx_service *service, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_retain_free(struct nx_retain *retain); /* ends within one step */

typedef struct nx_retain nx_retain; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_retain, nx_retain_free)
