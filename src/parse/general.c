/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/general.h"

#include "parse/address.h"
#include "parse/bystander.h"

/* Every line to the recipient it stands under; all of them to the only one. */
static void give_words(struct nx_general *r)
{
    struct nx_blocks *blocks = r->blocks;
    size_t first = r->scan->last;
    for (size_t i = 0; i < blocks->n; i++)
        if (r->starts[i].line < first)
            first = r->starts[i].line;
    for (size_t line = 0; line < r->scan->last; line++) {
        if (!nx_general_line_of_words(r->scan, line))
            continue;
        struct nx_str words = nx_page_line(&r->scan->page, line);
        struct nx_block *owner = NULL;
        if (blocks->n > 1 && line >= first) {
            size_t best = 0;
            bool shared = false;
            for (size_t i = 0; i < blocks->n; i++)
                if (r->starts[i].line <= line && (owner == NULL || r->starts[i].line >= best)) {
                    shared = owner != NULL && r->starts[i].line == best; /* several on one line */
                    best = r->starts[i].line;
                    owner = &blocks->p[i];
                }
            if (shared)
                owner = NULL;
        }
        nx_block_say(blocks, owner, words);
    }
}

/* Mail of a list or a tracker tells of failures that others had. */
static bool is_list_mail(const struct nx_mail *mail)
{
    bool listed = nx_fields_get(mail->fields, "List-Id").n > 0 || nx_fields_get(mail->fields, "List-Post").n > 0 ||
                  nx_fields_get(mail->fields, "X-Bugzilla-Type").n > 0;
    return listed && !nx_hints_from_daemon(mail->fields);
}

/* The lines of an SMTP dialogue, if there is one: from the first to the last. */
static bool find_dialogue(const struct nx_scan *scan, size_t *ret_from, size_t *ret_to)
{
    unsigned lines = 0;
    for (size_t i = 0; i < scan->last; i++)
        if (nx_transcript_line(nx_page_line(&scan->page, i))) {
            if (lines++ == 0)
                *ret_from = i;
            *ret_to = i + 1;
        }
    return lines >= 2;
}

/* "... temporarily undeliverable, delivery will be retried:" */
static bool tells_of_delay(const struct nx_scan *scan, size_t line)
{
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line);
    for (size_t i = 0; i < scan->n_phrases; i++) {
        size_t at = nx_page_line_at(&scan->page, scan->phrases[i].from);
        if (scan->phrases[i].kind == NX_PHRASE_DELAYED && at >= from && at < to && !nx_fate_is_denied(scan, &scan->phrases[i]))
            return true;
    }
    return false;
}

static void follow_phrases(struct nx_general *r, bool *ret_failed, bool *ret_delayed, bool *ret_delivered)
{
    const struct nx_scan *scan = r->scan;
    for (int delivered = 1; delivered >= 0; delivered--)
        for (size_t i = 0; i < scan->n_phrases; i++) {
            const struct nx_phrase_hit *hit = &scan->phrases[i];
            size_t line = nx_page_line_at(&scan->page, hit->from);
            if (hit->kind == NX_PHRASE_HELP || line >= scan->last || nx_scan_is(scan, line, NX_LINE_SKIP) ||
                nx_scan_is(scan, line, NX_LINE_SKIP_PARAGRAPH) || (hit->kind == NX_PHRASE_DELIVERED) != (delivered != 0) ||
                nx_fate_is_denied(scan, hit) ||
                nx_bystander_summary(r->formats,
                                     nx_page_line(&scan->page, line))) /* "Subject: Undeliverable": of the mail that is spoken of */
                continue;
            if (delivered) {
                *ret_delivered = true;
                nx_places_delivered(r, hit);
                continue;
            }
            *ret_failed |= hit->kind == NX_PHRASE_FAILED;
            *ret_delayed |= hit->kind == NX_PHRASE_DELAYED;
            r->told = hit->kind == NX_PHRASE_DELAYED || tells_of_delay(scan, line) ? NX_KIND_DELAYED : NX_KIND_FAILED;
            nx_places_near(r, line);
        }
}

/* Nobody was found by the words, but the head is that of a report: by form alone. The kind is what the subject says; where it
 * says nothing, a refusal must stand by. */
static void add_by_head(struct nx_general *r, bool told)
{
    bool null_path = nx_str_eq(nx_str_trim(nx_fields_get(r->mail->fields, "Return-Path")), NX_STR("<>"));
    if (!r->hints->sender || !(r->hints->subject || null_path) || r->hints->success)
        return;
    r->told = r->hints->delayed ? NX_KIND_DELAYED : NX_KIND_FAILED;
    nx_places_refused(r);
    if (r->blocks->n == 0)
        nx_places_only(r, told);
    r->refused |= r->blocks->n > 0 && !r->hints->subject;
    r->blocks->has_kind = r->hints->delayed;
    r->blocks->kind = r->told;
}

/* Does it come from an address? Then what it says of its own reader is no report of ours about mail to ourselves. */
static bool has_return_path(const struct nx_mail *mail)
{
    size_t at = 0;
    struct nx_str address;
    return nx_address_find(nx_fields_get(mail->fields, "Return-Path"), &at, &address);
}

bool nx_walk_general(const struct nx_formats *formats, const struct nx_scan *scan, const struct nx_mail *mail,
                     const struct nx_hints *hints, struct nx_blocks *blocks)
{
    struct nx_general r = {
        .formats = formats, .scan = scan, .mail = mail, .hints = hints, .blocks = blocks, .told = NX_KIND_FAILED};
    bool failed = false, delayed = false, delivered = false;
    size_t from = 0, to = 0;
    if (is_list_mail(mail))
        return false;
    bool talked = find_dialogue(scan, &from, &to);
    for (int pass = 0; pass < 2; pass++) {
        follow_phrases(&r, &failed, &delayed, &delivered);
        r.told = NX_KIND_OTHER;
        nx_places_labelled(&r);
        nx_places_reasons(&r);
        failed |= nx_places_rows(&r);
        if (blocks->n == 0 && failed)
            nx_places_addressees(&r);
        r.lenient = !has_return_path(mail);
        if (!r.lenient || blocks->n > 0 || talked || !(failed || delayed))
            break;
    }
    if (blocks->n == 0 && !talked)
        add_by_head(&r, failed || delayed);
    blocks->told = failed || delayed || talked || r.refused;
    if (failed || delayed)
        nx_fates_set(&r, delayed);
    if (blocks->n > 0)
        give_words(&r);
    if (talked)
        nx_transcript_read(blocks, &scan->page, from, to);
    if (blocks->n == 0 && (failed || delayed))
        give_words(&r);
    if (delayed) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELAYED;
    } else if (!failed && hints->delayed && !hints->failed) { /* the words tell of neither */
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELAYED;
    } else if (!failed && delivered) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELIVERED;
    }
    return blocks->told || blocks->n > 0;
}
