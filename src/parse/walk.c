/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/walk.h"

#include "base/ascii.h"
#include "parse/address.h"

#define FULL_LINE 64u   /* bytes from which on a line may have been broken by who passes mail on */
#define CURRENT_MAX 64u /* recipients that share the words behind them */

struct walk {
    const struct nx_format *format;
    struct nx_scan *scan;
    struct nx_blocks *blocks;
    bool section; /* under a heading */
    bool section_has_kind;
    enum nx_kind section_kind;
    struct nx_str section_text; /* told in the heading about all under it */
    uint32_t item_indent;       /* of the section's first item */
    size_t section_items;
    bool own_items;   /* the format has `item` lines */
    bool listed;      /* a blank line came after items: names that are no address are over */
    bool open;        /* a block takes in lines */
    bool said;        /* the open block has had words already */
    bool quoting;     /* lines are the server's words */
    bool quoting_all; /* the same outside of any block */
    uint32_t indent;  /* of the open block's first line */
    struct nx_str ahead;
    size_t current[CURRENT_MAX]; /* indexes: blocks move when there are more of them */
    size_t n_current;
    size_t transcript; /* first line of the dialogue, or SIZE_MAX */
};

static void close_block(struct walk *w)
{
    w->open = w->quoting = false;
    w->n_current = 0;
}

static void end_transcript(struct walk *w, size_t line)
{
    if (w->transcript != SIZE_MAX)
        nx_transcript_read(w->blocks, &w->scan->page, w->transcript, line);
    w->transcript = SIZE_MAX;
}

/* Words for the open recipients, or for all. */
static void say(struct walk *w, struct nx_str words, bool quote)
{
    if (!w->open) {
        nx_block_say(w->blocks, NULL, words);
        if (quote)
            nx_block_quote(w->blocks, NULL, words);
        return;
    }
    w->said = true;
    for (size_t i = 0; i < w->n_current; i++) {
        nx_block_say(w->blocks, &w->blocks->p[w->current[i]], words);
        if (quote)
            nx_block_quote(w->blocks, &w->blocks->p[w->current[i]], words);
    }
}

static void take(struct walk *w, const struct nx_captures *captures)
{
    if (!w->open) {
        nx_block_take(w->blocks, NULL, captures);
        return;
    }
    for (size_t i = 0; i < w->n_current; i++)
        nx_block_take(w->blocks, &w->blocks->p[w->current[i]], captures);
}

static void set_kind(struct walk *w, enum nx_kind kind)
{
    if (!w->open) {
        if (!w->blocks->has_kind)
            w->blocks->kind = kind;
        w->blocks->has_kind = true;
        return;
    }
    for (size_t i = 0; i < w->n_current; i++) {
        struct nx_block *block = &w->blocks->p[w->current[i]];
        block->has_kind = true;
        block->out.kind = kind;
    }
}

static void open_block(struct walk *w, struct nx_str address, struct nx_str name, uint32_t indent)
{
    bool shares = w->open && !w->said && w->format->extent != NX_EXTENT_INDENT && w->n_current < CURRENT_MAX;
    struct nx_block *block = nx_blocks_add(w->blocks, address, name);
    if (!shares)
        close_block(w);
    if (block == NULL)
        return;
    w->open = true;
    w->said = w->quoting = w->quoting_all = false;
    w->indent = indent;
    w->current[w->n_current++] = (size_t)(block - w->blocks->p);
    if (w->section && w->section_has_kind && !block->has_kind) {
        block->has_kind = true;
        block->out.kind = w->section_kind;
    }
    if (w->section_text.n > 0)
        nx_block_say(w->blocks, block, w->section_text);
    if (w->ahead.n > 0)
        nx_block_say(w->blocks, block, w->ahead);
}

static bool is_closing(char c)
{
    return strchr(">)]\"'", c) != NULL;
}

