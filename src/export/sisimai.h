/* SPDX-License-Identifier: Apache-2.0 */
/* export/sisimai.h - an event as a JSON object with the members that Sisimai users know, so that what reads those can read ours.
 *
 * Members of version 5, with the names of version 4 where they changed; absent is "". One line, no line end. Pure, any thread. */
#pragma once
#include "base/buf.h"
#include "event/event.h"

void nx_sisimai_line(struct nx_buf *out, const struct nx_event *event);
