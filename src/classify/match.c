/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/match.h"

#include "base/ascii.h"

struct nx_matcher *nx_matcher_new(const struct nx_ruleset *rules)
{
    struct nx_matcher *matcher = g_new0(struct nx_matcher, 1);
    /* The count is the only thing in a set that changes. */
    matcher->rules = nx_ruleset_ref((struct nx_ruleset *)(uintptr_t)rules);
    matcher->data = pcre2_match_data_create(1, NULL);
    matcher->context = pcre2_match_context_create(NULL);
    matcher->stack = pcre2_jit_stack_create(32u * 1024, 512u * 1024, NULL);
    pcre2_set_match_limit(matcher->context, NX_MATCH_LIMIT);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    matcher->n_words = rules->n_bits / 64 + 1;
    for (size_t i = 0; i < G_N_ELEMENTS(matcher->scans); i++)
        matcher->scans[i].bits = g_new0(guint64, matcher->n_words);
    return matcher;
}

void nx_matcher_free(struct nx_matcher *matcher)
{
    if (matcher == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(matcher->scans); i++)
        g_free(matcher->scans[i].bits);
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    nx_ruleset_unref(matcher->rules);
    g_free(matcher);
}

void nx_matcher_scan(struct nx_matcher *matcher, struct nx_arena *arena, struct nx_scan *scan, struct nx_str text)
{
    memset(scan->bits, 0, matcher->n_words * sizeof *scan->bits);
    nx_norm_make(arena, text, &scan->norm);
    nx_lit_scan(matcher->rules->literals, scan->norm.text, scan->bits);
}

static bool code_gate(const struct nx_rule *rule, const struct nx_context *context)
{
    if (rule->codes->len == 0)
        return true;
    bool level = context->level == 0 && context->n_replies == 0;
    for (guint i = 0; i < rule->codes->len; i++) {
        const struct nx_code_gate *gate = &g_array_index(rule->codes, struct nx_code_gate, i);
        for (size_t k = 0; k < context->n_replies; k++)
            if (context->replies[k] >= gate->low && context->replies[k] <= gate->high)
                return true;
        if (context->n_replies == 0 && (context->level == gate->low / 100 || context->level == gate->high / 100))
            level = true; /* no reply told: the class of the status must agree */
    }
    return level;
}

static bool status_gate(const struct nx_rule *rule, const struct nx_context *context)
{
    if (rule->statuses->len == 0)
        return true;
    bool specific = false, level = false;
    for (size_t k = 0; k < context->n_codes; k++)
        specific |= context->codes[k].subject != 0 || context->codes[k].detail != 0;
    for (guint i = 0; i < rule->statuses->len; i++) {
        const struct nx_status_gate *gate = &g_array_index(rule->statuses, struct nx_status_gate, i);
        for (size_t k = 0; k < context->n_codes; k++) {
            const struct nx_code *code = &context->codes[k];
            if ((gate->class_ < 0 || gate->class_ == code->class_) && (gate->subject < 0 || gate->subject == code->subject) &&
                (gate->detail < 0 || gate->detail == code->detail))
                return true;
        }
        level |= gate->class_ < 0 || context->level == 0 || gate->class_ == context->level;
    }
    return !specific && level; /* X.0.0 and no code at all tell nothing but their class */
}

static bool from_gate(const struct nx_ruleset *rules, const struct nx_rule *rule, struct nx_context *context)
{
    const struct nx_rulebook *book = rules->book;
    if (rule->from->len == 0)
        return true;
    nx_context_providers(rules, context);
    for (size_t k = 0; k < context->n_providers; k++) {
        struct nx_str id = g_array_index(book->providers, struct nx_provider, context->providers[k] - 1).id;
        for (guint i = 0; i < rule->from->len; i++)
            if (nx_str_eq(g_array_index(rule->from, struct nx_str, i), id))
                return true;
    }
    return !context->remote_told && context->n_providers == 0;
}

static bool format_gate(const struct nx_rule *rule, const struct nx_context *context)
{
    if (rule->formats->len == 0)
        return true;
    for (guint i = 0; i < rule->formats->len; i++)
        if (nx_str_eq(g_array_index(rule->formats, struct nx_str, i), context->format))
            return true;
    return false;
}

static bool gates(const struct nx_matcher *matcher, const struct nx_rule *rule, struct nx_context *context)
{
    return (rule->kinds >> context->kind & 1) != 0 && (rule->stages == 0 || (rule->stages >> context->stage & 1) != 0) &&
           code_gate(rule, context) && status_gate(rule, context) && from_gate(matcher->rules, rule, context) &&
           format_gate(rule, context);
}

