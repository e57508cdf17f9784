/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/template.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

#define NAME_MAX_BYTES 200u
#define STEPS 3000
#define WRAP_MIN 8u /* a literal shorter than this does not reach over the end of a line */

enum token_kind { TOKEN_LITERAL, TOKEN_ANY, TOKEN_CAPTURE };

struct nx_template_token {
    enum token_kind kind;
    enum nx_capture capture;
    struct nx_str literal; /* lower case */
};

static const struct {
    const char *name;
    enum nx_capture capture;
} captures[] = {
    {"recipient", NX_CAPTURE_RECIPIENT},   {"name", NX_CAPTURE_NAME},     {"recipients", NX_CAPTURE_RECIPIENTS},
    {"original", NX_CAPTURE_ORIGINAL},     {"sender", NX_CAPTURE_SENDER}, {"text", NX_CAPTURE_TEXT},
    {"diagnostic", NX_CAPTURE_DIAGNOSTIC}, {"host", NX_CAPTURE_HOST},     {"code", NX_CAPTURE_CODE},
    {"status", NX_CAPTURE_STATUS},         {"stage", NX_CAPTURE_STAGE},
};

static bool find_capture(struct nx_str name, enum nx_capture *ret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++)
        if (nx_str_eq(name, nx_str_of(captures[i].name))) {
            *ret = captures[i].capture;
            return true;
        }
    return false;
}

struct builder { /* of one template */
    struct nx_arena *arena;
    struct nx_template_token *tokens;
    size_t n;
    char *literal; /* of the one that is being read */
    size_t length;
    bool taken[NX_CAPTURE_COUNT];
};

/* The literal that was read becomes a token, if it holds anything. The page trims it; blanks next to a capture or `*` count. */
static void end_literal(struct builder *b, bool at_end)
{
    if (b->length == 0)
        return;
    struct nx_page page;
    struct nx_str raw = nx_arena_dup(b->arena, (struct nx_str){b->literal, b->length});
    nx_page_one(&page, b->arena, raw);
    bool before = b->n > 0 && nx_is_blank((unsigned char)raw.p[0]);
    bool after = !at_end && nx_is_blank((unsigned char)raw.p[raw.n - 1]);
    struct nx_str body = {page.l, page.lines[0].to};
    char *out = nx_arena_alloc(b->arena, body.n + 2);
    size_t at = 0;
    if (before)
        out[at++] = ' ';
    if (body.n > 0)
        memcpy(out + at, body.p, body.n);
    at += body.n;
    if (after && body.n > 0)
        out[at++] = ' ';
    if (at > 0)
        b->tokens[b->n++] = (struct nx_template_token){.kind = TOKEN_LITERAL, .literal = {out, at}};
    b->length = 0;
}

/* NULL, or what is wrong with it. */
static const char *add_capture(struct builder *b, struct nx_str name)
{
    enum nx_capture capture;
    if (!find_capture(name, &capture))
        return "unknown capture (known: recipient name recipients original sender text diagnostic host code status stage, and the "
               "signs {star} {open})";
    if (b->taken[capture])
        return "a capture can stand only once in a template";
    const struct nx_template_token *before = b->n > 0 ? &b->tokens[b->n - 1] : NULL;
    bool address = capture <= NX_CAPTURE_SENDER && capture != NX_CAPTURE_NAME;
    if (before != NULL && before->kind != TOKEN_LITERAL && !(before->kind == TOKEN_ANY && address))
        return "a capture needs a literal between it and what stands before it";
    b->taken[capture] = true;
    b->tokens[b->n++] = (struct nx_template_token){.kind = TOKEN_CAPTURE, .capture = capture};
    return NULL;
}

