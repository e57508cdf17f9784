/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/looked.h"

#include "base/sorter.h"

struct nx_looked {
    size_t memory;
    struct nx_sorter *reports; /* key, NX_LOOK_...: once a report */
    struct nx_sorter *each;    /* key: each once; NULL before _end */
};

struct nx_looked *nx_looked_new(size_t memory)
{
    struct nx_looked *looked = g_new0(struct nx_looked, 1);
    looked->memory = memory;
    looked->reports = nx_sorter_new(g_get_tmp_dir(), memory);
    return looked;
}

void nx_looked_free(struct nx_looked *looked)
{
    if (looked == NULL)
        return;
    nx_sorter_free(looked->reports);
    nx_sorter_free(looked->each);
    g_free(looked);
}

gboolean nx_looked_add(struct nx_looked *looked, struct nx_str key, char what, GError **error)
{
    return nx_sorter_add(looked->reports, key, (struct nx_str){&what, 1}, error);
}

gboolean nx_looked_end(struct nx_looked *looked, size_t *ret_dead, size_t *ret_alive, GError **error)
{
    struct nx_str key, what;
    g_autoptr(GString) last = g_string_new(NULL);
    bool dead = false, alive = false;
    size_t n_dead = 0, n_alive = 0;
    int got = -1;
    looked->each = nx_sorter_new(g_get_tmp_dir(), looked->memory);
    if (!nx_sorter_end(looked->reports, error))
        return FALSE;
    while ((got = nx_sorter_next(looked->reports, &key, &what, error)) > 0) {
        if (!nx_str_eq(key, (struct nx_str){last->str, last->len})) {
            if (!nx_sorter_add(looked->each, key, NX_STR_NONE, error))
                return FALSE;
            g_string_truncate(last, 0);
            g_string_append_len(last, key.p, (gssize)key.n);
            dead = alive = false;
        }
        n_dead += !dead && *what.p == NX_LOOK_DEAD;
        n_alive += !alive && *what.p == NX_LOOK_ALIVE;
        dead = dead || *what.p == NX_LOOK_DEAD;
        alive = alive || *what.p == NX_LOOK_ALIVE;
    }
    g_clear_pointer(&looked->reports, nx_sorter_free);
    *ret_dead = n_dead;
    *ret_alive = n_alive;
    return got == 0 && nx_sorter_end(looked->each, error);
}

int nx_looked_next(struct nx_looked *looked, struct nx_str *ret_key, GError **error)
{
    struct nx_str none;
    return nx_sorter_next(looked->each, ret_key, &none, error);
}
