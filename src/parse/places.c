/* SPDX-License-Identifier: Apache-2.0 */
/* Where the recipients stand in a report of no known system. */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/bystander.h"
#include "parse/reply.h"

#define CUT 64u /* bytes of an address that the end of a line may have cut off */
#define NEAR 3u /* paragraphs behind a sentence that may hold the list of addresses it speaks of */

bool nx_general_line_of_words(const struct nx_scan *scan, size_t line)
{
    return !nx_page_blank(&scan->page, line) && scan->flags[line] == 0 &&
           (scan->page.s[scan->page.lines[line].from] != '>' || nx_transcript_line(nx_page_line(&scan->page, line)));
}

/* A long address cut by the end of a line: its whole form stands elsewhere in the report. */
static bool is_cut(const struct nx_blocks *blocks, struct nx_str address)
{
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->p[i].out.recipient.n > address.n && nx_str_istarts(blocks->p[i].out.recipient, address))
            return true;
    return false;
}

/* Does it stand behind a reply code, in the words of a server? They name senders and helpers too. */
static bool is_in_reply(const struct nx_general *r, size_t at, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    for (size_t i = page->lines[line].from; i + 4 < at; i++)
        if ((page->s[i] == '4' || page->s[i] == '5') && nx_is_digit((unsigned char)page->s[i + 1]) &&
            nx_is_digit((unsigned char)page->s[i + 2]) && (page->s[i + 3] == ' ' || page->s[i + 3] == '-') &&
            (i == page->lines[line].from || page->s[i - 1] == ' '))
            return true;
    return false;
}

/* "<somebo" LF "dy@example.net>": an address that the end of a line cut in two is one again, if it is enclosed. */
static struct nx_str made_whole(const struct nx_general *r, struct nx_str address)
{
    const struct nx_page *page = &r->scan->page;
    size_t from = (size_t)(address.p - page->s), to = from + address.n, start = from, end = to;
    if (start > 1 && page->s[start - 1] == '\n' && to < page->n && page->s[to] == '>') {
        start--;
        while (start > 0 && from - start < CUT && (nx_is_atext((unsigned char)page->s[start - 1]) || page->s[start - 1] == '.'))
            start--;
    } else if (start > 0 && page->s[start - 1] == '<' && to < page->n && page->s[to] == '\n') {
        end++;
        while (end < page->n && end - to < CUT &&
               (nx_is_alnum((unsigned char)page->s[end]) || page->s[end] == '.' || page->s[end] == '-'))
            end++;
    }
    bool enclosed = start > 0 && page->s[start - 1] == '<' && end < page->n && page->s[end] == '>';
    struct nx_str head = start < from ? nx_str_sub((struct nx_str){page->s, page->n}, start, from - 1) : NX_STR_NONE;
    struct nx_str tail = end > to ? nx_str_sub((struct nx_str){page->s, page->n}, to + 1, end) : NX_STR_NONE;
    return enclosed && head.n + tail.n > 0
               ? nx_arena_printf(r->blocks->arena, "%.*s%.*s%.*s", NX_FMT(head), NX_FMT(address), NX_FMT(tail))
               : address;
}

/* Is the address one of the recipients now? */
static bool add(struct nx_general *r, struct nx_str address, size_t line, bool item)
{
    size_t at = (size_t)(address.p - r->scan->page.s);
    if ((nx_bystander_party(r->mail, address) && !(item && r->lenient)) || is_cut(r->blocks, address) ||
        nx_bystander_summary(r->formats, nx_page_line(&r->scan->page, line)) ||
        (!item && (nx_bystander_office(r->formats, address) || nx_bystander_help(r->scan, at, at + address.n) ||
                   (is_in_reply(r, at, line) && !r->lenient))))
        return false;
    if (nx_bystander_led_by(r, address, NX_WORD_SUCCESSOR) || nx_bystander_led_by(r, address, NX_WORD_AUTHOR) ||
        (!item && (nx_bystander_led_by(r, address, NX_WORD_READER) || nx_bystander_condition(r, at))))
        return false;
    if (nx_bystander_led_by(r, address, NX_WORD_ORIGIN)) {
        if (r->blocks->n > 0 && r->blocks->p[r->blocks->n - 1].out.original_recipient.n == 0)
            r->blocks->p[r->blocks->n - 1].out.original_recipient = address;
        return false;
    }
    size_t before = r->blocks->n;
    struct nx_block *block = nx_blocks_add(r->blocks, made_whole(r, address), NX_STR_NONE);
    if (block == NULL)
        return false;
    if (r->blocks->n == before) /* who got it is no sign that the list of those who did not was found */
        return !block->has_kind || block->out.kind != NX_KIND_DELIVERED;
    block->has_kind = nx_fate_of_row(r, address, line, &block->out.kind);
    if (!block->has_kind && r->told == NX_KIND_DELIVERED) {
        block->has_kind = true;
        block->out.kind = NX_KIND_DELIVERED;
    }
    if (before >= r->starts_size) {
        size_t size = r->starts_size == 0 ? 8 : r->starts_size * 2;
        struct nx_general_start *starts = nx_arena_array(r->blocks->arena, size, sizeof *starts);
        if (before > 0)
            memcpy(starts, r->starts, before * sizeof *starts);
        r->starts = starts;
        r->starts_size = size;
    }
    r->starts[before] = (struct nx_general_start){line, r->told};
    return true;
}

