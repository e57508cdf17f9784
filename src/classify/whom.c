/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/whom.h"

#include "base/ascii.h"

#define MARKS 4u      /* bytes of marks and blanks between words and a name beside them */
#define SHORT_WORD 3u /* letters of a word that may stand there too: "no mailbox for a@example.org" */

enum whom { NOBODY, RECIPIENT, AUTHOR, OTHER };

static bool in_name(char c)
{
    return c != '\0' && strchr(" <>()[]\"',;:", c) == NULL;
}

/* The address that stands around a place, or where a domain will do, its domain or a bare name of one. */
static struct nx_str name_at(struct nx_str text, size_t at, bool domain)
{
    size_t low = at, high = at;
    bool letter = false;
    while (low > 0 && in_name(text.p[low - 1]))
        low--;
    while (high < text.n && in_name(text.p[high]))
        high++;
    while (high > low && text.p[high - 1] == '.')
        high--;
    struct nx_str name = nx_str_sub(text, low, high);
    size_t sign = nx_str_chr(name, '@');
    if (!domain)
        return sign < name.n ? name : NX_STR_NONE;
    name = nx_str_from(name, sign < name.n ? sign + 1 : 0);
    name = nx_str_from(name, nx_str_chr(name, '=') < name.n ? nx_str_chr(name, '=') + 1 : 0);
    for (size_t i = 0; i < name.n; i++)
        letter |= nx_is_alpha((unsigned char)name.p[i]);
    return letter && nx_str_chr(name, '.') < name.n ? name : NX_STR_NONE;
}

/* Does a list of addresses ("News <news@example.com>", or blanks between) hold this one, or one of this domain? */
static bool holds(struct nx_str list, struct nx_str name, bool domain)
{
    for (size_t from = 0; from < list.n;) {
        size_t at = from + nx_str_ifind(nx_str_from(list, from), name);
        if (at >= list.n)
            return false;
        from = at + name.n;
        bool starts = domain ? at > 0 && list.p[at - 1] == '@' : at == 0 || !in_name(list.p[at - 1]);
        if (starts && (from == list.n || !in_name(list.p[from])))
            return true;
    }
    return false;
}

static bool is_within(struct nx_str inner, struct nx_str outer)
{
    return nx_str_iends(inner, outer) && (inner.n == outer.n || inner.p[inner.n - outer.n - 1] == '.');
}

static bool is_of(struct nx_str address, struct nx_str name, bool domain)
{
    if (!domain)
        return address.n > 0 && nx_str_ieq(address, name);
    struct nx_str own = nx_str_from(address, MIN(nx_str_chr(address, '@') + 1, address.n));
    return own.n > 0 && (is_within(own, name) || is_within(name, own));
}

static enum whom who_is(const struct nx_report *report, struct nx_str name, bool domain)
{
    if (name.n == 0)
        return NOBODY;
    if (is_of(report->recipient, name, domain) || is_of(report->original_recipient, name, domain))
        return RECIPIENT;
    return holds(report->original.from, name, domain) || holds(report->senders, name, domain) ||
                   holds(report->return_paths, name, domain)
               ? AUTHOR
               : OTHER;
}

static enum whom inside(const struct nx_report *report, struct nx_str text, size_t from, size_t to, bool domain)
{
    enum whom whom = NOBODY;
    for (size_t i = from; i < to && whom == NOBODY; i++)
        if (text.p[i] == (domain ? '.' : '@'))
            whom = who_is(report, name_at(text, i, domain), domain);
    return whom;
}

static size_t over_marks(struct nx_str text, size_t at)
{
    size_t end = MIN(text.n, at + MARKS);
    while (at < end && !in_name(text.p[at]))
        at++;
    return at;
}

static enum whom ahead(const struct nx_report *report, struct nx_str text, size_t from, bool domain)
{
    size_t at = from;
    while (at > 0 && from - at < MARKS && !in_name(text.p[at - 1]))
        at--;
    return who_is(report, name_at(text, at, domain), domain);
}

static enum whom behind(const struct nx_report *report, struct nx_str text, size_t to, bool domain)
{
    size_t at = over_marks(text, to), end = at, letters = 0;
    enum whom whom = who_is(report, name_at(text, at, domain), domain);
    while (end < text.n && in_name(text.p[end]))
        letters += ((unsigned char)text.p[end++] & 0xC0) != 0x80;
    return whom != NOBODY || end == at || letters > SHORT_WORD
               ? whom
               : who_is(report, name_at(text, over_marks(text, end), domain), domain);
}

/* Whose address heads the reply: "550 5.1.1 <news@example.com>: Recipient address rejected". */
static enum whom head(const struct nx_report *report, bool domain)
{
    struct nx_str text = report->diagnostic;
    size_t at = 0;
    while (at < text.n && strchr("0123456789.-# <[\"'", text.p[at]) != NULL)
        at++;
    return who_is(report, name_at(text, at, domain), domain);
}

static bool is_part(struct nx_str text, struct nx_str words)
{
    return words.n > 0 && text.n > 0 && (uintptr_t)words.p >= (uintptr_t)text.p &&
           (uintptr_t)words.p + words.n <= (uintptr_t)text.p + text.n;
}

bool nx_whom_author(const struct nx_report *report, struct nx_str words, bool domain)
{
    struct nx_str text = is_part(report->diagnostic, words) ? report->diagnostic
                         : is_part(report->text, words)     ? report->text
                                                            : NX_STR_NONE;
    enum whom whom = NOBODY;
    if (text.n > 0) {
        size_t from = (size_t)(words.p - text.p);
        whom = inside(report, text, from, from + words.n, domain);
        whom = whom == NOBODY ? ahead(report, text, from, domain) : whom;
        whom = whom == NOBODY ? behind(report, text, from + words.n, domain) : whom;
    }
    return (whom == NOBODY ? head(report, domain) : whom) == AUTHOR;
}
