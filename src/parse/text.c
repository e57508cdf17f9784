/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/text.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/walk.h"

#define LOOK (128u << 10) /* bytes of a text that are looked at: room for a thousand recipients */

struct fields { /* of the head, in comparable form; made when first asked for */
    struct nx_arena *arena;
    const struct nx_mail *mail;
    struct nx_page subject, from;
    bool has_subject, has_from;
};

static bool field_matches(const struct nx_mark *mark, const struct nx_page *page)
{
    size_t end;
    struct nx_captures ignored;
    return nx_template_match(&mark->template, page, 0, &end, &ignored);
}

static bool head_mark_holds(const struct nx_mark *mark, struct fields *fields)
{
    struct nx_page page;
    switch (mark->place) {
    case NX_MARK_SUBJECT:
        if (!fields->has_subject)
            nx_page_one(&fields->subject, fields->arena, nx_fields_get(fields->mail->fields, "Subject"));
        fields->has_subject = true;
        return field_matches(mark, &fields->subject);
    case NX_MARK_FROM:
        if (!fields->has_from)
            nx_page_one(&fields->from, fields->arena, nx_fields_get(fields->mail->fields, "From"));
        fields->has_from = true;
        return field_matches(mark, &fields->from);
    case NX_MARK_HEADER:
        for (size_t i = 0; i < fields->mail->fields.n; i++) {
            const struct nx_field *field = &fields->mail->fields.p[i];
            if (!nx_str_ieq(field->name, mark->field))
                continue;
            nx_page_one(&page, fields->arena, field->value);
            if (field_matches(mark, &page))
                return true;
        }
        return false;
    case NX_MARK_TEXT:
    default:
        return false;
    }
}

/* Hundreds are asked for each message, nearly all of them marks of the text. */
static inline bool mark_holds(const struct nx_mark *mark, const struct nx_scan *scan, struct fields *fields)
{
    if (mark->place == NX_MARK_TEXT)
        return (scan->bits[mark->unit / 64] >> (mark->unit % 64) & 1) != 0;
    return head_mark_holds(mark, fields);
}

/* Any `mark`, all `need`, no `unless`. */
static bool format_holds(const struct nx_format *format, const struct nx_scan *scan, struct fields *fields)
{
    bool any = false;
    for (size_t i = 0; i < format->n_marks && !any; i++)
        any = format->marks[i].use == NX_MARK_ANY && mark_holds(&format->marks[i], scan, fields);
    for (size_t i = 0; i < format->n_marks && any; i++) {
        const struct nx_mark *mark = &format->marks[i];
        if (mark->use != NX_MARK_ANY && mark_holds(mark, scan, fields) != (mark->use == NX_MARK_NEED))
            return false;
    }
    return any;
}

static struct nx_str local_part(struct nx_str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    return at == 0 ? address : nx_str_sub(address, 0, at - 1);
}

/* X-Failed-Recipients (Exim, Gmail and others): completes names, and stands in where the text names nobody. */
static void use_failed_recipients(struct nx_blocks *blocks, const struct nx_mail *mail)
{
    for (size_t i = 0; i < mail->fields.n; i++) {
        const struct nx_field *field = &mail->fields.p[i];
        if (!nx_str_ieq(field->name, NX_STR("X-Failed-Recipients")))
            continue;
        size_t at = 0;
        struct nx_str address;
        while (nx_address_find(field->value, &at, &address)) {
            struct nx_block *nameless = NULL, *same = NULL;
            size_t n_nameless = 0;
            for (size_t k = 0; k < blocks->n; k++) {
                struct nx_block *block = &blocks->p[k];
                if (nx_str_ieq(block->out.recipient, address))
                    same = block;
                if (block->out.recipient.n > 0)
                    continue;
                n_nameless++;
                if (nameless == NULL || nx_str_ieq(block->out.name, local_part(address)))
                    nameless = block;
            }
            if (same != NULL)
                continue;
            if (nameless != NULL && (n_nameless == 1 || nx_str_ieq(nameless->out.name, local_part(address))))
                nameless->out.recipient = address;
            else if (blocks->n == 0 || n_nameless == blocks->n)
                (void)nx_blocks_add(blocks, address, NX_STR_NONE);
        }
    }
}

static struct nx_str domain_of(struct nx_str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    return at == 0 ? NX_STR_NONE : nx_str_from(address, at);
}

/* Screen names get the domain of the system that reports. */
static void complete_names(struct nx_blocks *blocks, const struct nx_mail *mail)
{
    struct nx_str domain = blocks->domain, address;
    size_t at = 0;
    if (nx_str_eq(domain, NX_STR("from")))
        domain = nx_address_find(nx_fields_get(mail->fields, "From"), &at, &address) ? domain_of(address) : NX_STR_NONE;
    if (domain.n == 0)
        return;
    for (size_t i = 0; i < blocks->n; i++) {
        struct nx_text_block *out = &blocks->p[i].out;
        if (out->recipient.n > 0 || out->name.n == 0 || nx_str_chr(out->name, ' ') < out->name.n)
            continue;
        out->recipient = nx_arena_printf(blocks->arena, "%.*s@%.*s", NX_FMT(out->name), NX_FMT(domain));
    }
}

static void finish(struct nx_blocks *blocks, const struct nx_format *format, const struct nx_scan *scan,
                   struct nx_text_report *ret_report)
{
    struct nx_text_report report = {.format = format != NULL ? format->id : NX_STR("text"),
                                    .known = format != NULL,
                                    .told = format != NULL || blocks->told,
                                    .certain = format != NULL && format->certain};
    if (format != NULL && blocks->n == 0 && (blocks->all.diagnostic.n > 0 || blocks->all.text.n > 0)) /* told of nobody by name */
        (void)nx_blocks_add(blocks, NX_STR_NONE, NX_STR_NONE);
    nx_blocks_finish(blocks, format != NULL ? format->kind : NX_KIND_FAILED, &report);
    report.returned = nx_scan_rest(scan, scan->returned);
    *ret_report = report;
}

bool nx_text_read(const struct nx_formats *formats, struct nx_arena *arena, const struct nx_limits *limits,
                  const struct nx_mail *mail, const struct nx_hints *hints, struct nx_str text, struct nx_text_report *ret_report)
{
    struct nx_scan scan;
    nx_scan_text(formats, arena, text, limits->text < LOOK ? limits->text : LOOK, &scan);
    struct fields fields = {.arena = arena, .mail = mail};
    const struct nx_format *known = NULL;
    struct nx_blocks blocks;
    for (size_t i = 0; i < formats->n; i++) {
        const struct nx_format *format = &formats->p[i];
        if (!format_holds(format, &scan, &fields))
            continue;
        struct nx_scan own = scan;
        nx_blocks_init(&blocks, arena, limits);
        nx_walk_format(format, &own, &blocks);
        complete_names(&blocks, mail);
        bool named = blocks.n > 0;
        use_failed_recipients(&blocks, mail);
        if (named || (blocks.n > 0 && known == NULL)) {
            finish(&blocks, format, &own, ret_report);
            return true;
        }
        if (known == NULL)
            known = format;
    }
    nx_blocks_init(&blocks, arena, limits);
    bool told = nx_walk_general(formats, &scan, mail, hints, &blocks);
    if (!told && known == NULL)
        return false;
    use_failed_recipients(&blocks, mail);
    finish(&blocks, known, &scan, ret_report);
    return true;
}
