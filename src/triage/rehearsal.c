/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/rehearsal.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>

gboolean nx_rehearsal_open(struct nx_rehearsal *rehearsal, const struct nx_policy *policy, const struct nx_fold_rules *rules,
                           GError **error)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    g_autoptr(GError) cannot = NULL;
    g_autofree char *directory = g_dir_make_tmp("nixie-replay-XXXXXX", &cannot);
    if (directory == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "no temporary directory: %s (set TMPDIR)", cannot->message);
        return FALSE;
    }
    g_autofree char *path = g_build_filename(directory, "n.db", NULL);
    struct nx_policy alone = *policy;
    alone.breaker.enabled = false; /* it looks at a provider's whole traffic, which is not here */
    *rehearsal = (struct nx_rehearsal){.store = nx_store_open(path, NX_OPEN_WRITE, &alone, rules, error)};
    if (rehearsal->store != NULL)
        rehearsal->reader = nx_reader_new(rehearsal->store, error);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        (void)g_unlink(file); /* what is open stays until it is closed */
    }
    (void)g_rmdir(directory);
    if (rehearsal->reader != NULL)
        return TRUE;
    nx_rehearsal_close(rehearsal);
    return FALSE;
}

void nx_rehearsal_close(struct nx_rehearsal *rehearsal)
{
    nx_reader_free(rehearsal->reader);
    nx_store_close(rehearsal->store);
    *rehearsal = (struct nx_rehearsal){0};
}

gboolean nx_rehearsal_events(struct nx_rehearsal *rehearsal, struct nx_arena *arena, const GArray *events, nx_when now,
                             GError **error)
{
    if (events->len == 0)
        return TRUE;
    struct nx_stored *stored = nx_arena_array(arena, events->len, sizeof *stored);
    return nx_store_add(rehearsal->store, arena, (const struct nx_event *)(const void *)events->data, events->len, now, stored,
                        error);
}

gboolean nx_rehearsal_act(struct nx_rehearsal *rehearsal, const struct nx_logged *line, GError **error)
{
    g_autoptr(GError) why = NULL;
    const struct nx_manual manual = {.address = line->address,
                                     .stream = line->stream,
                                     .cause = line->cause,
                                     .since = line->at,
                                     .until = line->until,
                                     .source = line->source};
    gboolean good = TRUE;
    if (line->act == NX_ACT_SUPPRESS || line->act == NX_ACT_IMPORT)
        good = nx_store_suppress(rehearsal->store, &manual, 1, line->made, NULL, &why);
    else if (line->act == NX_ACT_RELEASE)
        good = nx_store_release(rehearsal->store, line->address, line->stream, NX_STR_NONE, NX_STR_NONE, line->made, NULL, &why);
    else if (line->act == NX_ACT_ALLOW || line->act == NX_ACT_DISALLOW)
        good =
            nx_store_allow(rehearsal->store, line->address, line->act == NX_ACT_ALLOW, NX_STR_NONE, NX_STR_NONE, line->made, &why);
    if (good || g_error_matches(why, NX_ERROR, NX_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}
