/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/mask.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "parse/reply.h"

#define NAME_LEAST 3u /* letters of a word that can be somebody's name */
#define RUN_ON 24u    /* a word longer than that is an id */

const struct nx_mask_words nx_mask_placeholders = {"ADDRESS", "HOST", "IP", "IP", "URL", "N", "ID", "NAME"};
const struct nx_mask_words nx_mask_examples = {"user@example.com",     "mx.example.net", "192.0.2.1", "2001:db8::1",
                                               "https://example.org/", "1234",           "ID1234",    "NAME"};
const struct nx_mask_words nx_mask_gaps = {";", ";", ";", ";", ";", ";", ";", ";"};

struct nx_mask {
    GHashTable *known; /* char *: words of the shipped rules */
};

/* Letters, digits and bytes of other alphabets hang together. */
static bool is_part(char c)
{
    return nx_is_alnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static void add_words(GHashTable *set, struct nx_str text, size_t least)
{
    for (size_t i = 0, end; i < text.n; i = end + 1) {
        end = i;
        while (end < text.n && is_part(text.p[end]))
            end++;
        if (end - i >= least)
            g_hash_table_add(set, g_ascii_strdown(text.p + i, (gssize)(end - i)));
    }
}

static bool has_word(GHashTable *set, struct nx_str word)
{
    g_autofree char *low = g_ascii_strdown(word.p, (gssize)word.n);
    return g_hash_table_contains(set, low);
}

struct nx_mask *nx_mask_new(const struct nx_ruleset *rules)
{
    struct nx_mask *mask = g_new0(struct nx_mask, 1);
    mask->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        struct nx_str line;
        nx_ruleset_rule(rules, i, &info);
        while (!info.local && nx_str_next_line(&info.body, &line)) {
            line = nx_str_trim(line);
            if (nx_str_istarts(line, NX_STR("any ")))
                add_words(mask->known, nx_str_from(line, 4), 1);
        }
    }
    return mask;
}

void nx_mask_free(struct nx_mask *mask)
{
    if (mask == NULL)
        return;
    g_hash_table_unref(mask->known);
    g_free(mask);
}

struct masking {
    const struct nx_mask *mask;
    const struct nx_mask_words *words;
    GHashTable *names;
    struct nx_buf out;
};

static void put(struct masking *masking, const char *word)
{
    nx_buf_add(&masking->out, nx_str_of(word));
}

/* Words that hang together by dashes, dots and the like; those of the report are somebody's. */
static void put_words(struct masking *masking, struct nx_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t end = i;
        while (end < text.n && is_part(text.p[end]))
            end++;
        if (end == i) {
            nx_buf_addc(&masking->out, text.p[i++]);
            continue;
        }
        struct nx_str word = nx_str_sub(text, i, end);
        if (has_word(masking->names, word) && !has_word(masking->mask->known, word))
            put(masking, masking->words->name);
        else
            nx_buf_add(&masking->out, word);
        i = end;
    }
}

static bool is_ip6(struct nx_str word)
{
    unsigned colons = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] != ':' && word.p[i] != '.' && word.p[i] != '%' && !nx_is_xdigit((unsigned char)word.p[i]))
            return false;
        colons += word.p[i] == ':';
    }
    return colons >= 2 && word.n > 3;
}

/* "RESOLVER.ADR.RecipNotFound": words of the rules, and no host ends so. */
static bool is_token(const struct nx_mask *mask, struct nx_str word)
{
    size_t n = 0;
    while (word.n > 0) {
        n = nx_str_chr(word, '.');
        if (n == 0 || !has_word(mask->known, nx_str_sub(word, 0, n)))
            return false;
        word = nx_str_from(word, n + 1);
    }
    return n > 6;
}