bool nx_walk_item(struct nx_str line, struct nx_str *ret_address, struct nx_str *ret_rest)
{
    size_t at = 0, from;
    static const char *const bullets[] = {"* ",        "- ",   "o ",  ">>> ",       "-> ", "=> ", "\342\200\242 ",
                                          "\302\267 ", "to: ", "to ", "recipient: "};
    for (size_t i = 0; i < G_N_ELEMENTS(bullets); i++)
        if (nx_str_istarts(line, nx_str_of(bullets[i]))) {
            at = strlen(bullets[i]);
            break;
        }
    if (at == 0) { /* "1." "(1)" "1)" */
        size_t digits = line.n > 0 && line.p[0] == '(' ? 1 : 0, first = digits;
        while (digits < line.n && nx_is_digit((unsigned char)line.p[digits]))
            digits++;
        if (digits > first && digits < first + 4 && digits + 1 < line.n && (line.p[digits] == '.' || line.p[digits] == ')') &&
            line.p[digits + 1] == ' ')
            at = digits + 2;
    }
    from = at;
    if (!nx_address_find(line, &from, ret_address))
        return false;
    size_t start = (size_t)(ret_address->p - line.p), end = start + ret_address->n;
    while (start > at && (strchr("<\"'([", line.p[start - 1]) != NULL ||
                          (start >= at + 7 && nx_str_istarts(nx_str_sub(line, start - 7, start), NX_STR("mailto:")))))
        start -= nx_str_istarts(nx_str_sub(line, start >= 7 ? start - 7 : 0, start), NX_STR("mailto:")) ? 7 : 1;
    if (start != at) { /* "Display Name <address>" */
        struct nx_str name = nx_str_sub(line, at, start);
        bool x400 = (name.n > 0 && name.p[0] == '/' && nx_str_chr(name, '=') < name.n) ||
                    nx_str_istarts(name, NX_STR("c=")); /* "/S=Doe/O=Example/C=DE/ (address)", "c=DE;...;dda:SMTP:address" */
        if (start == 0 || (!x400 && (line.p[start] != '<' || name.n > 64 || nx_str_chr(name, ':') < name.n ||
                                     nx_str_chr(name, '.') + 1 < name.n)))
            return false;
        size_t words = 1;
        for (size_t i = 0; i < name.n; i++)
            words += name.p[i] == ' ';
        if (words > 5)
            return false;
    }
    struct nx_str rest = nx_str_from(line, end);
    while (rest.n > 0 && is_closing(rest.p[0]))
        rest = nx_str_from(rest, 1);
    struct nx_str again = nx_str_trim(rest); /* "a@b (a@b)", "a@b<mailto:a@b>" */
    struct nx_str twin;
    from = 0;
    if (again.n > 0 && strchr("<([", again.p[0]) != NULL && nx_address_find(again, &from, &twin) &&
        nx_str_ieq(twin, *ret_address) && (size_t)(twin.p - again.p) < 9) {
        rest = nx_str_from(again, from);
        while (rest.n > 0 && is_closing(rest.p[0]))
            rest = nx_str_from(rest, 1);
    }
    rest = nx_str_trim(rest);
    while (rest.n > 0 && strchr(":;,.-", rest.p[0]) != NULL)
        rest = nx_str_trim(nx_str_from(rest, 1));
    *ret_rest = rest;
    return true;
}

/* A line of recipients under a heading when the format says nothing of its own. */
static bool plain_item(struct walk *w, size_t line)
{
    struct nx_str address, rest, text = nx_page_line(&w->scan->page, line);
    uint32_t indent = w->scan->page.lines[line].indent;
    if (w->section_items > 0 && indent > w->item_indent)
        return false;
    if (!nx_walk_item(text, &address, &rest))
        return false;
    if (w->section_items++ == 0)
        w->item_indent = indent;
    open_block(w, address, NX_STR_NONE, indent);
    size_t at = 0;
    struct nx_str more;
    while (nx_address_find(rest, &at, &more)) { /* "a@x, b@x" */
        struct nx_str between = nx_str_sub(rest, 0, (size_t)(more.p - rest.p));
        bool list = true;
        for (size_t i = 0; i < between.n; i++)
            list &= strchr(" ,;<>\"'", between.p[i]) != NULL;
        if (!list)
            break;
        open_block(w, more, NX_STR_NONE, indent);
        rest = nx_str_from(rest, at);
        at = 0;
    }
    rest = nx_str_trim(rest);
    if (rest.n > 2) {
        if (rest.p[0] == '(' && rest.p[rest.n - 1] == ')' && nx_str_chr(nx_str_from(rest, 1), '(') == rest.n - 1)
            rest = nx_str_sub(rest, 1, rest.n - 1);
        say(w, rest, false);
        if (w->format->extent == NX_EXTENT_LINE)
            close_block(w);
    }
    return true;
}

/* Rulers and boxes say nothing. */
static bool is_ruler(struct nx_str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (nx_is_alnum((unsigned char)line.p[i]) || (unsigned char)line.p[i] >= 0x80)
            return false;
    return true;
}

static bool is_name(struct nx_str name)
{
    return !is_ruler(name) && nx_str_find(name, NX_STR("://")) == name.n;
}

