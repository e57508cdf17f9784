/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for every message: the messages of corpus/ and the seeds of the fuzz targets. */
#include "engine/engine.h"
#include "event/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct nx_engine *engine;
static GPtrArray *files; /* of struct file */
struct file {
    char *path, *bytes;
    gsize n;
};

static void free_file(gpointer data)
{
    struct file *file = data;
    g_free(file->path);
    g_free(file->bytes);
    g_free(file);
}

static void collect(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR)) {
            collect(child);
        } else if (g_str_has_suffix(name, ".eml")) {
            struct file *file = g_new0(struct file, 1);
            assert_true(g_file_get_contents(child, &file->bytes, &file->n, NULL));
            file->path = g_steal_pointer(&child);
            g_ptr_array_add(files, file);
        }
    }
}

static size_t process(struct nx_worker *worker, struct nx_str bytes, struct nx_event **ret_events)
{
    static const struct nx_origin origin = {.source = {"test", 4}, .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = bytes, .origin = &origin};
    nx_worker_reset(worker);
    return nx_worker_process(worker, &input, ret_events);
}

/* All events as JSON lines; notes that tell of the form only are left out. */
static char *events_of(struct nx_worker *worker, struct nx_str bytes)
{
    struct nx_event *events;
    GString *out = g_string_new(NULL);
    size_t n = process(worker, bytes, &events);
    for (size_t i = 0; i < n; i++) {
        struct nx_buf line;
        events[i].report.notes &= ~(nx_notes)NX_NOTE_CR_LINES;
        nx_buf_init(&line, nx_worker_arena(worker), SIZE_MAX / 2);
        nx_event_to_json(&line, &events[i]);
        g_string_append_len(out, line.p, (gssize)line.n);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

/* The same text with another line end. */
static char *with_lines(const struct file *file, const char *end, gsize *ret_n)
{
    GString *out = g_string_sized_new(file->n);
    struct nx_str rest = {file->bytes, file->n}, line;
    while (rest.n > 0) {
        size_t before = rest.n;
        const char *p = rest.p;
        (void)nx_str_next_line(&rest, &line);
        g_string_append_len(out, line.p, (gssize)line.n);
        if ((size_t)(line.p - p) + line.n < before)
            g_string_append(out, end);
    }
    *ret_n = out->len;
    return g_string_free(out, FALSE);
}

static void line_ends_change_nothing(void **state)
{
    (void)state;
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    size_t bad = 0;
    for (guint i = 0; i < files->len; i++) {
        const struct file *file = files->pdata[i];
        if (memchr(file->bytes, '\0', file->n) != NULL)
            continue;
        gsize n;
        g_autofree char *lf = with_lines(file, "\n", &n);
        g_autofree char *want = events_of(worker, (struct nx_str){lf, n});
        static const char *const ends[] = {"\r\n", "\r"};
        for (size_t k = 0; k < 2; k++) {
            g_autofree char *text = with_lines(file, ends[k], &n);
            g_autofree char *got = events_of(worker, (struct nx_str){text, n});
            if (strcmp(got, want) != 0) {
                print_error("%s, %s:\n  %s  LF:\n  %s", file->path, k == 0 ? "CRLF" : "CR", got, want);
                bad++;
            }
        }
    }
    assert_int_equal(bad, 0);
}

static void blanks_at_the_end_change_nothing(void **state)
{
    (void)state;
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    size_t bad = 0;
    for (guint i = 0; i < files->len; i++) {
        const struct file *file = files->pdata[i];
        g_autofree char *more = g_malloc(file->n + 8);
        memcpy(more, file->bytes, file->n);
        memcpy(more + file->n, "\n\n  \n\n\n\n", 8);
        struct nx_event *events;
        size_t n = process(worker, (struct nx_str){file->bytes, file->n}, &events);
        g_autofree char *recipient = n == 0 ? NULL : g_strndup(events[0].report.recipient.n > 0 ? events[0].report.recipient.p : "", events[0].report.recipient.n);
        enum nx_cause cause = events[0].verdict.cause;
        enum nx_kind kind = events[0].report.kind;
        size_t again = process(worker, (struct nx_str){more, file->n + 8}, &events);
        if (again != n || events[0].report.kind != kind || events[0].verdict.cause != cause || !nx_str_eq(events[0].report.recipient, nx_str_of(recipient))) {
            print_error("%s\n", file->path);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void json_reads_back_the_same(void **state)
{
    (void)state;
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    for (guint i = 0; i < files->len; i++) {
        const struct file *file = files->pdata[i];
        struct nx_event *events, back;
        size_t n = process(worker, (struct nx_str){file->bytes, file->n}, &events);
        for (size_t k = 0; k < n; k++) {
            struct nx_buf first, second;
            g_autoptr(GError) error = NULL;
            nx_buf_init(&first, nx_worker_arena(worker), SIZE_MAX / 2);
            nx_buf_init(&second, nx_worker_arena(worker), SIZE_MAX / 2);
            nx_event_to_json(&first, &events[k]);
            if (!nx_event_from_json(nx_worker_arena(worker), nx_buf_str(&first), &back, &error))
                fail_msg("%s: %s", file->path, error->message);
            nx_event_to_json(&second, &back);
            if (!nx_str_eq(nx_buf_str(&first), nx_buf_str(&second)))
                fail_msg("%s:\n%.*s\n%.*s", file->path, NX_FMT(nx_buf_str(&first)), NX_FMT(nx_buf_str(&second)));
        }
    }
}

/* A prefix is a message like any other: at least one event, no fault. Each prefix is a block of its own size, so a sanitizer sees a read behind its end. About 40
 * prefixes a file, and each of the last 16. */
static void every_prefix_is_read(void **state)
{
    (void)state;
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    for (guint i = 0; i < files->len; i++) {
        const struct file *file = files->pdata[i];
        size_t step = file->n / 40 + 1;
        for (size_t n = 0; n <= file->n; n += n + 16 >= file->n ? 1 : step) {
            g_autofree char *exact = g_memdup2(file->bytes, n == 0 ? 1 : n);
            struct nx_event *events;
            if (process(worker, (struct nx_str){exact, n}, &events) == 0)
                fail_msg("%s: no event for the first %zu bytes", file->path, n);
        }
    }
}

static int setup(void **state)
{
    (void)state;
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(GError) error = NULL;
    engine = nx_engine_new(NULL, NULL, &limits, &error);
    if (engine == NULL)
        print_error("%s\n", error->message);
    files = g_ptr_array_new_with_free_func(free_file);
    collect(NX_SOURCE_DIR "/corpus");
    collect(NX_SOURCE_DIR "/tests/fuzz/seeds");
    print_message("%u messages\n", files->len);
    return engine == NULL || files->len == 0;
}

static int teardown(void **state)
{
    (void)state;
    g_ptr_array_unref(files);
    nx_engine_unref(engine);
    return 0;
}

static char *in_other_case(struct nx_str text)
{
    char *other = g_strndup(text.p, text.n);
    for (char *at = other; *at != '\0'; at++)
        *at = (at - other) % 2 == 0 ? g_ascii_toupper(*at) : g_ascii_tolower(*at);
    return other;
}

/* What the reader takes for an address is one, whatever its case, and folding it again changes nothing. */
static void every_recipient_of_the_corpus_folds(void **state)
{
    (void)state;
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    unsigned folded = 0;
    for (guint i = 0; i < files->len; i++) {
        const struct file *file = files->pdata[i];
        struct nx_event *events;
        size_t n = process(worker, (struct nx_str){file->bytes, file->n}, &events);
        for (size_t k = 0; k < n; k++) {
            struct nx_str recipient = events[k].report.recipient;
            struct nx_address one, other, again;
            const char *why = NULL;
            if (nx_str_chr(recipient, '@') == recipient.n || strstr(file->path, "/fuzz/") != NULL)
                continue; /* a local name, or bytes of chance */
            if (!nx_address_fold(nx_worker_arena(worker), recipient, NULL, &one, &why)) {
                fail_msg("%s: '%.*s': %s", file->path, NX_FMT(recipient), why);
            }
            g_autofree char *text = in_other_case(recipient);
            if (!nx_address_fold(nx_worker_arena(worker), nx_str_of(text), NULL, &other, NULL) || !nx_str_eq(one.key, other.key) ||
                !nx_address_fold(nx_worker_arena(worker), one.folded, NULL, &again, NULL) || !nx_str_eq(one.key, again.key))
                fail_msg("%s: '%.*s' folds in two ways", file->path, NX_FMT(recipient));
            folded++;
        }
    }
    assert_true(folded > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_change_nothing),
        cmocka_unit_test(blanks_at_the_end_change_nothing),
        cmocka_unit_test(json_reads_back_the_same),
        cmocka_unit_test(every_prefix_is_read),
        cmocka_unit_test(every_recipient_of_the_corpus_folds),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
