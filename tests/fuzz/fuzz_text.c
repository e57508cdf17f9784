/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the words of a report, read by the formats as they are shipped (below NIXIE_SOURCE, or where it is run). */
#include "parse/hints.h"
#include "parse/text.h"

#include <assert.h>

static struct nx_formats *shipped(void)
{
    const char *source = g_getenv("NIXIE_SOURCE");
    g_autofree char *directory = g_build_filename(source != NULL ? source : ".", "patterns", "formats", NULL);
    GDir *dir = g_dir_open(directory, 0, NULL);
    assert(dir != NULL);
    struct nx_format_source sources[256];
    char *texts[256];
    size_t n = 0;
    for (const char *name; n < 256 && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        char *text;
        gsize length;
        if (g_str_has_suffix(name, ".format") && g_file_get_contents(path, &text, &length, NULL))
            texts[n] = text, sources[n++] = (struct nx_format_source){NX_STR("format"), {text, length}};
    }
    g_dir_close(dir);
    GError *error = NULL;
    struct nx_formats *formats = nx_formats_new(sources, n, &error);
    for (size_t i = 0; i < n; i++)
        g_free(texts[i]);
    assert(formats != NULL);
    return formats;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nx_formats *formats;
    if (formats == NULL)
        formats = shipped();
    struct nx_arena *arena = nx_arena_new();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    limits.recipients = 20;
    const struct nx_field fields[] = {{NX_STR("From"), NX_STR("mailer-daemon@example.org")},
                                      {NX_STR("To"), NX_STR("sender@example.com")}};
    struct nx_mail mail = {.fields = {fields, 2}};
    struct nx_text_report report = {0};
    struct nx_hints hints;
    nx_hints_read(formats, arena, mail.fields, &hints);
    struct nx_str text = {(const char *)data, size};
    if (nx_text_read(formats, arena, &limits, &mail, &hints, text, &report)) {
        assert(report.n_blocks <= limits.recipients);
        assert(report.returned.n == 0 || report.returned.p + report.returned.n <= text.p + text.n);
        for (size_t i = 0; i < report.n_blocks; i++) {
            assert(report.blocks[i].diagnostic.n <= limits.diagnostic && report.blocks[i].text.n <= limits.diagnostic);
        }
    }
    nx_arena_free(arena);
    return 0;
}