/* What stands at *at: a sign, `*`, or a capture; NULL, or what is wrong with it. */
static const char *read_one(struct builder *b, struct nx_str text, size_t *at)
{
    if (text.p[*at] == '*') {
        end_literal(b, false);
        b->tokens[b->n++] = (struct nx_template_token){.kind = TOKEN_ANY};
        *at += 1;
        return NULL;
    }
    if (text.p[*at] != '{') {
        b->literal[b->length++] = text.p[(*at)++];
        return NULL;
    }
    size_t close = *at + nx_str_chr(nx_str_from(text, *at), '}');
    struct nx_str name = nx_str_sub(text, *at + 1, close);
    if (close >= text.n)
        return "'{' without '}' (write {open} for the sign itself)";
    if (nx_str_eq(name, NX_STR("star")) || nx_str_eq(name, NX_STR("open"))) {
        b->literal[b->length++] = name.p[0] == 's' ? '*' : '{';
    } else {
        end_literal(b, false);
        const char *fault = add_capture(b, name);
        if (fault != NULL)
            return fault;
    }
    *at = close + 1;
    return NULL;
}

bool nx_template_parse(struct nx_arena *arena, struct nx_str text, struct nx_template *ret_template, const char **ret_fault,
                       size_t *ret_at)
{
    struct builder b = {
        .arena = arena, .tokens = nx_arena_array(arena, text.n + 1, sizeof *b.tokens), .literal = nx_arena_alloc(arena, text.n)};
    for (size_t at = 0; at < text.n;) {
        const char *fault = read_one(&b, text, &at);
        if (fault != NULL) {
            *ret_fault = fault;
            *ret_at = at;
            return false;
        }
    }
    end_literal(&b, true);
    if (b.n == 0) {
        *ret_at = 0;
        *ret_fault = "an empty template matches nothing";
        return false;
    }
    *ret_template = (struct nx_template){b.tokens, b.n};
    return true;
}

struct matcher {
    const struct nx_page *page;
    const struct nx_template *template;
    struct nx_captures *captures;
    size_t end;
    unsigned steps;
    bool whole; /* must stop at the end of a line */
};

static size_t line_end(const struct nx_page *page, size_t at)
{
    const char *hit = at < page->n ? memchr(page->s + at, '\n', page->n - at) : NULL;
    return hit == NULL ? page->n : (size_t)(hit - page->s);
}

/* An address that starts at `at`, behind opening signs; *ret_end is behind the closing ones. */
static bool address_at(const struct nx_page *page, size_t at, struct nx_str *ret_address, size_t *ret_end)
{
    size_t end = line_end(page, at), start = at;
    if (memchr(page->s + at, '@', end - at) == NULL)
        return false;
    if (start + 7 < end && memcmp(page->l + start, "mailto:", 7) == 0)
        start += 7;
    for (int k = 0; k < 4 && start < end; k++) {
        size_t from = start;
        struct nx_str line = {page->s, end};
        if (nx_address_find(line, &from, ret_address) && ret_address->p == page->s + start) {
            size_t stop = start + ret_address->n;
            for (size_t back = start; back > at; back--) {
                char open = page->s[back - 1], close = open == '<'   ? '>'
                                                       : open == '(' ? ')'
                                                       : open == '[' ? ']'
                                                       : open == '{' ? '}'
                                                                     : open;
                if (stop < end && page->s[stop] == close)
                    stop++;
            }
            if (stop + 9 < end && memcmp(page->l + stop, "<mailto:", 8) == 0) { /* text made of HTML */
                const char *close = memchr(page->s + stop, '>', end - stop);
                stop = close == NULL ? stop : (size_t)(close - page->s) + 1;
            }
            *ret_end = stop;
            return true;
        }
        if (strchr("<\"'([{", page->s[start]) == NULL)
            return false;
        start++;
        if (start + 7 < end && memcmp(page->l + start, "mailto:", 7) == 0)
            start += 7;
    }
    return false;
}

