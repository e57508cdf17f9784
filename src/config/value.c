/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include "base/ascii.h"
#include "base/error.h"
#include "decide/stream.h"

static const char *const suppress_names[] = {[NX_SUPPRESS_NEVER] = "never",
                                             [NX_SUPPRESS_AT_ONCE] = "at_once",
                                             [NX_SUPPRESS_AFTER] = "after",
                                             [NX_SUPPRESS_MIRROR] = "mirror",
                                             [NX_SUPPRESS_CLEAR] = "clear"};

static const char *const scope_names[] = {[NX_SCOPE_ALL] = "all", [NX_SCOPE_STREAM] = "stream", [NX_SCOPE_BULK] = "bulk"};

static const char *const kind_names[] = {[NX_STREAM_KIND_BULK] = "bulk", [NX_STREAM_KIND_TRANSACTIONAL] = "transactional"};

struct unit {
    char letter;
    unsigned long long factor;
};
static const struct unit sizes[] = {{'k', 1ull << 10}, {'m', 1ull << 20}, {'g', 1ull << 30}, {0, 0}};
static const struct unit times[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {0, 0}};

static gboolean scaled(const char *text, const struct unit *units, unsigned long long most, const char *fits,
                       unsigned long long *ret, GError **error)
{
    struct nx_str number = nx_str_of(text);
    unsigned long long factor = 1, value;
    if (number.n > 0) {
        char last = (char)nx_lower((unsigned char)number.p[number.n - 1]);
        for (const struct unit *unit = units; unit->letter != 0; unit++)
            if (unit->letter == last) {
                factor = unit->factor;
                number.n--;
                break;
            }
    }
    if (!nx_str_to_u64(number, &value) || value > most / factor) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is not %s", text, fits);
        return FALSE;
    }
    *ret = value * factor;
    return TRUE;
}

/* The i-th of the words that a value of this type can be; NULL behind the last, and for what is no word out of a few. */
static const char *word_of(enum nx_config_type type, int i)
{
    switch (type) {
    case NX_CONFIG_SUPPRESS:
        return i < (int)G_N_ELEMENTS(suppress_names) ? suppress_names[i] : NULL;
    case NX_CONFIG_SCOPE:
        return i < (int)G_N_ELEMENTS(scope_names) ? scope_names[i] : NULL;
    case NX_CONFIG_KIND:
        return i < (int)G_N_ELEMENTS(kind_names) ? kind_names[i] : NULL;
    case NX_CONFIG_ENTRIES:
        return i <= NX_DOMAIN_ENTRIES_AUTO ? nx_domain_entries_name((enum nx_domain_entries)i) : NULL;
    case NX_CONFIG_PRESET:
        return i <= NX_PRESET_LENIENT ? nx_preset_name((enum nx_preset)i) : NULL;
    case NX_CONFIG_REQUIRE:
        return i <= NX_REQUIRE_STRICT ? nx_require_name((enum nx_require)i) : NULL;
    case NX_CONFIG_STRING:
    case NX_CONFIG_LIST:
    case NX_CONFIG_BOOL:
    case NX_CONFIG_UINT:
    case NX_CONFIG_SIZE:
    case NX_CONFIG_TIME:
    case NX_CONFIG_SECRETS:
        break;
    }
    return NULL;
}

#define IS_STORED_AS_INT(type) _Static_assert(sizeof(enum type) == sizeof(int), #type)
IS_STORED_AS_INT(nx_suppress);
IS_STORED_AS_INT(nx_scope);
IS_STORED_AS_INT(nx_domain_entries);
IS_STORED_AS_INT(nx_stream_kind);
IS_STORED_AS_INT(nx_preset);
IS_STORED_AS_INT(nx_require);

/* *ret is the enum of the type's words. */
static gboolean parse_word(enum nx_config_type type, const char *text, int *ret, GError **error)
{
    const char *known[8] = {NULL}, *word;
    size_t n = 0;
    for (int i = 0; (word = word_of(type, i)) != NULL; i++) {
        if (strcmp(text, word) == 0) {
            *ret = i;
            return TRUE;
        }
        g_assert(n + 1 < G_N_ELEMENTS(known));
        if (*word != '\0')
            known[n++] = word;
    }
    g_autofree char *all = g_strjoinv(n == 2 ? " nor " : ", ", (char **)(uintptr_t)known);
    g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is %s %s", text, n == 2 ? "neither" : "none of", all);
    return FALSE;
}

