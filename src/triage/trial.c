/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/trial.h"

#include "base/error.h"
#include "triage/local.h"

#include <unistd.h>

#define ENDING ".rules"
#define NAME_MAX_BYTES 100u

static void free_file(void *data)
{
    struct nx_trial_file *file = data;
    g_free(file->name);
    g_ptr_array_unref(file->rules);
    g_free(file);
}

static struct nx_trial_file *read_file(const struct nx_source *source)
{
    struct nx_trial_file *file = g_new(struct nx_trial_file, 1);
    struct nx_str rest = source->text, line;
    *file = (struct nx_trial_file){g_strndup(source->name.p, source->name.n), g_ptr_array_new_with_free_func(g_free)};
    while (nx_str_next_line(&rest, &line)) {
        struct nx_str id = nx_str_trim(nx_str_from(line, strlen("rule")));
        if (nx_str_istarts(line, NX_STR("rule ")) || nx_str_istarts(line, NX_STR("rule\t")))
            g_ptr_array_add(file->rules, g_strndup(id.p, id.n));
    }
    return file;
}

GPtrArray *nx_trial_files(const GArray *sources)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
    for (guint i = 0; i < sources->len; i++) {
        const struct nx_source *source = &g_array_index(sources, struct nx_source, i);
        if (nx_source_is_trial(source))
            g_ptr_array_add(files, read_file(source));
    }
    return files;
}

static char *digest_of(const struct nx_ruleset *rules)
{
    struct nx_str digest = nx_ruleset_digest(rules);
    return g_strndup(digest.p, digest.n);
}

gboolean nx_trial_read(const struct nx_config *config, GPtrArray **ret_files, char **ret_rules, char **ret_trial, GError **error)
{
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    g_autoptr(nx_ruleset) rules = NULL, trial = NULL;
    if (sources == NULL)
        return FALSE;
    *ret_files = nx_trial_files(sources);
    rules = nx_local_set(sources, NULL, NULL, false, error);
    if (rules == NULL)
        return FALSE;
    if ((*ret_files)->len > 0) {
        trial = nx_local_set(sources, NULL, NULL, true, error);
        if (trial == NULL)
            return FALSE;
    }
    *ret_rules = digest_of(rules);
    *ret_trial = trial == NULL ? NULL : digest_of(trial);
    return TRUE;
}

/* The file on trial that is meant, by its name or (ids) a rule in it; NULL: there is none. */
static const struct nx_source *find_trial(const GArray *sources, const char *name, bool ids, GError **error)
{
    for (guint i = 0; i < sources->len; i++) {
        const struct nx_source *source = &g_array_index(sources, struct nx_source, i);
        if (!nx_source_is_trial(source))
            continue;
        struct nx_trial_file *file = read_file(source);
        bool has = strcmp(file->name, name) == 0 || (ids && g_ptr_array_find_with_equal_func(file->rules, name, g_str_equal, NULL));
        free_file(file);
        if (has)
            return source;
    }
    g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%s: no file%s of that name is on trial (nixie rules trial lists them)", name,
                ids ? " or rule" : "");
    return NULL;
}

/* Without the line that says so. */
static char *without_trial(struct nx_str text)
{
    GString *out = g_string_new(NULL);
    struct nx_str line;
    bool seen = false;
    while (nx_str_next_line(&text, &line)) {
        bool it = !seen && nx_str_eq(nx_str_trim(line), NX_STR("trial"));
        seen = seen || it;
        if (!it)
            g_string_append_printf(out, "%.*s\n", NX_FMT(line));
    }
    return g_string_free(out, FALSE);
}

static gboolean promote(const struct nx_config *config, const char *name, char **ret_file, GError **error)
{
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    const struct nx_source *source = sources == NULL ? NULL : find_trial(sources, name, true, error);
    if (source == NULL)
        return FALSE;
    g_autofree char *text = without_trial(source->text), *file = g_strndup(source->name.p, source->name.n);
    if (!nx_local_write(config, sources, file, text, error))
        return FALSE;
    *ret_file = g_steal_pointer(&file);
    return TRUE;
}

gboolean nx_trial_promote(const struct nx_config *config, const char *name, char **ret_file, GError **error)
{
    int directory = nx_local_hold(config, error);
    if (directory < 0)
        return FALSE;
    gboolean good = promote(config, name, ret_file, error);
    close(directory);
    return good;
}

/* A plain name: in the directory itself, seen by who lists it, and read as rules. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return g_ascii_isalnum(*name) && strlen(name) <= NAME_MAX_BYTES && strspn(name, letters) == strlen(name) &&
           g_str_has_suffix(name, ENDING) && strlen(name) > strlen(ENDING);
}

static gboolean put(const struct nx_config *config, const char *name, struct nx_str text, GError **error)
{
    const struct nx_source own = {.name = nx_str_of(name), .text = text, .local = true};
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    const struct nx_source *there = sources == NULL ? NULL : nx_local_find(sources, name);
    if (there != NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_EXISTS, "%s: there is such a file, and it is %s (%s, or take another name)", name,
                    nx_source_is_trial(there) ? "on trial" : "in force",
                    nx_source_is_trial(there) ? "drop it first" : "change it where it stands");
    if (sources == NULL || there != NULL)
        return FALSE;
    g_autofree char *whole = g_strdup_printf("%s%.*s", nx_source_is_trial(&own) ? "" : "trial\n", NX_FMT(text));
    return nx_local_write(config, sources, name, whole, error);
}

gboolean nx_trial_put(const struct nx_config *config, const char *name, struct nx_str text, GError **error)
{
    if (!is_name(name)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE,
                    "'%s' is no name of a rule file (letters, digits and ._-, at most %u, the first a letter or digit, and " ENDING
                    " at the end)",
                    name, NAME_MAX_BYTES);
        return FALSE;
    }
    if (memchr(text.n > 0 ? text.p : "", '\0', text.n) != NULL || nx_str_trim(text).n == 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s: %s", name,
                    nx_str_trim(text).n == 0 ? "it is empty (send the text of the rule file)" : "a rule file holds no NUL bytes");
        return FALSE;
    }
    int directory = nx_local_hold(config, error);
    if (directory < 0)
        return FALSE;
    gboolean good = put(config, name, text, error);
    close(directory);
    return good;
}

static gboolean drop(const struct nx_config *config, const char *name, GError **error)
{
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    return sources != NULL && find_trial(sources, name, false, error) != NULL && nx_local_remove(config, sources, name, error);
}

gboolean nx_trial_drop(const struct nx_config *config, const char *name, GError **error)
{
    int directory = nx_local_hold(config, error);
    if (directory < 0)
        return FALSE;
    gboolean good = drop(config, name, error);
    fsync(directory); /* gone for good */
    close(directory);
    return good;
}
