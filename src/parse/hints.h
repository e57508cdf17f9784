/* SPDX-License-Identifier: Apache-2.0 */
/* parse/hints.h - words in the head of a message that say what kind of mail it is: From and Subject of programs that report,
 * and Subject of answering machines.
 *
 * The words are the keys `sender`, `subject`, `answer`, `answer-hint`, `absence`, `challenge` and `carrier` of the common part of
 * format files (docs/formats.md). Compared in small letters, blanks squeezed. One of them proves nothing: who reads them weighs
 * them with the rest. Inside the room only; pure, any thread. */
#pragma once
#include "mime/mime.h"
#include "parse/format.h"

struct nx_hints {
    bool sender;          /* From is that of a program that reports */
    bool carrier;         /* From is that of software that encloses what it got */
    bool subject;         /* Subject is that of a report */
    bool failed;          /* ... of one that tells of a failure */
    bool delayed;         /* ... or of a delay */
    bool success;         /* Subject tells of success */
    struct nx_str before; /* what stands in Subject in front of the words of a report; in the arena */
    bool answer;          /* Subject is that of an automatic answer */
    bool answer_hint;     /* ... or starts with words that people write as well */
};

void nx_hints_read(const struct nx_formats *formats, struct nx_arena *arena, struct nx_fields fields, struct nx_hints *ret_hints);
/* Is From the mail system itself, by its address (or by its words where there is none): mailer-daemon, postmaster, mail delivery?
 */
bool nx_hints_from_daemon(struct nx_fields fields);
/* How many different phrases of the place (ABSENCE, CHALLENGE) stand in the text. */
unsigned nx_hints_count(const struct nx_formats *formats, struct nx_arena *arena, enum nx_hint_place place, struct nx_str text);
