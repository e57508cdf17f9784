/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/norm.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "classify/classify.h"

static struct nx_str placeholder(struct nx_str word)
{
    bool digit = false, alpha = false, dot = false, bad = false;
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        digit |= nx_is_digit(c);
        alpha |= nx_is_alpha(c);
        dot |= c == '.' && i > 0 && i + 1 < word.n;
        bad |= c >= 0x80;
    }
    struct nx_code code;
    if (nx_str_ihas(word, NX_STR("://")))
        return NX_STR("URL");
    if (nx_str_chr(word, '@') < word.n && word.n > 2)
        return NX_STR("ADDRESS");
    if (nx_code_parse(word, &code) || bad || (!digit && !dot))
        return word;
    if (dot && !alpha)
        return digit && word.n >= 7 ? NX_STR("IP") : word;
    if (dot && alpha)
        return NX_STR("HOST");
    if (!alpha)
        return word.n == 3 && word.p[0] >= '2' && word.p[0] <= '5' ? word : NX_STR("N");
    return word.n >= 8 ? NX_STR("ID") : word;
}

struct nx_str nx_triage_key(struct nx_arena *arena, struct nx_str text)
{
    struct nx_norm norm;
    nx_norm_make(arena, text, &norm);
    struct nx_buf key;
    nx_buf_init(&key, arena, norm.text.n * 2 + 16);
    for (size_t i = 0; i < norm.text.n;) {
        static const char edges[] = " <>()[]{}\"',;";
        char c = norm.text.p[i];
        if (strchr(edges, c) != NULL) {
            nx_buf_addc(&key, c);
            i++;
            continue;
        }
        size_t end = i;
        while (end < norm.text.n && strchr(edges, norm.text.p[end]) == NULL)
            end++;
        size_t stop = end; /* punctuation that ends a sentence is no part of a word */
        while (stop > i + 1 && strchr(".:!?", norm.text.p[stop - 1]) != NULL)
            stop--;
        nx_buf_add(&key, placeholder(nx_str_sub(norm.text, i, stop)));
        nx_buf_add(&key, nx_str_sub(norm.text, stop, end));
        i = end;
    }
    return nx_buf_str(&key);
}

struct nx_str nx_triage_words(struct nx_arena *arena, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    if (report->diagnostic.n > 0 || report->text.n > 0)
        return report->diagnostic.n > 0 ? report->diagnostic : report->text;
    if (report->original.subject.n > 0 && report->kind == NX_KIND_OTHER)
        return nx_arena_printf(arena, "Subject: %.*s", NX_FMT(nx_str_sub(report->original.subject, 0, 500)));
    return NX_STR_NONE;
}

struct nx_str nx_triage_group(struct nx_arena *arena, const struct nx_event *event)
{
    struct nx_str key = nx_triage_key(arena, nx_triage_words(arena, event));
    const struct nx_report *report = &event->report;
    if (key.n > 0 && report->kind == NX_KIND_OTHER)
        return nx_arena_printf(arena, "(no report) %.*s", NX_FMT(key));
    if (key.n > 0)
        return report->recipient.n > 0 || event->id.n == 0 || event->verdict.cause == NX_CAUSE_UNKNOWN
                   ? key
                   : nx_arena_printf(arena, "(no recipient) %.*s", NX_FMT(key));
    return nx_arena_printf(arena, "(no words)%s%.*s%s%.*s", report->status.n > 0 ? " " : "", NX_FMT(report->status),
                           report->format.n > 0 ? " " : "", NX_FMT(report->format));
}
