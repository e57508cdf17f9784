/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/parse.h"

#include "base/ascii.h"
#include "parse/internal.h"
#include "parse/reply.h"
#include "parse/webhook/webhook.h"

#include <glib.h>

struct nx_parser {
    struct nx_formats *formats;
    struct nx_limits limits;
    char **asked; /* fields of the returned message, or NULL */
    struct nx_paths *paths;
    char **authserv_ids; /* or NULL */
};

struct nx_parser *nx_parser_new(const struct nx_format_source *sources, size_t n, const struct nx_limits *limits, GError **error)
{
    nx_mime_init();
    struct nx_formats *formats = nx_formats_new(sources, n, error);
    if (formats == NULL)
        return NULL;
    struct nx_parser *parser = g_new0(struct nx_parser, 1);
    parser->formats = formats;
    parser->limits = *limits;
    g_auto(GStrv) forms = g_strsplit(NX_PATHS_DEFAULT, ";", -1);
    parser->paths = nx_paths_new(forms, NULL);
    return parser;
}

void nx_parser_free(struct nx_parser *parser)
{
    if (parser == NULL)
        return;
    nx_formats_free(parser->formats);
    g_strfreev(parser->asked);
    g_strfreev(parser->authserv_ids);
    nx_paths_free(parser->paths);
    g_free(parser);
}

void nx_parser_ask(struct nx_parser *parser, char **fields)
{
    g_strfreev(parser->asked);
    parser->asked = fields;
}

void nx_parser_trust(struct nx_parser *parser, char **authserv_ids)
{
    g_strfreev(parser->authserv_ids);
    parser->authserv_ids = authserv_ids;
}

void nx_parser_paths(struct nx_parser *parser, struct nx_paths *paths)
{
    nx_paths_free(parser->paths);
    parser->paths = paths;
}

struct nx_str nx_parser_stream(const struct nx_parser *parser, struct nx_arena *arena, struct nx_str return_paths)
{
    struct nx_path read = {0};
    while (nx_paths_name_streams(parser->paths) && return_paths.n > 0 && read.stream.n == 0) {
        struct nx_str path = nx_str_sub(return_paths, 0, nx_str_chr(return_paths, ' '));
        return_paths = nx_str_from(return_paths, path.n + 1);
        nx_paths_read(parser->paths, arena, path, &read);
    }
    return read.stream;
}

struct nx_report *nx_reports_add(struct nx_reading *reading)
{
    struct nx_reports *out = &reading->out;
    if (out->n >= reading->limits->recipients) {
        out->notes |= NX_NOTE_TOO_MANY_RECIPIENTS;
        return NULL;
    }
    if (out->n == out->size) {
        size_t size = out->size == 0 ? 4 : out->size * 2;
        struct nx_report *more = nx_arena_array(reading->arena, size, sizeof *more);
        if (out->n > 0)
            memcpy(more, out->p, out->n * sizeof *more);
        out->p = more;
        out->size = size;
    }
    out->p[out->n] = (struct nx_report){.arrival_at = NX_WHEN_NONE, .last_attempt_at = NX_WHEN_NONE, .retry_until = NX_WHEN_NONE};
    return &out->p[out->n++];
}

/* The words of a text part; HTML under the name of plain text is HTML. */
static struct nx_str plain_words(const struct nx_reading *reading, struct nx_str content)
{
    static const char *const starts[] = {"<html", "<!doctype html", "<div", "<table", "<body", "<p>", "<head"};
    struct nx_str text = nx_str_trim(content);
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
        if (nx_str_istarts(text, nx_str_of(starts[i])))
            return nx_html_text(reading->arena, content);
    return content;
}

