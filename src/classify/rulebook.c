/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/rule.h"

#include <assert.h>

static GArray *array_of(size_t size)
{
    return g_array_new(FALSE, FALSE, (guint)size);
}

static void rule_free(void *data)
{
    struct nx_rule *rule = data;
    GArray *arrays[] = {rule->codes, rule->statuses, rule->from,  rule->formats,   rule->any,
                        rule->not,   rule->needs,    rule->beats, rule->beaten_by, rule->examples};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    if (rule->jit != NULL) {
        pcre2_code_free(rule->jit->code);
        pthread_mutex_destroy(&rule->jit->lock);
    }
    g_free(rule->jit);
    g_free(rule);
}

struct nx_rule *nx_rule_new(void)
{
    struct nx_rule *rule = g_new0(struct nx_rule, 1);
    rule->codes = array_of(sizeof(struct nx_code_gate));
    rule->statuses = array_of(sizeof(struct nx_status_gate));
    rule->from = array_of(sizeof(struct nx_str));
    rule->formats = array_of(sizeof(struct nx_str));
    rule->any = array_of(sizeof(struct nx_phrase));
    rule->not = array_of(sizeof(struct nx_phrase));
    rule->needs = array_of(sizeof(struct nx_phrase));
    rule->beats = array_of(sizeof(struct nx_str));
    rule->beaten_by = array_of(sizeof(unsigned));
    rule->examples = array_of(sizeof(struct nx_example));
    return rule;
}

void nx_rulebook_fault(struct nx_rulebook *book, struct nx_str file, unsigned line, size_t column, const char *format, ...)
{
    va_list args;
    book->n_faults++;
    if (book->n_faults > 100) /* enough to see what is wrong */
        return;
    g_string_append_printf(book->faults, "%s%.*s:%u:%zu: ", book->faults->len > 0 ? "\n" : "", NX_FMT(file), line, column);
    va_start(args, format);
    g_string_append_vprintf(book->faults, format, args);
    va_end(args);
}

const char *nx_tier_name(enum nx_tier tier)
{
    static const char *const names[] = {"local", "provider", "generic", "weak"};
    assert((size_t)tier < G_N_ELEMENTS(names));
    return names[tier];
}

struct nx_rulebook *nx_rulebook_new(void)
{
    struct nx_rulebook *book = g_new0(struct nx_rulebook, 1);
    book->arena = nx_arena_new();
    book->all = g_ptr_array_new_with_free_func(rule_free);
    book->rules = g_ptr_array_new();
    book->guards = g_ptr_array_new();
    book->leads = g_ptr_array_new();
    book->by_id = g_hash_table_new(nx_str_hash, nx_str_same);
    book->providers = array_of(sizeof(struct nx_provider));
    book->hosts = g_hash_table_new(nx_str_hash, nx_str_same);
    book->domains = g_hash_table_new(nx_str_hash, nx_str_same);
    book->disabled = array_of(sizeof(struct nx_example));
    book->disabled_in = g_ptr_array_new();
    book->faults = g_string_new(NULL);
    return book;
}

void nx_rulebook_free(struct nx_rulebook *book)
{
    if (book == NULL)
        return;
    g_ptr_array_unref(book->rules);
    g_ptr_array_unref(book->guards);
    g_ptr_array_unref(book->leads);
    g_ptr_array_unref(book->all);
    g_hash_table_unref(book->by_id);
    g_array_unref(book->providers);
    g_hash_table_unref(book->hosts);
    g_hash_table_unref(book->domains);
    g_array_unref(book->disabled);
    g_ptr_array_unref(book->disabled_in);
    g_string_free(book->faults, TRUE);
    nx_arena_free(book->arena);
    g_free(book);
}
