/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a format file: it is read, or told why not; what is read can be used. */
#include "parse/hints.h"
#include "parse/text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nx_str bytes = {(const char *)data, size};
    const struct nx_format_source source = {NX_STR("fuzz.format"), bytes};
    GError *error = NULL;
    struct nx_formats *formats = nx_formats_new(&source, 1, &error);
    assert((formats == NULL) == (error != NULL));
    if (formats != NULL) { /* the file as the mail */
        struct nx_arena *arena = nx_arena_new();
        struct nx_limits limits = NX_LIMITS_DEFAULT;
        const struct nx_field fields[] = {{NX_STR("From"), bytes}, {NX_STR("Subject"), bytes}};
        struct nx_mail mail = {.fields = {fields, 2}};
        struct nx_hints hints;
        nx_hints_read(formats, arena, mail.fields, &hints);
        (void)nx_hints_count(formats, arena, NX_HINT_CHALLENGE, bytes);
        struct nx_text_report report;
        (void)nx_text_read(formats, arena, &limits, &mail, &hints, bytes, &report);
        nx_arena_free(arena);
        nx_formats_free(formats);
    }
    g_clear_error(&error);
    return 0;
}