/* The words for people: every plain text part before the returned message, and the HTML ones that no text stands before. */
static struct nx_str words_of(struct nx_reading *reading)
{
    const struct nx_mail *mail = &reading->mail;
    struct nx_buf text, html;
    nx_buf_init(&text, reading->arena, reading->limits->text);
    nx_buf_init(&html, reading->arena, reading->limits->text);
    struct nx_str only = NX_STR_NONE;
    size_t n_text = 0;
    for (size_t i = 0; i < mail->n_parts && mail->parts[i].type != NX_PART_RETURNED; i++) {
        const struct nx_part *part = &mail->parts[i];
        if (part->type == NX_PART_TEXT && nx_str_trim(part->content).n > 0) {
            if (n_text++ == 0) {
                only = plain_words(reading, part->content);
                continue;
            }
            if (n_text == 2)
                nx_buf_add(&text, only);
            nx_buf_add(&text, NX_STR("\n\n"));
            nx_buf_add(&text, plain_words(reading, part->content));
        } else if (part->type == NX_PART_HTML && n_text == 0) {
            nx_buf_add(&html, nx_html_text(reading->arena, part->content));
            nx_buf_addc(&html, '\n');
        }
    }
    if (n_text > 0 && html.n > 0) { /* HTML in front of a text is no other form of it: a footer was added */
        nx_buf_add(&html, NX_STR("\n\n"));
        nx_buf_add(&html, n_text > 1 ? nx_buf_str(&text) : only);
        return nx_buf_str(&html);
    }
    if (n_text == 1)
        return only;
    return n_text > 1 ? nx_buf_str(&text) : nx_buf_str(&html);
}

static const struct nx_part *find_part(const struct nx_mail *mail, enum nx_part_type type)
{
    for (size_t i = 0; i < mail->n_parts; i++)
        if (mail->parts[i].type == type && nx_str_trim(mail->parts[i].content).n > 0)
            return &mail->parts[i];
    return NULL;
}

/* A MIME structure that stands as text in another part (wrong or missing boundary, garbled head): its first delimiter line, or
 * nothing. */
static struct nx_str find_delimiter(struct nx_str text, struct nx_str *ret_from)
{
    struct nx_str rest = text, line;
    while (rest.n > 0) {
        struct nx_str here = rest;
        (void)nx_str_next_line(&rest, &line);
        struct nx_str next = rest, follow;
        struct nx_str trimmed = nx_str_trim(line);
        if (!nx_str_istarts(line, NX_STR("--")) || trimmed.n < 4 || trimmed.n > 200 || !nx_str_next_line(&next, &follow))
            continue;
        if (nx_str_istarts(follow, NX_STR("Content-")) && nx_str_chr(follow, ':') < follow.n) {
            *ret_from = here;
            return nx_str_from(trimmed, 2);
        }
    }
    return NX_STR_NONE;
}

/* Reads the message again with the boundary that it really uses; fields of the head stay. */
static void unwrap(struct nx_reading *reading)
{
    struct nx_str from, boundary = find_delimiter(reading->text, &from);
    if (boundary.n == 0 || nx_str_chr(boundary, '"') < boundary.n)
        return;
    struct nx_str again =
        nx_arena_printf(reading->arena, "Content-Type: multipart/mixed; boundary=\"%.*s\"\n\n%.*s", NX_FMT(boundary), NX_FMT(from));
    struct nx_mail inner;
    nx_mail_read(reading->arena, again, reading->limits, &inner);
    /* nothing but MIME: not a quotation of it */
    bool leads = nx_str_trim(nx_str_sub(reading->text, 0, (size_t)(from.p - reading->text.p))).n == 0;
    if (inner.n_parts == 0 || (inner.n_parts == 1 && inner.parts[0].type == NX_PART_TEXT && !leads))
        return;
    reading->mail.notes |= inner.notes | NX_NOTE_BAD_MIME;
    size_t n = inner.n_parts + 1;
    struct nx_part *parts = nx_arena_array(reading->arena, n, sizeof *parts);
    parts[0] = (struct nx_part){.type = NX_PART_TEXT,
                                .media_type = NX_STR("text/plain"),
                                .content = nx_str_sub(reading->text, 0, (size_t)(from.p - reading->text.p))};
    memcpy(parts + 1, inner.parts, inner.n_parts * sizeof *parts);
    reading->mail.parts = parts;
    reading->mail.n_parts = n;
    if (reading->mail.returned.n == 0)
        reading->mail.returned = inner.returned;
    reading->text = words_of(reading);
}

