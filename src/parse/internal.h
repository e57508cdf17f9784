/* SPDX-License-Identifier: Apache-2.0 */
/* parse/internal.h - what the readers of one message share. Inside the room only. */
#pragma once
#include "base/buf.h"
#include "mime/mime.h"
#include "parse/hints.h"
#include "parse/parse.h"
#include "parse/path.h"
#include "parse/text.h"

struct nx_reports { /* grows in the arena */
    struct nx_report *p;
    size_t n, size, max;
    nx_notes notes; /* of the whole message; joined to every report at the end */
};

struct nx_reading { /* one message being read */
    struct nx_arena *arena;
    const struct nx_limits *limits;
    const struct nx_formats *formats;
    const struct nx_paths *paths;
    const struct nx_input *input;
    struct nx_mail mail;
    struct nx_hints hints;       /* what the words of its head say */
    struct nx_str text;          /* the words for people: plain text parts, else HTML made text */
    struct nx_original original; /* of the returned message */
    struct nx_str senders;       /* its Return-Path and Sender, as they stand */
    const struct nx_tag *asked;  /* n_asked fields of it that the settings want */
    size_t n_asked;
    char **authserv_ids;         /* whose Authentication-Results are believed, or NULL */
    struct nx_text_report words; /* what the text tells; valid when has_words */
    bool has_words;
    struct nx_reports out;
};

/* A zeroed report (times NONE), or NULL beyond the limit of recipients. */
struct nx_report *nx_reports_add(struct nx_reading *reading);

/* dsn.c: RFC 3464. fields: text of a status part, or of field groups found elsewhere. Adds a report a recipient; true when it
 * found a recipient group. */
bool nx_dsn_read(struct nx_reading *reading, struct nx_str fields);
/* From where a recipient group stands in text that is no status part; text.n when nowhere. */
size_t nx_dsn_find(struct nx_str text);

/* arf.c: RFC 5965, 6591. */
bool nx_arf_read(struct nx_reading *reading, struct nx_str fields);
/* Complaints without a feedback part, known by the provider's own fields. */
bool nx_arf_read_bare(struct nx_reading *reading);

/* autoreply.c: RFC 3834, 8098; true when the message is one (a report was added). */
bool nx_autoreply_read(struct nx_reading *reading);
/* How many words ask the sender to prove himself, or tell him that he did. */
unsigned nx_challenge_words(const struct nx_reading *reading, struct nx_str text);

/* life.c: RFC 8601; ordinary mail that its From is proved to have sent names him as recipient, with note and tag. */
void nx_life_read(const struct nx_reading *reading, struct nx_report *report);

/* original.c */
void nx_original_read(struct nx_original *ret, struct nx_fields fields);
/* The head of the returned message where it stands in the text. */
struct nx_fields nx_original_in_text(struct nx_arena *arena, struct nx_str text);

/* The fields of the returned message, wherever it stands. */
struct nx_fields nx_original_fields(const struct nx_reading *reading);
/* To whom it went, if to one address only. */
struct nx_str nx_original_addressee(const struct nx_reading *reading);

/* evidence.c: the recipient that a return path names, or nothing. */
struct nx_str nx_recipient_of_path(const struct nx_reading *reading, struct nx_str path);

/* evidence.c: words of the text to the recipients of a DSN, and a report from words alone. */
void nx_evidence_join(struct nx_reading *reading);
bool nx_evidence_read(struct nx_reading *reading);
/* Field groups were found in text: does the rest of the message say that it is a report? Phishing shows such lines to its own
 * addressee. */
bool nx_evidence_stray(const struct nx_reading *reading);

/* Bare address of a From or To field. */
struct nx_str nx_address_in(struct nx_str field);
