/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/bystander.h"

#include "base/ascii.h"
#include "parse/address.h"

#define SENTENCE 160u /* bytes before an address in which its sentence starts */

bool nx_bystander_office(const struct nx_formats *formats, struct nx_str address)
{
    struct nx_str local = nx_str_sub(address, 0, nx_str_chr(address, '@'));
    const struct nx_words *offices = &formats->words[NX_WORD_OFFICE];
    for (size_t i = 0; i < offices->n; i++)
        if (nx_str_ieq(local, offices->p[i]))
            return true;
    return false;
}

bool nx_bystander_party(const struct nx_mail *mail, struct nx_str address)
{
    static const char *const names[] = {"From", "To", "Cc", "Return-Path", "Sender", "Reply-To"};
    for (size_t i = 0; i < mail->fields.n; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
            if (!nx_str_ieq(mail->fields.p[i].name, nx_str_of(names[k])))
                continue;
            struct nx_str party;
            size_t at = 0;
            while (nx_address_find(mail->fields.p[i].value, &at, &party))
                if (nx_str_ieq(party, address))
                    return true;
        }
    return false;
}

/* Where the sentence that holds this place of the page starts. */
static size_t sentence_start(const struct nx_page *page, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < SENTENCE) {
        if ((page->s[from - 1] == '\n' && from > 1 && page->s[from - 2] == '\n') ||
            (page->s[from - 1] == ' ' && from > 1 && strchr(".!?;", page->s[from - 2]) != NULL))
            break;
        from--;
    }
    return from;
}

/* A letter or digit of an alphabet that parts words by blanks: ASCII, or the first byte of anything before the Chinese ones. */
static bool is_letter(char c)
{
    return nx_is_alnum((unsigned char)c) || ((unsigned char)c >= 0xC3 && (unsigned char)c < 0xE3);
}

static bool starts_with(struct nx_str text, struct nx_str words)
{
    char last = words.p[words.n - 1];
    bool open = !nx_is_alnum((unsigned char)last) && (unsigned char)last < 0x80; /* "x-": what follows is part of the name */
    return nx_str_istarts(text, words) && (open || text.n == words.n || !is_letter(text.p[words.n]));
}

bool nx_bystander_condition(const struct nx_general *r, size_t at)
{
    const struct nx_page *page = &r->scan->page;
    const struct nx_words *words = &r->formats->words[NX_WORD_CONDITION];
    size_t from = sentence_start(page, at);
    for (size_t i = 0; i < words->n; i++)
        if (starts_with((struct nx_str){page->l + from, at - from}, words->p[i]))
            return true;
    return false;
}

bool nx_bystander_help(const struct nx_scan *scan, size_t at, size_t end)
{
    const struct nx_page *page = &scan->page;
    size_t from = sentence_start(page, at), to = end;
    while (to < page->n && to - end < 80 && page->s[to] != '.' &&
           !(page->s[to] == '\n' && to + 1 < page->n && page->s[to + 1] == '\n'))
        to++;
    for (size_t i = 0; i < scan->n_phrases; i++)
        if (scan->phrases[i].kind == NX_PHRASE_HELP && scan->phrases[i].from >= from && scan->phrases[i].to <= to)
            return true;
    return false;
}

bool nx_bystander_summary(const struct nx_formats *formats, struct nx_str line)
{
    const struct nx_words *words = &formats->words[NX_WORD_SUMMARY];
    for (size_t i = 0; i < words->n; i++)
        if (nx_str_istarts(line, words->p[i]))
            return true;
    return false;
}

bool nx_bystander_led_by(const struct nx_general *r, struct nx_str address, enum nx_word_use use)
{
    const struct nx_page *page = &r->scan->page;
    const struct nx_words *words = &r->formats->words[use];
    size_t end = (size_t)(address.p - page->s);
    while (end > 0 && strchr(" \n<\"'(:", page->s[end - 1]) != NULL)
        end--;
    for (size_t i = 0; i < words->n; i++) {
        struct nx_str word = words->p[i];
        if (nx_str_iends((struct nx_str){page->l, end}, word) && (end == word.n || !is_letter(page->l[end - word.n - 1])))
            return true;
    }
    return false;
}
