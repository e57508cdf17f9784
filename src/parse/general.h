/* SPDX-License-Identifier: Apache-2.0 */
/* parse/general.h - the general reader: general.c follows what the words tell, places.c knows where recipients stand, bystander.c
 * who else is named, fate.c what became of each. Inside the room only. */
#pragma once
#include "parse/walk.h"

struct nx_general_start {
    size_t line;       /* where the words of a recipient start */
    enum nx_kind told; /* by the phrase that led to him */
};

struct nx_general {
    const struct nx_formats *formats;
    const struct nx_scan *scan;
    const struct nx_mail *mail;
    const struct nx_hints *hints;
    struct nx_blocks *blocks;
    struct nx_general_start *starts; /* of block i */
    size_t starts_size;
    enum nx_kind told; /* by the phrase that is being followed; OTHER: by none */
    bool refused;      /* somebody stands as "<address>: reason" with a refusal in SMTP terms: as telling as a phrase */
    bool lenient;      /* nobody was found: places count that mostly name somebody else */
};

/* The first line of the paragraph, and the one behind its last. */
size_t nx_paragraph_start(const struct nx_scan *scan, size_t line);
size_t nx_paragraph_end(const struct nx_scan *scan, size_t line);

/* What a table says became of the recipient: in the cell before him, behind him, or on the line below where each cell has its
 * own. */
bool nx_fate_of_row(const struct nx_general *r, struct nx_str address, size_t line, enum nx_kind *ret);
/* "No further delivery attempts will be made." */
bool nx_fate_is_denied(const struct nx_scan *scan, const struct nx_phrase_hit *hit);
/* Kinds of the recipients where a report tells of several, or of success; delayed: somewhere it tells of a delay. */
void nx_fates_set(const struct nx_general *r, bool delayed);

/* Is it a line of the report's own words: not blank, not boilerplate, not quoted? */
bool nx_general_line_of_words(const struct nx_scan *scan, size_t line);
/* Recipients, by where they stand; each is added once. The line tells of a failure: in its paragraph, else in the list behind it,
 * else in the line before it. */
void nx_places_near(struct nx_general *r, size_t line);
/* "The message was delivered to:" and a list: they are no failures, whatever is told of the others. */
void nx_places_delivered(struct nx_general *r, const struct nx_phrase_hit *hit);
/* On a line of the common `recipient` templates. */
void nx_places_labelled(struct nx_general *r);
/* "<address>: reason" at the start of a paragraph. */
void nx_places_reasons(struct nx_general *r);
/* In rows of a table, with what became of each. Is one of them no success? */
bool nx_places_rows(struct nx_general *r);
/* In the summary of the mail that failed ("To: ..."): only where nothing else names anybody. */
void nx_places_addressees(struct nx_general *r);
/* At the head of a paragraph, with a refusal in it or right behind, whatever the words say. Only what the head of the mail says can
 * make a report of that. */
void nx_places_refused(struct nx_general *r);
/* The one address that the words name beside bystanders; told: they tell of a failure. */
void nx_places_only(struct nx_general *r, bool told);
