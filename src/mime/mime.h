/* SPDX-License-Identifier: Apache-2.0 */
/* mime/mime.h - one message, taken apart: header fields, parts in order, and the fields of the returned message.
 *
 * GMime behind one door; what leaves are slices in the arena or in the bytes given. Damage is a note, never an error. Text is
 * decoded (transfer encoding, charset) to UTF-8; bytes that fit nowhere become U+FFFD. The returned message is not descended
 * into: only its header fields are taken. Limits: message, headers, text, depth, parts. RFC 5322, 2045-2047, 6522, 6532. Any
 * thread, after nx_mime_init. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "event/names.h"

struct nx_field {
    struct nx_str name;
    struct nx_str value; /* unfolded, trimmed; encoded words decoded in nx_mail.fields and .returned */
};
struct nx_fields {
    const struct nx_field *p;
    size_t n;
};

enum nx_part_type {
    NX_PART_TEXT, /* text/plain, or nothing better known */
    NX_PART_HTML,
    NX_PART_STATUS,      /* message/delivery-status and its kin (RFC 3464, 6533) */
    NX_PART_FEEDBACK,    /* message/feedback-report (RFC 5965) */
    NX_PART_DISPOSITION, /* message/disposition-notification (RFC 8098) */
    NX_PART_RETURNED,    /* message/rfc822, message/global, text/rfc822-headers: content is empty, fields in nx_mail.returned */
    NX_PART_OTHER,       /* anything else; content is empty */
};

struct nx_part {
    enum nx_part_type type;
    struct nx_str media_type; /* "text/plain", lower case */
    struct nx_str content;    /* decoded UTF-8, lines end in LF; cut at limits->text */
    unsigned depth;
};

struct nx_mail {
    struct nx_fields fields;     /* of the head */
    struct nx_str media_type;    /* of the whole */
    struct nx_str report_type;   /* parameter of multipart/report, lower case */
    const struct nx_part *parts; /* leaves, in order */
    size_t n_parts;
    struct nx_fields returned; /* head of the first returned message; n == 0: there is none */
    struct nx_str enclosed;    /* that message whole, as its bytes stand; empty where it is encoded or there is none */
    nx_notes notes;
};

/* Once, before any other thread runs. */
void nx_mime_init(void);
/* Never fails; an empty message has no fields and no parts. */
void nx_mail_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_mail *ret_mail);

/* The first field of that name (case ignored), or nothing. */
struct nx_str nx_fields_get(struct nx_fields fields, const char *name);
/* Reads "Name: value" lines with folding up to the first blank line or the end; *rest is what follows. Lines that are no field
 * are skipped (bad_field). */
struct nx_fields nx_fields_read(struct nx_arena *arena, struct nx_str *rest, nx_notes *notes);
/* Decodes RFC 2047 encoded words; text without any comes back as it is. */
struct nx_str nx_words_decode(struct nx_arena *arena, struct nx_str text, nx_notes *notes);
/* HTML to text: tags gone, entities resolved, line breaks at blocks; enough for reading a report. */
struct nx_str nx_html_text(struct nx_arena *arena, struct nx_str html);
