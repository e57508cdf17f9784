/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/match.h"

#include "base/ascii.h"
#include "base/error.h"

static void number_units(struct nx_ruleset *rules)
{
    const GPtrArray *order = rules->book->rules;
    unsigned n = 0;
    for (guint i = 0; i < order->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(order, i);
        n += rule->any->len + (rule->jit != NULL);
    }
    rules->units = g_new0(struct nx_unit, n + 1);
    rules->first_unit = g_new0(unsigned, order->len + 1);
    rules->weak_unit = n;
    for (guint i = 0; i < order->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(order, i);
        rules->first_unit[i] = rules->n_units;
        if (rule->tier == NX_TIER_WEAK && rules->weak_unit == n)
            rules->weak_unit = rules->n_units;
        for (guint k = 0; k < rule->any->len; k++) {
            const struct nx_phrase *phrase = &g_array_index(rule->any, struct nx_phrase, k);
            nx_lit_set_add(rules->literals, phrase->literal, rules->n_units);
            rules->units[rules->n_units++] = (struct nx_unit){.rule = rule, .place = i, .phrase = phrase};
        }
        if (rule->jit != NULL) {
            for (guint k = 0; k < rule->needs->len; k++)
                nx_lit_set_add(rules->literals, g_array_index(rule->needs, struct nx_phrase, k).literal, rules->n_units);
            rules->units[rules->n_units++] = (struct nx_unit){.rule = rule, .place = i};
        }
    }
    rules->first_unit[order->len] = rules->n_units;
    for (guint i = 0; i < rules->book->guards->len; i++) {
        const struct nx_rule *guard = g_ptr_array_index(rules->book->guards, i);
        for (guint k = 0; k < guard->needs->len; k++)
            nx_lit_set_add(rules->literals, g_array_index(guard->needs, struct nx_phrase, k).literal, rules->n_units + i);
    }
    rules->first_lead = rules->n_units + rules->book->guards->len;
    for (guint i = 0; i < rules->book->leads->len; i++) {
        const struct nx_rule *lead = g_ptr_array_index(rules->book->leads, i);
        for (guint k = 0; k < lead->any->len; k++)
            nx_lit_set_add(rules->literals, g_array_index(lead->any, struct nx_phrase, k).literal, rules->first_lead + i);
    }
    rules->n_bits = rules->first_lead + rules->book->leads->len;
    nx_lit_set_seal(rules->literals);
}

static void sum_str(GChecksum *sum, struct nx_str text)
{
    guint32 n = GUINT32_TO_LE((guint32)text.n);
    g_checksum_update(sum, (const guchar *)&n, sizeof n);
    if (text.n > 0)
        g_checksum_update(sum, (const guchar *)text.p, (gssize)text.n);
}

static void sum_phrases(GChecksum *sum, const GArray *phrases)
{
    for (guint i = 0; i < phrases->len; i++)
        sum_str(sum, g_array_index(phrases, struct nx_phrase, i).source);
    sum_str(sum, NX_STR_NONE);
}

static void sum_strs(GChecksum *sum, const GArray *texts)
{
    for (guint i = 0; i < texts->len; i++)
        sum_str(sum, g_array_index(texts, struct nx_str, i));
    sum_str(sum, NX_STR_NONE);
}

static int by_text(const void *a, const void *b) /* of pointers to slices */
{
    return nx_str_cmp(**(struct nx_str *const *)a, **(struct nx_str *const *)b);
}

static void sum_table(GChecksum *sum, GHashTable *table)
{
    GPtrArray *keys = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, by_text);
    for (guint i = 0; i < keys->len; i++) {
        sum_str(sum, *(struct nx_str *)g_ptr_array_index(keys, i));
        guint provider = GPOINTER_TO_UINT(g_hash_table_lookup(table, g_ptr_array_index(keys, i)));
        g_checksum_update(sum, (const guchar *)&provider, sizeof provider);
    }
    g_ptr_array_unref(keys);
}

