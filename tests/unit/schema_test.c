/* SPDX-License-Identifier: Apache-2.0 */
/* docs/schema.md against the code: each key that is written is documented, each documented one is written, and so for every closed set of values and every note. */
#include "event/json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char *page;

/* An event in which nothing is absent. */
static struct nx_event full(void)
{
    static const struct nx_tag tags[] = {{{"campaign", 8}, {"spring", 6}}};
    const struct nx_str x = NX_STR("x");
    return (struct nx_event){
        .id = x,
        .origin = {.source = x, .file = x, .stream = x, .received_at = 1},
        .report = {.kind = NX_KIND_FAILED, .recipient = x, .original_recipient = x, .status = x, .reply = 550, .stage = NX_STAGE_RCPT, .diagnostic = x, .remote_mta = x, .reporting_mta = x,
                   .format = x, .original = {x, x, x, x, x, x, x}, .feedback = {x, x, x, x, x, x, x, x, x}, .arrival_at = 1, .last_attempt_at = 1, .retry_until = 1, .stream = x,
                   .tags = tags, .n_tags = 1, .verified = NX_VERIFIED_SIGNED, .notes = NX_NOTE_EMPTY},
        .verdict = {.class_ = NX_CLASS_SOFT, .cause = NX_CAUSE_MAILBOX_FULL, .rule = x, .matched = x, .ruleset = x},
        .trial = {.tried = true, .differs = true, .cause = NX_CAUSE_MAILBOX_UNKNOWN, .class_ = NX_CLASS_HARD, .rule = x, .ruleset = x},
        .decision = {.made = true, .action = NX_ACTION_COUNT, .reason = x, .until = 1},
    };
}

static const char *type_of(const json_t *value)
{
    return json_is_object(value) ? "object" : json_is_array(value) ? "array" : json_is_number(value) ? "number" : json_is_string(value) ? "string" : "null";
}

/* "key type" lines, in order; inner keys with a dot. The names of tags are the sender's. */
static void list(GString *out, const char *prefix, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        g_string_append_printf(out, "%s%s %s\n", prefix, key, type_of(value));
        if (json_is_object(value) && strcmp(key, "tags") != 0) {
            g_autofree char *inner = g_strconcat(key, ".", NULL);
            list(out, inner, value);
        }
    }
}

/* The same from the rows of a table of the page: "| `key` | type | ...". */
static void documented(GString *out, const char *heading, bool with_type)
{
    const char *from = strstr(page, heading);
    assert_non_null(from);
    const char *end = strstr(from + 4, "\n## ");
    g_autofree char *section = end == NULL ? g_strdup(from) : g_strndup(from, (gsize)(end - from));
    g_auto(GStrv) lines = g_strsplit(section, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, "|", 4);
        if (!g_str_has_prefix(*line, "| `") || g_strv_length(cells) < 3)
            continue;
        g_strdelimit(g_strstrip(cells[1]), "`", ' ');
        g_string_append_printf(out, "%s%s%s\n", g_strstrip(cells[1]), with_type ? " " : "", with_type ? g_strstrip(cells[2]) : "");
    }
}

static void every_key_is_documented_and_the_reverse(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_event event = full();
    struct nx_buf json;
    nx_buf_init(&json, arena, 1 << 20);
    nx_event_to_json(&json, &event);
    json_t *root = json_loadb(json.p, json.n, 0, NULL);
    assert_non_null(root);
    g_autoptr(GString) written = g_string_new(NULL), said = g_string_new(NULL);
    list(written, "", root);
    json_decref(root);
    documented(said, "\n## Keys", true);
    assert_string_equal(said->str, written->str);
}

static void every_note_is_documented_and_the_reverse(void **state)
{
    (void)state;
    g_autoptr(GString) said = g_string_new(NULL), known = g_string_new(NULL);
    documented(said, "\n## Notes", false);
    for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
        g_string_append_printf(known, "%s\n", nx_note_name((enum nx_note)i));
    assert_string_equal(said->str, known->str);
}

/* The row of a key names each value in ``. */
static void row_names(const char *key, const char *value)
{
    g_autofree char *start = g_strdup_printf("\n| `%s` |", key), *quoted = g_strdup_printf("`%s`", value);
    const char *row = strstr(page, start);
    assert_non_null(row);
    g_autofree char *line = g_strndup(row + 1, strcspn(row + 1, "\n"));
    if (*value != '\0' && strstr(line, quoted) == NULL)
        fail_msg("docs/schema.md does not name %s %s", key, value);
}

static void every_closed_value_is_documented(void **state)
{
    (void)state;
    for (int i = 0; i < NX_KIND_COUNT; i++)
        row_names("kind", nx_kind_name((enum nx_kind)i));
    for (int i = 0; i < NX_CLASS_COUNT; i++)
        row_names("class", nx_class_name((enum nx_class)i));
    for (int i = 0; i < NX_STAGE_COUNT; i++)
        row_names("stage", nx_stage_name((enum nx_stage)i));
    for (int i = NX_VERIFIED_NONE; i <= NX_VERIFIED_PROVIDER; i++)
        row_names("verified", nx_verified_name((enum nx_verified)i));
    for (int i = NX_ACTION_NONE; i <= NX_ACTION_HOLD; i++)
        row_names("decision.action", nx_action_name((enum nx_action)i));
}

static int setup(void **state)
{
    (void)state;
    return g_file_get_contents(NX_SOURCE_DIR "/docs/schema.md", &page, NULL, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    g_free(page);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_documented_and_the_reverse),
        cmocka_unit_test(every_note_is_documented_and_the_reverse),
        cmocka_unit_test(every_closed_value_is_documented),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
