/* SPDX-License-Identifier: Apache-2.0 */
/* parse/blocks.h - what a report in words tells, while it is being read. Inside the room only.
 *
 * Words are appended line by line; nx_blocks_finish makes the blocks of a struct nx_text_report of them. All in the arena; limits:
 * recipients, diagnostic, address. */
#pragma once
#include "base/buf.h"
#include "parse/template.h"
#include "parse/text.h"

struct nx_block {
    struct nx_text_block out;
    struct nx_buf text, diagnostic;
    const char *text_end, *diagnostic_end; /* where the last line of each stood in the page; only compared */
    bool has_kind;
    unsigned told; /* of the diagnostic: code of a reply in a dialogue, 1 for the reporter's own, 0 for none of these */
    unsigned code; /* from {code}, {status}, {stage}, {host} */
    struct nx_str status, host;
    enum nx_stage stage;
};

struct nx_blocks {
    struct nx_arena *arena;
    const struct nx_limits *limits;
    struct nx_block *p;
    size_t n, size;
    struct nx_block all; /* words about all recipients, and what was captured outside of any block */
    struct nx_str reporting_mta, domain;
    bool told; /* words say that something failed or is late; else only the form of the lines does */
    bool has_kind;
    enum nx_kind kind;
    nx_notes notes;
};

void nx_blocks_init(struct nx_blocks *blocks, struct nx_arena *arena, const struct nx_limits *limits);
/* The block of this address or name: a new one, or the one that is there. NULL past the limit. */
struct nx_block *nx_blocks_add(struct nx_blocks *blocks, struct nx_str address, struct nx_str name);
/* One more line. */
void nx_block_say(struct nx_blocks *blocks, struct nx_block *block, struct nx_str line);
void nx_block_quote(struct nx_blocks *blocks, struct nx_block *block, struct nx_str line);
void nx_block_take(struct nx_blocks *blocks, struct nx_block *block, const struct nx_captures *captures);
void nx_blocks_finish(struct nx_blocks *blocks, enum nx_kind kind, struct nx_text_report *report);

/* An SMTP dialogue in the report (transcript.c): lines [from, to) of the page. Refusals go to the recipient they name, or to all.
 */
void nx_transcript_read(struct nx_blocks *blocks, const struct nx_page *page, size_t from, size_t to);
/* Is this line part of a dialogue (">>> RCPT TO:<x>", "<<< 550 ...", "Sent <<<", "--> ")? */
bool nx_transcript_line(struct nx_str line);
