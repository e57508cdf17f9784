/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/general.h"

#include "base/ascii.h"

size_t nx_paragraph_start(const struct nx_scan *scan, size_t line)
{
    while (line > 0 && !nx_page_blank(&scan->page, line - 1))
        line--;
    return line;
}

size_t nx_paragraph_end(const struct nx_scan *scan, size_t line)
{
    while (line < scan->last && !nx_page_blank(&scan->page, line))
        line++;
    return line;
}

/* The cell at this place of a table, if it is a state: "OK", "FAILED". *ret_end is behind it. */
static bool state_at(const struct nx_general *r, size_t at, enum nx_kind *ret, size_t *ret_end)
{
    const struct nx_page *page = &r->scan->page;
    while (at < page->n && page->s[at] != '\0' && strchr(" >\"')]|:;,.-=(*[", page->s[at]) != NULL)
        at++;
    for (size_t i = 0; i < r->formats->n_states; i++) {
        struct nx_captures ignored;
        const struct nx_line_rule *state = &r->formats->states[i];
        if (!nx_template_starts(&state->template, page, at, ret_end, &ignored) ||
            (*ret_end < page->n && (nx_is_alnum((unsigned char)page->s[*ret_end]) || page->s[*ret_end] == '-')))
            continue;
        *ret = state->kind;
        return true;
    }
    return false;
}

bool nx_fate_of_row(const struct nx_general *r, struct nx_str address, size_t line, enum nx_kind *ret)
{
    const struct nx_page *page = &r->scan->page;
    size_t from = page->lines[line].from, at = (size_t)(address.p - page->s), end = at + address.n;
    size_t behind;
    if (state_at(r, from, ret, &behind) && behind <= at) {
        while (behind < at && strchr(" <\"'(|:=>-", page->s[behind]) != NULL)
            behind++;
        if (behind == at)
            return true;
    }
    if (state_at(r, end, ret, &behind) && behind <= page->lines[line].to)
        return true;
    size_t below = line + 1;
    while (below < r->scan->last && below < line + 3 && nx_page_blank(page, below))
        below++;
    return end == page->lines[line].to && below < r->scan->last && state_at(r, page->lines[below].from, ret, &behind) &&
           behind == page->lines[below].to;
}

bool nx_fate_is_denied(const struct nx_scan *scan, const struct nx_phrase_hit *hit)
{
    size_t from = hit->from > 16 ? hit->from - 16 : 0;
    struct nx_str before = {scan->page.l + from, hit->from - from};
    return hit->kind == NX_PHRASE_DELAYED && (nx_str_iends(before, NX_STR("no ")) || nx_str_iends(before, NX_STR("no further ")) ||
                                              nx_str_iends(before, NX_STR("no more ")) || nx_str_iends(before, NX_STR("not ")));
}

/* What the words of one recipient say of him alone: on his lines, to the next recipient or the end of the paragraph. */
static bool own_kind(const struct nx_general *r, size_t block, enum nx_kind *ret)
{
    size_t from = r->starts[block].line, to = nx_paragraph_end(r->scan, from);
    for (size_t i = 0; i < r->blocks->n; i++)
        if (r->starts[i].line > from && r->starts[i].line < to)
            to = r->starts[i].line;
    bool failed = false, delayed = false;
    for (size_t i = 0; i < r->scan->n_phrases; i++) {
        const struct nx_phrase_hit *hit = &r->scan->phrases[i];
        size_t line = nx_page_line_at(&r->scan->page, hit->from);
        failed |= hit->kind == NX_PHRASE_FAILED && line >= from && line < to;
        delayed |= hit->kind == NX_PHRASE_DELAYED && line >= from && line < to && !nx_fate_is_denied(r->scan, hit);
    }
    *ret = delayed ? NX_KIND_DELAYED : NX_KIND_FAILED;
    return failed != delayed;
}

/* Does the report speak of success before it speaks of anything else? What may come to others is told behind. */
static bool leads_with_success(const struct nx_scan *scan)
{
    size_t first = SIZE_MAX;
    bool success = false;
    for (size_t i = 0; i < scan->n_phrases; i++) {
        const struct nx_phrase_hit *hit = &scan->phrases[i];
        if (hit->kind == NX_PHRASE_HELP || hit->from > first || nx_page_line_at(&scan->page, hit->from) >= scan->last)
            continue;
        success = hit->kind == NX_PHRASE_DELIVERED && (hit->from < first || success);
        first = hit->from;
    }
    return success;
}

void nx_fates_set(const struct nx_general *r, bool delayed)
{
    bool success = leads_with_success(r->scan);
    struct nx_blocks *blocks = r->blocks;
    bool open = false, mixed = false;
    enum nx_kind first = NX_KIND_OTHER;
    for (size_t i = 0; i < blocks->n; i++) {
        struct nx_block *block = &blocks->p[i];
        open |= !block->has_kind || block->out.kind != NX_KIND_DELIVERED;
        mixed |= block->has_kind; /* by a state of his own */
        if (block->has_kind)
            continue;
        if (!own_kind(r, i, &block->out.kind))
            block->out.kind = r->starts[i].told != NX_KIND_OTHER ? r->starts[i].told
                              : success                          ? NX_KIND_DELIVERED
                              : delayed                          ? NX_KIND_DELAYED
                                                                 : NX_KIND_FAILED;
        mixed |= first != NX_KIND_OTHER && first != block->out.kind;
        first = block->out.kind;
    }
    for (size_t i = 0; i < blocks->n; i++) {
        if (success) /* each has the kind of his own lines */
            blocks->p[i].has_kind = true;
        else if (!open) /* a failure is told, and all got it: the states are about something else */
            blocks->p[i].has_kind = false;
        else if (mixed)
            blocks->p[i].has_kind = true;
    }
}
