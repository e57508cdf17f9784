/* SPDX-License-Identifier: Apache-2.0 */
/* serve/bind.h - an engine as the settings want it: patterns, limits, signed return paths, streams.
 *
 * The daemon and every command read reports with an engine made here, so that all of them believe and name the same. The caller
 * frees what it gets; nothing points into the config. Errors: CONFIG for the file of keys, else those of nx_engine_new. */
#pragma once
#include "config/config.h"
#include "engine/engine.h"

struct nx_engine *nx_bind_engine(const struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The signer of return paths; CONFIG where there is no file of keys. */
struct nx_verp *nx_bind_verp(const struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
