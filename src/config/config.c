/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"
#include "config/value.h"

#include "base/error.h"
#include "decide/stream.h"

#include <unistd.h>

static const char system_file[] = "/etc/nixie/nixie.conf";

void nx_load_fault(struct nx_load *load, unsigned line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    g_string_append_printf(load->faults, "%s%s:%u: %s", load->faults->len > 0 ? "\n" : "", load->path, line, text);
}

struct nearest {
    const char *wanted, *group, *key;
    unsigned best;
};

static void consider(struct nearest *nearest, const char *candidate, const char *group, const char *key)
{
    unsigned d = nx_str_distance(nx_str_of(nearest->wanted), nx_str_of(candidate));
    if (d < nearest->best)
        *nearest = (struct nearest){nearest->wanted, group, key, d};
}

char *nx_config_cause_group(const struct nx_config *config, size_t index, const struct nx_policy_cause **ret_at)
{
    if (index >= NX_CAUSE_COUNT)
        return NULL;
    bool tentative = index == NX_CAUSE_COUNT - 1; /* behind all causes; NX_CAUSE_NONE is none of them */
    *ret_at = tentative ? &config->policy.tentative : &config->policy.causes[index + 1];
    return g_strconcat("cause ", tentative ? "tentative" : nx_cause_name((enum nx_cause)(index + 1)), NULL);
}

/* What the keys of this group are about, or NULL where it is no cause group. */
static struct nx_policy_cause *cause_of(struct nx_config *config, const char *group)
{
    enum nx_cause cause;
    if (strcmp(group, "cause tentative") == 0)
        return &config->policy.tentative;
    bool known =
        g_str_has_prefix(group, "cause ") && nx_cause_parse(nx_str_of(group + strlen("cause ")), &cause) && cause != NX_CAUSE_NONE;
    return known ? &config->policy.causes[cause] : NULL;
}

static void set_defaults(const struct nx_config_key *keys, size_t n, void *base)
{
    for (size_t i = 0; i < n; i++)
        if (!nx_value_parse(&keys[i], keys[i].fallback, base, NULL))
            g_error("the default of %s in [%s] is no value of its type", keys[i].key, keys[i].group);
}

#define OF_STREAM " cause "

/* Where the numbers of [stream NAME cause CAUSE] are; NULL where that is no cause. */
static struct nx_policy_cause *cause_of_stream(struct nx_stream *stream, const char *cause)
{
    enum nx_cause known;
    bool tentative = strcmp(cause, "tentative") == 0;
    if (!tentative && (!nx_cause_parse(nx_str_of(cause), &known) || known == NX_CAUSE_NONE))
        return NULL;
    stream->own[tentative ? NX_CAUSE_COUNT : known] = true;
    return tentative ? &stream->tentative : &stream->causes[known];
}

/* The same for [stream NAME] and [stream NAME cause CAUSE]. */
static void *stream_group(struct nx_config *config, const char *group, const struct nx_config_key **ret_keys, size_t *ret_n)
{
    if (!g_str_has_prefix(group, "stream ") || group[7] == '\0')
        return NULL;
    const char *cause = strstr(group, OF_STREAM);
    g_autofree char *name = cause == NULL ? g_strdup(group + 7) : g_strndup(group + 7, (gsize)(cause - group - 7));
    struct nx_stream *stream = nx_streams_add(config->policy.streams, name, &config->policy);
    *ret_keys = nx_config_stream_keys(ret_n);
    if (stream->recipients == NULL)
        set_defaults(*ret_keys, *ret_n, stream);
    *ret_keys = cause == NULL ? nx_config_stream_keys(ret_n) : nx_config_cause_keys(ret_n);
    return cause == NULL ? (void *)stream : cause_of_stream(stream, cause + strlen(OF_STREAM));
}

char *nx_config_stream_group(const struct nx_config *config, size_t index, const struct nx_config_key **ret_keys, size_t *ret_n,
                             const void **ret_at)
{
    const GPtrArray *all = config->policy.streams->all;
    for (guint i = 0; i < all->len; i++) {
        const struct nx_stream *stream = all->pdata[i];
        *ret_keys = nx_config_stream_keys(ret_n);
        *ret_at = stream;
        if (index-- == 0)
            return g_strconcat("stream ", stream->name, NULL);
        *ret_keys = nx_config_cause_keys(ret_n);
        for (int cause = 0; cause <= NX_CAUSE_COUNT; cause++) {
            bool tentative = cause == NX_CAUSE_COUNT;
            if (!stream->own[cause] || index-- > 0)
                continue;
            *ret_at = tentative ? &stream->tentative : &stream->causes[cause];
            return g_strconcat("stream ", stream->name, OF_STREAM, tentative ? "tentative" : nx_cause_name((enum nx_cause)cause),
                               NULL);
        }
    }
    return NULL;
}

