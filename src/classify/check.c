/* SPDX-License-Identifier: Apache-2.0 */
/* What `rules check` refuses beyond the grammar: duplicates, examples that do not hold or show real addresses, expressions that
 * run away. */
#include "classify/match.h"

#include "base/ascii.h"

#define PROBE_SIZE 4000u

/* Addresses in examples belong to example.* (RFC 2606) ... */
static bool foreign_address(struct nx_str text, struct nx_str *ret)
{
    for (size_t at = 0; at < text.n; at++) {
        if (text.p[at] != '@')
            continue;
        size_t end = at + 1, start = at;
        while (end < text.n && (nx_is_alnum((unsigned char)text.p[end]) || text.p[end] == '.' || text.p[end] == '-'))
            end++;
        while (start > 0 && !nx_is_space((unsigned char)text.p[start - 1]) && strchr("<>()[]\"',;:", text.p[start - 1]) == NULL)
            start--;
        struct nx_str domain = nx_str_sub(text, at + 1, end);
        while (domain.n > 0 && domain.p[domain.n - 1] == '.')
            domain.n--;
        if (start == at || domain.n == 0 || nx_str_chr(domain, '.') == domain.n)
            continue;
        static const char *const reserved[] = {"example", "example.com", "example.net", "example.org", "example.edu"};
        bool good = nx_str_iends(domain, NX_STR(".example")) || nx_str_iends(domain, NX_STR(".invalid"));
        for (size_t i = 0; i < G_N_ELEMENTS(reserved) && !good; i++) {
            struct nx_str want = nx_str_of(reserved[i]);
            good = nx_str_ieq(domain, want) ||
                   (domain.n > want.n && domain.p[domain.n - want.n - 1] == '.' && nx_str_iends(domain, want));
        }
        if (!good) {
            *ret = nx_str_sub(text, start, at + 1 + domain.n);
            return true;
        }
    }
    return false;
}

static bool is_v4(struct nx_str text, size_t at, size_t *ret_end, unsigned parts[4])
{
    for (size_t i = 0; i < 4; i++) {
        size_t n = 0;
        parts[i] = 0;
        while (n < 3 && at + n < text.n && nx_is_digit((unsigned char)text.p[at + n]))
            parts[i] = parts[i] * 10 + (unsigned)(text.p[at + n++] - '0');
        at += n;
        if (n == 0 || parts[i] > 255 || (i < 3 && (at >= text.n || text.p[at++] != '.')))
            return false;
    }
    *ret_end = at;
    return at >= text.n || !nx_is_alnum((unsigned char)text.p[at]);
}

/* ... and IP addresses to RFC 5737 and RFC 3849. */
static bool foreign_ip(struct nx_str text, struct nx_str *ret)
{
    for (size_t at = 0; at < text.n; at++) {
        unsigned char c = (unsigned char)text.p[at];
        if (at > 0 && (nx_is_alnum((unsigned char)text.p[at - 1]) || text.p[at - 1] == '.' || text.p[at - 1] == ':'))
            continue;
        unsigned p[4];
        size_t end;
        if (nx_is_digit(c) && is_v4(text, at, &end, p)) {
            bool good = (p[0] == 192 && p[1] == 0 && p[2] == 2) || (p[0] == 198 && p[1] == 51 && p[2] == 100) ||
                        (p[0] == 203 && p[1] == 0 && p[2] == 113);
            if (!good) {
                *ret = nx_str_sub(text, at, end);
                return true;
            }
            at = end - 1;
        } else if (nx_is_xdigit(c)) {
            unsigned colons = 0;
            for (end = at; end < text.n && (nx_is_xdigit((unsigned char)text.p[end]) || text.p[end] == ':'); end++)
                colons += text.p[end] == ':';
            if (colons >= 3 && !nx_str_istarts(nx_str_from(text, at), NX_STR("2001:db8:"))) {
                *ret = nx_str_sub(text, at, end);
                return true;
            }
        }
    }
    return false;
}

