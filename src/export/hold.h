/* SPDX-License-Identifier: Apache-2.0 */
/* export/hold.h - incidents and held addresses as JSON objects, one form for the command line and HTTP (docs/http.md, schemas
 * Incident and Hold): fixed key order, absent is null, no line end. Appends to out; slices are copied. Pure, any thread. */
#pragma once
#include "base/buf.h"
#include "store/hold.h"

void nx_hold_to_json(struct nx_buf *out, const struct nx_hold *hold);
/* since: when the time begins that made the incident; what was suppressed from then to its opening went through. */
void nx_incident_to_json(struct nx_buf *out, const struct nx_incident *incident);
