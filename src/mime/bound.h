/* SPDX-License-Identifier: Apache-2.0 */
/* mime/bound.h - what GMime is given to read, bounded. Inside the room only.
 *
 * GMime makes an object of every field and every part, a hundred bytes for each byte of a hostile message. Before it reads a
 * large message, the head is cut at limits->headers (TRUNCATED), and so is all that follows where the heads of parts exceed
 * that together, or where delimiter lines are more than four times limits->parts (TOO_MANY_PARTS). Messages below 64 KiB are
 * left as they are: they cannot cost much. */
#pragma once
#include "mime/mime.h"

/* A slice of bytes, or a copy where the head was cut out of the middle. Lines end in LF or CRLF. */
struct nx_str nx_mime_bound(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes);
