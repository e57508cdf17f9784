/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule file: it is refused with a place, or it can be used, also on itself. */
#include "classify/classify.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nx_str bytes = {(const char *)data, size};
    const struct nx_source source = {NX_STR("fuzz.rules"), bytes, size % 2 == 1};
    GError *error = NULL;
    struct nx_ruleset *rules = nx_ruleset_new(&source, 1, true, &error);
    assert((rules == NULL) == (error != NULL));
    assert(error == NULL || strstr(error->message, "fuzz.rules:") != NULL);
    g_clear_error(&error);
    if (rules == NULL)
        return 0;
    struct nx_arena *arena = nx_arena_new();
    struct nx_matcher *matcher = nx_matcher_new(rules);
    for (int kind = 0; kind < NX_KIND_COUNT; kind++) {
        const struct nx_report report = {.kind = (enum nx_kind)kind, .diagnostic = bytes, .text = nx_str_from(bytes, size / 2), .remote_mta = bytes};
        struct nx_verdict verdict, same;
        struct nx_rule_match *matches;
        nx_classify(matcher, arena, &report, &verdict);
        (void)nx_classify_all(matcher, arena, &report, &same, &matches);
        assert(verdict.cause == same.cause && verdict.class_ == same.class_ && nx_str_eq(verdict.rule, same.rule));
        (void)nx_triage_key(arena, bytes);
        nx_arena_reset(arena);
    }
    nx_matcher_free(matcher);
    nx_arena_free(arena);
    nx_ruleset_unref(rules);
    return 0;
}