static bool same_gates(const struct nx_rule *a, const struct nx_rule *b)
{
    const GArray *const pairs[][2] = {{a->codes, b->codes}, {a->statuses, b->statuses}};
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (pairs[i][0]->len != pairs[i][1]->len ||
            (pairs[i][0]->len > 0 &&
             memcmp(pairs[i][0]->data, pairs[i][1]->data,
                    (size_t)pairs[i][0]->len * g_array_get_element_size((GArray *)(uintptr_t)pairs[i][0])) != 0))
            return false;
    const GArray *const texts[][2] = {{a->from, b->from}, {a->formats, b->formats}};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i][0]->len != texts[i][1]->len)
            return false;
        for (guint k = 0; k < texts[i][0]->len; k++)
            if (!nx_str_eq(g_array_index(texts[i][0], struct nx_str, k), g_array_index(texts[i][1], struct nx_str, k)))
                return false;
    }
    return a->kinds == b->kinds && a->stages == b->stages && a->not ->len == b->not ->len;
}

struct phrase_at {
    const struct nx_rule *rule;
    const struct nx_phrase *phrase;
    struct phrase_at *next;
};

static void check_duplicates(struct nx_rulebook *book)
{
    GHashTable *seen = g_hash_table_new(nx_str_hash, nx_str_same);
    for (guint i = 0; i < book->rules->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(book->rules, i);
        for (guint k = 0; k < rule->any->len; k++) {
            const struct nx_phrase *phrase = &g_array_index(rule->any, struct nx_phrase, k);
            struct phrase_at *here = nx_arena_alloc(book->arena, sizeof *here);
            *here = (struct phrase_at){rule, phrase, g_hash_table_lookup(seen, &phrase->form)};
            for (const struct phrase_at *other = here->next; other != NULL; other = other->next)
                if (other->rule == rule || (other->rule->local == rule->local && same_gates(other->rule, rule))) {
                    nx_rulebook_fault(book, rule->file, phrase->line, 7, "the phrase '%.*s' stands at %.*s:%u already",
                                      NX_FMT(phrase->source), NX_FMT(other->rule->file), other->phrase->line);
                    break;
                }
            g_hash_table_replace(seen, (void *)(uintptr_t)&phrase->form, here);
        }
    }
    g_hash_table_unref(seen);
}

void nx_ruleset_check_static(struct nx_rulebook *book)
{
    check_duplicates(book);
    for (guint i = 0; i < book->all->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(book->all, i);
        if (g_hash_table_lookup(book->by_id, &rule->id) != rule) /* replaced, disabled */
            continue;
        for (guint k = 0; k < rule->examples->len; k++) {
            const struct nx_example *example = &g_array_index(rule->examples, struct nx_example, k);
            struct nx_str found;
            if (foreign_address(example->text, &found))
                nx_rulebook_fault(book, rule->file, example->line, 8,
                                  "an example shows the address '%.*s' (use example.com, .net, .org or a name under .example)",
                                  NX_FMT(found));
            if (foreign_ip(example->text, &found))
                nx_rulebook_fault(
                    book, rule->file, example->line, 8,
                    "an example shows the IP address '%.*s' (use 192.0.2.x, 198.51.100.x, 203.0.113.x or 2001:db8::/32)",
                    NX_FMT(found));
        }
    }
}

/* An example is judged as a report that says nothing but these words; what the rule's own gates ask for beyond words is given. */
static void example_context(const struct nx_ruleset *rules, const struct nx_rule *rule, const struct nx_norm *norm,
                            struct nx_context *ret)
{
    struct nx_report report = {.kind = (enum nx_kind)__builtin_ctz(rule->kinds)};
    if (rule->stages != 0)
        report.stage = (enum nx_stage)__builtin_ctz(rule->stages);
    if (rule->formats->len > 0)
        report.format = g_array_index(rule->formats, struct nx_str, 0);
    nx_context_of(&report, norm, ret);
    ret->remote_told = ret->providers_told = true; /* by a host that nobody knows, unless the rule is a provider's */
    if (rule->from->len > 0)
        for (guint i = 0; i < rules->book->providers->len; i++)
            if (nx_str_eq(g_array_index(rules->book->providers, struct nx_provider, i).id,
                          g_array_index(rule->from, struct nx_str, 0)))
                ret->providers[ret->n_providers++] = i + 1;
}

