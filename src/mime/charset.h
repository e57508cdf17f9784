/* SPDX-License-Identifier: Apache-2.0 */
/* mime/charset.h - any bytes to UTF-8. Inside the room only.
 *
 * The declared charset is a hint: bytes that are UTF-8 stay as they are, ISO-2022 escapes are believed before the label, and
 * what the label cannot decode is tried as the charsets that are met unlabelled. Never fails; what fits nowhere becomes U+FFFD
 * with BAD_CHARSET. */
#pragma once
#include "base/arena.h"
#include "event/names.h"

struct nx_str nx_charset_to_utf8(struct nx_arena *arena, struct nx_str bytes, struct nx_str charset, nx_notes *notes);
