/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/error.h"
#include "mime/mime.h"

struct nx_engine {
    int references;
    struct nx_ruleset *rules, *trial; /* trial: NULL when nothing is on trial */
    struct nx_parser *parser;
    struct nx_limits limits;
    struct nx_verp *verp;
    struct nx_fold_rules *fold;
    struct nx_streams *streams;
};

static void clear_source(gpointer data)
{
    struct nx_source *source = data;
    g_free((gpointer)(uintptr_t)source->name.p);
    g_free((gpointer)(uintptr_t)source->text.p);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Relative paths of the files below root/under that end so, in order of name. A directory that is not there holds none. */
static gboolean list_files(const char *root, const char *under, const char *ending, GPtrArray *names, GError **error)
{
    g_autofree char *path = g_build_filename(root, under, NULL);
    g_autoptr(GError) cannot = NULL;
    g_autoptr(GDir) directory = g_dir_open(path, 0, &cannot);
    if (directory == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: the patterns cannot be read: %s (check [patterns] and NIXIE_PATTERNS)", path,
                    cannot->message);
        return FALSE;
    }
    const char *entry;
    while ((entry = g_dir_read_name(directory)) != NULL) {
        g_autofree char *relative = *under == '\0' ? g_strdup(entry) : g_build_filename(under, entry, NULL);
        g_autofree char *full = g_build_filename(root, relative, NULL);
        if (entry[0] == '.')
            continue;
        if (g_file_test(full, G_FILE_TEST_IS_DIR)) {
            if (!list_files(root, relative, ending, names, error))
                return FALSE;
        } else if (g_str_has_suffix(entry, ending)) {
            g_ptr_array_add(names, g_steal_pointer(&relative));
        }
    }
    return TRUE;
}

static GArray *read_sources(const char *directory, const char *ending, bool local, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sources = g_array_new(FALSE, TRUE, sizeof(struct nx_source));
    g_array_set_clear_func(sources, clear_source);
    if (!list_files(directory, "", ending, names, error))
        return NULL;
    g_ptr_array_sort(names, by_text);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(directory, names->pdata[i], NULL);
        g_autoptr(GError) cannot = NULL;
        char *text;
        gsize length;
        if (!g_file_get_contents(path, &text, &length, &cannot)) {
            g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be read: %s (check its rights)", path, cannot->message);
            return NULL;
        }
        struct nx_source source = {nx_str_of(g_strdup(names->pdata[i])), {text, length}, local};
        g_array_append_val(sources, source);
    }
    return g_steal_pointer(&sources);
}

GArray *nx_engine_read_rules(const char *directory, bool local, GError **error)
{
    return read_sources(directory, ".rules", local, error);
}

char *nx_engine_directory(const char *configured)
{
    if (configured != NULL && *configured != '\0')
        return g_strdup(configured);
    const char *set = g_getenv("NIXIE_PATTERNS");
    if (set != NULL && *set != '\0')
        return g_strdup(set);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    if (self != NULL && g_str_has_prefix(self, NX_BUILD "/"))
        return g_strdup(NX_PATTERNS_SOURCE);
    if (g_file_test(NX_PATTERNS_INSTALLED, G_FILE_TEST_IS_DIR) || self == NULL)
        return g_strdup(NX_PATTERNS_INSTALLED);
    g_autofree char *bin = g_path_get_dirname(self); /* an installed tree that was moved as a whole */
    return g_build_filename(bin, "..", "share", "nixie", "patterns", NULL);
}

static struct nx_parser *load_parser(const char *patterns, const struct nx_limits *limits, GError **error)
{
    g_autoptr(GArray) sources = read_sources(patterns, ".format", false, error);
    if (sources == NULL)
        return NULL;
    g_autofree struct nx_format_source *formats = g_new(struct nx_format_source, sources->len + 1);
    for (guint i = 0; i < sources->len; i++) {
        const struct nx_source *source = &g_array_index(sources, struct nx_source, i);
        formats[i] = (struct nx_format_source){source->name, source->text};
    }
    return nx_parser_new(formats, sources->len, limits, error);
}