static void free_webhook(void *data)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_webhook_keys(&n);
    for (size_t i = 0; i < n; i++)
        nx_value_clear(&keys[i], data);
    g_free(((struct nx_config_webhook *)data)->name);
    g_free(data);
}

void nx_config_hook_free(struct nx_config_hook *hook)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_hook_keys(&n);
    for (size_t i = 0; i < n; i++)
        nx_value_clear(&keys[i], hook);
    g_free(hook->name);
    g_free(hook);
}

struct nx_config_hook *nx_config_hook_copy(const struct nx_config_hook *hook)
{
    struct nx_config_hook *copy = g_new(struct nx_config_hook, 1);
    *copy = *hook;
    copy->name = g_strdup(hook->name);
    copy->url = g_strdup(hook->url);
    copy->ca_file = g_strdup(hook->ca_file);
    char ***lists[] = {&copy->keys, &copy->kinds, &copy->classes, &copy->causes, &copy->actions, &copy->streams};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        *lists[i] = g_strdupv(*lists[i]);
    return copy;
}

bool nx_config_hook_same(const struct nx_config_hook *a, const struct nx_config_hook *b)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_hook_keys(&n);
    bool same = strcmp(a->name, b->name) == 0;
    for (size_t i = 0; i < n && same; i++) {
        g_autofree char *one = nx_config_value(&keys[i], a), *other = nx_config_value(&keys[i], b);
        same = strcmp(one, other) == 0;
    }
    /* secrets are all stars above */
    return same && g_strv_equal((const char *const *)a->keys, (const char *const *)b->keys);
}

const struct nx_config_webhook *nx_config_webhook(const struct nx_config *config, struct nx_str name)
{
    for (guint i = 0; i < config->webhooks->len; i++) {
        const struct nx_config_webhook *webhook = config->webhooks->pdata[i];
        if (nx_str_eq(nx_str_of(webhook->name), name))
            return webhook;
    }
    return NULL;
}

/* The group's keys and what they are about; a [webhook NAME] or [hook NAME] is made when it is met first. NULL: there is no such
 * group. */
