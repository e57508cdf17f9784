/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/export.h"

#include "event/json.h"

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", name));
    nx_json_string(out, text);
}

struct line { /* groups that look the same once masked */
    const struct nx_triage_group *group;
    size_t events, domains;
};

static void put_line(struct nx_buf *out, const struct nx_ruleset *rules, struct nx_str text, const struct line *line)
{
    const struct nx_report *report = &line->group->example.event.report;
    g_autofree char *cut = g_strndup(text.p, text.n), *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, cut, -1);
    nx_buf_add(out,
               nx_arena_printf(out->arena, "{\"id\":\"%.12s\",\"events\":%zu,\"domains\":%zu,\"kind\":\"%s\",\"decided\":\"%s\"",
                               digest, line->events, line->domains, nx_kind_name(report->kind), line->group->decided));
    put(out, "status", report->status);
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"reply\":%u,\"stage\":", report->reply));
    nx_json_string(out, report->stage == NX_STAGE_NONE ? NX_STR_NONE : nx_str_of(nx_stage_name(report->stage)));
    put(out, "format", report->format);
    put(out, "provider", nx_ruleset_provider(rules, report->remote_mta, report->recipient));
    put(out, "text", text);
    nx_buf_add(out, NX_STR("}\n"));
}

void nx_triage_export(struct nx_buf *out, struct nx_triage *triage, const struct nx_ruleset *rules, size_t limit)
{
    g_autoptr(GPtrArray) groups = nx_triage_groups(triage);
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(nx_mask) mask = nx_mask_new(rules);
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (guint i = 0; i < groups->len && (limit == 0 || i < limit); i++) {
        const struct nx_triage_group *group = g_ptr_array_index(groups, i);
        const struct nx_report *report = &group->example.event.report;
        nx_arena_reset(arena);
        struct nx_str text = nx_mask_text(mask, arena, report->diagnostic, report, &nx_mask_placeholders);
        char *key = g_strndup(text.p != NULL ? text.p : "", text.n);
        struct line *line = g_hash_table_lookup(lines, key);
        if (line == NULL) {
            line = g_new0(struct line, 1);
            line->group = group;
            g_hash_table_insert(lines, key, line);
            g_ptr_array_add(order, key);
        } else {
            g_free(key);
        }
        line->events += group->count;
        line->domains += g_hash_table_size(group->domains);
    }
    for (guint i = 0; i < order->len; i++)
        put_line(out, rules, nx_str_of(order->pdata[i]), g_hash_table_lookup(lines, order->pdata[i]));
}
