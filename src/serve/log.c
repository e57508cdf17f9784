/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/log.h"

#include "base/buf.h"
#include "event/json.h"

#include <stdatomic.h>
#include <unistd.h>

#define VALUE_MAX 400u

/* The one mutable state of its kind: a logger has to be reachable from everywhere. */
static _Atomic int current_level = NX_LOG_INFO;
static _Atomic bool as_json, hash_addresses;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

bool nx_log_level_parse(const char *name, enum nx_log_level *ret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(level_names); i++)
        if (strcmp(name, level_names[i]) == 0) {
            *ret = (enum nx_log_level)i;
            return true;
        }
    return false;
}

void nx_log_setup(const struct nx_log_options *options)
{
    current_level = (int)options->level;
    as_json = options->json;
    hash_addresses = options->hash_addresses;
}

bool nx_log_wants(enum nx_log_level level)
{
    return (int)level <= current_level;
}

static void add_text(struct nx_buf *line, struct nx_str value)
{
    bool plain = value.n > 0;
    for (size_t i = 0; i < value.n && plain; i++) {
        unsigned char c = (unsigned char)value.p[i];
        plain = c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
    }
    if (plain)
        nx_buf_add(line, value);
    else if (value.n == 0)
        nx_buf_add(line, NX_STR("\"\""));
    else
        nx_json_string(line, value);
}

void nx_log(enum nx_log_level level, const char *room, const char *message, ...)
{
    if (!nx_log_wants(level))
        return;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_buf line;
    nx_buf_init(&line, arena, 8192);
    bool json = as_json;
    if (json) {
        nx_buf_add(&line,
                   nx_arena_printf(arena, "{\"time\":\"%.*s\",\"level\":\"%s\",\"room\":\"%s\",\"message\":",
                                   NX_FMT(nx_when_format(arena, g_get_real_time() / G_USEC_PER_SEC)), level_names[level], room));
        nx_json_string(&line, nx_str_of(message));
    } else {
        nx_buf_add(&line, nx_arena_printf(arena, "%s %s %s", level_names[level], room, message));
    }
    va_list list;
    va_start(list, message);
    for (const char *key; (key = va_arg(list, const char *)) != NULL;) {
        const char *given = va_arg(list, const char *);
        if (given == NULL)
            continue;
        struct nx_str value = nx_str_sub(nx_str_of(given), 0, VALUE_MAX);
        nx_buf_add(&line, json ? nx_arena_printf(arena, ",\"%s\":", key) : nx_arena_printf(arena, " %s=", key));
        if (json && value.n == 0)
            nx_buf_add(&line, NX_STR("\"\""));
        else if (json)
            nx_json_string(&line, value);
        else
            add_text(&line, value);
    }
    va_end(list);
    nx_buf_add(&line, json ? NX_STR("}\n") : NX_STR("\n"));
    ssize_t ignored = write(STDERR_FILENO, line.p, line.n); /* one write, so that lines of threads do not mix */
    (void)ignored;
}

char *nx_log_address(struct nx_str address)
{
    if (!hash_addresses)
        return g_strndup(address.p != NULL ? address.p : "", address.n);
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)(address.p != NULL ? address.p : ""), address.n);
    return g_strdup_printf("sha256:%.16s", digest);
}