/* Lines that start with an address, in one paragraph; how many of them are recipients. */
static size_t add_items(struct nx_general *r, size_t from, size_t to)
{
    size_t found = 0, taken = 0;
    uint32_t indent = 0;
    bool prose = false;
    for (size_t i = from; i < to; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        if (!nx_general_line_of_words(r->scan, i) || (found > 0 && r->scan->page.lines[i].indent > indent))
            continue;
        if (!nx_walk_item(line, &address, &rest)) {
            prose |= !nx_bystander_summary(r->formats, line) && line.p[line.n - 1] != ':'; /* "Failed recipients:" is a heading */
            continue;
        }
        if (found == 0 && prose) /* a sentence was wrapped in front of the address */
            continue;
        indent = r->scan->page.lines[i].indent;
        found++;
        taken += add(r, address, i, true);
    }
    return taken;
}

/* "<address>: reason", or "<address>" and nothing else on the line. */
static bool is_labelled_item(struct nx_str line, struct nx_str address)
{
    size_t start = (size_t)(address.p - line.p), end = start + address.n;
    if (start == 1 && line.p[0] == '<' && end + 1 == line.n && line.p[end] == '>')
        return true;
    while (start > 0 && (line.p[start - 1] == '<' || line.p[start - 1] == '"'))
        start--;
    while (end < line.n && (line.p[end] == '>' || line.p[end] == '"'))
        end++;
    return start == 0 && end < line.n && line.p[end] == ':';
}

/* The next paragraph at or behind `line` that starts with "<address>:". */
static size_t next_reason(const struct nx_scan *scan, size_t line)
{
    for (; line < scan->last; line = nx_paragraph_end(scan, line)) {
        struct nx_str address;
        size_t at = 0;
        while (line < scan->last && nx_page_blank(&scan->page, line))
            line++;
        if (line >= scan->last)
            break;
        struct nx_str text = nx_page_line(&scan->page, line);
        if (nx_address_find(text, &at, &address) && is_labelled_item(text, address))
            return line;
    }
    return scan->last;
}

/* The paragraph right behind that starts with a list item like the first line of this one: deeper than the text, or behind a
 * bullet or number; else the end. */
static size_t next_item(const struct nx_general *r, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    size_t next = nx_paragraph_end(r->scan, line);
    struct nx_str first, second, rest;
    while (next < r->scan->last && nx_page_blank(page, next))
        next++;
    if (next >= r->scan->last || page->lines[next].indent != page->lines[line].indent ||
        !nx_walk_item(nx_page_line(page, line), &first, &rest) || !nx_walk_item(nx_page_line(page, next), &second, &rest))
        return r->scan->last;
    size_t before = (size_t)(second.p - page->s) - page->lines[next].from;
    return page->lines[next].indent > 0 || (before > 0 && before == (size_t)(first.p - page->s) - page->lines[line].from)
               ? next
               : r->scan->last;
}

/* Does the paragraph hold a refusal in SMTP terms: "#5.1.1", "550 ..."? Where the subject says nothing, numbers are not enough:
 * lists of quarantined mail have them. */
static bool has_code(const struct nx_general *r, size_t from, size_t to)
{
    const struct nx_page *page = &r->scan->page;
    struct nx_reply reply;
    nx_reply_read(r->blocks->arena,
                  (struct nx_str){page->s + page->lines[from].from, page->lines[to - 1].to - page->lines[from].from}, &reply);
    return (reply.code >= 400 && r->hints->subject) || (reply.status.n > 0 && reply.status.p[0] >= '4');
}