static void *group_of(struct nx_config *config, const char *group, const struct nx_config_key **ret_keys, size_t *ret_n)
{
    struct nx_policy_cause *of_cause = cause_of(config, group);
    if (of_cause != NULL) {
        *ret_keys = nx_config_cause_keys(ret_n);
        return of_cause;
    }
    if (g_str_has_prefix(group, "stream "))
        return stream_group(config, group, ret_keys, ret_n);
    if (g_str_has_prefix(group, "webhook ") && group[8] != '\0') {
        *ret_keys = nx_config_webhook_keys(ret_n);
        struct nx_config_webhook *webhook = (struct nx_config_webhook *)(uintptr_t)nx_config_webhook(config, nx_str_of(group + 8));
        if (webhook == NULL) {
            webhook = g_new0(struct nx_config_webhook, 1);
            webhook->name = g_strdup(group + 8);
            set_defaults(*ret_keys, *ret_n, webhook);
            g_ptr_array_add(config->webhooks, webhook);
        }
        return webhook;
    }
    if (g_str_has_prefix(group, "hook ") && group[5] != '\0') {
        *ret_keys = nx_config_hook_keys(ret_n);
        for (guint i = 0; i < config->hooks->len; i++)
            if (strcmp(((struct nx_config_hook *)config->hooks->pdata[i])->name, group + 5) == 0)
                return config->hooks->pdata[i];
        struct nx_config_hook *hook = g_new0(struct nx_config_hook, 1);
        hook->name = g_strdup(group + 5);
        set_defaults(*ret_keys, *ret_n, hook);
        g_ptr_array_add(config->hooks, hook);
        return hook;
    }
    *ret_keys = nx_config_keys(ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        if (strcmp((*ret_keys)[i].group, group) == 0)
            return config;
    return NULL;
}

static void unknown_group(struct nx_load *load, unsigned line, const char *group)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_keys(&n);
    struct nearest nearest = {group, NULL, NULL, UINT_MAX};
    for (size_t i = 0; i < n; i++)
        consider(&nearest, keys[i].group, keys[i].group, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct nx_policy_cause *at;
    for (char *name; (name = nx_config_cause_group(load->config, names->len, &at)) != NULL;) {
        g_ptr_array_add(names, name);
        consider(&nearest, name, name, NULL);
    }
    const char *cause = g_str_has_prefix(group, "stream ") ? strstr(group, OF_STREAM) : NULL;
    if (cause != NULL) {
        nearest = (struct nearest){cause + 1, NULL, NULL, UINT_MAX};
        for (guint i = 0; i < names->len; i++)
            consider(&nearest, names->pdata[i], names->pdata[i], NULL);
        nx_load_fault(load, line, "unknown group [%s] (nearest known: [stream NAME %s])", group, nearest.group);
        return;
    }
    nx_load_fault(load, line, "unknown group [%s] (nearest known: [%s]; `nixie config show` lists all)", group, nearest.group);
}

static void unknown_key(struct nx_load *load, unsigned line, const char *group, const char *key)
{
    size_t n;
    const struct nx_config_key *keys;
    bool whole = group_of(load->config, group, &keys, &n) == load->config;
    struct nearest nearest = {key, NULL, NULL, UINT_MAX};
    for (size_t i = 0; i < n; i++) { /* a key of the same group first; one that is spelled right but stands elsewhere also */
        bool here = !whole || strcmp(keys[i].group, group) == 0;
        if (here || strcmp(keys[i].key, key) == 0)
            consider(&nearest, keys[i].key, here ? group : keys[i].group, keys[i].key);
    }
    nx_load_fault(load, line, "unknown key '%s' in [%s] (nearest known: '%s' in [%s])", key, group, nearest.key, nearest.group);
}

/* Finds each key's line and what is no line of a key file; returns the text without the latter, for GKeyFile. */
static char *scan(struct nx_load *load, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *group = NULL;
    for (unsigned i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        char *equals = strchr(line, '=');
        if (*line == '\0' || *line == '#')
            continue;
        if (*line == '[' && g_str_has_suffix(line, "]")) {
            g_free(group);
            group = g_strndup(line + 1, strlen(line) - 2);
            char *id = g_strconcat(group, "/", NULL);
            g_hash_table_replace(load->lines, id, GUINT_TO_POINTER(i + 1));
            continue;
        }
        if (equals == NULL || equals == line) {
            nx_load_fault(load, i + 1, "'%.40s' is neither [group], key = value nor a # comment", line);
        } else if (group == NULL) {
            nx_load_fault(load, i + 1, "a key before the first [group] (write the group's name above it)");
        } else {
            g_autofree char *key = g_strstrip(g_strndup(line, (gsize)(equals - line)));
            char *id = g_strconcat(group, "/", key, NULL);
            unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(load->lines, id));
            if (before != 0)
                nx_load_fault(load, i + 1, "'%s' is set in line %u already (remove one of them)", key, before);
            g_hash_table_replace(load->lines, id, GUINT_TO_POINTER(i + 1));
            continue;
        }
        *line = '\0';
    }
    return g_strjoinv("\n", lines);
}

unsigned nx_load_line(const struct nx_load *load, const char *group, const char *key)
{
    g_autofree char *id = g_strconcat(group, "/", key, NULL);
    return GPOINTER_TO_UINT(g_hash_table_lookup(load->lines, id));
}

static void take(struct nx_load *load, GKeyFile *file, const char *group, const char *name)
{
    size_t n;
    const struct nx_config_key *keys;
    void *base = group_of(load->config, group, &keys, &n);
    unsigned line = nx_load_line(load, group, name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keys[i].key, name) != 0 || (base == load->config && strcmp(keys[i].group, group) != 0))
            continue;
        g_autoptr(GError) error = NULL;
        g_autofree char *value = g_key_file_get_string(file, group, name, &error);
        if (value == NULL || !nx_value_parse(&keys[i], g_strstrip(value), base, &error))
            nx_load_fault(load, line, "%s: %s", name, error->message);
        else
            g_hash_table_replace(load->config->origins, g_strconcat(group, "/", name, NULL),
                                 g_strdup_printf("%s:%u", load->path, line));
        return;
    }
    unknown_key(load, line, group, name);
}

