/* SPDX-License-Identifier: Apache-2.0 */
/* signatures_test DIRECTORY: every line of DIRECTORY/signatures.jsonl ({"provider", "scheme", "file", "key" or "cert", "headers",
 * "url", "now", "expect": "valid" or "invalid"}), with the clock of the line; no "now": time is not looked at. Then
 * fixtures/sns/cert_url_rules.json. Exit 77: there is no such directory. */
#include "fetch/fetch.h"
#include "verify/verify.h"

#include <jansson.h>

static struct nx_str header(void *data, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)data, key, value)
    {
        if (g_ascii_strcasecmp(key, name) == 0)
            return nx_str_of(json_string_value(value));
    }
    return NX_STR_NONE;
}

static bool read_file(const char *directory, const char *name, char **ret_bytes, gsize *ret_n)
{
    g_autofree char *below = g_build_filename(directory, "fixtures", name, NULL);
    return g_file_get_contents(below, ret_bytes, ret_n, NULL);
}

static enum nx_proof prove(struct nx_arena *arena, const char *directory, json_t *line, struct nx_str body)
{
    const char *scheme = json_string_value(json_object_get(line, "scheme"));
    json_t *now = json_object_get(line, "now");
    if (strcmp(scheme, "sns") == 0) {
        struct nx_sns sns;
        g_autofree char *pem = NULL;
        gsize n;
        const char *text = json_string_value(json_object_get(line, "string_to_sign"));
        if (!read_file(directory, json_string_value(json_object_get(line, "cert")), &pem, &n) || !nx_sns_read(arena, body, &sns))
            return NX_PROOF_MISSING;
        if (text != NULL && !nx_str_eq(sns.text, nx_str_of(text)))
            fprintf(stderr, "another text is signed:\n%.*s\n", NX_FMT(sns.text));
        return nx_sns_verify(&sns, (struct nx_str){pem, n}, now == NULL ? NX_WHEN_NONE : json_integer_value(now));
    }
    const char *keys[] = {"c29tZSBvdGhlciBrZXk=", json_string_value(json_object_get(line, "key")), NULL}; /* two live keys */
    const struct nx_webhook_provider *provider =
        nx_webhook_provider(nx_str_of(json_string_value(json_object_get(line, "provider"))));
    struct nx_str token;
    const struct nx_verify_request request = {.body = body,
                                              .url = nx_str_of(json_string_value(json_object_get(line, "url"))),
                                              .now = json_integer_value(now),
                                              .window = now == NULL                              ? 0
                                                        : provider->scheme == NX_SCHEME_STANDARD ? 300
                                                                                                 : 86400,
                                              .header = header,
                                              .data = json_object_get(line, "headers")};
    return nx_verify(arena, provider, keys, &request, &token);
}

static unsigned url_rules(const char *directory)
{
    static const char *const hosts[] = {"sns.*.amazonaws.com", "sns.*.amazonaws.com.cn", NULL};
    g_autofree char *text = NULL;
    unsigned wrong = 0;
    if (!read_file(directory, "sns/cert_url_rules.json", &text, NULL))
        return 0;
    json_t *rules = json_loads(text, JSON_ALLOW_NUL, NULL), *rule;
    size_t i;
    json_array_foreach(rules, i, rule)
    {
        const char *url = json_string_value(json_object_get(rule, "url"));
        const struct nx_str text_of_url = {url, json_string_length(json_object_get(rule, "url"))};
        json_t *accept = json_object_get(rule, "accept");
        if (!json_is_null(accept) && nx_fetch_allows(text_of_url, hosts, ".pem") != json_is_true(accept)) {
            fprintf(stderr, "%s: wanted %s\n", url, json_is_true(accept) ? "accepted" : "refused");
            wrong++;
        }
    }
    wrong += json_array_size(rules) == 0;
    printf("%zu of %zu addresses of certificates right\n", json_array_size(rules) - wrong, json_array_size(rules));
    json_decref(rules);
    return wrong;
}

int main(int argc, char **argv)
{
    g_autofree char *list = g_build_filename(argc > 1 ? argv[1] : "", "signatures.jsonl", NULL), *text = NULL;
    if (!g_file_get_contents(list, &text, NULL, NULL)) {
        printf("skipped: there is no %s\n", list);
        return 77;
    }
    struct nx_str rest = nx_str_of(text), one;
    unsigned n = 0, right = 0, of_provider[32][2] = {0}; /* in the order of nx_webhook_providers */
    size_t n_providers;
    const struct nx_webhook_provider *providers = nx_webhook_providers(&n_providers);
    g_assert(n_providers <= G_N_ELEMENTS(of_provider));
    while (nx_str_next_line(&rest, &one)) {
        json_t *line = json_loadb(one.p, one.n, 0, NULL);
        const char *file = json_string_value(json_object_get(line, "file")),
                   *expect = json_string_value(json_object_get(line, "expect"));
        g_autofree char *body = NULL;
        gsize size;
        g_autoptr(nx_arena) arena = nx_arena_new();
        if (file == NULL || expect == NULL || !read_file(argv[1], file, &body, &size)) {
            fprintf(stderr, "%s: line %u cannot be used\n", list, n + 1);
            return 1;
        }
        enum nx_proof proof = prove(arena, argv[1], line, (struct nx_str){body, size});
        bool good = (proof == NX_PROOF_GOOD) == (strcmp(expect, "valid") == 0);
        if (!good)
            fprintf(stderr, "%s (%s): wanted %s, got: %s\n", file, json_string_value(json_object_get(line, "scheme")), expect,
                    nx_proof_text(proof));
        right += good;
        n++;
        const struct nx_webhook_provider *provider =
            nx_webhook_provider(nx_str_of(json_string_value(json_object_get(line, "provider"))));
        if (provider != NULL) {
            of_provider[provider - providers][0]++;
            of_provider[provider - providers][1] += good;
        }
        json_decref(line);
    }
    for (size_t i = 0; i < n_providers; i++)
        if (of_provider[i][0] > 0)
            printf("%-13s %2u of %2u signatures right\n", providers[i].name, of_provider[i][1], of_provider[i][0]);
    printf("%u of %u signatures right\n", right, n);
    return url_rules(argv[1]) == 0 && right == n && n > 0 ? 0 : 1;
}
