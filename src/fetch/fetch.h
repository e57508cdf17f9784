/* SPDX-License-Identifier: Apache-2.0 */
/* fetch/fetch.h - the one door to other people's HTTP servers: certificates and confirmations of SNS.
 *
 * https alone, port 443, no redirects, no user info, a host that fits the rule, at most NX_FETCH_MAX bytes, NX_FETCH_SECONDS
 * seconds, TLS verified. What was fetched is kept by URL for NX_FETCH_KEEP seconds, a failure for a few. Errors: DENIED (the rule),
 * BUSY (unreachable, slow, an answer that is not 200). Any thread; blocks. */
#pragma once
#include "base/str.h"

#include <glib.h>

#define NX_FETCH_MAX 65536u
#define NX_FETCH_SECONDS 5
#define NX_FETCH_KEEP 86400

struct nx_fetch;

/* ca_file: NULL the system's. connect_to: "HOST:PORT:HOST:PORT" of
 * libcurl's CONNECT_TO for tests, or NULL. */
struct nx_fetch *nx_fetch_new(const char *ca_file, const char *connect_to);
void nx_fetch_free(struct nx_fetch *fetch);
/* Is this a URL that we would fetch? hosts: patterns in which * stands for one label ("sns.*.amazonaws.com"), NULL-terminated.
 * suffix: how its path ends (".pem"), or NULL. */
bool nx_fetch_allows(struct nx_str url, const char *const *hosts, const char *suffix);
/* The bytes, from memory where they are there; freed with g_bytes_unref. */
GBytes *nx_fetch_kept(struct nx_fetch *fetch, struct nx_str url, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From memory alone; false: it is not there. *ret_bytes NULL with true: it failed a moment ago. */
bool nx_fetch_known(struct nx_fetch *fetch, struct nx_str url, GBytes **ret_bytes, GError **error);
/* The same without memory: an act. */
gboolean nx_fetch_visit(struct nx_fetch *fetch, struct nx_str url, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_fetch nx_fetch; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_fetch, nx_fetch_free)