static bool host_at(const struct nx_page *page, size_t at, struct nx_str *ret_host, size_t *ret_end)
{
    size_t end = line_end(page, at), stop = at;
    while (stop < end && strchr(" \t()<>,;\"'[]", page->s[stop]) == NULL)
        stop++;
    size_t trimmed = stop;
    while (trimmed > at && strchr(".:!", page->s[trimmed - 1]) != NULL)
        trimmed--;
    *ret_host = (struct nx_str){page->s + at, trimmed - at};
    if (trimmed == at) { /* an address literal alone */
        const char *close = at < end && page->s[at] == '[' ? memchr(page->s + at, ']', end - at) : NULL;
        if (close == NULL)
            return false;
        *ret_host = (struct nx_str){page->s + at, (size_t)(close - page->s) + 1 - at};
        *ret_end = (size_t)(close - page->s) + 1;
        return true;
    }
    size_t next = stop < end && page->s[stop] == ' ' ? stop + 1 : stop;
    if (next < end && (page->s[next] == '[' || page->s[next] == '(') && next + 1 < end &&
        (nx_is_xdigit((unsigned char)page->s[next + 1]) || page->s[next + 1] == '[')) {
        const char *close = memchr(page->s + next, page->s[next] == '[' ? ']' : ')', end - next);
        if (close != NULL) {
            *ret_end = (size_t)(close - page->s) + 1;
            return true;
        }
    }
    *ret_end = trimmed;
    return true;
}

static bool match_from(struct matcher *m, size_t token, size_t at);

/* The capture of this token takes [at, stop); tries what follows. */
static bool take(struct matcher *m, size_t token, size_t at, size_t stop)
{
    const struct nx_template_token *t = &m->template->tokens[token];
    struct nx_str old = NX_STR_NONE;
    if (t->kind == TOKEN_CAPTURE) {
        struct nx_str text = nx_str_trim((struct nx_str){m->page->s + at, stop - at});
        struct nx_str ignored;
        size_t from = 0;
        if (text.n == 0 || (t->capture == NX_CAPTURE_NAME && (text.n > NAME_MAX_BYTES || nx_address_find(text, &from, &ignored))))
            return false;
        from = 0;
        if (t->capture == NX_CAPTURE_RECIPIENTS && !nx_address_find(text, &from, &ignored))
            return false;
        old = m->captures->at[t->capture];
        m->captures->at[t->capture] = text;
    }
    if (match_from(m, token + 1, stop))
        return true;
    if (t->kind == TOKEN_CAPTURE)
        m->captures->at[t->capture] = old;
    return false;
}

/* `*`, and captures without a shape of their own: as little as lets the rest match. */
static bool match_lazy(struct matcher *m, size_t token, size_t at)
{
    size_t end = line_end(m->page, at);
    if (token + 1 == m->template->n)
        return m->whole ? take(m, token, at, end) : take(m, token, at, m->template->tokens[token].kind == TOKEN_ANY ? at : end);
    const struct nx_template_token *next = &m->template->tokens[token + 1];
    if (next->kind != TOKEN_LITERAL) { /* an address, by the grammar */
        struct nx_str line = {m->page->s, end}, address;
        size_t from = at;
        while (m->steps > 0 && nx_address_find(line, &from, &address)) {
            m->steps--;
            size_t start = (size_t)(address.p - m->page->s);
            while (start > at && strchr("<\"'([", m->page->s[start - 1]) != NULL)
                start--;
            if (take(m, token, at, start))
                return true;
        }
        return false;
    }
    for (size_t stop = at; stop <= end && m->steps > 0; stop++) {
        struct nx_str rest = {m->page->l + stop, m->page->n - stop};
        const char *hit = rest.n == 0
                              ? NULL
                              : memmem(rest.p, (rest.n < end - stop + next->literal.n ? rest.n : end - stop + next->literal.n),
                                       next->literal.p, next->literal.n);
        if (hit == NULL)
            return false;
        m->steps--;
        stop = (size_t)(hit - m->page->l);
        if (take(m, token, at, stop))
            return true;
    }
    return false;
}

static bool match_literal(struct matcher *m, size_t token, size_t at)
{
    struct nx_str literal = m->template->tokens[token].literal;
    if (literal.n > m->page->n - at || memcmp(m->page->l + at, literal.p, literal.n) != 0)
        return false;
    const char *s = m->page->s + at; /* only a blank inside of a long literal reaches over the end of a line */
    if (literal.n < WRAP_MIN ? memchr(s, '\n', literal.n) != NULL : s[0] == '\n' || s[literal.n - 1] == '\n')
        return false;
    return match_from(m, token + 1, at + literal.n);
}

