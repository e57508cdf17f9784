/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include "base/ascii.h"
#include "mime/bound.h"
#include "mime/charset.h"
#include "mime/head.h"
#include "mime/plain.h"
#include "mime/returned.h"

#include <gmime/gmime.h>

struct walk {
    struct nx_arena *arena;
    const struct nx_limits *limits;
    struct nx_str head; /* the message from its start, while the fields of its head are still there */
    struct nx_mail *mail;
    struct nx_part *parts;
    size_t n;
};

/* glibc loads a converter at each iconv_open and drops it at the last close: one kept open per family spares the loading, a
 * tenth of the time of a Japanese report. */
static void pin_converters(void)
{
    static const char *const names[] = {"WINDOWS-1252", "ISO-2022-JP-3", "EUC-JP-MS", "CP932", "GB18030"};
    static GIConv pinned[G_N_ELEMENTS(names)];
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        pinned[i] = g_iconv_open("UTF-8", names[i]);
    (void)pinned;
}

void nx_mime_init(void)
{
    static gsize once;
    if (!g_once_init_enter(&once))
        return;
    g_mime_init();
    pin_converters();
    g_once_init_leave(&once, 1);
}

/* A field value of a message that GMime has read, as it stood: unfolded, decoded. */
static struct nx_str unfold(struct walk *walk, struct nx_str raw)
{
    struct nx_str value = nx_str_trim(raw);
    if (nx_str_chr(value, '\n') < value.n) {
        char *flat = nx_arena_alloc(walk->arena, value.n);
        size_t n = 0;
        for (size_t i = 0; i < value.n; i++) {
            if (value.p[i] == '\r')
                continue;
            if (value.p[i] == '\n') {
                while (i + 1 < value.n && nx_is_space((unsigned char)value.p[i + 1]))
                    i++;
                if (n > 0 && flat[n - 1] != ' ')
                    flat[n++] = ' ';
                continue;
            }
            flat[n++] = value.p[i];
        }
        value = (struct nx_str){flat, n};
    }
    value = nx_words_decode(walk->arena, value, &walk->mail->notes);
    return nx_charset_to_utf8(walk->arena, value, NX_STR_NONE, &walk->mail->notes);
}

static struct nx_fields unfold_all(struct walk *walk, struct nx_fields raw)
{
    struct nx_field *fields = nx_arena_array(walk->arena, raw.n, sizeof *fields);
    for (size_t i = 0; i < raw.n; i++)
        fields[i] = (struct nx_field){raw.p[i].name, unfold(walk, raw.p[i].value)};
    return (struct nx_fields){fields, raw.n};
}

/* The content types that matter; what is unknown is not looked at. */
static enum nx_part_type type_of(struct nx_str media)
{
    static const struct {
        const char *name;
        enum nx_part_type type;
    } types[] = {
        {"text/plain", NX_PART_TEXT},
        {"text/html", NX_PART_HTML},
        {"message/delivery-status", NX_PART_STATUS},
        {"message/global-delivery-status", NX_PART_STATUS},
        {"message/xdelivery-status", NX_PART_STATUS},
        {"message/feedback-report", NX_PART_FEEDBACK},
        {"message/disposition-notification", NX_PART_DISPOSITION},
        {"message/global-disposition-notification", NX_PART_DISPOSITION},
        {"message/rfc822", NX_PART_RETURNED},
        {"message/global", NX_PART_RETURNED},
        {"message/news", NX_PART_RETURNED},
        {"text/rfc822-headers", NX_PART_RETURNED},
        {"text/rfc822-header", NX_PART_RETURNED},
        {"message/rfc822-headers", NX_PART_RETURNED},
        {"message/global-headers", NX_PART_RETURNED},
        {"message/partial", NX_PART_OTHER},
        {"message/external-body", NX_PART_OTHER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (nx_str_eq(media, nx_str_of(types[i].name)))
            return types[i].type;
    /* text/enriched, text/x-amp and what garbled labels leave: text as well as any */
    return nx_str_istarts(media, NX_STR("text")) && !nx_str_ieq(media, NX_STR("text/calendar")) ? NX_PART_TEXT : NX_PART_OTHER;
}

/* Lines end in LF, whether they ended in LF, CRLF, CR, or CRs before LF (line ends made twice). Returns the text itself when
 * they do. */
static struct nx_str lf_lines(struct nx_arena *arena, struct nx_str text)
{
    if (text.n == 0 || memchr(text.p, '\r', text.n) == NULL)
        return text;
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r') {
            out[n++] = text.p[i];
            continue;
        }
        size_t end = i;
        while (end < text.n && text.p[end] == '\r')
            end++;
        if (end < text.n && text.p[end] == '\n') {
            i = end - 1;
            continue;
        }
        for (; i < end; i++)
            out[n++] = '\n';
        i--;
    }
    return (struct nx_str){out, n};
}

