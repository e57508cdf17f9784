/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/rule.h"

#include "base/error.h"
#include "event/json.h"
#include "triage/inner.h"
#include "triage/local.h"

#include <unistd.h>

#define NO_CAUSE "FILL_IN"
#define PHRASES_TRIED 8u

void nx_proposal_clear(struct nx_proposal *proposal)
{
    g_free(proposal->id);
    g_free(proposal->phrase);
    g_free(proposal->hit);
    g_free(proposal->text);
    g_free(proposal->why);
    g_free(proposal->faults);
    g_clear_pointer(&proposal->taken, g_ptr_array_unref);
    g_clear_pointer(&proposal->changes, g_ptr_array_unref);
    *proposal = (struct nx_proposal){0};
}

bool nx_proposal_is_rash(const struct nx_proposal *proposal)
{
    return proposal->seen >= 20 && proposal->newly_hard * 10 > proposal->seen;
}

/* Our file with the text at its end. */
static char *grown_file(const GArray *sources, const char *text)
{
    const struct nx_source *own = nx_local_find(sources, NX_TRIAGE_FILE);
    return own == NULL || own->text.n == 0
               ? g_strdup_printf("# Rules made by `nixie triage`.\n\n%s", text)
               : g_strdup_printf("%.*s%s\n%s", NX_FMT(own->text), own->text.p[own->text.n - 1] == '\n' ? "" : "\n", text);
}

/* The set of now with the rule in force. */
static struct nx_ruleset *with_rule(const struct nx_config *config, const char *text, GError **error)
{
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    g_autofree char *file = sources == NULL ? NULL : grown_file(sources, text);
    return sources == NULL ? NULL : nx_local_set(sources, NX_TRIAGE_FILE, file, false, error);
}

static char *day(nx_when when)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str text = when == NX_WHEN_NONE ? NX_STR("?") : nx_str_sub(nx_when_format(arena, when), 0, 10);
    return g_strndup(text.p, text.n);
}

static void write_text(struct nx_proposal *proposal, const struct nx_triage_group *group)
{
    g_autofree char *first = day(group->first), *last = day(group->last);
    g_autofree char *note = group->first == NX_WHEN_NONE
                                ? g_strdup("")
                                : g_strdup_printf("  note    group %s: %zu bounces of %u domains, %s to %s\n", group->id,
                                                  group->count, g_hash_table_size(group->domains), first, last);
    g_free(proposal->id);
    g_free(proposal->text);
    proposal->id = nx_triage_rule_id(proposal->phrase, group->id);
    proposal->text = g_strdup_printf("rule %s\n  cause   %s\n  any     %s\n  hit     %s\n%s", proposal->id,
                                     proposal->cause == NX_CAUSE_NONE ? NO_CAUSE : nx_cause_name(proposal->cause), proposal->phrase,
                                     proposal->hit, note);
}

/* The example as a `hit`, and the phrases that its words could make, best first. */
static GPtrArray *read_example(const struct nx_mask *mask, const struct nx_triage_group *group, char **ret_hit)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    const struct nx_report *report = &group->example.event.report;
    struct nx_str hit = nx_mask_text(mask, arena, report->diagnostic, report, &nx_mask_examples);
    struct nx_str gaps = nx_triage_key(arena, nx_mask_text(mask, arena, report->diagnostic, report, &nx_mask_gaps));
    *ret_hit = g_strndup(hit.p, hit.n);
    g_strstrip(g_strdelimit(*ret_hit, "\r\n\t", ' '));
    return nx_triage_phrases(gaps);
}

char *nx_triage_sketch(const struct nx_mask *mask, const struct nx_triage_group *group)
{
    struct nx_proposal sketch = {.cause = NX_CAUSE_UNKNOWN};
    g_autoptr(GPtrArray) phrases = read_example(mask, group, &sketch.hit);
    if (phrases->len > 0 && group->example.event.report.kind != NX_KIND_OTHER) {
        sketch.phrase = g_strdup(phrases->pdata[0]);
        write_text(&sketch, group);
    }
    char *text = g_steal_pointer(&sketch.text);
    nx_proposal_clear(&sketch);
    return text;
}

