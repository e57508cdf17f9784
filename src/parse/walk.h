/* SPDX-License-Identifier: Apache-2.0 */
/* parse/walk.h - readers that go over a scanned text line by line. Inside the room only. */
#pragma once
#include "parse/blocks.h"
#include "parse/hints.h"
#include "parse/scan.h"

/* Reads the report as the format says. May move scan->last and scan->returned to the format's own end mark. */
void nx_walk_format(const struct nx_format *format, struct nx_scan *scan, struct nx_blocks *blocks);
/* Reads a report of an unknown system: recipients only where the words tell of a failure. False: nothing of that kind is told. */
bool nx_walk_general(const struct nx_formats *formats, const struct nx_scan *scan, const struct nx_mail *mail,
                     const struct nx_hints *hints, struct nx_blocks *blocks);
/* The recipient that a line starts with, behind a bullet; *ret_rest is what follows on the line. */
bool nx_walk_item(struct nx_str line, struct nx_str *ret_address, struct nx_str *ret_rest);
