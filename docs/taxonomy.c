/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of docs/taxonomy.md from event/cause.def. `cmake --build --preset dev --target docs-update` puts it in; ctest compares. */
#include "event/names.h"

#include <stdio.h>

static void print_policy(const struct nx_cause_facts *facts)
{
    switch (facts->suppress) {
    case NX_SUPPRESS_AT_ONCE:
        printf("at once");
        break;
    case NX_SUPPRESS_AFTER:
        printf("after %u in %u days", facts->threshold, facts->window_days);
        if (facts->span_days > 0)
            printf(", %u day%s apart or more", facts->span_days, facts->span_days == 1 ? "" : "s");
        break;
    case NX_SUPPRESS_MIRROR:
        printf("as the provider does");
        break;
    case NX_SUPPRESS_CLEAR:
        printf("never; clears soft counts");
        break;
    case NX_SUPPRESS_NEVER:
        printf("never");
        break;
    }
    if (facts->suppress != NX_SUPPRESS_NEVER && facts->suppress != NX_SUPPRESS_CLEAR) {
        if (facts->ttl_days == 0)
            printf(", for ever");
        else if (facts->ttl_max_days > facts->ttl_days)
            printf(", for %u days, doubling to %u", facts->ttl_days, facts->ttl_max_days);
        else
            printf(", for %u days", facts->ttl_days);
    }
}

int main(void)
{
    puts("| cause | class | whose move | suppress by default | try again after (s) | what to do |\n|---|---|---|---|---|---|");
    for (int i = 1; i < NX_CAUSE_COUNT; i++) {
        const struct nx_cause_facts *facts = nx_cause_facts((enum nx_cause)i);
        printf("| `%s` | %s | %s | ", facts->name, nx_class_name(facts->class_), facts->fault);
        print_policy(facts);
        printf(" | %s | %s |\n", facts->retry[0] == '\0' ? "-" : facts->retry, facts->advice);
    }
    return 0;
}
