/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "hook/outbox.h"
#include "serve/webhook.h"

static void show_key(const struct nx_config *config, const struct nx_config_key *key, const char *group, const void *base)
{
    g_autofree char *value = nx_config_value(key, base);
    g_autofree char *line = g_strdup_printf("%s = %s", key->key, value);
    printf("%-48s # %s\n", line, nx_config_origin(config, group, key->key));
}

/* The groups that a user names. */
static void show_named(const struct nx_config *config, const GPtrArray *all, const struct nx_config_key *keys, size_t n,
                       bool with_docs)
{
    for (guint i = 0; i < all->len; i++) {
        const char *name = *(char *const *)all->pdata[i]; /* the first field of both */
        g_autofree char *group = g_strconcat(keys->group, " ", name, NULL);
        printf("\n[%s]\n", group);
        for (size_t k = 0; k < n; k++) {
            if (with_docs && i == 0)
                printf("# %s%s\n", keys[k].doc, keys[k].reloadable ? "" : " (needs a restart)");
            show_key(config, &keys[k], group, all->pdata[i]);
        }
    }
}

static void show(const struct nx_config *config, bool with_docs)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_keys(&n);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(keys[i].group, keys[i - 1].group) != 0)
            printf("%s[%s]\n", i == 0 ? "" : "\n", keys[i].group);
        if (with_docs)
            printf("# %s%s\n", keys[i].doc, keys[i].reloadable ? "" : " (needs a restart)");
        show_key(config, &keys[i], keys[i].group, config);
    }
    keys = nx_config_cause_keys(&n);
    const struct nx_policy_cause *at;
    for (size_t index = 0;; index++) {
        g_autofree char *group = nx_config_cause_group(config, index, &at);
        if (group == NULL)
            break;
        printf("\n[%s]\n", group);
        for (size_t i = 0; i < n; i++) {
            if (with_docs && index == 0)
                printf("# %s\n", keys[i].doc);
            show_key(config, &keys[i], group, at);
        }
    }
    bool told = false;
    for (size_t index = 0;; index++) {
        const void *of_stream;
        g_autofree char *group = nx_config_stream_group(config, index, &keys, &n, &of_stream);
        if (group == NULL)
            break;
        bool tell = with_docs && !told && strcmp(keys->group, "stream") == 0;
        told = told || tell;
        printf("\n[%s]\n", group);
        for (size_t i = 0; i < n; i++) {
            if (tell)
                printf("# %s (needs a restart)\n", keys[i].doc);
            show_key(config, &keys[i], group, of_stream);
        }
    }
    keys = nx_config_webhook_keys(&n);
    show_named(config, config->webhooks, keys, n, with_docs);
    keys = nx_config_hook_keys(&n);
    show_named(config, config->hooks, keys, n, with_docs);
}

int nx_cmd_config(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"check|show",
                                              "check says every fault of the settings at once, with its line; show prints every "
                                              "key, its value and where it came from.\nExit: 0; 64 usage; 65 there are faults.",
                                              1, 1};
    gboolean docs = FALSE;
    const GOptionEntry entries[] = {
        {"docs", 0, 0, G_OPTION_ARG_NONE, &docs, "show: say what each key is for", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    if (strcmp(cli.args[0], "show") == 0) {
        show(cli.config, docs);
    } else if (strcmp(cli.args[0], "check") != 0) {
        return nx_cli_no_verb("config", cli.args[0], "check or show");
    } else if (!nx_endpoints_check(cli.config, &error) || !nx_outbox_check(cli.config, &error)) {
        return nx_cli_fail(error);
    } else {
        printf("%s: all is well\n", cli.config->path == NULL ? "defaults" : cli.config->path);
    }
    return nx_cli_finish(NX_EXIT_OK);
}