static void compile_once(const struct nx_rule *rule)
{
    struct nx_jit *jit = rule->jit;
    int error;
    size_t at;
    if (jit->done)
        return;
    pthread_mutex_lock(&jit->lock);
    if (!jit->done && jit->code == NULL)
        jit->code = nx_expression_code(jit->re, &error, &at);
    if (!jit->done && jit->code != NULL)
        (void)pcre2_jit_compile(jit->code, PCRE2_JIT_COMPLETE); /* without JIT the interpreter does it */
    jit->done = true;
    pthread_mutex_unlock(&jit->lock);
}

int nx_matcher_try(struct nx_matcher *matcher, const struct nx_rule *rule, struct nx_str text)
{
    compile_once(rule);
    if (rule->jit->code == NULL)
        return PCRE2_ERROR_INTERNAL;
    return pcre2_match(rule->jit->code, (PCRE2_SPTR)(text.p != NULL ? text.p : ""), text.n, 0, 0, matcher->data, matcher->context);
}

/* Where the clause of a match begins: behind the last mark that ends one. */
static size_t clause_start(struct nx_str text, size_t from)
{
    size_t low = from > NX_GUARD_BEFORE ? from - NX_GUARD_BEFORE : 0;
    for (size_t i = from; i > low + 1; i--)
        if (text.p[i - 1] == ' ' && strchr(".:;,!?", text.p[i - 2]) != NULL)
            return i;
    return low;
}

/* What a guard sees of a match: the clause up to its end (or more, if wide), a bar, and what follows. */
static size_t guard_view(struct nx_str text, const struct nx_found *found, bool wide, char *out)
{
    size_t low = wide ? (found->from > NX_GUARD_WIDE ? found->from - NX_GUARD_WIDE : 0) : clause_start(text, found->from);
    struct nx_str before = nx_str_sub(text, low, found->to);
    struct nx_str behind = nx_str_sub(text, found->to, found->to + (wide ? NX_GUARD_WIDE : NX_GUARD_BEHIND));
    while (before.n > 0 && before.p[before.n - 1] == ' ')
        before.n--;
    memcpy(out, before.p, before.n);
    out[before.n] = '|';
    if (behind.n > 0)
        memcpy(out + before.n + 1, behind.p, behind.n);
    return before.n + 1 + behind.n;
}

static bool guard_holds(struct nx_matcher *matcher, unsigned guard, struct nx_str view)
{
    int code = nx_matcher_try(matcher, g_ptr_array_index(matcher->rules->book->guards, guard), view);
    matcher->limit |= code < 0 && code != PCRE2_ERROR_NOMATCH;
    return code >= 0;
}

static bool guard_is_near(const struct nx_matcher *matcher, const struct nx_scan *scan, unsigned guard, enum nx_scope *ret_scope)
{
    unsigned bit = matcher->rules->n_units + guard;
    if ((scan->bits[bit / 64] >> (bit % 64) & 1) == 0)
        return false;
    *ret_scope = ((const struct nx_rule *)g_ptr_array_index(matcher->rules->book->guards, guard))->scope;
    return true;
}

/* Words of a shipped rule that would be hard, and are about somebody or something else than the recipient. */
static bool is_guarded(struct nx_matcher *matcher, const struct nx_scan *scan, const struct nx_found *found)
{
    const struct nx_rule *rule = found->rule;
    enum nx_class class_ = rule->has_class ? rule->class_ : nx_cause_facts(rule->cause)->class_;
    if (class_ != NX_CLASS_HARD || rule->local || found->to - found->from > NX_GUARD_BEFORE)
        return false;
    char views[2][2 * NX_GUARD_WIDE + NX_GUARD_BEFORE + 1];
    size_t n[2] = {0, 0};
    for (unsigned i = 0; i < matcher->rules->book->guards->len; i++) {
        enum nx_scope scope;
        if (!guard_is_near(matcher, scan, i, &scope) || scope == NX_SCOPE_CODE)
            continue;
        bool wide = scope == NX_SCOPE_REPLY;
        if (n[wide] == 0)
            n[wide] = guard_view(scan->norm.text, found, wide, views[wide]);
        if (!guard_holds(matcher, i, (struct nx_str){views[wide], n[wide]}))
            continue;
        const struct nx_rule *guard = g_ptr_array_index(matcher->rules->book->guards, i);
        if (matcher->guard == NULL && guard->cause != NX_CAUSE_NONE) {
            matcher->guard = guard;
            matcher->guarded = nx_norm_span(&scan->norm, found->from, found->to);
        }
        return true;
    }
    return false;
}

bool nx_matcher_denies_code(struct nx_matcher *matcher, const struct nx_scan *scan)
{
    for (unsigned i = 0; i < matcher->rules->book->guards->len; i++) {
        enum nx_scope scope;
        if (guard_is_near(matcher, scan, i, &scope) && scope == NX_SCOPE_CODE &&
            guard_holds(matcher, i, nx_str_sub(scan->norm.text, 0, NX_GUARD_WIDE)))
            return true;
    }
    return false;
}