/* The paragraph that starts with "<address>: reason", and the lines of its form in it: nobody but a recipient stands so. */
static void add_reason(struct nx_general *r, size_t from)
{
    const struct nx_page *page = &r->scan->page;
    size_t to = nx_paragraph_end(r->scan, from);
    bool coded = has_code(r, from, to);
    for (size_t i = from; i < to; i++) {
        struct nx_str address, line = nx_page_line(page, i);
        size_t at = 0;
        if (nx_general_line_of_words(r->scan, i) && page->lines[i].indent == page->lines[from].indent &&
            nx_address_find(line, &at, &address) && is_labelled_item(line, address))
            r->refused |= add(r, address, i, true) && coded;
    }
}

/* Is the paragraph before this one a summary of the mail that failed, with a line "To:"? Those who failed follow by name;
 * nx_places_addressees() has the rest. */
static bool is_headed(const struct nx_general *r, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    while (line > 0 && nx_page_blank(page, line - 1))
        line--;
    bool to = false, others = false;
    for (; line > 0 && !nx_page_blank(page, line - 1); line--) {
        struct nx_str text = nx_page_line(page, line - 1);
        to |= nx_str_istarts(text, NX_STR("to:"));
        others |= nx_bystander_summary(r->formats, text);
    }
    return to && others;
}

/* Addresses in the paragraph that tells of the failure, else in the list behind it, else in the line before it. */
/* "a@example.net, b@example.net," LF "c@example.net because ...": what follows is about all in the list, where its lines part does
 * not matter. */
static void join_broken_list(struct nx_general *r, size_t before, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    struct nx_str above = nx_page_line(page, line - 1);
    if (above.n == 0 || above.p[above.n - 1] != ',' ||
        !nx_str_istarts(nx_page_line(page, line), r->blocks->p[before].out.recipient))
        return;
    for (size_t i = before; i < r->blocks->n; i++)
        r->starts[i].line = r->starts[before - 1].line;
}

void nx_places_near(struct nx_general *r, size_t line)
{
    const struct nx_scan *scan = r->scan;
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line), before = r->blocks->n, taken = 0;
    if (next_reason(scan, from) == from) { /* who else is named there stands in the server's words */
        add_reason(r, from);
        return;
    }
    for (size_t i = from; i < to; i++) {
        struct nx_str text = nx_page_line(&scan->page, i), address;
        size_t at = 0, known = r->blocks->n;
        bool first = true;
        while (nx_general_line_of_words(scan, i) && nx_address_find(text, &at, &address)) {
            size_t start = (size_t)(address.p - text.p);
            bool quoted = !first && r->blocks->n > before && start > 0 &&
                          text.p[start - 1] == '<'; /* "<sender> rejected" inside the reason */
            if (!quoted)
                taken += add(r, address, i, is_labelled_item(text, address));
            first = false;
        }
        if (i > from && known > before && r->blocks->n > known)
            join_broken_list(r, known, i);
    }
    /* no heading: the list behind it may be about something else */
    if (taken == 0 && scan->page.s[scan->page.lines[to - 1].to - 1] != ':')
        r->told = NX_KIND_OTHER;
    for (unsigned k = 0; k < NEAR && taken == 0 && to < scan->last; k++) {
        while (to < scan->last && nx_page_blank(&scan->page, to))
            to++;
        size_t end = nx_paragraph_end(scan, to), list = to;
        taken += add_items(r, to, end);
        to = end;
        while (taken > 0 && (list = next_item(r, list)) < scan->last) {
            to = nx_paragraph_end(scan, list);
            (void)add_items(r, list, to);
        }
    }
    if (taken == 0 && from > 1 && !is_headed(r, from)) {
        size_t end = from - 1;
        while (end > 0 && nx_page_blank(&scan->page, end))
            end--;
        (void)add_items(r, nx_paragraph_start(scan, end), end + 1);
    }
}

void nx_places_labelled(struct nx_general *r)
{
    const struct nx_page *page = &r->scan->page;
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str line = nx_page_line(page, i);
        if (nx_str_chr(line, '@') == line.n)
            continue;
        for (size_t k = 0; k < r->formats->n_labels; k++) {
            size_t end;
            struct nx_captures captures;
            if (!nx_template_match(&r->formats->labels[k].template, page, page->lines[i].from, &end, &captures) ||
                captures.at[NX_CAPTURE_RECIPIENT].n == 0)
                continue;
            (void)add(r, captures.at[NX_CAPTURE_RECIPIENT], i, true);
            break;
        }
    }
}

