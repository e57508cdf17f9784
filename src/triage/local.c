/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/local.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

gboolean nx_local_needed(const struct nx_config *config, GError **error)
{
    if (*config->patterns_local != '\0')
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_CONFIG,
                "[patterns] local is not set, so there is nowhere to put a rule (set it to a directory such as /etc/nixie/rules)");
    return FALSE;
}

int nx_local_hold(const struct nx_config *config, GError **error)
{
    if (!nx_local_needed(config, error))
        return -1;
    int fd = open(config->patterns_local, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0 && access(config->patterns_local, W_OK) == 0)
        return fd;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (make the directory of [patterns] local, writable for who installs)",
                config->patterns_local, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

GArray *nx_local_sources(const struct nx_config *config, GError **error)
{
    return nx_engine_sources(config->patterns_directory, *config->patterns_local == '\0' ? NULL : config->patterns_local, error);
}

const struct nx_source *nx_local_find(const GArray *sources, const char *name)
{
    for (guint i = 0; i < sources->len; i++) {
        const struct nx_source *source = &g_array_index(sources, struct nx_source, i);
        if (source->local && nx_str_eq(source->name, nx_str_of(name)))
            return source;
    }
    return NULL;
}

/* The shipped examples hold already, those of all local rules are run. */
struct nx_ruleset *nx_local_set(const GArray *sources, const char *name, const char *text, bool trials, GError **error)
{
    const struct nx_source own = {.name = nx_str_of(name), .text = nx_str_of(text), .local = true};
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct nx_source));
    for (guint i = 0; i < sources->len; i++) {
        const struct nx_source *source = &g_array_index(sources, struct nx_source, i);
        bool replaced = source->local && nx_str_eq(source->name, own.name);
        if (!replaced && (trials || !nx_source_is_trial(source)))
            g_array_append_vals(all, source, 1);
    }
    if (text != NULL)
        g_array_append_val(all, own);
    return nx_ruleset_new((const struct nx_source *)(const void *)all->data, all->len, false, error);
}

static gboolean is_good(const GArray *sources, const char *name, const char *text, GError **error)
{
    const struct nx_source own = {.name = nx_str_of(name), .text = nx_str_of(text), .local = true};
    bool on_trial = nx_source_is_trial(&own);
    g_autoptr(nx_ruleset) decides = on_trial ? NULL : nx_local_set(sources, name, text, false, error);
    if (decides == NULL && !on_trial)
        return FALSE;
    g_autoptr(nx_ruleset) all = nx_local_set(sources, name, text, true, error);
    return all != NULL;
}

gboolean nx_local_write(const struct nx_config *config, const GArray *sources, const char *name, const char *text, GError **error)
{
    g_autoptr(GError) cannot = NULL;
    if (!is_good(sources, name, text, error))
        return FALSE;
    g_autofree char *path = g_build_filename(config->patterns_local, name, NULL);
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &cannot))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (nothing was changed)", path, cannot->message);
    return FALSE;
}

gboolean nx_local_remove(const struct nx_config *config, const GArray *sources, const char *name, GError **error)
{
    if (!is_good(sources, name, NULL, error))
        return FALSE;
    g_autofree char *path = g_build_filename(config->patterns_local, name, NULL);
    if (g_unlink(path) == 0)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (nothing was changed)", path, g_strerror(errno));
    return FALSE;
}
