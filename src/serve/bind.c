/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/bind.h"

#include "base/error.h"

struct nx_verp *nx_bind_verp(const struct nx_config *config, GError **error)
{
    g_autofree char *keys = NULL;
    g_autoptr(GError) cannot = NULL;
    if (*config->verp_keys_file == '\0') {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG,
                    "[verp] keys_file is not set (make one: `nixie verp keygen > FILE`, mode 0600)");
        return NULL;
    }
    if (!g_file_get_contents(config->verp_keys_file, &keys, NULL, &cannot)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[verp] keys_file %s: %s (check the path and its rights)",
                    config->verp_keys_file, cannot->message);
        return NULL;
    }
    return nx_verp_new(config->verp_keys_file, keys, config->verp_prefix, config->verp_domain, config->verp_streams, error);
}

struct nx_engine *nx_bind_engine(const struct nx_config *config, GError **error)
{
    g_autoptr(nx_engine) engine = nx_engine_new(config->patterns_directory, config->patterns_local, &config->limits, error);
    if (engine == NULL)
        return NULL;
    struct nx_paths *paths = nx_paths_new(config->verp_forms, error);
    if (paths == NULL)
        return NULL;
    nx_engine_paths(engine, paths);
    nx_engine_trust(engine, g_strdupv(config->authserv_ids));
    nx_engine_route(engine, nx_streams_ref(config->policy.streams));
    if (*config->verp_keys_file == '\0')
        return g_steal_pointer(&engine);
    struct nx_verp *verp = nx_bind_verp(config, error);
    if (verp == NULL)
        return NULL;
    nx_engine_verify(engine, verp, nx_fold_rules_copy(config->fold));
    return g_steal_pointer(&engine);
}
