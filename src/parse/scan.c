/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/scan.h"

#include "base/ascii.h"

#define PIECE 4096u
#define OVERLAP 240u /* the longest literal that may lie across two pieces */
#define AHEAD 12u    /* lines that are looked at to tell a header block */

struct line_hit {
    uint32_t line;
    uint8_t flag;
};

struct mark_hit {
    unsigned bit;
    uint32_t line;
};

struct state {
    const struct nx_formats *formats;
    struct nx_arena *arena;
    struct nx_scan *scan;
    size_t base; /* of the piece, in the page */
    struct line_hit *lines;
    size_t n_lines, lines_size;
    struct nx_phrase_hit *phrases;
    size_t n_phrases, phrases_size;
    struct mark_hit *marks;
    size_t n_marks, marks_size;
    size_t end; /* first line that is an end mark */
};

static void *grown(struct nx_arena *arena, const void *old, size_t n, size_t *size, size_t each)
{
    if (n < *size)
        return NULL;
    *size = *size == 0 ? 16 : *size * 2;
    void *copy = nx_arena_array(arena, *size, each);
    if (n > 0)
        memcpy(copy, old, n * each);
    return copy;
}

static void add_line(struct state *s, size_t line, enum nx_line_kind kind)
{
    void *copy = grown(s->arena, s->lines, s->n_lines, &s->lines_size, sizeof *s->lines);
    if (copy != NULL)
        s->lines = copy;
    s->lines[s->n_lines++] = (struct line_hit){(uint32_t)line, (uint8_t)(1 + kind)};
}

static void on_line(struct state *s, const struct nx_unit *unit, size_t at)
{
    const struct nx_page *page = &s->scan->page;
    size_t line = nx_page_line_at(page, at), end;
    struct nx_captures ignored;
    for (int back = 0; back < 2 && line < page->n_lines; back++, line--) {
        if (!nx_template_match(unit->template, page, page->lines[line].from, &end, &ignored))
            continue;
        size_t stop = nx_page_line_at(page, end);
        if (unit->line->line == NX_LINE_END) {
            if (stop < s->end)
                s->end = stop;
            add_line(s, line, NX_LINE_END);
            return;
        }
        for (size_t i = line; i <= stop; i++)
            add_line(s, i, unit->line->line);
        return;
    }
}

/* Does it stand in a line that somebody quotes ("> ...")? Transcripts have ">>> ". */
static bool is_quoted(const struct nx_page *page, size_t at)
{
    const struct nx_line *line = &page->lines[nx_page_line_at(page, at)];
    return line->to - line->from > 1 && page->s[line->from] == '>' && page->s[line->from + 1] != '>';
}

static void on_hit(unsigned index, size_t at, void *data)
{
    struct state *s = data;
    const struct nx_unit *unit = &s->formats->units[index];
    at += s->base;
    size_t end;
    struct nx_captures ignored;
    if (unit->type == NX_UNIT_LINE) {
        on_line(s, unit, at);
    } else if (!nx_template_starts(unit->template, &s->scan->page, at, &end, &ignored)) {
        return;
    } else if (is_quoted(&s->scan->page, at)) {
        return;
    } else if (unit->type == NX_UNIT_MARK) {
        void *copy = grown(s->arena, s->marks, s->n_marks, &s->marks_size, sizeof *s->marks);
        if (copy != NULL)
            s->marks = copy;
        s->marks[s->n_marks++] = (struct mark_hit){unit->bit, (uint32_t)nx_page_line_at(&s->scan->page, at)};
    } else {
        void *copy = grown(s->arena, s->phrases, s->n_phrases, &s->phrases_size, sizeof *s->phrases);
        if (copy != NULL)
            s->phrases = copy;
        s->phrases[s->n_phrases++] = (struct nx_phrase_hit){unit->phrase, (uint32_t)at, (uint32_t)end};
    }
}

/* "Name:" with nothing but letters, digits and hyphens; the length of the name. */
static size_t field_name(struct nx_str line)
{
    size_t n = 0;
    while (n < line.n && (nx_is_alnum((unsigned char)line.p[n]) || line.p[n] == '-' || line.p[n] == '_'))
        n++;
    return n > 0 && n < line.n && line.p[n] == ':' ? n : 0;
}

/* How telling a field is: 3 trace fields that people never write, 2 fields of a whole head, 1 those that reports also summarise. */
static int field_weight(struct nx_str name)
{
    static const char *const trace[] = {"received",
                                        "return-path",
                                        "x-received",
                                        "dkim-signature",
                                        "delivered-to",
                                        "arc-seal",
                                        "arc-message-signature",
                                        "arc-authentication-results",
                                        "domainkey-signature",
                                        "authentication-results",
                                        "received-spf",
                                        "x-google-smtp-source",
                                        "x-google-dkim-signature",
                                        "x-originating-ip"};
    static const char *const head[] = {"mime-version", "message-id",   "x-mailer",
                                       "user-agent",   "content-type", "content-transfer-encoding",
                                       "x-priority",   "in-reply-to",  "references"};
    static const char *const summary[] = {"from", "to", "subject", "date", "sender", "reply-to", "cc", "importance"};
    for (size_t i = 0; i < G_N_ELEMENTS(trace); i++)
        if (nx_str_ieq(name, nx_str_of(trace[i])))
            return 3;
    for (size_t i = 0; i < G_N_ELEMENTS(head); i++)
        if (nx_str_ieq(name, nx_str_of(head[i])))
            return 2;
    for (size_t i = 0; i < G_N_ELEMENTS(summary); i++)
        if (nx_str_ieq(name, nx_str_of(summary[i])))
            return 1;
    return 0;
}

