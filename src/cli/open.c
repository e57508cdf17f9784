/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"

#include <errno.h>

struct nx_store *nx_cli_store(const struct nx_config *config, enum nx_open_mode mode, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(config->store_path);
    bool elsewhere = strstr(config->store_path, "://") != NULL; /* no file */
    if (mode == NX_OPEN_WRITE && !elsewhere && g_mkdir_with_parents(directory, 0700) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be made: %s (give another path with --db)", directory,
                    g_strerror(errno));
        return NULL;
    }
    struct nx_store *store = nx_store_open(config->store_path, mode, &config->policy, config->fold, error);
    if (store != NULL)
        nx_store_limit_raw(store, &config->raw);
    return store;
}

struct nx_store *nx_cli_store_there(const struct nx_config *config, GError **error)
{
    g_autoptr(nx_store) there = nx_cli_store(config, NX_OPEN_READ, error);
    return there == NULL ? NULL : nx_cli_store(config, NX_OPEN_WRITE, error);
}