static void check_example(struct nx_matcher *matcher, const struct nx_rule *rule, unsigned place, const struct nx_example *example,
                          struct nx_arena *arena)
{
    struct nx_ruleset *rules = matcher->rules;
    struct nx_scan *scan = &matcher->scans[0];
    struct nx_context context;
    struct nx_found found;
    nx_matcher_scan(matcher, arena, scan, example->text);
    example_context(rules, rule, &scan->norm, &context);
    bool matches = nx_matcher_rule(matcher, scan, &context, place, &found);
    if (!example->hit) {
        if (matches) {
            struct nx_str words = nx_norm_span(&scan->norm, found.from, found.to);
            nx_rulebook_fault(rules->book, rule->file, example->line, 8, "rule '%.*s' matches this miss on '%.*s'",
                              NX_FMT(rule->id), NX_FMT(words));
        }
        return;
    }
    if (!matches) {
        nx_rulebook_fault(rules->book, rule->file, example->line, 7, "rule '%.*s' does not match this hit", NX_FMT(rule->id));
        return;
    }
    if (!nx_matcher_first(matcher, scan, &context, 0, rules->n_units, &found) || found.rule == rule ||
        (found.rule->local && !rule->local))
        return;
    for (guint i = 0; i < found.rule->beats->len; i++)
        if (nx_str_eq(g_array_index(found.rule->beats, struct nx_str, i), rule->id))
            return;
    struct nx_str words = nx_norm_span(&scan->norm, found.from, found.to);
    nx_rulebook_fault(rules->book, rule->file, example->line, 7,
                      "rule '%.*s' (%.*s:%u) wins this hit on '%.*s' (reorder, add 'not', or say 'beats')", NX_FMT(found.rule->id),
                      NX_FMT(found.rule->file), found.rule->line, NX_FMT(words));
}

/* An example of a guard is what it sees: a clause, with a bar where the words of the rule end. */
static void check_guard_example(struct nx_matcher *matcher, const struct nx_rule *guard, unsigned bit,
                                const struct nx_example *example, struct nx_arena *arena)
{
    struct nx_scan *scan = &matcher->scans[0];
    nx_matcher_scan(matcher, arena, scan, example->text);
    bool held = (scan->bits[bit / 64] >> (bit % 64) & 1) != 0 && nx_matcher_try(matcher, guard, scan->norm.text) >= 0;
    if (held != example->hit)
        nx_rulebook_fault(matcher->rules->book, guard->file, example->line, 8, "guard '%.*s' %s", NX_FMT(guard->id),
                          held ? "holds this miss"
                               : "does not hold this hit (is a 'need' missing, or the bar behind the words of the rule?)");
}

/* An example of a lead has a bar where the reason starts. */
static void check_lead_example(struct nx_matcher *matcher, const struct nx_rule *lead, const struct nx_example *example,
                               struct nx_arena *arena)
{
    struct nx_scan *scan = &matcher->scans[0];
    struct nx_str text = example->text;
    size_t bar = nx_str_chr(text, '|'), at = 0;
    struct nx_str want = nx_str_trim(nx_str_from(text, bar + 1));
    nx_matcher_scan(matcher, arena, scan,
                    nx_arena_printf(arena, "%.*s %.*s", NX_FMT(nx_str_trim(nx_str_sub(text, 0, bar))), NX_FMT(want)));
    bool found = nx_matcher_lead(matcher, scan, &at);
    struct nx_str got = found ? nx_norm_span(&scan->norm, at, scan->norm.text.n) : NX_STR_NONE;
    if (!example->hit && found)
        nx_rulebook_fault(matcher->rules->book, lead->file, example->line, 8, "this miss has a reason: '%.*s'", NX_FMT(got));
    else if (example->hit && (bar == text.n || !nx_str_eq(got, want)))
        nx_rulebook_fault(matcher->rules->book, lead->file, example->line, 7,
                          "lead '%.*s' finds '%.*s' in this hit (put a bar where the reason starts)", NX_FMT(lead->id),
                          NX_FMT(got));
}