/* Captures whose own form says where they end; the others take what stands before the next literal. */
static bool ends_itself(enum nx_capture capture)
{
    return capture == NX_CAPTURE_RECIPIENT || capture == NX_CAPTURE_ORIGINAL || capture == NX_CAPTURE_SENDER ||
           capture == NX_CAPTURE_HOST || capture == NX_CAPTURE_CODE || capture == NX_CAPTURE_STATUS;
}

/* What such a one takes at `at`, up to *ret_stop; false: it is not there. */
static bool capture_at(const struct nx_page *page, enum nx_capture capture, size_t at, struct nx_str *ret, size_t *ret_stop)
{
    if (capture == NX_CAPTURE_HOST)
        return host_at(page, at, ret, ret_stop);
    if (capture != NX_CAPTURE_CODE && capture != NX_CAPTURE_STATUS)
        return address_at(page, at, ret, ret_stop);
    const char *s = page->s + at;
    struct nx_str rest = {s, page->n - at};
    size_t n = 0;
    if (capture == NX_CAPTURE_STATUS)
        n = nx_status_length(rest);
    else if (rest.n >= 3 && strchr("245", s[0]) != NULL && nx_is_digit((unsigned char)s[1]) && nx_is_digit((unsigned char)s[2]))
        n = 3;
    *ret = nx_str_sub(rest, 0, n);
    *ret_stop = at + n;
    return n > 0;
}

static bool match_from(struct matcher *m, size_t token, size_t at)
{
    if (m->steps == 0)
        return false;
    m->steps--;
    if (token == m->template->n) {
        if (m->whole && at < m->page->n && m->page->s[at] != '\n')
            return false;
        m->end = at;
        return true;
    }
    const struct nx_template_token *t = &m->template->tokens[token];
    if (t->kind == TOKEN_LITERAL)
        return match_literal(m, token, at);
    if (t->kind == TOKEN_ANY || !ends_itself(t->capture))
        return match_lazy(m, token, at);
    struct nx_str got;
    size_t stop;
    if (!capture_at(m->page, t->capture, at, &got, &stop))
        return false;
    struct nx_str old = m->captures->at[t->capture];
    m->captures->at[t->capture] = got;
    if (match_from(m, token + 1, stop))
        return true;
    m->captures->at[t->capture] = old;
    return false;
}

static bool match(const struct nx_template *template, const struct nx_page *page, size_t from, bool whole, size_t *ret_end,
                  struct nx_captures *ret_captures)
{
    const struct nx_template_token *first = template->tokens;
    if (first->kind == TOKEN_LITERAL && (from >= page->n || page->l[from] != first->literal.p[0]))
        return false;
    struct nx_captures got = {0};
    struct matcher m = {.page = page, .template = template, .captures = &got, .steps = STEPS, .whole = whole};
    if (!match_from(&m, 0, from))
        return false;
    *ret_end = m.end;
    *ret_captures = got;
    return true;
}

bool nx_template_match(const struct nx_template *template, const struct nx_page *page, size_t from, size_t *ret_end,
                       struct nx_captures *ret_captures)
{
    return match(template, page, from, true, ret_end, ret_captures);
}

bool nx_template_starts(const struct nx_template *template, const struct nx_page *page, size_t at, size_t *ret_end,
                        struct nx_captures *ret_captures)
{
    return match(template, page, at, false, ret_end, ret_captures);
}

struct nx_str nx_template_literal(const struct nx_template *template, size_t *ret_before)
{
    struct nx_str best = NX_STR_NONE;
    *ret_before = 0;
    for (size_t i = 0; i < template->n; i++)
        if (template->tokens[i].kind == TOKEN_LITERAL && template->tokens[i].literal.n > best.n) {
            best = template->tokens[i].literal;
            *ret_before = i;
        }
    return best;
}

bool nx_template_has(const struct nx_template *template, enum nx_capture capture)
{
    for (size_t i = 0; i < template->n; i++)
        if (template->tokens[i].kind == TOKEN_CAPTURE && template->tokens[i].capture == capture)
            return true;
    return false;
}
