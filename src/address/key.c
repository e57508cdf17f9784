/* SPDX-License-Identifier: Apache-2.0 */
#include "address/key.h"

#include "base/ascii.h"
#include "base/error.h"

#include <idn2.h>

#define LOCAL_MAX 256u /* RFC 5321 4.5.3.1.1 says 64; signed return paths and forwarders go beyond it */
#define DOMAIN_MAX 255u
#define LABEL_MAX 63u

struct nx_fold_rules {
    GHashTable *tags, *dots; /* sets of A-label domains */
};

static bool no(const char **ret_why, const char *why)
{
    if (ret_why != NULL)
        *ret_why = why;
    return false;
}

static bool is_ascii(struct nx_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] >= 0x80)
            return false;
    return true;
}

static struct nx_str lower_ascii(struct nx_arena *arena, struct nx_str text)
{
    size_t i = 0;
    while (i < text.n && nx_lower((unsigned char)text.p[i]) == (unsigned char)text.p[i])
        i++;
    if (i == text.n)
        return text;
    char *low = nx_arena_alloc(arena, text.n);
    for (i = 0; i < text.n; i++)
        low[i] = (char)nx_lower((unsigned char)text.p[i]);
    return (struct nx_str){low, text.n};
}

/* NFC, lower, and NFC again: lowering can leave what composes. GLib's lowering depends on the locale only after a setlocale, which
 * nobody here calls. */
static struct nx_str lower_unicode(struct nx_arena *arena, struct nx_str text)
{
    g_autofree char *composed = g_utf8_normalize(text.p, (gssize)text.n, G_NORMALIZE_NFC);
    if (composed == NULL)
        return NX_STR_NONE;
    g_autofree char *low = g_utf8_strdown(composed, -1);
    g_autofree char *again = g_utf8_normalize(low, -1, G_NORMALIZE_NFC);
    return nx_arena_dup(arena, nx_str_of(again));
}

static bool good_labels(struct nx_str domain)
{
    size_t label = 0;
    for (size_t i = 0; i < domain.n; i++) {
        unsigned char c = (unsigned char)domain.p[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (nx_is_alnum(c) || c == '-' || c == '_') {
            if (++label > LABEL_MAX)
                return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

static bool fold_domain(struct nx_arena *arena, struct nx_str text, struct nx_str *ret, const char **ret_why)
{
    if (text.n > 0 && text.p[text.n - 1] == '.')
        text.n--;
    if (text.n == 0)
        return no(ret_why, "it has no domain");
    if (text.p[0] == '[') { /* address literal, RFC 5321 4.1.3 */
        if (text.n < 4 || text.p[text.n - 1] != ']' || text.n > DOMAIN_MAX)
            return no(ret_why, "its address literal is not closed");
        for (size_t i = 1; i + 1 < text.n; i++)
            if (!nx_is_xdigit((unsigned char)text.p[i]) && strchr(":.IPvipV", text.p[i]) == NULL)
                return no(ret_why, "its address literal is none");
        *ret = lower_ascii(arena, text);
        return true;
    }
    if (is_ascii(text)) {
        if (text.n > DOMAIN_MAX)
            return no(ret_why, "its domain is longer than 255 bytes");
        if (!good_labels(text))
            return no(ret_why, "its domain is none");
        *ret = lower_ascii(arena, text);
        return true;
    }
    char *ascii = NULL;
    if (idn2_to_ascii_8z(nx_arena_cstr(arena, text), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return no(ret_why, "its domain is no IDN");
    struct nx_str folded = lower_ascii(arena, nx_arena_dup(arena, nx_str_of(ascii)));
    idn2_free(ascii);
    if (folded.n > 0 && folded.p[folded.n - 1] == '.') /* an ideographic full stop at the end */
        folded.n--;
    if (folded.n > DOMAIN_MAX || !good_labels(folded))
        return no(ret_why, "its domain is none");
    *ret = folded;
    return true;
}

static bool is_dot_atom(struct nx_str text)
{
    bool dot = true;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.') {
            if (dot)
                return false;
            dot = true;
        } else if (!nx_is_atext((unsigned char)text.p[i])) {
            return false;
        } else {
            dot = false;
        }
    }
    return !dot;
}

/* The content of "..." without its escapes; false where the quotes do not end with the text. */
static bool unquote(struct nx_arena *arena, struct nx_str text, struct nx_str *ret)
{
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == '"') {
            *ret = (struct nx_str){out, n};
            return i + 1 == text.n;
        }
        if (text.p[i] == '\\' && ++i == text.n)
            return false;
        out[n++] = text.p[i];
    }
    return false;
}

static struct nx_str quote(struct nx_arena *arena, struct nx_str text)
{
    char *out = nx_arena_alloc(arena, 2 * text.n + 2);
    size_t n = 0;
    out[n++] = '"';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            out[n++] = '\\';
        out[n++] = text.p[i];
    }
    out[n++] = '"';
    return (struct nx_str){out, n};
}

static bool fold_local(struct nx_arena *arena, struct nx_str text, struct nx_str *ret, const char **ret_why)
{
    bool quoted = text.n > 0 && text.p[0] == '"';
    if (text.n > LOCAL_MAX)
        return no(ret_why, "its local part is longer than 256 bytes");
    if (quoted && !unquote(arena, text, &text))
        return no(ret_why, "its quotes are not closed");
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            return no(ret_why, "it has a control character");
        if (!quoted && !nx_is_atext(c) && c != '.')
            return no(ret_why, c == ' ' ? "it has a blank inside" : "its local part has a character that needs quotes");
    }
    if (!is_ascii(text)) {
        if (!g_utf8_validate(text.p, (gssize)text.n, NULL))
            return no(ret_why, "it is not UTF-8");
        text = lower_unicode(arena, text);
    } else {
        text = lower_ascii(arena, text);
    }
    /* Dots in the wrong place occur in real mailboxes (some hosts allow "a.@" and "a..b@"), so unquoted they are kept as they
     * stand. */
    *ret = quoted && !is_dot_atom(text) ? quote(arena, text) : text;
    return true;
}

