/* SPDX-License-Identifier: Apache-2.0 */
/* config/value.h - one setting's text to its value and back. Room-internal; types and units: config/config.h. Pure, any thread. */
#pragma once
#include "config/config.h"

/* Writes the value at (char *)base + key->offset, freeing what stood there; on failure *base is untouched and the error says what
 * fits. */
gboolean nx_value_parse(const struct nx_config_key *key, const char *text, void *base, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Frees what the value owns and zeroes it. */
void nx_value_clear(const struct nx_config_key *key, void *base);