static void parse_list(const char *text, char ***at)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    GStrvBuilder *list = g_strv_builder_new();
    for (char **part = parts; *part != NULL; part++)
        if (*g_strstrip(*part) != '\0')
            g_strv_builder_add(list, *part);
    g_strfreev(*at);
    *at = g_strv_builder_end(list);
    g_strv_builder_unref(list);
}

static gboolean parse_bool(const char *text, bool *at, GError **error)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is neither true nor false", text);
        return FALSE;
    }
    *at = *text == 't';
    return TRUE;
}

gboolean nx_value_parse(const struct nx_config_key *key, const char *text, void *base, GError **error)
{
    void *at = (char *)base + key->offset;
    unsigned long long number = 0;
    switch (key->type) {
    case NX_CONFIG_STRING:
        g_free(*(char **)at);
        *(char **)at = g_strdup(text);
        return TRUE;
    case NX_CONFIG_SECRETS:
    case NX_CONFIG_LIST:
        parse_list(text, at);
        return TRUE;
    case NX_CONFIG_BOOL:
        return parse_bool(text, at, error);
    case NX_CONFIG_UINT:
        if (!scaled(text, &sizes[3], 1000000000, "a whole number up to 1000000000", &number, error))
            return FALSE;
        *(unsigned *)at = (unsigned)number;
        return TRUE;
    case NX_CONFIG_SIZE:
        if (!scaled(text, sizes, 1ull << 40, "a size, such as 64k, 25M or 1G", &number, error))
            return FALSE;
        *(size_t *)at = (size_t)number;
        return TRUE;
    case NX_CONFIG_TIME:
        if (strcmp(text, "never") != 0 &&
            !scaled(text, times, 1ull << 40, "a time, such as 30s, 5m, 12h, 90d or never", &number, error))
            return FALSE;
        *(int64_t *)at = (int64_t)number;
        return TRUE;
    case NX_CONFIG_SUPPRESS:
    case NX_CONFIG_SCOPE:
    case NX_CONFIG_ENTRIES:
    case NX_CONFIG_KIND:
    case NX_CONFIG_PRESET:
    case NX_CONFIG_REQUIRE:
        return parse_word(key->type, text, at, error);
    }
    g_assert_not_reached();
}

static char *with_unit(unsigned long long value, const struct unit *units)
{
    const struct unit *best = NULL;
    for (const struct unit *unit = units; unit->letter != 0; unit++)
        if (value > 0 && value % unit->factor == 0)
            best = unit;
    return best == NULL ? g_strdup_printf("%llu", value) : g_strdup_printf("%llu%c", value / best->factor, best->letter);
}

char *nx_config_value(const struct nx_config_key *key, const void *base)
{
    const void *at = (const char *)base + key->offset;
    switch (key->type) {
    case NX_CONFIG_STRING:
        return g_strdup(*(char *const *)at);
    case NX_CONFIG_LIST:
        return g_strjoinv(";", *(char **const *)at);
    case NX_CONFIG_SECRETS: { /* how many, not which */
        g_auto(GStrv) hidden = g_strdupv(*(char **const *)at);
        for (char **one = hidden; one != NULL && *one != NULL; one++) {
            g_free(*one);
            *one = g_strdup("***");
        }
        return hidden == NULL ? g_strdup("") : g_strjoinv(";", hidden);
    }
    case NX_CONFIG_BOOL:
        return g_strdup(*(const bool *)at ? "true" : "false");
    case NX_CONFIG_UINT:
        return g_strdup_printf("%u", *(const unsigned *)at);
    case NX_CONFIG_SIZE:
        return with_unit(*(const size_t *)at, sizes);
    case NX_CONFIG_TIME:
        return *(const int64_t *)at == 0 ? g_strdup("never") : with_unit((unsigned long long)*(const int64_t *)at, times);
    case NX_CONFIG_SUPPRESS:
    case NX_CONFIG_SCOPE:
    case NX_CONFIG_ENTRIES:
    case NX_CONFIG_KIND:
    case NX_CONFIG_PRESET:
    case NX_CONFIG_REQUIRE:
        return g_strdup(word_of(key->type, *(const int *)at));
    }
    g_assert_not_reached();
}

void nx_value_clear(const struct nx_config_key *key, void *base)
{
    void *at = (char *)base + key->offset;
    if (key->type == NX_CONFIG_STRING)
        g_clear_pointer((char **)at, g_free);
    else if (key->type == NX_CONFIG_LIST || key->type == NX_CONFIG_SECRETS)
        g_clear_pointer((char ***)at, g_strfreev);
}
