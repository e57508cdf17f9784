/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers of the policy begin with, and the pace that they are made to fit. Where each comes from is kept for `config
 * show`: what the file says of one replaces that. */
#include "config/load.h"
#include "config/value.h"
#include "decide/stream.h"

#define CAUSES (NX_CAUSE_COUNT + 1) /* the last is tentative */

static const char *name_of(int cause)
{
    return cause == NX_CAUSE_COUNT ? "tentative" : nx_cause_name((enum nx_cause)cause);
}

static struct nx_policy_cause *rule_of(struct nx_policy *policy, int cause)
{
    return cause == NX_CAUSE_COUNT ? &policy->tentative : &policy->causes[cause];
}

static bool differs(const struct nx_config_key *key, const struct nx_policy_cause *one, const struct nx_policy_cause *other)
{
    g_autofree char *was = nx_config_value(key, one), *is = nx_config_value(key, other);
    return strcmp(was, is) != 0;
}

/* The keys in which the two differ come from there. */
static bool name_origins(struct nx_config *config, const char *group, const char *origin, const struct nx_policy_cause *before,
                         const struct nx_policy_cause *after)
{
    size_t n;
    bool some = false;
    const struct nx_config_key *keys = nx_config_cause_keys(&n);
    for (size_t i = 0; i < n; i++) {
        if (!differs(&keys[i], before, after))
            continue;
        some = true;
        g_hash_table_replace(config->origins, g_strconcat(group, "/", keys[i].key, NULL), g_strdup(origin));
    }
    return some;
}

static char *pace_origin(int64_t pace)
{
    static const struct nx_config_key time = {.type = NX_CONFIG_TIME};
    g_autofree char *value = nx_config_value(&time, &pace);
    return g_strconcat("pace ", value, NULL);
}

/* A value that does not fit is told in its turn. */
void nx_load_preset(struct nx_load *load, GKeyFile *file)
{
    static const struct nx_config_key key = {.type = NX_CONFIG_PRESET, .offset = offsetof(struct nx_config, preset)};
    struct nx_config *config = load->config;
    g_autofree char *value = g_key_file_get_string(file, "policy", "preset", NULL);
    const struct nx_policy before = config->policy;
    if (value == NULL || !nx_value_parse(&key, g_strstrip(value), config, NULL))
        return;
    g_autofree char *origin = g_strconcat("preset ", nx_preset_name(config->preset), NULL);
    nx_preset_apply(config->preset, config->policy.causes);
    for (int cause = NX_CAUSE_NONE + 1; cause < NX_CAUSE_COUNT; cause++) {
        g_autofree char *group = g_strconcat("cause ", name_of(cause), NULL);
        (void)name_origins(config, group, origin, &before.causes[cause], &config->policy.causes[cause]);
    }
}

/* Of all: a key that [cause NAME] has stays. */
static void pace_all(struct nx_load *load)
{
    struct nx_config *config = load->config;
    g_autofree char *origin = pace_origin(config->pace);
    for (int cause = NX_CAUSE_NONE + 1; cause < CAUSES; cause++) {
        struct nx_policy_cause *rule = rule_of(&config->policy, cause);
        const struct nx_policy_cause before = *rule;
        g_autofree char *group = g_strconcat("cause ", name_of(cause), NULL);
        nx_pace_apply(config->pace, rule);
        if (nx_load_line(load, group, "window") != 0)
            rule->window = before.window;
        if (nx_load_line(load, group, "ttl") != 0)
            rule->ttl = before.ttl;
        if (nx_load_line(load, group, "ttl_max") != 0)
            rule->ttl_max = before.ttl_max;
        (void)name_origins(config, group, origin, &before, rule);
    }
}

/* One stream begins with its preset, or with the numbers of all before they were paced. */
static void pace_stream(struct nx_config *config, struct nx_stream *stream, const struct nx_policy *all)
{
    int64_t pace = stream->pace > 0 ? stream->pace : config->pace;
    bool same = stream->pace == 0 && stream->preset == NX_PRESET_NONE;
    g_autofree char *of_preset = g_strconcat("preset ", nx_preset_name(stream->preset), NULL), *of_pace = pace_origin(pace);
    nx_preset_apply(stream->preset, stream->causes);
    for (int cause = NX_CAUSE_NONE + 1; cause < CAUSES; cause++) {
        bool tentative = cause == NX_CAUSE_COUNT;
        struct nx_policy_cause *rule = tentative ? &stream->tentative : &stream->causes[cause];
        const struct nx_policy_cause *of_all = tentative ? &all->tentative : &all->causes[cause], plain = *rule;
        g_autofree char *group = g_strconcat("stream ", stream->name, " cause ", name_of(cause), NULL);
        if (same)
            *rule = *of_all;
        else
            nx_pace_apply(pace, rule);
        if (same || !name_origins(config, group, stream->preset == NX_PRESET_NONE ? of_pace : of_preset, of_all, rule))
            continue;
        stream->own[cause] = true;
        (void)name_origins(config, group, of_pace, &plain, rule);
    }
}

void nx_load_paces(struct nx_load *load)
{
    struct nx_config *config = load->config;
    pace_all(load);
    for (guint i = 0; i < config->policy.streams->all->len; i++)
        pace_stream(config, config->policy.streams->all->pdata[i], &config->policy);
}
