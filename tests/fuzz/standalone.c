/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a fuzz target without libFuzzer: each file named, and each file below each directory named, as it stands and then in
 * some damaged forms (cut short, bytes changed; the same ones every time). NIXIE_FUZZ_DAMAGE: how many a file, 8 by default.
 * Every input is a block of its own size, so that a sanitizer sees a read behind its end. */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned damage = 8;
static size_t files, runs;

static void run(const char *bytes, size_t n)
{
    uint8_t *exact = malloc(n == 0 ? 1 : n);
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    runs++;
}

static void run_damaged(char *bytes, size_t n)
{
    uint64_t state = 0x9e3779b97f4a7c15u ^ n;
    for (unsigned i = 0; i < damage && n > 0; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(state >> 33) % n;
        if (i % 2 == 0) {
            run(bytes, at);
        } else {
            char was = bytes[at];
            bytes[at] = (char)(state >> 25);
            run(bytes, n);
            bytes[at] = was;
        }
    }
}

static bool path(const char *name)
{
    if (g_file_test(name, G_FILE_TEST_IS_DIR)) {
        g_autoptr(GDir) directory = g_dir_open(name, 0, NULL);
        const char *entry;
        while (directory != NULL && (entry = g_dir_read_name(directory)) != NULL) {
            g_autofree char *child = g_build_filename(name, entry, NULL);
            if (!path(child))
                return false;
        }
        return directory != NULL;
    }
    g_autofree char *bytes = NULL;
    gsize n;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(name, &bytes, &n, &error)) {
        fprintf(stderr, "%s: %s\n", name, error->message);
        return false;
    }
    files++;
    run(bytes, n);
    run_damaged(bytes, n);
    return true;
}

int main(int argc, char **argv)
{
    const char *set = g_getenv("NIXIE_FUZZ_DAMAGE");
    if (set != NULL)
        damage = (unsigned)g_ascii_strtoull(set, NULL, 10);
    run("", 0);
    for (int i = 1; i < argc; i++)
        if (!path(argv[i]))
            return 1;
    printf("%zu files, %zu runs\n", files, runs);
    return files > 0 ? 0 : 77; /* no seed: nothing was shown */
}
