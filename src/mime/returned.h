/* SPDX-License-Identifier: Apache-2.0 */
/* mime/returned.h - the returned message, taken out before MIME is parsed. Inside the room only.
 *
 * A report's returned message (RFC 3464, RFC 6522 3) may be megabytes and is never evidence; only its head is wanted. Finding
 * its part by a scan and hiding its content from GMime makes the cost of a report that of its own words. A part that is
 * encoded, or whose delimiter is not plain, is left to GMime. */
#pragma once
#include "mime/mime.h"

/* Bytes without the content of the first returned part (a slice of bytes, or a copy where parts follow it). What was cut, and
 * its head: mail->enclosed, mail->returned. */
struct nx_str nx_returned_cut(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_mail *mail);
