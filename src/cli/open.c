/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"

#include <errno.h>

struct nx_verp *nx_cli_verp(const struct nx_config *config, GError **error)
{
    g_autofree char *keys = NULL;
    g_autoptr(GError) cannot = NULL;
    if (*config->verp_keys_file == '\0') {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[verp] keys_file is not set (make one: `nixie verp keygen > FILE`, mode 0600)");
        return NULL;
    }
    if (!g_file_get_contents(config->verp_keys_file, &keys, NULL, &cannot)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[verp] keys_file %s: %s (check the path and its rights)", config->verp_keys_file, cannot->message);
        return NULL;
    }
    return nx_verp_new(config->verp_keys_file, keys, config->verp_prefix, config->verp_domain, config->verp_streams, error);
}

struct nx_engine *nx_cli_engine(const struct nx_config *config, GError **error)
{
    g_autoptr(nx_engine) engine = nx_engine_new(config->patterns_directory, config->patterns_local, &config->limits, error);
    if (engine == NULL || *config->verp_keys_file == '\0')
        return g_steal_pointer(&engine);
    struct nx_verp *verp = nx_cli_verp(config, error);
    if (verp == NULL)
        return NULL;
    nx_engine_verify(engine, verp, nx_fold_rules_copy(config->fold));
    return g_steal_pointer(&engine);
}

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