/* The end of the words of a lead: of its first place in the text, or of the last; 0: it is not there. */
static size_t lead_end(struct nx_matcher *matcher, const struct nx_rule *lead, struct nx_str text)
{
    size_t best = 0;
    unsigned steps = NX_MATCH_STEPS;
    for (guint i = 0; i < lead->any->len; i++) {
        const struct nx_phrase *phrase = &g_array_index(lead->any, struct nx_phrase, i);
        size_t from, to;
        for (size_t at = 0; nx_phrase_find(phrase, nx_str_from(text, at), &steps, &from, &to); at += to) {
            if (best == 0 || (at + to > best) == lead->pick_last)
                best = at + to;
            if (!lead->pick_last)
                break;
        }
    }
    matcher->limit |= steps == 0;
    return best;
}

bool nx_matcher_lead(struct nx_matcher *matcher, const struct nx_scan *scan, size_t *ret_at)
{
    const struct nx_ruleset *rules = matcher->rules;
    struct nx_str text = scan->norm.text;
    size_t at = 0;
    for (unsigned i = 0; i < rules->book->leads->len && at == 0; i++) {
        unsigned bit = rules->first_lead + i;
        if ((scan->bits[bit / 64] >> (bit % 64) & 1) != 0)
            at = lead_end(matcher, g_ptr_array_index(rules->book->leads, i), text);
    }
    if (at == 0)
        return false;
    while (at < text.n && strchr(" :=(-", text.p[at]) != NULL)
        at++;
    *ret_at = at;
    return at < text.n;
}

static bool unit_matches(struct nx_matcher *matcher, const struct nx_scan *scan, const struct nx_unit *unit, struct nx_found *ret)
{
    unsigned steps = NX_MATCH_STEPS;
    const struct nx_rule *rule = unit->rule;
    ret->rule = rule;
    if (unit->phrase != NULL) {
        if (!nx_phrase_find(unit->phrase, scan->norm.text, &steps, &ret->from, &ret->to)) {
            matcher->limit |= steps == 0;
            return false;
        }
    } else {
        int code = nx_matcher_try(matcher, rule, scan->norm.text);
        if (code < 0) {
            matcher->limit |= code != PCRE2_ERROR_NOMATCH;
            return false;
        }
        const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
        ret->from = offsets[0];
        ret->to = offsets[1];
    }
    struct nx_str around =
        nx_str_sub(scan->norm.text, ret->from > NX_NOT_AROUND ? ret->from - NX_NOT_AROUND : 0, ret->to + NX_NOT_AROUND);
    for (guint i = 0; i < rule->not ->len; i++) {
        size_t from, to;
        if (nx_phrase_find(&g_array_index(rule->not, struct nx_phrase, i), around, &steps, &from, &to))
            return false;
    }
    return !is_guarded(matcher, scan, ret);
}

static bool first_of(struct nx_matcher *matcher, const struct nx_scan *scan, struct nx_context *context, unsigned from, unsigned to,
                     struct nx_found *ret)
{
    unsigned closed = UINT_MAX; /* the rule whose gates were found shut */
    for (unsigned unit = from; unit < to;) {
        guint64 word = scan->bits[unit / 64] >> (unit % 64);
        if (word == 0) {
            unit = (unit / 64 + 1) * 64;
            continue;
        }
        unit += (unsigned)__builtin_ctzll(word);
        if (unit >= to)
            return false;
        const struct nx_unit *candidate = &matcher->rules->units[unit++];
        if (candidate->place == closed)
            continue;
        if (!gates(matcher, candidate->rule, context)) {
            closed = candidate->place;
            continue;
        }
        if (unit_matches(matcher, scan, candidate, ret))
            return true;
    }
    return false;
}

bool nx_matcher_rule(struct nx_matcher *matcher, const struct nx_scan *scan, struct nx_context *context, unsigned place,
                     struct nx_found *ret)
{
    return first_of(matcher, scan, context, matcher->rules->first_unit[place], matcher->rules->first_unit[place + 1], ret);
}

bool nx_matcher_first(struct nx_matcher *matcher, const struct nx_scan *scan, struct nx_context *context, unsigned from,
                      unsigned to, struct nx_found *ret)
{
    if (!first_of(matcher, scan, context, from, to, ret))
        return false;
    const GArray *beaten_by = ret->rule->beaten_by;
    for (guint i = 0; i < beaten_by->len; i++) {
        struct nx_found better;
        if (nx_matcher_rule(matcher, scan, context, g_array_index(beaten_by, unsigned, i), &better)) {
            *ret = better;
            break;
        }
    }
    return true;
}