/* The fields that were asked for, as far as the returned message has them. */
static void take_asked(struct nx_reading *reading, struct nx_fields fields, char **asked)
{
    size_t n = asked == NULL ? 0 : g_strv_length(asked);
    struct nx_tag *taken = nx_arena_array(reading->arena, n, sizeof *taken);
    for (size_t i = 0; i < n; i++) {
        struct nx_str value = nx_fields_get(fields, asked[i]);
        if (value.n > 0)
            taken[reading->n_asked++] = (struct nx_tag){nx_str_of(asked[i]), value};
    }
    reading->asked = taken;
}

static void read_original(struct nx_reading *reading, char **asked)
{
    struct nx_fields fields = nx_original_fields(reading);
    struct nx_str path = nx_fields_get(fields, "Return-Path"), sender = nx_fields_get(fields, "Sender");
    nx_original_read(&reading->original, fields);
    reading->senders = sender.n == 0 ? path
                       : path.n == 0 ? sender
                                     : nx_arena_printf(reading->arena, "%.*s %.*s", NX_FMT(path), NX_FMT(sender));
    take_asked(reading, fields, asked);
}

/* Challenge-response systems dress as a delivery report, but no server has said anything; where a reply is given all the same, the
 * words must leave no doubt. */
static bool is_challenge_failure(const struct nx_reading *reading, const struct nx_report *report)
{
    return nx_challenge_words(reading, nx_arena_printf(reading->arena, "%.*s\n%.*s", NX_FMT(report->diagnostic),
                                                       NX_FMT(nx_str_sub(reading->text, 0, 4096)))) >= (report->reply == 0 ? 2 : 4);
}

/* Status parts, wherever they are; several may be there. */
static bool read_status_parts(struct nx_reading *reading)
{
    bool found = false;
    for (size_t i = 0; i < reading->mail.n_parts; i++)
        if (reading->mail.parts[i].type == NX_PART_STATUS)
            found |= nx_dsn_read(reading, reading->mail.parts[i].content);
    for (size_t i = 0; !found && i < reading->mail.n_parts; i++) { /* field groups in text that a strict walk takes for prose */
        struct nx_str text = reading->mail.parts[i].content;
        if (reading->mail.parts[i].type != NX_PART_TEXT || text.n == 0)
            continue;
        if (reading->has_words && reading->words.returned.n > 0 && reading->words.returned.p >= text.p &&
            reading->words.returned.p < text.p + text.n)
            text = nx_str_sub(text, 0, (size_t)(reading->words.returned.p - text.p));
        size_t at = nx_dsn_find(text);
        if (at == text.n || !nx_dsn_read(reading, nx_str_from(text, at)))
            continue;
        found = nx_evidence_stray(reading);
        reading->out.notes |= found ? NX_NOTE_STRAY_FIELDS : NX_NOTE_LOOKS_LIKE_BOUNCE;
        if (!found)
            reading->out.n = 0;
    }
    return found;
}

/* Does it say why, by words or codes? */
static bool says_why(const struct nx_report *report)
{
    return report->status.n > 0 || report->reply != 0 || report->diagnostic.n > 0;
}

/* A recipient that several groups or copies report is one report: the first that says why. */
static void drop_repeats(struct nx_reports *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) {
        bool repeated = false;
        for (size_t k = 0; k < kept && !repeated; k++) {
            repeated = out->p[i].recipient.n > 0 && nx_str_ieq(out->p[i].recipient, out->p[k].recipient) &&
                       out->p[i].kind == out->p[k].kind;
            if (repeated && !says_why(&out->p[k]) && says_why(&out->p[i]))
                out->p[k] = out->p[i];
        }
        if (!repeated)
            out->p[kept++] = out->p[i];
    }
    out->n = kept;
}