static bool has_domain(GHashTable *set, struct nx_arena *arena, struct nx_str domain)
{
    return g_hash_table_size(set) > 0 &&
           (g_hash_table_contains(set, "*") || g_hash_table_contains(set, nx_arena_cstr(arena, domain)));
}

static struct nx_str apply_rules(struct nx_arena *arena, const struct nx_fold_rules *rules, struct nx_str local,
                                 struct nx_str domain)
{
    if (local.n == 0 || local.p[0] == '"')
        return local;
    if (has_domain(rules->tags, arena, domain)) {
        size_t plus = nx_str_chr(local, '+');
        if (plus > 0)
            local = nx_str_sub(local, 0, plus);
    }
    if (has_domain(rules->dots, arena, domain) && nx_str_chr(local, '.') < local.n) {
        char *out = nx_arena_alloc(arena, local.n);
        size_t n = 0;
        for (size_t i = 0; i < local.n; i++)
            if (local.p[i] != '.')
                out[n++] = local.p[i];
        if (n > 0)
            local = (struct nx_str){out, n};
    }
    return local;
}

static struct nx_str join(struct nx_arena *arena, struct nx_str a, struct nx_str b)
{
    char *p = nx_arena_alloc(arena, a.n + 1 + b.n);
    if (a.n > 0)
        memcpy(p, a.p, a.n);
    p[a.n] = '@';
    if (b.n > 0)
        memcpy(p + a.n + 1, b.p, b.n);
    return (struct nx_str){p, a.n + 1 + b.n};
}

/* Offset of the "@" that parts local part and domain: the last one, but none inside quotes. */
static size_t find_at(struct nx_str text)
{
    size_t from = 0;
    if (text.n > 0 && text.p[0] == '"') {
        for (from = 1; from < text.n && text.p[from] != '"'; from++)
            if (text.p[from] == '\\')
                from++;
        if (from >= text.n)
            return text.n;
    }
    for (size_t i = text.n; i > from; i--)
        if (text.p[i - 1] == '@')
            return i - 1;
    return text.n;
}

/* What nearly all addresses are: a local part of atext and dots, a domain of plain labels, no rule that may touch it. One pass, the
 * key is all that is made. False: the long way, which also knows what is wrong. */
