/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/hints.h"

#include "parse/address.h"

struct look { /* over one field */
    const struct nx_formats *formats;
    struct nx_hints *hints;
    bool is_from;
    size_t start; /* of the subject, behind "Re:" and "[" */
    size_t first; /* where the words of a report start */
};

static void on_hint(unsigned unit, size_t at, void *data)
{
    struct look *look = data;
    const struct nx_hint *hint = &look->formats->hints[unit];
    struct nx_hints *hints = look->hints;
    if (look->is_from) {
        hints->sender |= hint->place == NX_HINT_SENDER;
        hints->carrier |= hint->place == NX_HINT_CARRIER;
        return;
    }
    bool here = hint->anywhere || at == look->start;
    if (hint->place == NX_HINT_SUBJECT && hint->kind == NX_KIND_DELIVERED) { /* of reports and of much else */
        hints->success = true;
    } else if (hint->place == NX_HINT_SUBJECT) {
        hints->subject = true;
        hints->failed |= hint->kind == NX_KIND_FAILED;
        hints->delayed |= hint->kind == NX_KIND_DELAYED;
        look->first = MIN(look->first, at);
    }
    hints->answer |= hint->place == NX_HINT_ANSWER && here;
    hints->answer_hint |= hint->place == NX_HINT_ANSWER_HINT && here;
}

/* Behind the prefixes that programs put before a subject they answer. */
static size_t behind_prefixes(struct nx_str subject)
{
    static const char *const prefixes[] = {"re:", "aw:", "sv:", "[", " "};
    size_t at = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (nx_str_istarts(nx_str_from(subject, at), nx_str_of(prefixes[i]))) {
            at += strlen(prefixes[i]);
            i = SIZE_MAX; /* from the first again */
        }
    return at;
}

static bool is_any(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Behind what filters put in front: "[external] ", "*** spam *** ", "external: "; the words alone are none. */
static size_t behind_tags(const struct nx_formats *formats, struct nx_str subject)
{
    const struct nx_words *tags = &formats->words[NX_WORD_TAG];
    size_t at = 0;
    for (size_t i = 0; i < tags->n; i++) {
        size_t from = at;
        while (from < subject.n && is_any(subject.p[from], "[({*<# "))
            from++;
        if (!nx_str_istarts(nx_str_from(subject, from), tags->p[i]))
            continue;
        size_t to = from + tags->p[i].n, closed = 0;
        while (to < subject.n && (is_any(subject.p[to], "])}*>:!#? "))) {
            closed += subject.p[to] != ' ';
            to++;
        }
        if (closed == 0)
            continue;
        at = to;
        i = SIZE_MAX; /* there may be more: from the first again */
    }
    return at;
}

static struct nx_str comparable(struct nx_arena *arena, struct nx_str text)
{
    struct nx_page page;
    nx_page_one(&page, arena, text);
    return (struct nx_str){page.l, page.lines[0].to};
}

void nx_hints_read(const struct nx_formats *formats, struct nx_arena *arena, struct nx_fields fields, struct nx_hints *ret_hints)
{
    struct nx_str from = comparable(arena, nx_fields_get(fields, "From")),
                  subject = comparable(arena, nx_fields_get(fields, "Subject"));
    *ret_hints = (struct nx_hints){0};
    struct look look = {.formats = formats, .hints = ret_hints, .is_from = true};
    nx_lit_each(formats->hint_literals, from, on_hint, &look);
    subject = nx_str_from(subject, behind_tags(formats, subject));
    look = (struct look){.formats = formats, .hints = ret_hints, .start = behind_prefixes(subject), .first = subject.n};
    nx_lit_each(formats->hint_literals, subject, on_hint, &look);
    ret_hints->before = nx_str_sub(subject, 0, look.first);
}

bool nx_hints_from_daemon(struct nx_fields fields)
{
    struct nx_str from = nx_fields_get(fields, "From"), name = from, address;
    size_t at = 0;
    if (nx_address_find(from, &at, &address)) /* "The Postmaster's Gazette <editor@...>" is none */
        name = nx_str_sub(address, 0, nx_str_chr(address, '@'));
    return nx_str_ihas(name, NX_STR("mailer-daemon")) || nx_str_ihas(name, NX_STR("postmaster")) ||
           nx_str_ihas(from, NX_STR("mail delivery"));
}

unsigned nx_hints_count(const struct nx_formats *formats, struct nx_arena *arena, enum nx_hint_place place, struct nx_str text)
{
    guint64 *bits = nx_arena_array(arena, formats->n_hints / 64 + 1, sizeof *bits);
    nx_lit_scan(formats->hint_literals, comparable(arena, text), bits);
    unsigned n = 0;
    for (size_t i = 0; i < formats->n_hints; i++)
        n += formats->hints[i].place == place && (bits[i / 64] >> (i % 64) & 1) != 0;
    return n;
}