GArray *nx_engine_sources(const char *patterns, const char *local, GError **error)
{
    g_autofree char *found = nx_engine_directory(patterns);
    g_autoptr(GArray) sources = nx_engine_read_rules(found, false, error);
    if (sources == NULL || local == NULL)
        return g_steal_pointer(&sources);
    g_autoptr(GArray) own = nx_engine_read_rules(local, true, error);
    if (own == NULL)
        return NULL;
    g_array_append_vals(sources, own->data, own->len);
    g_array_set_clear_func(own, NULL); /* the texts are the first array's now */
    return g_steal_pointer(&sources);
}

static bool has_trials(const GArray *sources)
{
    for (guint i = 0; i < sources->len; i++)
        if (nx_source_is_trial(&g_array_index(sources, struct nx_source, i)))
            return true;
    return false;
}

void nx_engine_drop_trials(GArray *sources)
{
    for (guint i = sources->len; i > 0; i--)
        if (nx_source_is_trial(&g_array_index(sources, struct nx_source, i - 1)))
            g_array_remove_index(sources, i - 1);
}

/* Shipped examples are run when Nixie is built. */
static struct nx_ruleset *build(const GArray *sources, GError **error)
{
    return nx_ruleset_new((const struct nx_source *)(const void *)sources->data, sources->len, false, error);
}

static gboolean load_rules(struct nx_engine *engine, const char *patterns, const char *local, GError **error)
{
    g_autoptr(GArray) sources = nx_engine_sources(patterns, local, error);
    if (sources == NULL)
        return FALSE;
    if (has_trials(sources)) {
        engine->trial = build(sources, error);
        if (engine->trial == NULL)
            return FALSE;
        nx_engine_drop_trials(sources);
    }
    engine->rules = build(sources, error);
    return engine->rules != NULL;
}

struct nx_engine *nx_engine_new(const char *patterns, const char *local, const struct nx_limits *limits, GError **error)
{
    g_autofree char *found = nx_engine_directory(patterns);
    if (local != NULL && *local == '\0')
        local = NULL;
    nx_mime_init();
    g_autoptr(nx_engine) engine = g_new0(struct nx_engine, 1);
    engine->references = 1;
    engine->limits = *limits;
    engine->parser = load_parser(found, limits, error);
    if (engine->parser == NULL)
        return NULL;
    if (!load_rules(engine, found, local, error))
        return NULL;
    return g_steal_pointer(&engine);
}

void nx_engine_verify(struct nx_engine *engine, struct nx_verp *verp, struct nx_fold_rules *fold)
{
    engine->verp = verp;
    engine->fold = fold;
}

void nx_engine_paths(struct nx_engine *engine, struct nx_paths *paths)
{
    nx_parser_paths(engine->parser, paths);
}

void nx_engine_trust(struct nx_engine *engine, char **authserv_ids)
{
    nx_parser_trust(engine->parser, authserv_ids);
}

void nx_engine_route(struct nx_engine *engine, struct nx_streams *streams)
{
    engine->streams = streams;
    nx_parser_ask(engine->parser, nx_streams_fields(streams));
}

const struct nx_streams *nx_engine_streams(const struct nx_engine *engine)
{
    return engine->streams;
}

const struct nx_verp *nx_engine_verp(const struct nx_engine *engine)
{
    return engine->verp;
}

const struct nx_fold_rules *nx_engine_fold(const struct nx_engine *engine)
{
    return engine->fold;
}

struct nx_engine *nx_engine_ref(struct nx_engine *engine)
{
    __atomic_add_fetch(&engine->references, 1, __ATOMIC_RELAXED);
    return engine;
}

void nx_engine_unref(struct nx_engine *engine)
{
    if (__atomic_sub_fetch(&engine->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    g_clear_pointer(&engine->rules, nx_ruleset_unref);
    g_clear_pointer(&engine->trial, nx_ruleset_unref);
    g_clear_pointer(&engine->parser, nx_parser_free);
    nx_verp_free(engine->verp);
    nx_streams_unref(engine->streams);
    g_clear_pointer(&engine->fold, nx_fold_rules_free);
    g_free(engine);
}

const struct nx_ruleset *nx_engine_rules(const struct nx_engine *engine)
{
    return engine->rules;
}

const struct nx_ruleset *nx_engine_trial(const struct nx_engine *engine)
{
    return engine->trial;
}

const struct nx_limits *nx_engine_limits(const struct nx_engine *engine)
{
    return &engine->limits;
}

const struct nx_parser *nx_engine_parser(const struct nx_engine *engine)
{
    return engine->parser;
}
