/* SPDX-License-Identifier: Apache-2.0 */
/* Questions in process: one address by the database, and many by the lookup table. Usage: bench_lookup DATABASE LIST */
#include "store/lookup.h"

#define BULK 2000000u
#define SINGLE 200000u

static double seconds(void)
{
    return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size;
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    if (argc != 3 || !g_file_get_contents(argv[2], &text, &size, &error)) {
        fprintf(stderr, "bench_lookup DATABASE LIST: %s\n", error != NULL ? error->message : "two arguments");
        return 64;
    }
    double start = seconds();
    g_autoptr(nx_store) store = nx_store_open(argv[1], NX_OPEN_READ, &policy, NULL, &error);
    g_autoptr(nx_lookup) lookup = store == NULL ? NULL : nx_lookup_new(store, &error);
    g_autoptr(nx_reader) reader = lookup == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL) {
        fprintf(stderr, "bench_lookup: %s\n", error->message);
        return 1;
    }
    printf("%-34s %8.3f s\n", "opening, with the table", seconds() - start);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_str *keys = g_new0(struct nx_str, BULK);
    g_autofree struct nx_str *addresses = g_new0(struct nx_str, BULK);
    g_autofree struct nx_hit *hits = g_new0(struct nx_hit, 256);
    struct nx_str rest = {text, size};
    size_t n = 0, found = 0;
    start = seconds();
    for (struct nx_address address; n < BULK && nx_str_next_line(&rest, &addresses[n]);)
        if (nx_address_fold(arena, addresses[n], NULL, &address, NULL))
            keys[n++] = address.key;
    printf("%-34s %8.0f /s\n", "folding", (double)n / (seconds() - start));
    start = seconds();
    for (size_t i = 0; i < n; i += 256) {
        nx_lookup_find(lookup, keys + i, MIN(n - i, 256), NX_STR_NONE, 1800000000, hits);
        for (size_t j = 0; j < MIN(n - i, 256); j++)
            found += hits[j].answer == NX_ANSWER_SUPPRESSED;
    }
    printf("%-34s %8.0f /s  (%.1f %% listed)\n", "lookup table, one thread", (double)n / (seconds() - start),
           100.0 * (double)found / (double)n);
    size_t singles = MIN(n, SINGLE);
    g_autofree double *times = g_new0(double, singles);
    double begin = seconds();
    for (size_t i = 0; i < singles; i++) {
        struct nx_entry entry;
        g_autoptr(nx_arena) own = nx_arena_new();
        double at = seconds();
        if (nx_reader_lookup(reader, own, addresses[i], NX_STR_NONE, 1800000000, &entry, NULL, &error) < 0) {
            fprintf(stderr, "bench_lookup: %s\n", error->message);
            return 1;
        }
        times[i] = seconds() - at;
    }
    double all = seconds() - begin;
    qsort(times, singles, sizeof *times, by_value);
    printf("%-34s %8.0f /s  median %.0f us, p99 %.0f us\n", "one address, by the database", (double)singles / all,
           times[singles / 2] * 1e6, times[singles * 99 / 100] * 1e6);
    return 0;
}