/* Amazon SNS mails its notices as JSON. */
static bool read_notice(struct nx_reading *reading)
{
    struct nx_webhook_body body;
    if (!nx_webhook_parse_text(reading->arena, reading->limits, reading->text, &body))
        return false;
    for (size_t i = 0; i < body.n; i++) {
        struct nx_report *report = nx_reports_add(reading);
        if (report != NULL)
            *report = body.reports[i];
    }
    return reading->out.n > 0;
}

/* A plain text that tells of nothing beside HTML that does: a stub ("this message needs HTML"), or what a filter put there. */
static void read_markup(struct nx_reading *reading)
{
    if ((reading->has_words && reading->words.told) || !(reading->hints.sender || reading->hints.subject))
        return;
    struct nx_buf html;
    nx_buf_init(&html, reading->arena, reading->limits->text);
    for (size_t i = 0; i < reading->mail.n_parts && reading->mail.parts[i].type != NX_PART_RETURNED; i++)
        if (reading->mail.parts[i].type == NX_PART_HTML) {
            nx_buf_add(&html, nx_html_text(reading->arena, reading->mail.parts[i].content));
            nx_buf_addc(&html, '\n');
        }
    struct nx_text_report words;
    if (html.n == 0 || nx_str_eq(nx_buf_str(&html), reading->text) ||
        !nx_text_read(reading->formats, reading->arena, reading->limits, &reading->mail, &reading->hints, nx_buf_str(&html),
                      &words) ||
        !words.told)
        return;
    reading->text = nx_buf_str(&html);
    reading->words = words;
    reading->has_words = true;
}

static void read_message(struct nx_reading *reading)
{
    const struct nx_mail *mail = &reading->mail;
    nx_hints_read(reading->formats, reading->arena, mail->fields, &reading->hints);
    const struct nx_part *feedback = find_part(mail, NX_PART_FEEDBACK);
    if (feedback != NULL && nx_arf_read(reading, feedback->content))
        return;
    if (nx_arf_read_bare(reading) || read_notice(reading))
        return;
    reading->has_words =
        nx_text_read(reading->formats, reading->arena, reading->limits, mail, &reading->hints, reading->text, &reading->words);
    read_markup(reading);
    if (read_status_parts(reading)) {
        nx_evidence_join(reading);
        drop_repeats(&reading->out);
        for (size_t i = 0; i < reading->out.n; i++)
            if (is_challenge_failure(reading, &reading->out.p[i])) {
                reading->out.p[i].kind = NX_KIND_OTHER;
                reading->out.p[i].notes |= NX_NOTE_CHALLENGE;
            }
        return;
    }
    if (!nx_evidence_read(reading))
        (void)nx_autoreply_read(reading);
}

static struct nx_str digest_of(struct nx_reading *reading)
{
    static const char *const fields[] = {"Message-ID", "Date", "From", "To", "Subject"};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        struct nx_str value = nx_fields_get(reading->mail.fields, fields[i]);
        g_checksum_update(sum, (const guchar *)(value.n > 0 ? value.p : ""), (gssize)value.n);
        g_checksum_update(sum, (const guchar *)"\n", 1);
    }
    for (size_t i = 0; i < reading->mail.n_parts; i++)
        if (reading->mail.parts[i].content.n > 0)
            g_checksum_update(sum, (const guchar *)reading->mail.parts[i].content.p, (gssize)reading->mail.parts[i].content.n);
    struct nx_str digest = nx_arena_dup(reading->arena, nx_str_of(g_checksum_get_string(sum)));
    g_checksum_free(sum);
    return digest;
}

/* Whatever names the address that the report came to; for signed return paths (verp/). */
static struct nx_str return_paths(struct nx_reading *reading)
{
    static const char *const names[] = {"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"};
    struct nx_buf paths;
    nx_buf_init(&paths, reading->arena, 8 * reading->limits->address);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct nx_str address = nx_address_in(nx_fields_get(reading->mail.fields, names[i]));
        if (address.n == 0 || nx_str_ihas(nx_buf_str(&paths), address))
            continue;
        if (paths.n > 0)
            nx_buf_addc(&paths, ' ');
        nx_buf_add(&paths, address);
    }
    return nx_buf_str(&paths);
}