/* Recipients named by a template. */
static void take_recipients(struct walk *w, const struct nx_line_rule *rule, const struct nx_captures *captures, uint32_t indent)
{
    struct nx_str address = captures->at[NX_CAPTURE_RECIPIENT], name = captures->at[NX_CAPTURE_NAME],
                  many = captures->at[NX_CAPTURE_RECIPIENTS], text = captures->at[NX_CAPTURE_TEXT];
    if (address.n > 0)
        open_block(w, address, NX_STR_NONE, indent);
    else if (name.n > 0 && !w->listed && is_name(name))
        open_block(w, NX_STR_NONE, name, indent);
    else if (name.n > 0)
        return;
    w->section_items += w->section;
    size_t at = 0;
    while (many.n > 0 && nx_address_find(many, &at, &address))
        open_block(w, address, NX_STR_NONE, indent);
    w->ahead = NX_STR_NONE;
    if (rule->has_kind)
        set_kind(w, rule->kind);
    take(w, captures);
    if (text.n > 0)
        say(w, text, false);
    if (captures->at[NX_CAPTURE_DIAGNOSTIC].n > 0)
        say(w, captures->at[NX_CAPTURE_DIAGNOSTIC], false);
    if (w->format->extent == NX_EXTENT_LINE)
        close_block(w);
}

/* Acts on a rule that matches; returns false when the reading ends here. */
static void begin_section(struct walk *w, const struct nx_line_rule *rule, const struct nx_captures *captures, size_t line)
{
    end_transcript(w, line);
    close_block(w);
    w->section = true;
    w->section_items = 0;
    w->listed = false;
    w->section_has_kind = rule->has_kind;
    w->section_kind = rule->kind;
    w->section_text = captures->at[NX_CAPTURE_TEXT];
    w->quoting_all = false;
    take(w, captures);
    if (rule->has_kind && !w->blocks->has_kind && rule->kind != NX_KIND_FAILED)
        set_kind(w, rule->kind);
}

static void take_words(struct walk *w, const struct nx_line_rule *rule, const struct nx_captures *captures, struct nx_str whole)
{
    w->quoting = w->open && captures->at[NX_CAPTURE_DIAGNOSTIC].n > 0; /* more lines of it may follow */
    w->quoting_all = !w->open && captures->at[NX_CAPTURE_DIAGNOSTIC].n > 0;
    take(w, captures);
    say(w, captures->at[NX_CAPTURE_TEXT].n > 0 ? captures->at[NX_CAPTURE_TEXT] : whole, false);
    if (rule->has_kind)
        set_kind(w, rule->kind);
}

static void begin_quoting(struct walk *w, const struct nx_captures *captures, struct nx_str whole)
{
    take(w, captures);
    if (captures->at[NX_CAPTURE_DIAGNOSTIC].n > 0)
        say(w, captures->at[NX_CAPTURE_DIAGNOSTIC], false);
    else if (whole.p[whole.n - 1] != ':') /* "The response was:" says nothing itself */
        say(w, whole, false);
    *(w->open ? &w->quoting : &w->quoting_all) = true;
}

static bool act(struct walk *w, const struct nx_line_rule *rule, const struct nx_captures *captures, size_t line, size_t stop)
{
    struct nx_page *page = &w->scan->page;
    struct nx_str whole = {page->s + page->lines[line].from, page->lines[stop].to - page->lines[line].from};
    switch (rule->line) {
    case NX_LINE_END:
        w->scan->last = line;
        w->scan->returned = stop + 1;
        while (w->scan->returned < page->n_lines && nx_page_blank(page, w->scan->returned))
            w->scan->returned++;
        return false;
    case NX_LINE_STOP:
        w->scan->last = line;
        return false;
    case NX_LINE_HEADING:
        begin_section(w, rule, captures, line);
        break;
    case NX_LINE_ITEM:
    case NX_LINE_RECIPIENT:
        end_transcript(w, line);
        take_recipients(w, rule, captures, page->lines[line].indent);
        break;
    case NX_LINE_AHEAD:
        close_block(w);
        w->ahead = captures->at[NX_CAPTURE_TEXT].n > 0 ? captures->at[NX_CAPTURE_TEXT] : whole;
        take(w, captures);
        break;
    case NX_LINE_TAKE:
        take_words(w, rule, captures, whole);
        break;
    case NX_LINE_DIAGNOSTIC:
        begin_quoting(w, captures, whole);
        break;
    case NX_LINE_REPORTING:
        w->blocks->reporting_mta = captures->at[NX_CAPTURE_HOST];
        break;
    case NX_LINE_SKIP:
        take(w, captures);
        break;
    case NX_LINE_TRANSCRIPT:
        end_transcript(w, line);
        close_block(w);
        w->section = w->quoting_all = false;
        w->transcript = stop + 1;
        break;
    case NX_LINE_BEGIN:
    case NX_LINE_SKIP_PARAGRAPH:
    case NX_LINE_KIND:
    case NX_LINE_STATE:
    default:
        break;
    }
    return true;
}