/* "The message was delivered to:" and a list: they are no failures, whatever is told of the others. */
void nx_places_delivered(struct nx_general *r, const struct nx_phrase_hit *hit)
{
    const struct nx_scan *scan = r->scan;
    size_t line = nx_page_line_at(&scan->page, hit->from), to = nx_paragraph_end(scan, line);
    for (size_t i = 0; i < scan->n_phrases; i++) {
        const struct nx_phrase_hit *other = &scan->phrases[i];
        if (other->kind != NX_PHRASE_DELIVERED && other->kind != NX_PHRASE_HELP &&
            nx_page_line_at(&scan->page, other->from) == line)
            return;
    }
    r->told = NX_KIND_DELIVERED;
    struct nx_str rest = {scan->page.s + hit->to, scan->page.lines[line].to > hit->to ? scan->page.lines[line].to - hit->to : 0},
                  address;
    for (size_t at = 0; nx_address_find(rest, &at, &address);)
        (void)add(r, address, line, false);
    if (line + 1 < to) {
        (void)add_items(r, line + 1, to);
    } else {
        while (to < scan->last && nx_page_blank(&scan->page, to))
            to++;
        (void)add_items(r, to, nx_paragraph_end(scan, to));
    }
    r->told = NX_KIND_FAILED;
}

void nx_places_reasons(struct nx_general *r)
{
    for (size_t from = next_reason(r->scan, 0); from < r->scan->last; from = next_reason(r->scan, nx_paragraph_end(r->scan, from)))
        add_reason(r, from);
}

/* Rows of a table: an address at the start of a line, and what became of it. Is one of them no success? */
bool nx_places_rows(struct nx_general *r)
{
    bool failed = false;
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        enum nx_kind kind;
        if (nx_str_chr(line, '@') < line.n && nx_general_line_of_words(r->scan, i) && nx_walk_item(line, &address, &rest) &&
            nx_fate_of_row(r, address, i, &kind))
            failed |= add(r, address, i, true) && kind != NX_KIND_DELIVERED;
    }
    return failed;
}

/* The summary of the mail that failed ("To: ..."): only where nothing else names anybody. */
void nx_places_addressees(struct nx_general *r)
{
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        if (nx_str_istarts(line, NX_STR("to:")) && nx_walk_item(line, &address, &rest))
            (void)add(r, address, i, true);
    }
}

/* ... in the paragraph of this line, or in the one behind it? */
static bool has_code_near(const struct nx_general *r, size_t line)
{
    const struct nx_scan *scan = r->scan;
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line), next = to;
    while (next < scan->last && nx_page_blank(&scan->page, next))
        next++;
    return has_code(r, from, to) || (next < scan->last && has_code(r, next, nx_paragraph_end(scan, next)));
}

/* In a language without phrases here: an address that leads a paragraph, with a refusal in it or right behind. Only what the
 * head says can make a report of it. */
void nx_places_refused(struct nx_general *r)
{
    const struct nx_scan *scan = r->scan;
    for (size_t from = 0; from < scan->last; from = nx_paragraph_end(scan, from)) {
        while (from < scan->last && nx_page_blank(&scan->page, from))
            from++;
        if (from < scan->last && has_code_near(r, from))
            (void)add_items(r, from, nx_paragraph_end(scan, from));
    }
}

/* The one address that the words name beside sender, addressee and those to turn to. */
void nx_places_only(struct nx_general *r, bool told)
{
    const struct nx_scan *scan = r->scan;
    struct nx_str only = NX_STR_NONE, address;
    size_t where = 0;
    for (size_t i = 0; i < scan->last; i++) {
        struct nx_str line = nx_page_line(&scan->page, i);
        for (size_t at = 0; nx_general_line_of_words(scan, i) && nx_address_find(line, &at, &address);) {
            size_t place = (size_t)(address.p - scan->page.s);
            if (nx_bystander_party(r->mail, address) || nx_bystander_office(r->formats, address) ||
                nx_bystander_help(scan, place, place + address.n) || nx_bystander_condition(r, place) ||
                nx_bystander_summary(r->formats, line) || nx_str_ieq(address, only))
                continue;
            if (only.n > 0)
                return;
            only = address;
            where = i;
        }
    }
    if (only.n > 0 && (told || r->hints->subject || has_code_near(r, where)))
        (void)add(r, only, where, true);
}
