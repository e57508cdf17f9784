/* SPDX-License-Identifier: Apache-2.0 */
/* base/when.h - moments as seconds since 1970-01-01 UTC, and their texts. Pure: the clock is the caller's. Any thread. */
#pragma once
#include "base/arena.h"

#include <stdint.h>

typedef int64_t nx_when; /* seconds, UTC */
#define NX_WHEN_NONE INT64_MIN

/* RFC 3339, "2026-01-31T23:59:59Z"; nothing for NX_WHEN_NONE. */
struct nx_str nx_when_format(struct nx_arena *arena, nx_when when);
/* RFC 3339 or ISO 8601 with seconds, fraction ignored; without a zone it is UTC. NX_WHEN_NONE when it is no such text. */
nx_when nx_when_parse(struct nx_str text);
/* RFC 5322 3.3 date-time with the obsolete and damaged forms met in mail (no day name, two-digit years, zone names, zone in a
 * comment). NX_WHEN_NONE when it cannot be read. */
nx_when nx_when_parse_mail(struct nx_str text);