/* Does the head of a message start here? */
static bool is_head(const struct nx_page *page, size_t line)
{
    if (line == 0 || page->lines[line].indent > 0 || nx_page_blank(page, line))
        return false;
    struct nx_str first = nx_page_line(page, line);
    size_t n = field_name(first);
    int weight = n == 0 ? 0 : field_weight(nx_str_sub(first, 0, n));
    if (weight == 0)
        return false;
    bool trace = weight == 3, reply = nx_str_ieq(nx_str_sub(first, 0, n), NX_STR("from")), sent = false;
    unsigned fields = 1, telling = weight >= 2;
    for (size_t i = line + 1; i < page->n_lines && i < line + AHEAD && !nx_page_blank(page, i); i++) {
        if (page->lines[i].indent > 0)
            continue;
        struct nx_str next = nx_page_line(page, i);
        n = field_name(next);
        if (n == 0)
            break;
        weight = field_weight(nx_str_sub(next, 0, n));
        trace |= weight == 3;
        telling += weight >= 2;
        sent |= nx_str_ieq(nx_str_sub(next, 0, n), NX_STR("sent"));
        fields++;
    }
    /* What follows something else than a blank line must be surer of itself. */
    bool after_blank = nx_page_blank(page, line - 1);
    if (after_blank && reply && sent && fields >= 4) /* "From:, Sent:, To:, Subject:": somebody answers a mail and quotes it */
        return true;
    return after_blank ? (trace && (fields >= 2 || line + 1 >= page->n_lines || page->lines[line + 1].indent > 0)) ||
                             (fields >= 3 && telling >= 1)
                       : trace && field_weight(nx_str_sub(first, 0, field_name(first))) == 3 && fields >= 3;
}

void nx_scan_text(const struct nx_formats *formats, struct nx_arena *arena, struct nx_str text, size_t cap,
                  struct nx_scan *ret_scan)
{
    struct nx_scan *scan = ret_scan;
    *scan = (struct nx_scan){.bits = nx_arena_array(arena, formats->n_bits / 64 + 1, sizeof *scan->bits)};
    nx_page_init(&scan->page, arena, text, cap);
    struct state s = {.formats = formats, .arena = arena, .scan = scan, .end = SIZE_MAX};
    size_t checked = 0, head = SIZE_MAX;
    for (bool more = true; more && s.end == SIZE_MAX && head == SIZE_MAX;) {
        size_t before = scan->page.n;
        more = nx_page_more(&scan->page, PIECE);
        s.base = before > OVERLAP ? before - OVERLAP : 0;
        if (scan->page.n > s.base)
            nx_lit_each(formats->literals, (struct nx_str){scan->page.l + s.base, scan->page.n - s.base}, on_hit, &s);
        size_t known = more ? (scan->page.n_lines > AHEAD ? scan->page.n_lines - AHEAD : 0) : scan->page.n_lines;
        for (; checked < known && head == SIZE_MAX; checked++)
            if (is_head(&scan->page, checked))
                head = checked;
    }
    size_t n = scan->page.n_lines;
    if (s.end != SIZE_MAX && head > s.end) { /* a mark; blank lines behind it do not count */
        scan->last = s.end;
        scan->returned = s.end + 1;
        while (scan->returned < n && nx_page_blank(&scan->page, scan->returned))
            scan->returned++;
    } else {
        scan->last = scan->returned = head != SIZE_MAX ? head : n;
    }
    for (size_t i = 0; i < s.n_marks; i++) /* what the returned message says is no mark of the report */
        if (s.marks[i].line < scan->returned)
            scan->bits[s.marks[i].bit / 64] |= UINT64_C(1) << (s.marks[i].bit % 64);
    uint8_t *flags = nx_arena_alloc(arena, n + 1);
    for (size_t i = 0; i < s.n_lines; i++)
        flags[s.lines[i].line] = s.lines[i].flag;
    for (size_t i = 0; i < scan->last; i++) {
        if (flags[i] == 1 + NX_LINE_STOP || flags[i] == 1 + NX_LINE_END)
            scan->last = i;
        if (flags[i] == 1 + NX_LINE_SKIP_PARAGRAPH)
            for (size_t k = i + 1; k < n && !nx_page_blank(&scan->page, k); k++)
                if (flags[k] == 0)
                    flags[k] = 1 + NX_LINE_SKIP;
    }
    scan->flags = flags;
    scan->phrases = s.phrases;
    scan->n_phrases = s.n_phrases;
}

struct nx_str nx_scan_rest(const struct nx_scan *scan, size_t line)
{
    if (line >= scan->page.n_lines)
        return NX_STR_NONE;
    return nx_str_from(scan->page.text, scan->page.lines[line].raw);
}
