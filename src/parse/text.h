/* SPDX-License-Identifier: Apache-2.0 */
/* parse/text.h - reports in words: who failed, and which words are about whom.
 *
 * Driven by format files (patterns/formats/, docs/formats.md): a format knows a mail system by its marks and says where the report
 * starts and ends, which lines name recipients and where the reason stands. Without a known format the general reader looks for the
 * same things in any report. Used for mail that has no RFC 3464 part, and beside one for the words that its fields leave out. Never
 * reads past the start of the returned message. Pure; formats are immutable and shared by threads. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "mime/mime.h"
#include "parse/parse.h"

struct nx_formats;
struct nx_hints;

struct nx_text_block { /* one recipient, as told in words; a known report that names nobody has one without recipient and name */
    struct nx_str recipient;          /* bare address, or empty */
    struct nx_str name;               /* what stood in its place when it is no address (screen name, local part, X.400) */
    struct nx_str original_recipient; /* "generated from", "expanded from" */
    enum nx_kind kind;                /* failed or delayed (or delivered) */
    struct nx_str diagnostic;         /* the words quoted from the remote server; one line */
    struct nx_str text;               /* all words about this recipient; one line */
    struct nx_str status;             /* as the words say, see parse/reply.h */
    unsigned reply;
    enum nx_stage stage;
    struct nx_str remote_mta;
};

struct nx_text_report {
    struct nx_str format; /* id of the format, "text" for the general reader */
    bool known;           /* a format's marks were there: this is a report of that system */
    bool told;            /* its words say that something failed or is late; else only the form of the lines speaks for a report */
    bool certain;         /* known, and no ordinary mail has these marks: no other evidence is needed */
    enum nx_kind kind;    /* of the whole */
    struct nx_text_block *blocks;
    size_t n_blocks;
    struct nx_str text; /* words about all recipients, without boilerplate; one line */
    struct nx_str reporting_mta;
    struct nx_str returned; /* from where the returned message starts in the text, to the end; empty: it is not there */
    nx_notes notes;
};

/* All faults of all sources in one NX_ERROR_SYNTAX. The sources need not outlive the call. */
struct nx_formats *nx_formats_new(const struct nx_format_source *sources, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_formats_free(struct nx_formats *formats);
size_t nx_formats_count(const struct nx_formats *formats);

/* text: decoded UTF-8 with LF lines (of mail's first text part, or HTML made text; parse/ decides). mail: for marks in its
 * fields, the X-Failed-Recipients field, and to tell sender and reporter from the recipient. hints: of the head of that mail.
 * False: the text tells of no failure at all (ret untouched). With known == false and no block the caller needs other evidence
 * to call it a report. */
bool nx_text_read(const struct nx_formats *formats, struct nx_arena *arena, const struct nx_limits *limits,
                  const struct nx_mail *mail, const struct nx_hints *hints, struct nx_str text, struct nx_text_report *ret_report);