/* Tries the rule as it stands; without a cause, as one of no consequence. */
static gboolean try_out(const struct nx_config *config, const struct nx_ruleset *now, struct nx_proposal *proposal,
                        struct nx_reader *reader, nx_when since, GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    if (proposal->cause == NX_CAUSE_NONE) {
        g_auto(GStrv) halves = g_strsplit(proposal->text, NO_CAUSE, 2);
        text = g_strjoinv(nx_cause_name(NX_CAUSE_UNKNOWN), halves);
    }
    g_autoptr(nx_ruleset) next = with_rule(config, text != NULL ? text : proposal->text, &fault);
    g_clear_pointer(&proposal->faults, g_free);
    g_ptr_array_set_size(proposal->taken, 0);
    g_ptr_array_set_size(proposal->changes, 0);
    proposal->seen = proposal->explains = proposal->others = proposal->newly_hard = 0;
    if (next != NULL)
        return nx_triage_try(now, next, reader, since, proposal, error);
    if (fault->code != NX_ERROR_SYNTAX) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    proposal->faults = g_strdup(fault->message);
    return TRUE;
}

/* The longest run of words that is nobody else's already; the longest of all where each is. */
static gboolean choose(const struct nx_config *config, const struct nx_ruleset *now, const struct nx_triage_group *group,
                       GPtrArray *phrases, struct nx_proposal *proposal, GError **error)
{
    for (guint i = 0; i <= MIN(phrases->len, PHRASES_TRIED); i++) {
        bool over = i == MIN(phrases->len, PHRASES_TRIED);
        g_free(proposal->phrase);
        proposal->phrase = g_strdup(phrases->pdata[over ? 0 : i]);
        write_text(proposal, group);
        if (over)
            break;
        if (!try_out(config, now, proposal, NULL, NX_WHEN_NONE, error))
            return FALSE;
        if (proposal->faults == NULL && proposal->taken->len == 0)
            break;
    }
    return TRUE;
}

gboolean nx_triage_propose(const struct nx_config *config, const struct nx_triage_group *group, enum nx_cause cause,
                           const char *phrase, struct nx_reader *reader, nx_when since, struct nx_proposal *ret, GError **error)
{
    const struct nx_report *report = &group->example.event.report;
    bool nobody = g_str_has_prefix(group->key, "(no recipient)");
    if (report->kind == NX_KIND_OTHER || report->diagnostic.n == 0 || nobody) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "group %s: %s, so no rule of words can explain it", group->id,
                    nobody                          ? "their words are known, but no recipient was found"
                    : report->kind == NX_KIND_OTHER ? "no report was found in these messages"
                                                    : "these reports hold no words");
        return FALSE;
    }
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    if (sources == NULL)
        return FALSE;
    nx_engine_drop_trials(sources);
    g_autoptr(nx_ruleset) now = nx_ruleset_new((const struct nx_source *)(const void *)sources->data, sources->len, false, error);
    if (now == NULL)
        return FALSE;
    g_autoptr(nx_mask) mask = nx_mask_new(now);
    struct nx_proposal proposal = {
        .cause = cause, .taken = g_ptr_array_new_with_free_func(g_free), .changes = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GPtrArray) phrases = read_example(mask, group, &proposal.hit);
    if (cause == NX_CAUSE_NONE)
        proposal.cause = nx_triage_guess(now, report->diagnostic, &proposal.why);
    if (phrase != NULL && *phrase != '\0') {
        proposal.phrase = g_strdup(phrase);
        g_strstrip(g_strdelimit(proposal.phrase, "\r\n\t", ' '));
        write_text(&proposal, group);
    } else if (phrases->len == 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "group %s: no words are left to build a phrase of (give one: --phrase TEXT)",
                    group->id);
        nx_proposal_clear(&proposal);
        return FALSE;
    } else if (!choose(config, now, group, phrases, &proposal, error)) {
        nx_proposal_clear(&proposal);
        return FALSE;
    }
    if (!try_out(config, now, &proposal, reader, since, error)) {
        nx_proposal_clear(&proposal);
        return FALSE;
    }
    *ret = proposal;
    return TRUE;
}