static void add_needs(GString *text, const struct nx_rule *rule)
{
    for (guint k = 0; k < rule->needs->len; k++) {
        struct nx_str need = g_array_index(rule->needs, struct nx_phrase, k).literal;
        g_string_append_len(text, need.p, (gssize)need.n);
    }
}

/* Texts that make a bad expression try everything: runs of what its own examples are made of, with an end that cannot match. */
static void probe(struct nx_matcher *matcher, const struct nx_rule *rule)
{
    static const char *const pieces[] = {"a", "1", " ", "a ", "1.", "a@", "<a", "x@example.com "};
    GString *text = g_string_sized_new(PROBE_SIZE + 200);
    guint n = (guint)G_N_ELEMENTS(pieces);
    for (guint i = 0; i < n + rule->examples->len * 2 + rule->needs->len; i++) {
        struct nx_str piece;
        if (i < n) {
            piece = nx_str_of(pieces[i]);
        } else if (i < n + rule->examples->len * 2) {
            piece = g_array_index(rule->examples, struct nx_example, (i - n) / 2).text;
            if ((i - n) % 2 == 1)
                piece = nx_str_sub(piece, 0, piece.n > 1 ? piece.n - piece.n / 4 - 1 : piece.n);
        } else {
            piece = g_array_index(rule->needs, struct nx_phrase, i - n - rule->examples->len * 2).literal;
        }
        g_string_truncate(text, 0);
        add_needs(text, rule); /* at both ends: an engine may look for what it must find before it tries */
        while (piece.n > 0 && text->len < PROBE_SIZE)
            g_string_append_len(text, piece.p, (gssize)piece.n);
        add_needs(text, rule);
        g_string_append(text, "\x01!");
        int code = nx_matcher_try(matcher, rule, (struct nx_str){text->str, text->len});
        if (code < 0 && code != PCRE2_ERROR_NOMATCH) {
            nx_rulebook_fault(matcher->rules->book, rule->file, rule->re_line, 1,
                              "re: runs away on a text of %zu bytes such as '%.*s...' (bound its repeats)", text->len,
                              NX_FMT(nx_str_sub(piece, 0, 20)));
            break;
        }
    }
    g_string_free(text, TRUE);
}

void nx_ruleset_check(struct nx_ruleset *rules, bool shipped)
{
    struct nx_matcher *matcher = nx_matcher_new(rules);
    struct nx_arena *arena = nx_arena_new();
    for (guint i = 0; i < rules->book->rules->len; i++) {
        const struct nx_rule *rule = g_ptr_array_index(rules->book->rules, i);
        if (!shipped && !rule->local)
            continue;
        for (guint k = 0; k < rule->examples->len; k++) {
            check_example(matcher, rule, i, &g_array_index(rule->examples, struct nx_example, k), arena);
            nx_arena_reset(arena);
        }
        if (rule->jit != NULL)
            probe(matcher, rule);
    }
    for (guint i = 0; i < rules->book->guards->len; i++) {
        const struct nx_rule *guard = g_ptr_array_index(rules->book->guards, i);
        if (!shipped && !guard->local)
            continue;
        for (guint k = 0; k < guard->examples->len; k++) {
            check_guard_example(matcher, guard, rules->n_units + i, &g_array_index(guard->examples, struct nx_example, k), arena);
            nx_arena_reset(arena);
        }
        probe(matcher, guard);
    }
    for (guint i = 0; i < rules->book->leads->len; i++) {
        const struct nx_rule *lead = g_ptr_array_index(rules->book->leads, i);
        for (guint k = 0; k < lead->examples->len && (shipped || lead->local); k++) {
            check_lead_example(matcher, lead, &g_array_index(lead->examples, struct nx_example, k), arena);
            nx_arena_reset(arena);
        }
    }
    nx_arena_free(arena);
    nx_matcher_free(matcher);
}
