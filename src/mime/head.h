/* SPDX-License-Identifier: Apache-2.0 */
/* mime/head.h - the head of the message, read by our own reader; GMime is left with the MIME fields. Inside the room only.
 *
 * Trace and anti-spam fields run to 15 KB (Exchange Online), and GMime makes objects of every one. Fields that ran together for
 * want of a line end ("MIME-Version: 1.0Content-Type: ...") are parted. RFC 5322 2.2, RFC 2045 3. */
#pragma once
#include "mime/mime.h"

/* What GMime is to read: the MIME fields, a blank line, the body (a copy in the arena). ret_fields: every field of the head,
 * decoded. */
struct nx_str nx_head_take(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes,
                           struct nx_fields *ret_fields);