/* The line where the report starts. */
static size_t find_begin(const struct walk *w)
{
    const struct nx_page *page = &w->scan->page;
    for (size_t k = 0; k < w->format->n_lines; k++) {
        const struct nx_line_rule *rule = &w->format->lines[k];
        size_t end;
        struct nx_captures ignored;
        for (size_t i = 0; rule->line == NX_LINE_BEGIN && i < w->scan->last; i++)
            if (nx_template_match(&rule->template, page, page->lines[i].from, &end, &ignored))
                return nx_page_line_at(page, end) + 1;
    }
    return 0;
}

/* The rest of a line that somebody broke on the way: at the margin, right below words about a recipient who does not stand there,
 * and its first word had no room above. */
static bool is_broken_off(const struct walk *w, size_t i)
{
    const struct nx_page *page = &w->scan->page;
    if (!w->open || w->indent == 0 || i == 0 || page->lines[i].indent > 0 || nx_page_blank(page, i - 1))
        return false;
    size_t above = page->lines[i - 1].indent + nx_page_line(page, i - 1).n;
    return above + 1 + nx_str_chr(nx_page_line(page, i), ' ') >= FULL_LINE;
}

static void plain_line(struct walk *w, size_t i)
{
    const struct nx_page *page = &w->scan->page;
    uint32_t indent = page->lines[i].indent;
    struct nx_str line = nx_page_line(page, i);
    if (is_ruler(line))
        return;
    if (nx_str_istarts(line, NX_STR("-- ")))
        line = nx_str_from(line, 3);
    bool rest = is_broken_off(w, i);
    if (!rest && w->section && !w->own_items && plain_item(w, i))
        return;
    if (!rest && w->open && w->format->extent == NX_EXTENT_INDENT && indent <= w->indent)
        close_block(w);
    if (!rest && w->open && w->format->extent == NX_EXTENT_LINE)
        close_block(w);
    struct nx_str command = nx_str_istarts(line, NX_STR(">>> ")) ? nx_str_from(line, 4) : NX_STR_NONE;
    if (command.n > 0) { /* a dialogue without a heading of its own: Courier, InterMail */
        const struct nx_captures stage = {.at[NX_CAPTURE_STAGE] = nx_str_sub(command, 0, 12)};
        take(w, &stage);
    } else if (nx_str_istarts(line, NX_STR("<<< "))) {
        say(w, nx_str_from(line, 4), true);
    } else {
        say(w, line, w->open ? w->quoting : w->quoting_all);
    }
}

void nx_walk_format(const struct nx_format *format, struct nx_scan *scan, struct nx_blocks *blocks)
{
    struct walk w = {.format = format, .scan = scan, .blocks = blocks, .transcript = SIZE_MAX};
    const struct nx_page *page = &scan->page;
    blocks->domain = format->domain;
    for (size_t k = 0; k < format->n_lines; k++)
        w.own_items |= format->lines[k].line == NX_LINE_ITEM;
    size_t i = find_begin(&w);
    for (; i < scan->last; i++) {
        if (nx_page_blank(page, i)) {
            w.listed |= w.section_items > 0;
            if (w.open && (format->extent == NX_EXTENT_PARAGRAPH || format->extent == NX_EXTENT_INDENT) &&
                (w.said || format->extent == NX_EXTENT_INDENT))
                close_block(&w);
            continue;
        }
        if (nx_scan_is(scan, i, NX_LINE_SKIP) || nx_scan_is(scan, i, NX_LINE_SKIP_PARAGRAPH))
            continue;
        const struct nx_line_rule *hit = NULL;
        struct nx_captures captures;
        size_t end = 0;
        for (size_t k = 0; k < format->n_lines && hit == NULL; k++) {
            const struct nx_line_rule *rule = &format->lines[k];
            if (rule->line == NX_LINE_BEGIN || (rule->line == NX_LINE_ITEM && !w.section))
                continue;
            if ((rule->line == NX_LINE_ITEM || rule->line == NX_LINE_RECIPIENT) && w.open &&
                (page->lines[i].indent > w.indent || is_broken_off(&w, i)))
                continue; /* deeper than the recipient: words about him */
            if (!nx_template_match(&rule->template, page, page->lines[i].from, &end, &captures))
                continue;
            if (rule->line == NX_LINE_KIND)
                set_kind(&w, rule->kind);
            else
                hit = rule;
        }
        size_t stop = hit == NULL ? i : nx_page_line_at(page, end);
        if (hit != NULL && hit->line == NX_LINE_SKIP_PARAGRAPH) {
            while (stop + 1 < scan->last && !nx_page_blank(page, stop + 1))
                stop++;
        } else if (hit != NULL && !act(&w, hit, &captures, i, stop)) {
            break;
        } else if (hit == NULL && w.transcript == SIZE_MAX) {
            plain_line(&w, i);
        }
        i = stop;
    }
    end_transcript(&w, i < scan->last ? i : scan->last);
}
