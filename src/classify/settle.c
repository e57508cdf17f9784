/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which rules are tried, and the regular expressions made ready. */
#include "classify/rule.h"

#include "base/ascii.h"
#include "base/latin.h"
#include "base/lit.h"

#define RE_MAX 1000u /* bytes of an expression */

static int by_place(const void *a, const void *b)
{
    const struct nx_rule *x = *(const struct nx_rule *const *)a, *y = *(const struct nx_rule *const *)b;
    if (x->tier != y->tier)
        return x->tier < y->tier ? -1 : 1;
    int files = nx_str_cmp(x->place_file, y->place_file);
    if (files != 0)
        return files;
    return x->place_line < y->place_line ? -1 : x->place_line > y->place_line;
}

/* Shipped rules first, so that local ones find what they replace. */
static void index_ids(struct nx_rulebook *book, bool local)
{
    for (guint i = 0; i < book->all->len; i++) {
        struct nx_rule *rule = g_ptr_array_index(book->all, i);
        if (rule->local != local)
            continue;
        const struct nx_rule *known = g_hash_table_lookup(book->by_id, &rule->id);
        if (known != NULL && known->local == local) {
            nx_rulebook_fault(book, rule->file, rule->line, 6, "rule '%.*s' exists already (%.*s:%u; ids are never reused)",
                              NX_FMT(rule->id), NX_FMT(known->file), known->line);
            continue;
        }
        if (known != NULL) {
            rule->tier = known->tier;
            rule->place_file = known->file;
            rule->place_line = known->line;
        }
        g_hash_table_replace(book->by_id, &rule->id, rule);
    }
}

static void disable(struct nx_rulebook *book)
{
    for (guint i = 0; i < book->disabled->len; i++) {
        const struct nx_example *entry = &g_array_index(book->disabled, struct nx_example, i);
        if (!g_hash_table_remove(book->by_id, &entry->text))
            nx_rulebook_fault(book, *(const struct nx_str *)g_ptr_array_index(book->disabled_in, i), entry->line, 9,
                              "there is no rule '%.*s' to disable (`nixie rules list` shows them)", NX_FMT(entry->text));
    }
}

static void resolve_from(struct nx_rulebook *book, const struct nx_rule *rule)
{
    for (guint i = 0; i < rule->from->len; i++) {
        struct nx_str id = g_array_index(rule->from, struct nx_str, i);
        bool known = false;
        for (guint k = 0; k < book->providers->len && !known; k++)
            known = nx_str_eq(g_array_index(book->providers, struct nx_provider, k).id, id);
        if (!known)
            nx_rulebook_fault(book, rule->file, rule->line, 1, "rule '%.*s' is from '%.*s', which no provider block describes",
                              NX_FMT(rule->id), NX_FMT(id));
    }
}

static void resolve_beats(struct nx_rulebook *book, guint place)
{
    const struct nx_rule *rule = g_ptr_array_index(book->rules, place);
    for (guint i = 0; i < rule->beats->len; i++) {
        struct nx_str *id = &g_array_index(rule->beats, struct nx_str, i);
        struct nx_rule *loser = g_hash_table_lookup(book->by_id, id);
        if (loser == NULL) {
            bool disabled = false;
            for (guint k = 0; k < book->disabled->len; k++)
                disabled |= nx_str_eq(g_array_index(book->disabled, struct nx_example, k).text, *id);
            if (!disabled)
                nx_rulebook_fault(book, rule->file, rule->line, 1, "rule '%.*s' beats '%.*s', which does not exist",
                                  NX_FMT(rule->id), NX_FMT(*id));
            continue;
        }
        for (guint k = 0; k < loser->beats->len; k++)
            if (nx_str_eq(g_array_index(loser->beats, struct nx_str, k), rule->id))
                nx_rulebook_fault(book, rule->file, rule->line, 1, "rules '%.*s' and '%.*s' beat each other", NX_FMT(rule->id),
                                  NX_FMT(*id));
        g_array_append_val(loser->beaten_by, place);
    }
}

