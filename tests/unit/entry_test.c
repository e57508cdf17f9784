/* SPDX-License-Identifier: Apache-2.0 */
/* The tag of the exported list. */
#include "export/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HOUR 3600
#define T0 (472222 * (nx_when)HOUR) /* a full hour */

static void the_tag_changes_with_all_that_the_list_depends_on(void **state)
{
    static const struct {
        const char *what;
        int64_t position;
        nx_when now;
        const char *question;
        enum nx_entry_format format;
        bool same;
    } rows[] = {{"the same", 7, T0, "stream=news", NX_ENTRY_CSV, true},
                {"to the end of the hour", 7, T0 + HOUR - 1, "stream=news", NX_ENTRY_CSV, true},
                {"the next hour", 7, T0 + HOUR, "stream=news", NX_ENTRY_CSV, false},
                {"the hour before", 7, T0 - 1, "stream=news", NX_ENTRY_CSV, false},
                {"after a change", 8, T0, "stream=news", NX_ENTRY_CSV, false},
                {"another question", 7, T0, "stream=bills", NX_ENTRY_CSV, false},
                {"no question", 7, T0, "", NX_ENTRY_CSV, false},
                {"another format", 7, T0, "stream=news", NX_ENTRY_JSONL, false}};
    (void)state;
    g_autofree char *first = nx_entry_tag(7, T0, "stream=news", NX_ENTRY_CSV);
    assert_true(g_str_has_prefix(first, "W/\"") && g_str_has_suffix(first, "\""));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *tag = nx_entry_tag(rows[i].position, rows[i].now, rows[i].question, rows[i].format);
        if ((strcmp(tag, first) == 0) != rows[i].same)
            fail_msg("%s: %s beside %s", rows[i].what, tag, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_tag_changes_with_all_that_the_list_depends_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
