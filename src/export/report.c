/* SPDX-License-Identifier: Apache-2.0 */
#include "export/report.h"

#include "event/json.h"
#include "export/role.h"

#define NAMED 1000u /* domains in the JSON */

static int by_count(gconstpointer a, gconstpointer b)
{
    const struct nx_counted *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

GArray *nx_report_domains(const struct nx_clean_report *report, bool typos)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct nx_counted));
    GHashTableIter iter;
    gpointer key, value;
    if (report->domains == NULL)
        return all;
    g_hash_table_iter_init(&iter, report->domains);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        struct nx_counted counted = {.name = key, .n = *(uint64_t *)value};
        if (typos && (counted.other = nx_typo_of(nx_str_of(key))) == NULL)
            continue;
        g_array_append_val(all, counted);
    }
    g_array_sort(all, by_count);
    return all;
}

static void number(struct nx_buf *out, const char *name, uint64_t n)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "%s\"%s\":%" G_GUINT64_FORMAT, out->p[out->n - 1] == '{' ? "" : ",", name, n));
}

static void object(struct nx_buf *out, const char *name, GArray *counted, bool others)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":{", name));
    for (guint i = 0; i < MIN(counted->len, NAMED); i++) {
        const struct nx_counted *item = &g_array_index(counted, struct nx_counted, i);
        if (i > 0)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(item->name));
        if (others)
            nx_buf_add(out,
                       nx_arena_printf(out->arena, ":{\"lines\":%" G_GUINT64_FORMAT ",\"perhaps\":\"%s\"}", item->n, item->other));
        else
            nx_buf_add(out, nx_arena_printf(out->arena, ":%" G_GUINT64_FORMAT, item->n));
    }
    nx_buf_addc(out, '}');
}

void nx_report_to_json(struct nx_buf *out, const struct nx_clean_report *report)
{
    g_autoptr(GArray) top = nx_report_domains(report, false), typos = nx_report_domains(report, true);
    nx_buf_addc(out, '{');
    number(out, "lines", report->lines);
    number(out, "kept", report->kept);
    number(out, "removed", report->removed);
    number(out, "suppressed", report->suppressed);
    number(out, "invalid", report->invalid);
    number(out, "first_invalid_line", report->first_invalid);
    number(out, "duplicates", report->duplicates);
    number(out, "allowed", report->allowed);
    number(out, "role_accounts", report->roles);
    number(out, "latin1", report->latin1);
    number(out, "blank", report->blank);
    nx_buf_add(out, NX_STR(",\"causes\":{"));
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        if (report->causes[i] > 0)
            number(out, nx_entry_cause_name((enum nx_cause)i), report->causes[i]);
    nx_buf_addc(out, '}');
    object(out, "domains", top, false);
    object(out, "mistyped", typos, true);
    nx_buf_add(out, NX_STR("}\n"));
}