/* Over what decides, in the order of trial; comments, examples and notes are left out. */
static void digest(struct nx_ruleset *rules)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5); /* tells sets apart, no more: the cheapest that does */
    const struct nx_rulebook *book = rules->book;
    for (guint i = 0; i < book->rules->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(book->rules, i);
        char numbers[64];
        int n = g_snprintf(numbers, sizeof numbers, "%d %s %d %u %u", (int)rule->tier, nx_cause_name(rule->cause),
                           rule->has_class ? (int)rule->class_ : -1, rule->kinds, rule->stages);
        sum_str(sum, rule->id);
        sum_str(sum, (struct nx_str){numbers, (size_t)n});
        for (guint k = 0; k < rule->codes->len; k++) {
            const struct nx_code_gate *gate = &g_array_index(rule->codes, struct nx_code_gate, k);
            n = g_snprintf(numbers, sizeof numbers, "%u-%u", gate->low, gate->high);
            sum_str(sum, (struct nx_str){numbers, (size_t)n});
        }
        for (guint k = 0; k < rule->statuses->len; k++) {
            const struct nx_status_gate *gate = &g_array_index(rule->statuses, struct nx_status_gate, k);
            n = g_snprintf(numbers, sizeof numbers, "%d.%d.%d", gate->class_, gate->subject, gate->detail);
            sum_str(sum, (struct nx_str){numbers, (size_t)n});
        }
        sum_strs(sum, rule->from);
        sum_strs(sum, rule->formats);
        sum_phrases(sum, rule->any);
        sum_phrases(sum, rule->not );
        sum_phrases(sum, rule->needs);
        sum_str(sum, rule->re);
        sum_strs(sum, rule->beats);
    }
    for (guint i = 0; i < book->guards->len; i++) {
        const struct nx_rule *guard = g_ptr_array_index(book->guards, i);
        sum_str(sum, guard->id);
        char facts[] = {(char)('0' + guard->scope), (char)('0' + guard->cause)};
        sum_str(sum, (struct nx_str){facts, sizeof facts});
        sum_phrases(sum, guard->needs);
        sum_str(sum, guard->re);
    }
    for (guint i = 0; i < book->leads->len; i++) {
        const struct nx_rule *lead = g_ptr_array_index(book->leads, i);
        sum_str(sum, lead->id);
        sum_str(sum, lead->pick_last ? NX_STR("last") : NX_STR("first"));
        sum_phrases(sum, lead->any);
    }
    for (guint i = 0; i < book->providers->len; i++)
        sum_str(sum, g_array_index(book->providers, struct nx_provider, i).id);
    sum_table(sum, book->hosts);
    sum_table(sum, book->domains);
    g_strlcpy(rules->digest, g_checksum_get_string(sum), sizeof rules->digest);
    g_checksum_free(sum);
}

static int by_source(const void *a, const void *b)
{
    const struct nx_source *x = *(const struct nx_source *const *)a, *y = *(const struct nx_source *const *)b;
    if (x->local != y->local)
        return x->local ? 1 : -1;
    return nx_str_cmp(x->name, y->name);
}

struct nx_ruleset *nx_ruleset_new(const struct nx_source *sources, size_t n_sources, bool run_examples, GError **error)
{
    struct nx_ruleset *rules = g_new0(struct nx_ruleset, 1);
    g_atomic_ref_count_init(&rules->refs);
    rules->book = nx_rulebook_new();
    rules->literals = nx_lit_set_new();
    /* In the order of their names, whatever the order they come in: the same set gives the same faults and the same digest. */
    const struct nx_source **order = g_new(const struct nx_source *, n_sources + 1);
    for (size_t i = 0; i < n_sources; i++)
        order[i] = &sources[i];
    qsort(order, n_sources, sizeof *order, by_source);
    for (size_t i = 0; i < n_sources; i++)
        nx_rulebook_read(rules->book, order[i]);
    g_free(order);
    nx_rulebook_settle(rules->book);
    const GPtrArray *const parts[] = {rules->book->rules, rules->book->guards};
    for (size_t k = 0; k < G_N_ELEMENTS(parts); k++)
        for (guint i = 0; i < parts[k]->len; i++) {
            struct nx_rule *rule = g_ptr_array_index(parts[k], i);
            nx_rule_compile(rules->book, rule, !run_examples && !rule->local);
        }
    nx_ruleset_check_static(rules->book);
    if (rules->book->n_faults == 0) {
        number_units(rules);
        digest(rules);
        nx_ruleset_check(rules, run_examples);
    }
    if (rules->book->n_faults > 0) {
        if (rules->book->n_faults > 100)
            g_string_append_printf(rules->book->faults, "\n... and %u more", rules->book->n_faults - 100);
        g_set_error_literal(error, NX_ERROR, NX_ERROR_SYNTAX, rules->book->faults->str);
        nx_ruleset_unref(rules);
        return NULL;
    }
    return rules;
}

struct nx_ruleset *nx_ruleset_ref(struct nx_ruleset *rules)
{
    g_atomic_ref_count_inc(&rules->refs);
    return rules;
}

void nx_ruleset_unref(struct nx_ruleset *rules)
{
    if (rules == NULL || !g_atomic_ref_count_dec(&rules->refs))
        return;
    nx_lit_set_free(rules->literals);
    nx_rulebook_free(rules->book);
    g_free(rules->units);
    g_free(rules->first_unit);
    g_free(rules);
}

struct nx_str nx_ruleset_digest(const struct nx_ruleset *rules)
{
    return (struct nx_str){rules->digest, sizeof rules->digest - 1};
}

size_t nx_ruleset_count(const struct nx_ruleset *rules)
{
    return rules->book->rules->len;
}