static bool fold_plain(struct nx_arena *arena, struct nx_str text, const struct nx_fold_rules *rules, struct nx_address *ret)
{
    size_t at = 0, label = 0;
    bool low = true;
    if (text.n > NX_ADDRESS_MAX || (rules != NULL && g_hash_table_size(rules->tags) + g_hash_table_size(rules->dots) > 0))
        return false;
    for (; at < text.n && text.p[at] != '@'; at++) {
        unsigned char c = (unsigned char)text.p[at];
        if (c >= 0x80 || (!nx_is_atext(c) && c != '.'))
            return false;
        low = low && c == nx_lower(c);
    }
    size_t domain = text.n > at ? text.n - at - 1 : 0;
    if (at == 0 || at > LOCAL_MAX || domain == 0 || domain > DOMAIN_MAX)
        return false;
    char *key = nx_arena_alloc(arena, text.n);
    for (size_t i = 0; i < domain; i++) {
        unsigned char c = (unsigned char)text.p[at + 1 + i], lower = nx_lower(c);
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX || (label == 0 && (i == 0 || i + 1 == domain || text.p[at + i] == '.')) ||
            (c != '.' && !nx_is_alnum(c) && c != '-' && c != '_'))
            return false;
        low = low && c == lower;
        key[i] = (char)lower;
    }
    key[domain] = '@';
    for (size_t i = 0; i < at; i++)
        key[domain + 1 + i] = (char)nx_lower((unsigned char)text.p[i]);
    ret->key = (struct nx_str){key, text.n};
    ret->domain = nx_str_sub(ret->key, 0, domain);
    ret->local = nx_str_from(ret->key, domain + 1);
    ret->folded = low ? text : join(arena, ret->local, ret->domain);
    return true;
}

bool nx_address_fold(struct nx_arena *arena, struct nx_str text, const struct nx_fold_rules *rules, struct nx_address *ret,
                     const char **ret_why)
{
    if (fold_plain(arena, text, rules, ret))
        return true;
    text = nx_str_trim(text);
    if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
        text = nx_str_trim(nx_str_sub(text, 1, text.n - 1));
    if (text.n == 0)
        return no(ret_why, "it is empty");
    if (text.n > NX_ADDRESS_MAX)
        return no(ret_why, "it is longer than 1024 bytes");
    size_t at = find_at(text);
    if (at == text.n)
        return no(ret_why, "it has no @");
    struct nx_address address;
    if (!fold_domain(arena, nx_str_from(text, at + 1), &address.domain, ret_why) ||
        !fold_local(arena, nx_str_sub(text, 0, at), &address.local, ret_why))
        return false;
    if (rules != NULL)
        address.local = apply_rules(arena, rules, address.local, address.domain);
    if (nx_str_eq(nx_str_sub(text, 0, at), address.local) && nx_str_eq(nx_str_from(text, at + 1), address.domain))
        address.folded = text; /* the common case copies nothing but the key */
    else
        address.folded = join(arena, address.local, address.domain);
    address.key = join(arena, address.domain, address.local);
    *ret = address;
    return true;
}

struct nx_str nx_address_of_key(struct nx_arena *arena, struct nx_str key)
{
    size_t at = nx_str_chr(key, '@'); /* a domain holds none */
    return join(arena, nx_str_from(key, at + 1), nx_str_sub(key, 0, at));
}

static GHashTable *domain_set(const char *list, const char *what, GError **error)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_auto(GStrv) words = g_strsplit_set(list != NULL ? list : "", " ,;\t\n", -1);
    for (char **word = words; *word != NULL; word++) {
        struct nx_str domain;
        const char *why = NULL;
        if (**word == '\0')
            continue;
        if (g_str_equal(*word, "*")) {
            domain = NX_STR("*");
        } else if (!fold_domain(arena, nx_str_of(*word), &domain, &why)) {
            g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: '%s' is no domain (write domains parted by blanks, or *)", what,
                        *word);
            return NULL;
        }
        g_hash_table_add(set, g_strndup(domain.p, domain.n));
    }
    return g_steal_pointer(&set);
}

struct nx_fold_rules *nx_fold_rules_new(const char *tags, const char *dots, GError **error)
{
    g_autoptr(GHashTable) tag_set = domain_set(tags, "plus_tag_domains", error);
    if (tag_set == NULL)
        return NULL;
    g_autoptr(GHashTable) dot_set = domain_set(dots, "dots_domains", error);
    if (dot_set == NULL)
        return NULL;
    struct nx_fold_rules *rules = g_new0(struct nx_fold_rules, 1);
    rules->tags = g_steal_pointer(&tag_set);
    rules->dots = g_steal_pointer(&dot_set);
    return rules;
}

struct nx_fold_rules *nx_fold_rules_copy(const struct nx_fold_rules *rules)
{
    struct nx_fold_rules *copy = g_new0(struct nx_fold_rules, 1); /* the sets never change once made */
    copy->tags = g_hash_table_ref(rules->tags);
    copy->dots = g_hash_table_ref(rules->dots);
    return copy;
}

void nx_fold_rules_free(struct nx_fold_rules *rules)
{
    if (rules == NULL)
        return;
    g_hash_table_unref(rules->tags);
    g_hash_table_unref(rules->dots);
    g_free(rules);
}