/* Undoes base64 and quoted-printable; other encodings leave bytes as they are. */
static struct nx_str undo_encoding(struct walk *walk, struct nx_str raw, enum nx_encoding encoding)
{
    static const GMimeContentEncoding known[] = {[NX_ENCODING_QUOTED] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
                                                 [NX_ENCODING_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
                                                 [NX_ENCODING_UU] = GMIME_CONTENT_ENCODING_UUENCODE};
    bool encoded = encoding != NX_ENCODING_NONE && encoding != NX_ENCODING_IDENTITY;
    size_t most = encoded ? walk->limits->text * 3 : walk->limits->text; /* none of the encodings is wasteful beyond that */
    if (raw.n > most) {
        raw.n = most;
        walk->mail->notes |= NX_NOTE_TRUNCATED;
    }
    if (!encoded)
        return raw;
    GMimeEncoding state;
    g_mime_encoding_init_decode(&state, known[encoding]);
    char *out = nx_arena_alloc(walk->arena, g_mime_encoding_outlen(&state, raw.n));
    size_t n = g_mime_encoding_flush(&state, raw.p, raw.n, out);
    return (struct nx_str){out, n < walk->limits->text ? n : walk->limits->text};
}

/* Base64 that lost its Content-Transfer-Encoding: full lines of its signs and nothing else. */
static bool is_bare_base64(struct nx_str raw)
{
    struct nx_str rest = nx_str_trim(raw), line;
    size_t width = 0, sum = 0;
    while (nx_str_next_line(&rest, &line)) {
        line = nx_str_trim(line);
        if (width == 0)
            width = line.n;
        if (width < 60 || width > 76 || line.n > width || (line.n < width && rest.n > 0))
            return false;
        for (size_t i = 0; i < line.n; i++)
            if (!nx_is_alnum((unsigned char)line.p[i]) && strchr("+/=", line.p[i]) == NULL)
                return false;
        sum += line.n;
    }
    return sum > 0 && sum % 4 == 0;
}

/* The charset that an encoded word (RFC 2047) in the head of the message names: the best guess for text that names none. */
static struct nx_str charset_of_head(const struct walk *walk)
{
    struct nx_str head = nx_str_sub(walk->head, 0, 16384);
    head.n = MIN(nx_str_find(head, NX_STR("\n\n")), nx_str_find(head, NX_STR("\n\r\n")));
    for (size_t at = nx_str_find(head, NX_STR("=?")); at < head.n; at += 2 + nx_str_find(nx_str_from(head, at + 2), NX_STR("=?"))) {
        struct nx_str name = nx_str_sub(head, at + 2, at + 34);
        size_t end = nx_str_chr(name, '?');
        if (end == name.n || end + 2 >= name.n || name.p[end + 2] != '?')
            continue;
        name.n = end;
        if (!nx_str_ieq(name, NX_STR("utf-8")) && !nx_str_ieq(name, NX_STR("us-ascii")))
            return name;
    }
    return NX_STR_NONE;
}

static struct nx_str text_of(struct walk *walk, const struct nx_leaf *leaf, struct nx_str charset)
{
    enum nx_encoding encoding = leaf->encoding;
    if (encoding == NX_ENCODING_NONE && is_bare_base64(leaf->content)) {
        encoding = NX_ENCODING_BASE64;
        walk->mail->notes |= NX_NOTE_BAD_MIME;
    }
    struct nx_str text = undo_encoding(walk, leaf->content, encoding), hint;
    nx_notes notes = 0;
    struct nx_str words = nx_charset_to_utf8(walk->arena, text, charset, &notes);
    if ((notes & NX_NOTE_BAD_CHARSET) != 0 && (hint = charset_of_head(walk)).n > 0)
        words = nx_charset_to_utf8(walk->arena, text, hint, &notes);
    walk->mail->notes |= notes;
    return lf_lines(walk->arena, words);
}

#define DISGUISED_MAX (32u << 10)

/* The fields of a report under the type of a file: gateways and mail programs rename what they do not know. */
static bool is_disguised_status(struct nx_str text)
{
    static const char *const names[] = {"Reporting-MTA:", "Final-Recipient:", "Original-Recipient:", "Original-Envelope-Id:"};
    text = nx_str_trim(text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (nx_str_istarts(text, nx_str_of(names[i])))
            return true;
    return false;
}

static void add_file(struct walk *walk, struct nx_part *part, const struct nx_leaf *leaf)
{
    if (!nx_str_istarts(part->media_type, NX_STR("application/")) || leaf->content.n > DISGUISED_MAX)
        return;
    struct nx_str text = text_of(walk, leaf, NX_STR_NONE);
    if (!is_disguised_status(text))
        return;
    part->type = NX_PART_STATUS;
    part->content = text;
}

static void add_part(struct walk *walk, const struct nx_leaf *leaf)
{
    struct nx_part *part = &walk->parts[walk->n++];
    *part = (struct nx_part){.depth = leaf->depth, .media_type = leaf->media_type, .type = type_of(leaf->media_type)};
    if (leaf->message) {
        part->type = NX_PART_RETURNED;
        if (walk->mail->returned.n == 0)
            walk->mail->returned = unfold_all(walk, leaf->fields);
        return;
    }
    if (part->type == NX_PART_OTHER) {
        add_file(walk, part, leaf);
        return;
    }
    struct nx_str text = text_of(walk, leaf, leaf->charset);
    if (part->type != NX_PART_RETURNED) {
        part->content = text;
    } else if (walk->mail->returned.n == 0) {
        nx_notes ignored = 0;
        walk->mail->returned = nx_fields_read(walk->arena, &text, &ignored);
        for (size_t i = 0; i < walk->mail->returned.n; i++) {
            struct nx_field *field = (struct nx_field *)(uintptr_t)&walk->mail->returned.p[i];
            field->value = nx_words_decode(walk->arena, field->value, &walk->mail->notes);
        }
    }
}

/* Do lines end in CR alone (or in CR CR LF), bar perhaps a few at the end? */
static bool has_cr_lines(struct nx_str bytes)
{
    const char *cr = memchr(bytes.p, '\r', bytes.n);
    if (cr == NULL || (size_t)(cr - bytes.p) + 1 == bytes.n || cr[1] == '\n')
        return false;
    struct nx_str head = nx_str_sub(bytes, 0, 4096);
    size_t crs = 0, lfs = 0;
    for (size_t i = 0; i < head.n; i++) {
        crs += head.p[i] == '\r';
        lfs += head.p[i] == '\n';
    }
    return crs > lfs;
}

/* Cuts what is no part of the message (mbox line, BOM, blank lines before the head) and makes CR-only lines readable. */
static struct nx_str prepare(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes)
{
    if (bytes.n > limits->message) {
        bytes.n = limits->message;
        *notes |= NX_NOTE_TRUNCATED;
    }
    if (nx_str_istarts(bytes, NX_STR("\xef\xbb\xbf")))
        bytes = nx_str_from(bytes, 3);
    size_t blank = 0;
    while (blank < bytes.n && nx_is_space((unsigned char)bytes.p[blank]))
        blank++;
    bytes = nx_str_from(bytes, blank);
    if (bytes.n == 0) {
        *notes |= NX_NOTE_EMPTY;
        return bytes;
    }
    if (memchr(bytes.p, '\0', bytes.n) != NULL)
        *notes |= NX_NOTE_NUL_BYTES;
    if (has_cr_lines(bytes)) {
        *notes |= NX_NOTE_CR_LINES;
        bytes = lf_lines(arena, bytes);
    }
    if (nx_str_istarts(bytes, NX_STR("From ")) || nx_str_istarts(bytes, NX_STR(">From "))) {
        struct nx_str line;
        (void)nx_str_next_line(&bytes, &line);
    }
    return bytes;
}

void nx_mail_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_mail *ret_mail)
{
    *ret_mail = (struct nx_mail){0};
    struct walk walk = {.arena = arena, .limits = limits, .mail = ret_mail};
    bytes = prepare(arena, bytes, limits, &ret_mail->notes);
    if (bytes.n == 0)
        return;
    bytes = nx_returned_cut(arena, bytes, limits, ret_mail);
    walk.head = bytes;
    bytes = nx_mime_bound(arena, bytes, limits, &ret_mail->notes);
    bytes = nx_head_take(arena, bytes, limits, &ret_mail->notes, &ret_mail->fields);
    if (bytes.n == 0) /* a head and nothing more */
        return;
    struct nx_tree tree;
    if (!nx_plain_read(arena, bytes, limits, &tree) && !nx_tree_read(arena, bytes, limits, &ret_mail->notes, &tree)) {
        ret_mail->notes |= NX_NOTE_BAD_MIME;
        return;
    }
    ret_mail->media_type = tree.media_type;
    ret_mail->report_type = tree.report_type;
    walk.parts = nx_arena_array(arena, tree.n, sizeof *walk.parts);
    for (size_t i = 0; i < tree.n; i++)
        add_part(&walk, &tree.leaves[i]);
    ret_mail->parts = walk.parts;
    ret_mail->n_parts = walk.n;
}
