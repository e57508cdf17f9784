/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as any log: the first byte says which. */
#include "parse/log/log.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"postfix", "exim", "sendmail", "opensmtpd", "powermta", "kumomta"};
    static const struct nx_limits limits = NX_LIMITS_DEFAULT;
    if (size == 0)
        return 0;
    struct nx_arena *arena = nx_arena_new();
    struct nx_log *log = nx_log_new(nx_str_of(kinds[data[0] % G_N_ELEMENTS(kinds)]), true, &limits);
    struct nx_str rest = {(const char *)data + 1, size - 1}, line;
    while (nx_str_next_line(&rest, &line)) {
        struct nx_report *reports;
        size_t n = nx_log_read(log, arena, line, 1795000000, &reports);
        for (size_t i = 0; i < n; i++)
            assert(reports[i].recipient.n > 0 && reports[i].key.n > 0 && reports[i].kind != NX_KIND_OTHER);
    }
    nx_log_free(log);
    nx_arena_free(arena);
    return 0;
}