/* Does the message only carry another one? List software encloses a bounce that it makes nothing of for its owner, a spam
 * filter encloses what it marks, an archive what it files; they keep the sender or the subject. */
static bool is_carrier(const struct nx_reading *reading)
{
    struct nx_str from = nx_fields_get(reading->mail.fields, "From"), inner = nx_fields_get(reading->mail.returned, "From");
    bool report = find_part(&reading->mail, NX_PART_STATUS) != NULL ||
                  nx_str_eq(reading->mail.media_type, NX_STR("multipart/report")) || (reading->has_words && reading->words.known);
    if (reading->mail.enclosed.n == 0 || report) /* a report may be about another report: that one is over */
        return false;
    struct nx_str subject = nx_fields_get(reading->mail.fields, "Subject");
    if ((from.n > 0 && nx_str_ieq(from, inner)) ||
        (subject.n > 0 && nx_str_ieq(subject, nx_fields_get(reading->mail.returned, "Subject"))))
        return true;
    return reading->hints.carrier && nx_str_ihas(subject, NX_STR("bounce"));
}

static bool tells_of_failure(const struct nx_reports *out)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i].kind == NX_KIND_FAILED || out->p[i].kind == NX_KIND_DELAYED || out->p[i].kind == NX_KIND_DELIVERED ||
            out->p[i].kind == NX_KIND_COMPLAINT)
            return true;
    return false;
}

static void read_bytes(struct nx_reading *reading, struct nx_str bytes)
{
    nx_mail_read(reading->arena, bytes, reading->limits, &reading->mail);
    reading->text = words_of(reading);
    if (find_part(&reading->mail, NX_PART_STATUS) == NULL && find_part(&reading->mail, NX_PART_FEEDBACK) == NULL)
        unwrap(reading);
    read_message(reading);
}

/* What a carrier carries is read in its place if it is a report. */
static void read_carried(struct nx_reading *reading)
{
    struct nx_reading inner = {.arena = reading->arena,
                               .limits = reading->limits,
                               .formats = reading->formats,
                               .paths = reading->paths,
                               .input = reading->input};
    read_bytes(&inner, reading->mail.enclosed);
    if (tells_of_failure(&inner.out))
        *reading = inner;
}

size_t nx_parse_mail(const struct nx_parser *parser, struct nx_arena *arena, const struct nx_input *input,
                     struct nx_report **ret_reports)
{
    struct nx_reading reading = {.arena = arena,
                                 .limits = &parser->limits,
                                 .formats = parser->formats,
                                 .paths = parser->paths,
                                 .input = input,
                                 .authserv_ids = parser->authserv_ids};
    read_bytes(&reading, input->bytes);
    if (is_carrier(&reading))
        read_carried(&reading);
    if (reading.out.n == 0) {
        struct nx_report *report = nx_reports_add(&reading);
        report->kind = NX_KIND_OTHER;
        report->text = nx_one_line(arena, nx_str_sub(reading.text, 0, parser->limits.diagnostic), parser->limits.diagnostic);
        nx_life_read(&reading, report);
    }
    read_original(&reading, parser->asked);
    struct nx_str paths = return_paths(&reading);
    for (size_t i = 0; i < reading.out.n; i++) {
        struct nx_report *report = &reading.out.p[i];
        if (report->original.message_id.n == 0)
            report->original = reading.original;
        report->notes |= reading.out.notes | reading.mail.notes;
        report->verified = input->verified;
        report->return_paths = paths;
        report->senders = reading.senders;
        report->fields = reading.asked;
        report->n_fields = reading.n_asked;
        if (report->reporting_mta.n == 0 || report->original.message_id.n == 0) {
            if (i == 0)
                report->digest = digest_of(&reading);
            else
                report->digest = reading.out.p[0].digest.n > 0 ? reading.out.p[0].digest : digest_of(&reading);
        }
    }
    *ret_reports = reading.out.p;
    return reading.out.n;
}