/* A stream begins with the numbers that hold for all, so these come first; then what it is, then its own. */
static int round_of(const char *group)
{
    return !g_str_has_prefix(group, "stream ") ? 0 : strstr(group, OF_STREAM) == NULL ? 1 : 2;
}

static void take_group(struct nx_load *load, GKeyFile *file, const char *group)
{
    size_t n;
    const struct nx_config_key *keys;
    if (group_of(load->config, group, &keys, &n) == NULL) {
        unknown_group(load, nx_load_line(load, group, ""), group);
        return;
    }
    g_auto(GStrv) names = g_key_file_get_keys(file, group, NULL, NULL);
    for (char **name = names; *name != NULL; name++)
        take(load, file, group, *name);
}

static void take_all(struct nx_load *load, GKeyFile *file)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    nx_load_preset(load, file);
    for (int round = 0; round < 3; round++) {
        for (char **group = groups; *group != NULL; group++)
            if (round_of(*group) == round)
                take_group(load, file, *group);
        if (round == 1)
            nx_load_paces(load);
    }
    load->config->policy.streams->headers = g_strdupv(load->config->stream_headers);
    load->config->policy.streams->tags = g_strdupv(load->config->stream_tags);
    for (guint i = 0; i < load->config->webhooks->len; i++) {
        struct nx_config_webhook *webhook = load->config->webhooks->pdata[i];
        if (*webhook->provider == '\0') {
            g_free(webhook->provider);
            webhook->provider = g_strdup(webhook->name);
        }
    }
}

static char *default_store(void)
{
    static const char directory[] = "/var/lib/nixie";
    return g_file_test(directory, G_FILE_TEST_IS_DIR) ? g_build_filename(directory, "nixie.db", NULL)
                                                      : g_build_filename(g_get_user_data_dir(), "nixie", "nixie.db", NULL);
}

static struct nx_config *defaults(void)
{
    struct nx_config *config = g_new0(struct nx_config, 1);
    config->origins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    nx_policy_defaults(&config->policy);
    config->policy.streams = nx_streams_new();
    config->webhooks = g_ptr_array_new_with_free_func(free_webhook);
    config->hooks = g_ptr_array_new_with_free_func((GDestroyNotify)nx_config_hook_free);
    size_t n;
    const struct nx_config_key *keys = nx_config_keys(&n);
    set_defaults(keys, n, config);
    return config;
}

static void make_fold(struct nx_load *load)
{
    g_autoptr(GError) error = NULL;
    struct nx_config *config = load->config;
    config->fold = nx_fold_rules_new(config->fold_tags, config->fold_dots, &error);
    if (config->fold == NULL)
        nx_load_fault(load, nx_load_line(load, "address", ""), "%s", error->message);
}

struct nx_config *nx_config_load(const char *path, GError **error)
{
    g_autoptr(nx_config) config = defaults();
    if (path == NULL)
        path = g_getenv("NIXIE_CONFIG");
    if (path != NULL && *path == '\0') /* as if it were not set */
        path = NULL;
    if (path == NULL && access(system_file, F_OK) == 0)
        path = system_file;
    if (path != NULL) {
        g_autofree char *text = NULL;
        g_autoptr(GError) cannot = NULL;
        if (!g_file_get_contents(path, &text, NULL, &cannot)) {
            g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: the settings cannot be read: %s (check the path and its rights)",
                        path, cannot->message);
            return NULL;
        }
        config->path = g_strdup(path);
        struct nx_load load = {config, path, g_string_new(NULL), g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
        g_autofree char *clean = scan(&load, text);
        g_autoptr(GKeyFile) file = g_key_file_new();
        if (g_key_file_load_from_data(file, clean, (gsize)-1, G_KEY_FILE_NONE, &cannot))
            take_all(&load, file);
        else
            nx_load_fault(&load, 1, "%s", cannot->message);
        make_fold(&load);
        nx_load_contradictions(&load);
        g_hash_table_unref(load.lines);
        g_autofree char *faults = g_string_free(load.faults, FALSE);
        if (*faults != '\0') {
            g_set_error_literal(error, NX_ERROR, NX_ERROR_CONFIG, faults);
            return NULL;
        }
    }
    if (*config->store_path == '\0') {
        g_free(config->store_path);
        config->store_path = default_store();
    }
    return g_steal_pointer(&config);
}