void nx_rulebook_settle(struct nx_rulebook *book)
{
    GPtrArray *const parts[] = {[NX_BLOCK_RULE] = book->rules, [NX_BLOCK_GUARD] = book->guards, [NX_BLOCK_LEAD] = book->leads};
    index_ids(book, false);
    index_ids(book, true);
    disable(book);
    for (guint i = 0; i < book->all->len; i++) {
        struct nx_rule *rule = g_ptr_array_index(book->all, i);
        if (g_hash_table_lookup(book->by_id, &rule->id) == rule)
            g_ptr_array_add(parts[rule->block], rule);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_ptr_array_sort(parts[i], by_place);
    for (guint i = 0; i < book->rules->len; i++) {
        resolve_from(book, g_ptr_array_index(book->rules, i));
        resolve_beats(book, i);
    }
}

/* What we refuse in an expression: what can run away, or what other engines cannot do. Returns why and where, or NULL. */
static const char *refused(struct nx_str re, size_t *ret_at)
{
    bool in_class = false;
    for (size_t i = 0; i < re.n; i++) {
        char c = re.p[i], next = i + 1 < re.n ? re.p[i + 1] : '\0';
        *ret_at = i;
        if (c == '\\') {
            if (!in_class && ((next >= '1' && next <= '9') || next == 'g' || next == 'k'))
                return "back-references are not allowed";
            if (next == 'C' || next == 'K' || next == 'Q' || next == 'E')
                return "\\C, \\K, \\Q and \\E are not allowed";
            i++;
        } else if (in_class) {
            if ((unsigned char)c >= 0x80)
                return "a class takes one byte, and this letter has several (write (?:я|ю) instead)";
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            if (next == '^')
                i++;
            if (i + 1 < re.n && re.p[i + 1] == ']')
                i++;
        } else if ((unsigned char)c >= 0x80 && next != '\0' && strchr("?*+{", next) != NULL) {
            return "this would count one byte of the letter (write (?:я)? instead)";
        } else if (c == '.' && (next == '*' || next == '+')) {
            return "'.*' and '.+' are not allowed (use '.{0,120}')";
        } else if (c == '(' && next == '*') {
            return "verbs are not allowed";
        } else if (c == '(' && next == '?' && i + 2 < re.n) {
            char third = re.p[i + 2], fourth = i + 3 < re.n ? re.p[i + 3] : '\0';
            if (third == '<' && (fourth == '=' || fourth == '!'))
                return "look-behind is not allowed";
            if (third != ':' && third != '=' && third != '!' && third != 'i')
                return "only (?:...), (?=...), (?!...) and (?i) are allowed";
        }
    }
    return NULL;
}

/* The longest text that every match must hold, lower case; empty where an alternative at the top level may do without. */
static struct nx_str required_literal(struct nx_arena *arena, struct nx_str re)
{
    struct nx_str best = NX_STR_NONE;
    char *run = nx_arena_alloc(arena, re.n + 1);
    size_t n = 0;
    unsigned depth = 0;
    for (size_t i = 0; i <= re.n; i++) {
        char c = i < re.n ? re.p[i] : '\0';
        bool literal = i < re.n && depth == 0;
        size_t last = i;
        if (c == '\\' && i + 1 < re.n) {
            last = ++i;
            c = re.p[i];
            literal = literal && !nx_is_alnum((unsigned char)c);
        } else if (c == '[') {
            size_t end = i + 1;
            if (end < re.n && re.p[end] == '^')
                end++;
            if (end < re.n && re.p[end] == ']')
                end++;
            while (end < re.n && re.p[end] != ']')
                end += re.p[end] == '\\' ? 2 : 1;
            i = last = end;
            literal = false;
        } else if (c == '(') {
            depth++;
            literal = false;
        } else if (c == ')') {
            depth -= depth > 0;
            literal = false;
        } else if (c == '|' && depth == 0) {
            return NX_STR_NONE;
        } else if (literal && strchr(".^$|?*+{}", c) != NULL) {
            literal = false;
        }
        char quantifier = last + 1 < re.n ? re.p[last + 1] : '\0';
        bool optional = quantifier == '?' || quantifier == '*' || quantifier == '{';
        if (literal && !optional)
            run[n++] = (char)nx_lower((unsigned char)c);
        if (!literal || optional || quantifier == '+') {
            if (n > best.n)
                best = nx_arena_dup(arena, (struct nx_str){run, n});
            n = 0;
        }
        if (c == '{' && !literal && depth == 0)
            while (i < re.n && re.p[i] != '}')
                i++;
    }
    return best;
}

pcre2_code *nx_expression_code(struct nx_str re, int *ret_error, size_t *ret_at)
{
    return pcre2_compile((PCRE2_SPTR)re.p, re.n,
                         PCRE2_CASELESS | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C,
                         ret_error, ret_at, NULL);
}

/* Where a place in the plain letters stands in what was written. */
static size_t as_written(struct nx_arena *arena, struct nx_str text, size_t place)
{
    size_t at = 0;
    while (at < text.n && nx_latin_plain_text(arena, nx_str_sub(text, 0, at)).n < place)
        at++;
    return at;
}

void nx_rule_compile(struct nx_rulebook *book, struct nx_rule *rule, bool later)
{
    if (rule->re.n == 0) {
        if (rule->needs->len > 0)
            nx_rulebook_fault(book, rule->file, rule->line, 1, "'need' belongs to a 're'");
        return;
    }
    size_t at = 0;
    struct nx_str re = nx_latin_plain_text(book->arena, rule->re);
    const char *why = rule->re.n > RE_MAX ? "an expression has at most 1000 bytes" : refused(re, &at);
    if (why != NULL) {
        nx_rulebook_fault(book, rule->file, rule->re_line, rule->re_column + as_written(book->arena, rule->re, at), "re: %s", why);
        return;
    }
    int error = 0;
    size_t offset = 0;
    rule->jit = g_new0(struct nx_jit, 1);
    pthread_mutex_init(&rule->jit->lock, NULL);
    rule->jit->re = re;
    rule->jit->code = later ? NULL : nx_expression_code(re, &error, &offset);
    if (!later && rule->jit->code == NULL) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(error, message, sizeof message);
        nx_rulebook_fault(book, rule->file, rule->re_line, rule->re_column + as_written(book->arena, rule->re, offset), "re: %s",
                          (const char *)message);
        return;
    }
    if (rule->needs->len > 0)
        return;
    struct nx_phrase need = {.line = rule->re_line};
    need.literal = required_literal(book->arena, re);
    if (need.literal.n < NX_LIT_MIN)
        nx_rulebook_fault(book, rule->file, rule->re_line, 1,
                          "re: no text of 4 bytes that every match holds (name one with 'need TEXT', or several where any may do)");
    else
        g_array_append_val(rule->needs, need);
}