bool nx_ruleset_guard(const struct nx_ruleset *rules, struct nx_str id, struct nx_rule_info *ret)
{
    for (guint i = 0; i < rules->book->guards->len; i++) {
        const struct nx_rule *guard = g_ptr_array_index(rules->book->guards, i);
        if (!nx_str_eq(guard->id, id))
            continue;
        *ret = (struct nx_rule_info){.id = guard->id,
                                     .file = guard->file,
                                     .body = guard->body,
                                     .note = guard->note,
                                     .line = guard->line,
                                     .tier = nx_tier_name(guard->tier),
                                     .cause = guard->cause,
                                     .class_ = nx_cause_facts(guard->cause)->class_,
                                     .expression = true,
                                     .local = guard->local};
        return true;
    }
    return false;
}

void nx_ruleset_rule(const struct nx_ruleset *rules, size_t place, struct nx_rule_info *ret)
{
    const struct nx_rule *rule = g_ptr_array_index(rules->book->rules, place);
    *ret = (struct nx_rule_info){.id = rule->id,
                                 .file = rule->file,
                                 .body = rule->body,
                                 .note = rule->note,
                                 .line = rule->line,
                                 .tier = nx_tier_name(rule->tier),
                                 .cause = rule->cause,
                                 .class_ = rule->has_class ? rule->class_ : nx_cause_facts(rule->cause)->class_,
                                 .kind = (enum nx_kind)__builtin_ctz(rule->kinds),
                                 .phrases = rule->any->len,
                                 .expression = rule->jit != NULL,
                                 .local = rule->local};
    for (guint i = 0; i < rule->examples->len; i++)
        if (g_array_index(rule->examples, struct nx_example, i).hit)
            ret->hits++;
        else
            ret->misses++;
}

bool nx_ruleset_example(const struct nx_ruleset *rules, size_t place, size_t i, struct nx_str *ret_text, bool *ret_hit)
{
    const struct nx_rule *rule = g_ptr_array_index(rules->book->rules, place);
    if (i >= rule->examples->len)
        return false;
    *ret_text = g_array_index(rule->examples, struct nx_example, i).text;
    *ret_hit = g_array_index(rule->examples, struct nx_example, i).hit;
    return true;
}

size_t nx_ruleset_providers(const struct nx_ruleset *rules)
{
    return rules->book->providers->len;
}

/* The longest suffix of whole labels that the table knows; 0: none. */
static unsigned suffix_of(GHashTable *table, struct nx_str name)
{
    char lower[256];
    while (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > sizeof lower)
        return 0;
    for (size_t i = 0; i < name.n; i++)
        lower[i] = (char)nx_lower((unsigned char)name.p[i]);
    struct nx_str suffix = {lower, name.n};
    for (;;) {
        gpointer found = g_hash_table_lookup(table, &suffix);
        if (found != NULL)
            return GPOINTER_TO_UINT(found);
        size_t dot = nx_str_chr(suffix, '.');
        if (dot == suffix.n)
            return 0;
        suffix = nx_str_from(suffix, dot + 1);
    }
}

static unsigned provider_of_recipient(const struct nx_rulebook *book, struct nx_str recipient)
{
    const char *at = recipient.n == 0 ? NULL : memrchr(recipient.p, '@', recipient.n);
    return at == NULL ? 0 : suffix_of(book->domains, nx_str_from(recipient, (size_t)(at - recipient.p) + 1));
}

struct nx_str nx_ruleset_provider(const struct nx_ruleset *rules, struct nx_str host, struct nx_str recipient)
{
    unsigned provider = suffix_of(rules->book->hosts, host);
    if (provider == 0)
        provider = provider_of_recipient(rules->book, recipient);
    return provider == 0 ? NX_STR_NONE : g_array_index(rules->book->providers, struct nx_provider, provider - 1).id;
}

void nx_context_of(const struct nx_report *report, const struct nx_norm *norm, struct nx_context *ret)
{
    *ret = (struct nx_context){.kind = report->kind,
                               .stage = report->stage,
                               .format = report->format,
                               .remote_told = report->remote_mta.n > 0,
                               .remote_mta = report->remote_mta,
                               .reporting_mta = report->reporting_mta,
                               .recipient = report->recipient};
    if (report->reply != 0)
        ret->replies[ret->n_replies++] = report->reply;
    if (norm->reply != 0 && norm->reply != report->reply)
        ret->replies[ret->n_replies++] = norm->reply;
    for (size_t i = 0; i < norm->n_codes; i++)
        ret->codes[ret->n_codes++] = norm->codes[i];
    struct nx_code code;
    if (nx_code_parse(report->status, &code))
        ret->codes[ret->n_codes++] = code;
    ret->level = ret->n_replies > 0 ? (unsigned char)(ret->replies[0] / 100) : ret->n_codes > 0 ? ret->codes[0].class_ : 0;
}

void nx_context_providers(const struct nx_ruleset *rules, struct nx_context *context)
{
    if (context->providers_told)
        return;
    context->providers_told = true;
    const unsigned found[] = {suffix_of(rules->book->hosts, context->remote_mta),
                              suffix_of(rules->book->hosts, context->reporting_mta),
                              provider_of_recipient(rules->book, context->recipient)};
    for (size_t i = 0; i < G_N_ELEMENTS(found); i++)
        if (found[i] != 0)
            context->providers[context->n_providers++] = found[i];
}
