/* SPDX-License-Identifier: Apache-2.0 */
/* parse/bystander.h - addresses that a report names, and that are nobody it failed to reach: offices, sender and reader of the
 * report, whom to turn to, where to write now.
 *
 * The words that tell are the keys `office`, `condition`, `summary`, `origin`, `successor`, `reader` and `author` of the common
 * part of format files (docs/formats.md). Places are offsets in the page. Inside the room only; pure, any thread. */
#pragma once
#include "parse/general.h"

/* Nobody writes to these on purpose; they stand in reports for other reasons. */
bool nx_bystander_office(const struct nx_formats *formats, struct nx_str address);
/* Sender and addressee of the report itself. */
bool nx_bystander_party(const struct nx_mail *mail, struct nx_str address);
/* "If a message to ... could not be delivered": it tells of none that was. */
bool nx_bystander_condition(const struct nx_general *r, size_t at);
/* Is an address at this place spoken of as help, sender or the like? From the start of its sentence to its end. */
bool nx_bystander_help(const struct nx_scan *scan, size_t at, size_t end);
/* Lines of a summary ("Message-ID: <...>", "From: ..."): addresses there are not those that failed. */
bool nx_bystander_summary(const struct nx_formats *formats, struct nx_str line);
/* Do words of this use (ORIGIN, SUCCESSOR, READER, AUTHOR) stand right before the address, which is a slice of the page? */
bool nx_bystander_led_by(const struct nx_general *r, struct nx_str address, enum nx_word_use use);
