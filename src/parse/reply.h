/* SPDX-License-Identifier: Apache-2.0 */
/* parse/reply.h - what words say in SMTP terms: reply code, enhanced code, stage, host.
 *
 * RFC 5321 4.2 (replies), RFC 3463 (codes). Reads a diagnostic or a reporter's sentence; multi-line replies ("550-5.7.1 a 550
 * 5.7.1 b") are joined and their prefixes kept once. Only what the text says: nothing is derived from something else. Pure, any
 * thread. */
#pragma once
#include "base/arena.h"
#include "event/names.h"

struct nx_reply {
    unsigned code;        /* 0: none */
    struct nx_str status; /* "5.1.1" */
    enum nx_stage stage;
    struct nx_str host;  /* the remote server, where the words name it ("host mx.example.org[192.0.2.1] said:") */
    struct nx_str words; /* the remote server's words where they can be told apart from the reporter's, else the whole text */
};

/* text: one line or several; ret_reply's slices live in the arena. */
void nx_reply_read(struct nx_arena *arena, struct nx_str text, struct nx_reply *ret_reply);
/* Length of an enhanced code ("5.7.133") at the start of the text, bounded by a non-digit and no further dot-digit, or 0. */
size_t nx_status_length(struct nx_str text);
/* One line: line ends, control characters and runs of blanks become one blank, ends trimmed, cut at cap. */
struct nx_str nx_one_line(struct nx_arena *arena, struct nx_str text, size_t cap);
/* An SMTP command named in words ("RCPT TO", "end of DATA", "MAIL FROM") to its stage; NONE when there is none. */
enum nx_stage nx_stage_of(struct nx_str text);
