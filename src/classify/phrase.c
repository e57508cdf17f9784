/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/rule.h"

#include "base/ascii.h"
#include "base/lit.h"

static bool parse_segment(struct nx_str word, struct nx_segment *segment)
{
    if (word.n > 1 && word.p[0] == '*') {
        segment->open_start = true;
        word = nx_str_from(word, 1);
    }
    if (word.n > 1 && word.p[word.n - 1] == '*') {
        segment->open_end = true;
        word.n--;
    }
    segment->text = word;
    return word.n > 0 && nx_str_chr(word, '*') == word.n && !(segment->open_end && word.p[word.n - 1] == ' ') &&
           !(segment->open_start && word.p[0] == ' ');
}

/* The next gap in what is left of a phrase: its kind, where it starts and where the words go on. */
static enum nx_gap next_gap(struct nx_str rest, size_t *ret_end, size_t *ret_next)
{
    for (size_t i = 1; i + 2 < rest.n; i++) {
        if (rest.p[i] == ' ' && rest.p[i + 2] == ' ' && (rest.p[i + 1] == '*' || rest.p[i + 1] == '?')) {
            *ret_end = i;
            *ret_next = i + 3;
            return rest.p[i + 1] == '*' ? NX_GAP_ANY : NX_GAP_WORD;
        }
        if (rest.p[i] == '*' && rest.p[i - 1] != ' ' && rest.p[i + 1] == ' ' && !(rest.p[i + 2] == '*' || rest.p[i + 2] == '?')) {
            *ret_end = *ret_next = i + 1;
            return NX_GAP_STEM;
        }
    }
    *ret_end = *ret_next = rest.n;
    return NX_GAP_NONE;
}

bool nx_phrase_parse(struct nx_arena *arena, struct nx_str text, struct nx_phrase *ret, const char **ret_why)
{
    struct nx_norm norm;
    nx_norm_make(arena, text, &norm);
    struct nx_str rest = norm.text;
    *ret = (struct nx_phrase){.source = text, .form = norm.text, .line = ret->line};
    enum nx_gap gap = NX_GAP_NONE;
    while (rest.n > 0) {
        if (ret->n_segments == NX_SEGMENTS_MAX) {
            *ret_why = "a phrase has at most 4 gaps (use a re)";
            return false;
        }
        struct nx_segment *segment = &ret->segments[ret->n_segments++];
        segment->before = gap;
        size_t end, next;
        gap = next_gap(rest, &end, &next);
        if (!parse_segment(nx_str_sub(rest, 0, end), segment)) {
            *ret_why = "a gap is ' * ' or ' ? ', blanks on both sides and words around it; '*' may also stand glued to the start "
                       "or end of a word";
            return false;
        }
        if (segment->text.n > ret->literal.n)
            ret->literal = segment->text;
        rest = nx_str_from(rest, next);
    }
    if (ret->literal.n < NX_LIT_MIN) {
        *ret_why = "a literal under 4 bytes would be looked at everywhere (give a longer phrase)";
        return false;
    }
    return true;
}

/* A segment that starts (or ends) in a letter or digit stands at the edge of a word, unless it is open there. */
static bool at_edges(const struct nx_segment *segment, struct nx_str text, size_t from)
{
    size_t to = from + segment->text.n;
    if (!segment->open_start && from > 0 && nx_is_alnum((unsigned char)segment->text.p[0]) &&
        nx_is_alnum((unsigned char)text.p[from - 1]))
        return false;
    return segment->open_end || to >= text.n || !nx_is_alnum((unsigned char)segment->text.p[segment->text.n - 1]) ||
           !nx_is_alnum((unsigned char)text.p[to]);
}

static bool match_rest(const struct nx_phrase *phrase, unsigned k, struct nx_str text, size_t at, unsigned *steps, size_t *ret_to)
{
    if (k == phrase->n_segments) {
        *ret_to = at;
        return true;
    }
    const struct nx_segment *segment = &phrase->segments[k];
    if (segment->before == NX_GAP_WORD) {
        if (at >= text.n || text.p[at] != ' ')
            return false;
        size_t end = at + 1;
        while (end < text.n && text.p[end] != ' ' && end - at <= NX_GAP_MAX)
            end++;
        if (end == at + 1 || end + 1 + segment->text.n > text.n ||
            memcmp(text.p + end + 1, segment->text.p, segment->text.n) != 0 || !at_edges(segment, text, end + 1))
            return false;
        return match_rest(phrase, k + 1, text, end + 1 + segment->text.n, steps, ret_to);
    }
    if (segment->before == NX_GAP_STEM) {
        while (at < text.n && text.p[at] != ' ')
            at++;
        if (text.n - at < segment->text.n || memcmp(text.p + at, segment->text.p, segment->text.n) != 0 ||
            !at_edges(segment, text, at))
            return false;
        return match_rest(phrase, k + 1, text, at + segment->text.n, steps, ret_to);
    }
    struct nx_str window = nx_str_sub(text, at, at + NX_GAP_MAX + segment->text.n);
    for (size_t from = 0; from < window.n;) {
        size_t found = nx_str_find(nx_str_from(window, from), segment->text);
        if (from + found >= window.n || *steps == 0)
            return false;
        (*steps)--;
        size_t place = at + from + found;
        if (at_edges(segment, text, place) && match_rest(phrase, k + 1, text, place + segment->text.n, steps, ret_to))
            return true;
        from += found + 1;
    }
    return false;
}

bool nx_phrase_find(const struct nx_phrase *phrase, struct nx_str text, unsigned *steps, size_t *ret_from, size_t *ret_to)
{
    const struct nx_segment *first = &phrase->segments[0];
    for (size_t at = 0; at < text.n;) {
        size_t found = nx_str_find(nx_str_from(text, at), first->text);
        if (at + found >= text.n || *steps == 0)
            return false;
        (*steps)--;
        size_t place = at + found;
        if (at_edges(first, text, place) && match_rest(phrase, 1, text, place + first->text.n, steps, ret_to)) {
            *ret_from = place;
            return true;
        }
        at = place + 1;
    }
    return false;
}