static gboolean install(const struct nx_config *config, const struct nx_proposal *proposal, bool trial, char **ret_path,
                        GError **error)
{
    g_autoptr(GArray) sources = nx_local_sources(config, error);
    if (sources == NULL)
        return FALSE;
    const char *dot = strchr(proposal->id, '.');
    g_autofree char *name =
        trial ? g_strconcat("trial-", dot != NULL ? dot + 1 : proposal->id, ".rules", NULL) : g_strdup(NX_TRIAGE_FILE);
    g_autofree char *text =
        trial ? g_strdup_printf("# Made by `nixie triage`; nixie rules promote puts it in force.\ntrial\n\n%s", proposal->text)
              : grown_file(sources, proposal->text);
    if (!nx_local_write(config, sources, name, text, error))
        return FALSE;
    *ret_path = g_build_filename(config->patterns_local, name, NULL);
    return TRUE;
}

gboolean nx_triage_install(const struct nx_config *config, const struct nx_proposal *proposal, enum nx_install how, char **ret_path,
                           GError **error)
{
    if (!nx_local_needed(config, error))
        return FALSE;
    if (proposal->cause == NX_CAUSE_NONE) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "say what these bounces mean: a cause (docs/taxonomy.md lists them)");
        return FALSE;
    }
    if (proposal->faults != NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s", proposal->faults);
        return FALSE;
    }
    if (how == NX_INSTALL_CAREFUL && (proposal->taken->len > 0 || proposal->changes->len > 0 || nx_proposal_is_rash(proposal))) {
        g_autofree char *first = g_strndup(proposal->taken->len > 0     ? (const char *)proposal->taken->pdata[0]
                                           : proposal->changes->len > 0 ? (const char *)proposal->changes->pdata[0]
                                                                        : "more than a tenth of the addresses seen would be dead",
                                           300);
        g_set_error(error, NX_ERROR, NX_ERROR_EXISTS,
                    "'%s' would judge otherwise what other rules explain: %s (take more words with --phrase, put it on trial with "
                    "--trial, or --force)",
                    proposal->phrase, first);
        return FALSE;
    }
    int directory = nx_local_hold(config, error);
    if (directory < 0)
        return FALSE;
    gboolean good = install(config, proposal, how == NX_INSTALL_TRIAL, ret_path, error);
    close(directory);
    return good;
}

static void put(struct nx_buf *out, const char *name, const char *text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name));
    nx_json_string(out, text == NULL ? NX_STR_NONE : nx_str_of(text));
}

static void put_list(struct nx_buf *out, const char *name, const GPtrArray *list)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":[", name));
    for (guint i = 0; i < list->len; i++) {
        if (i > 0)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(list->pdata[i]));
    }
    nx_buf_addc(out, ']');
}

void nx_proposal_to_json(struct nx_buf *out, const struct nx_proposal *proposal)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new();
    g_auto(GStrv) lines = g_strsplit(proposal->faults != NULL ? proposal->faults : "", "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        g_ptr_array_add(faults, *line);
    nx_buf_addc(out, '{');
    put(out, "rule", proposal->id);
    put(out, "cause", proposal->cause == NX_CAUSE_NONE ? NULL : nx_cause_name(proposal->cause));
    put(out, "why", proposal->why);
    put(out, "phrase", proposal->phrase);
    put(out, "text", proposal->text);
    put_list(out, "faults", faults);
    put_list(out, "takes_examples", proposal->taken);
    put_list(out, "changes", proposal->changes);
    nx_buf_add(out,
               nx_arena_printf(out->arena, ",\"seen\":%zu,\"explains\":%zu,\"of_other_rules\":%zu,\"newly_hard\":%zu,\"rash\":%s}",
                               proposal->seen, proposal->explains, proposal->others, proposal->newly_hard,
                               nx_proposal_is_rash(proposal) ? "true" : "false"));
}