/* One word without separators in it. */
static void put_word(struct masking *masking, struct nx_str word)
{
    bool digit = false, alpha = false, dot = false;
    size_t digits = 0, turns = 0;
    if (word.n > 4 && word.p[3] == '-' && nx_is_digit((unsigned char)word.p[0]) && nx_is_digit((unsigned char)word.p[1]) &&
        nx_is_digit((unsigned char)word.p[2])) { /* "550-5.1.1": the next line of a reply */
        nx_buf_add(&masking->out, nx_str_sub(word, 0, 4));
        word = nx_str_from(word, 4);
    }
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        digit |= nx_is_digit(c);
        digits += nx_is_digit(c);
        alpha |= nx_is_alpha(c) || c >= 0x80;
        dot |= c == '.' && i > 0 && i + 1 < word.n;
        turns +=
            i > 0 && nx_is_alpha(c) && (c & 0x20) == 0 && nx_is_alpha((unsigned char)word.p[i - 1]) && (word.p[i - 1] & 0x20) != 0;
    }
    if (nx_status_length(word) == word.n || (!digit && !dot && word.n < RUN_ON && turns < 4))
        put_words(masking, word);
    else if (dot && alpha && !is_token(masking->mask, word))
        put(masking, masking->words->host);
    else if (has_word(masking->mask->known, word) || (dot && alpha))
        nx_buf_add(&masking->out, word);
    else if (dot && digit)
        word.n >= 7 ? put(masking, masking->words->ip4) : put(masking, masking->words->number);
    else if (!alpha)
        digits <= 3 ? put_words(masking, word) : put(masking, masking->words->number);
    else if (word.n >= 6 || digits >= 3)
        put(masking, masking->words->id);
    else
        put_words(masking, word);
}

/* What stands between blanks and brackets. */
static void put_run(struct masking *masking, struct nx_str run)
{
    static const char separators[] = "|/:=*`#&?;+_\\";
    struct nx_str tail = run;
    while (run.n > 1 && strchr(".:!?", run.p[run.n - 1]) != NULL)
        run.n--;
    tail = nx_str_from(tail, run.n);
    struct nx_str v6 = nx_str_istarts(run, NX_STR("ipv6:")) ? nx_str_from(run, 5) : run;
    if (nx_str_ihas(run, NX_STR("://")) || nx_str_istarts(run, NX_STR("www.")))
        put(masking, masking->words->url);
    else if (nx_str_chr(run, '@') < run.n && run.n > 2)
        put(masking, masking->words->address);
    else if (nx_str_ihas(run, NX_STR("=40")) || nx_str_ihas(run, NX_STR("%40")))
        put(masking, masking->words->address);
    else if (is_ip6(v6))
        put(masking, masking->words->ip6);
    else
        for (size_t i = 0; i < run.n;) {
            size_t end = i;
            while (end < run.n && strchr(separators, run.p[end]) == NULL)
                end++;
            if (end > i)
                put_word(masking, nx_str_sub(run, i, end));
            if (end < run.n)
                nx_buf_addc(&masking->out, run.p[end]);
            i = end + 1;
        }
    nx_buf_add(&masking->out, tail);
}

static GHashTable *names_of(const struct nx_report *report)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const struct nx_str of[] = {report->recipient,           report->original_recipient, report->remote_mta,
                                report->reporting_mta,       report->original.from,      report->original.to,
                                report->original.message_id, report->return_paths};
    for (size_t i = 0; i < G_N_ELEMENTS(of); i++)
        add_words(names, of[i], NAME_LEAST);
    return names;
}

struct nx_str nx_mask_text(const struct nx_mask *mask, struct nx_arena *arena, struct nx_str text, const struct nx_report *report,
                           const struct nx_mask_words *words)
{
    static const char edges[] = " \t\r\n<>()[]{}\"',";
    struct masking masking = {.mask = mask, .words = words, .names = names_of(report)};
    nx_buf_init(&masking.out, arena, 8 * NX_MASK_MAX);
    text = nx_str_sub(text, 0, NX_MASK_MAX);
    for (size_t i = 0; i < text.n;) {
        size_t end = i;
        while (end < text.n && text.p[end] != '\0' && strchr(edges, text.p[end]) == NULL)
            end++;
        if (end > i)
            put_run(&masking, nx_str_sub(text, i, end));
        if (end < text.n)
            nx_buf_addc(&masking.out, text.p[end] == '\0' || nx_is_space((unsigned char)text.p[end]) ? ' ' : text.p[end]);
        i = end + 1;
    }
    g_hash_table_unref(masking.names);
    return nx_buf_str(&masking.out);
}
