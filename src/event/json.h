/* SPDX-License-Identifier: Apache-2.0 */
/* event/json.h - an event as one line of JSON (docs/schema.md, "v":1), and back.
 *
 * Writing: fixed key order, absent is null, no line end; never fails. Reading takes what writing made (unknown keys are ignored);
 * NX_ERROR_SYNTAX says what and where. Slices point into the arena. Any thread. */
#pragma once
#include "base/buf.h"
#include "event/event.h"

void nx_event_to_json(struct nx_buf *out, const struct nx_event *event);
/* For the store: only what is there, and with it the evidence that people are not shown (the reporter's words, the provider's
 * category), so that the event can be judged again. Read back it is the same event. */
void nx_event_to_record(struct nx_buf *out, const struct nx_event *event);
gboolean nx_event_from_json(struct nx_arena *arena, struct nx_str json, struct nx_event *ret_event,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A JSON string with its quotes; bytes that are no UTF-8, and NULs (few readers take them), become U+FFFD. null when absent. */
void nx_json_string(struct nx_buf *out, struct nx_str text);