/* What is not set stands beside the database. */
static char *beside_store(const struct nx_config *config, const char *set, const char *name)
{
    if (*set != '\0')
        return g_strdup(set);
    g_autofree char *directory = g_path_get_dirname(config->store_path);
    return g_build_filename(directory, name, NULL);
}

char *nx_config_spool(const struct nx_config *config)
{
    return beside_store(config, config->spool_directory, "spool");
}

char *nx_config_tokens(const struct nx_config *config)
{
    return beside_store(config, config->serve_tokens, "tokens");
}

void nx_config_free(struct nx_config *config)
{
    size_t n;
    const struct nx_config_key *keys = nx_config_keys(&n);
    for (size_t i = 0; i < n; i++)
        nx_value_clear(&keys[i], config);
    g_hash_table_unref(config->origins);
    g_ptr_array_unref(config->webhooks);
    g_ptr_array_unref(config->hooks);
    nx_streams_unref(config->policy.streams);
    g_clear_pointer(&config->fold, nx_fold_rules_free);
    g_free(config->path);
    g_free(config);
}

void nx_config_retention(const struct nx_config *config, int64_t *ret_events, int64_t *ret_details, int64_t *ret_causes)
{
    *ret_events = config->retention_events;
    *ret_details = config->retention_details;
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        ret_causes[i] = config->policy.causes[i].keep;
}

const char *nx_config_origin(const struct nx_config *config, const char *group, const char *key)
{
    g_autofree char *id = g_strconcat(group, "/", key, NULL);
    const char *origin = g_hash_table_lookup(config->origins, id);
    return origin == NULL ? "default" : origin;
}

void nx_config_set_store(struct nx_config *config, const char *path, const char *origin)
{
    g_free(config->store_path);
    config->store_path = g_strdup(path);
    g_hash_table_replace(config->origins, g_strdup("store/path"), g_strdup(origin));
}

static void add_changed(GString *text, const struct nx_config_key *keys, size_t n, const char *group, const void *now,
                        const void *next)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *before = nx_config_value(&keys[i], now), *after = nx_config_value(&keys[i], next);
        if (!keys[i].reloadable && strcmp(before, after) != 0)
            g_string_append_printf(text, "%s%s/%s", text->len > 0 ? " " : "", group == NULL ? keys[i].group : group, keys[i].key);
    }
}

static const void *find_stream_group(const struct nx_config *config, const char *wanted)
{
    size_t n;
    const struct nx_config_key *keys;
    const void *at;
    for (size_t index = 0;; index++) {
        g_autofree char *group = nx_config_stream_group(config, index, &keys, &n, &at);
        if (group == NULL)
            return NULL;
        if (strcmp(group, wanted) == 0)
            return at;
    }
}

/* Groups of streams that came, went or changed: those of one that the other lacks, and keys of those that both have. */
static void add_changed_streams(GString *text, const struct nx_config *one, const struct nx_config *other, bool values)
{
    size_t n;
    const struct nx_config_key *keys;
    const void *at;
    for (size_t index = 0;; index++) {
        g_autofree char *group = nx_config_stream_group(one, index, &keys, &n, &at);
        if (group == NULL)
            return;
        const void *there = find_stream_group(other, group);
        if (there == NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", group);
        else if (values)
            add_changed(text, keys, n, group, at, there);
    }
}

char *nx_config_restart_needed(const struct nx_config *now, const struct nx_config *next)
{
    size_t n;
    GString *text = g_string_new(NULL);
    const struct nx_config_key *keys = nx_config_keys(&n);
    add_changed(text, keys, n, NULL, now, next);
    keys = nx_config_cause_keys(&n);
    for (size_t index = 0;; index++) {
        const struct nx_policy_cause *before, *after;
        g_autofree char *group = nx_config_cause_group(now, index, &before);
        g_free(nx_config_cause_group(next, index, &after)); /* the same name */
        if (group == NULL)
            break;
        add_changed(text, keys, n, group, before, after);
    }
    add_changed_streams(text, now, next, true);
    add_changed_streams(text, next, now, false);
    return g_string_free(text, FALSE);
}
