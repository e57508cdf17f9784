/* SPDX-License-Identifier: Apache-2.0 */
/* Which words of an unexplained text make a rule: its phrase, its id, and the cause that it may be. */
#include "triage/inner.h"

#include "base/ascii.h"

#include <math.h>

#define SHORT 12u /* a run below that is joined with its neighbour */
#define LONG 80u  /* bytes after which a run ends at the next word */

/* A run of words, then two that were joined, then what is short; in each the longest first. */
static int rank(const char *phrase)
{
    return strstr(phrase, " * ") != NULL ? 1 : strlen(phrase) >= SHORT ? 0 : 2;
}

static int by_worth(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    size_t n = strlen(x), m = strlen(y);
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    return n != m ? (n > m ? -1 : 1) : strcmp(x, y);
}

static void add_run(GPtrArray *runs, GString *run)
{
    while (run->len > 0 && strchr(" .:!?-", run->str[run->len - 1]) != NULL)
        g_string_truncate(run, run->len - 1);
    if (run->len >= 4)
        g_ptr_array_add(runs, g_strdup(run->str));
    g_string_truncate(run, 0);
}

GPtrArray *nx_triage_phrases(struct nx_str text)
{
    static const char *const placeholders[] = {"URL", "ADDRESS", "IP", "HOST", "N", "ID"};
    g_autofree char *key = g_strndup(text.p, text.n);
    g_auto(GStrv) words = g_strsplit_set(key, " <>()[]{}\"',;*", -1);
    GPtrArray *runs = g_ptr_array_new_with_free_func(g_free);
    GString *run = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++) {
        size_t n = strlen(*word);
        bool stop = n == 0 || g_ascii_isdigit(**word) || strchr("#?+=_|/\\", **word) != NULL;
        for (size_t i = 0; !stop && i < G_N_ELEMENTS(placeholders); i++)
            stop = g_str_has_prefix(*word, placeholders[i]);
        if (!stop) {
            if (run->len > 0)
                g_string_append_c(run, ' ');
            g_string_append(run, *word);
            stop = strchr(".:!?", (*word)[n - 1]) != NULL || run->len > LONG;
        }
        if (stop)
            add_run(runs, run);
    }
    add_run(runs, run);
    g_string_free(run, TRUE);
    for (guint i = 0; i + 1 < runs->len; i++) { /* two short ones say more together */
        const char *first = runs->pdata[i], *second = runs->pdata[i + 1];
        if (strlen(first) < SHORT && strlen(second) < SHORT)
            g_ptr_array_insert(runs, (gint)(++i), g_strdup_printf("%s * %s", first, second));
    }
    g_ptr_array_sort(runs, by_worth);
    return runs;
}

char *nx_triage_rule_id(const char *phrase, const char *group)
{
    GString *id = g_string_new("local.");
    for (const char *p = phrase; *p != '\0' && id->len < 46; p++) {
        if (nx_is_alnum((unsigned char)*p))
            g_string_append_c(id, (char)nx_lower((unsigned char)*p));
        else if (id->str[id->len - 1] != '_' && id->str[id->len - 1] != '.')
            g_string_append_c(id, '_');
    }
    while (id->str[id->len - 1] == '_')
        g_string_truncate(id, id->len - 1);
    if (id->len < 10) /* words of another alphabet */
        g_string_append_printf(id, "%sg%.6s", id->str[id->len - 1] == '.' ? "" : "_", group);
    return g_string_free(id, FALSE);
}

static GHashTable *words_of(struct nx_str text)
{
    GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0, end; i < text.n; i = end + 1) {
        end = i;
        while (end < text.n && (nx_is_alpha((unsigned char)text.p[end]) || (unsigned char)text.p[end] >= 0x80))
            end++;
        if (end - i >= 4)
            g_hash_table_add(words, g_ascii_strdown(text.p + i, (gssize)(end - i)));
    }
    return words;
}

/* The words that a rule looks for. */
static GHashTable *words_of_rule(const struct nx_rule_info *info)
{
    GString *text = g_string_new(NULL);
    struct nx_str rest = info->body, line;
    while (nx_str_next_line(&rest, &line)) {
        line = nx_str_trim(line);
        if (nx_str_istarts(line, NX_STR("any ")))
            g_string_append_len(g_string_append_c(text, ' '), line.p + 4, (gssize)(line.n - 4));
    }
    GHashTable *words = words_of((struct nx_str){text->str, text->len});
    g_string_free(text, TRUE);
    return words;
}

enum nx_cause nx_triage_guess(const struct nx_ruleset *rules, struct nx_str text, char **ret_why)
{
    g_autoptr(GHashTable) mine = words_of(text), spread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) theirs = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
    GHashTableIter iter;
    gpointer word;
    size_t n = nx_ruleset_count(rules);
    for (size_t i = 0; i < n; i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        GHashTable *words = words_of_rule(&info);
        g_ptr_array_add(theirs, words);
        g_hash_table_iter_init(&iter, mine);
        while (g_hash_table_iter_next(&iter, &word, NULL))
            if (g_hash_table_contains(words, word))
                g_hash_table_replace(spread, g_strdup(word),
                                     GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(spread, word)) + 1));
    }
    double best = 0;
    size_t nearest[NX_CAUSE_COUNT] = {0};
    double top[NX_CAUSE_COUNT] = {0};
    for (size_t i = 0; i < n; i++) { /* rare words weigh more; a rule with many words must share more of them */
        struct nx_rule_info info;
        double score = 0;
        nx_ruleset_rule(rules, i, &info);
        g_hash_table_iter_init(&iter, mine);
        while (g_hash_table_iter_next(&iter, &word, NULL))
            if (g_hash_table_contains(theirs->pdata[i], word))
                score += log((double)n / (double)GPOINTER_TO_UINT(g_hash_table_lookup(spread, word)));
        score /= sqrt((double)MAX(g_hash_table_size(theirs->pdata[i]), 4));
        if (score > top[info.cause]) {
            top[info.cause] = score;
            nearest[info.cause] = i;
        }
    }
    enum nx_cause guess = NX_CAUSE_NONE;
    for (int cause = NX_CAUSE_NONE + 1; cause < NX_CAUSE_COUNT; cause++)
        if (top[cause] > best && cause != NX_CAUSE_UNKNOWN) {
            best = top[cause];
            guess = (enum nx_cause)cause;
        }
    if (best < 1.5)
        return NX_CAUSE_NONE;
    struct nx_rule_info info;
    nx_ruleset_rule(rules, nearest[guess], &info);
    GString *shared = g_string_new(NULL);
    g_autoptr(GList) words = g_list_sort(g_hash_table_get_keys(mine), (GCompareFunc)(void (*)(void))strcmp);
    for (const GList *at = words; at != NULL; at = at->next)
        if (g_hash_table_contains(theirs->pdata[nearest[guess]], at->data))
            g_string_append_printf(shared, "%s%s", shared->len > 0 ? ", " : "", (const char *)at->data);
    *ret_why = g_strdup_printf("a guess: the nearest rule is %.*s, which also speaks of %s", NX_FMT(info.id), shared->str);
    g_string_free(shared, TRUE);
    return guess;
}
