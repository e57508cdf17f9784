/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "event/json.h"
#include "export/entry.h"
#include "export/hold.h"
#include "export/trail.h"
#include "store/hold.h"

#include <jansson.h>

struct access {
    struct nx_reader *reader;
    struct nx_arena *arena;
    nx_when now;
    struct nx_buf in_force, run_out, domain, holds, log, messages, sent, erased; /* elements of arrays */
    GError *error;
};

/* Where the next element of an array goes. */
static struct nx_buf *next(struct nx_buf *array)
{
    if (array->n > 0)
        nx_buf_addc(array, ',');
    return array;
}

static bool add_entry(const struct nx_entry *entry, void *data)
{
    struct access *access = data;
    bool over = entry->until != NX_WHEN_NONE && entry->until <= access->now;
    nx_entry_to_json(next(entry->key.p[0] == '@' ? &access->domain : over ? &access->run_out : &access->in_force), entry);
    return true;
}

static bool add_hold(const struct nx_hold *hold, void *data)
{
    struct access *access = data;
    nx_hold_to_json(next(&access->holds), hold);
    return true;
}

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, "%s\"%s\":", out->n > 0 && out->p[out->n - 1] != '{' ? "," : "", name));
    nx_json_string(out, text);
}

static void put_all(struct nx_buf *out, const char *name, const struct nx_buf *elements)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":[", name));
    nx_buf_add(out, nx_buf_str(elements));
    nx_buf_addc(out, ']');
}

/* The message that an event was read from, where it is kept. */
static void add_sent(struct nx_str stream, nx_when made, void *data)
{
    struct access *access = data;
    struct nx_buf *out = next(&access->sent);
    nx_buf_addc(out, '{');
    put(out, "recorded", nx_when_format(out->arena, made));
    put(out, "stream", stream);
    nx_buf_addc(out, '}');
}

static bool add_message(struct access *access, struct nx_str event_id)
{
    struct nx_raw raw;
    int got = nx_reader_raw(access->reader, access->arena, event_id, &raw, &access->error);
    if (got <= 0)
        return got == 0;
    struct nx_buf *out = next(&access->messages);
    bool text = g_utf8_validate_len(raw.bytes.p, raw.bytes.n, NULL); /* a NUL is not valid either */
    g_autofree char *encoded = text ? NULL : g_base64_encode((const guchar *)raw.bytes.p, raw.bytes.n);
    nx_buf_addc(out, '{');
    put(out, "event_id", event_id);
    put(out, "kept", nx_when_format(out->arena, raw.kept));
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"size\":%zu,\"cut\":%s", raw.size, raw.size > raw.bytes.n ? "true" : "false"));
    put(out, "text", text ? raw.bytes : NX_STR_NONE);
    put(out, "base64", nx_str_of(encoded));
    nx_buf_addc(out, '}');
    return true;
}

static bool add_line(const struct nx_logged *line, void *data)
{
    struct access *access = data;
    if (line->act != NX_ACT_FORGET) {
        nx_logged_to_json(next(&access->log), line);
        return line->event == NULL || add_message(access, line->event->id);
    }
    struct nx_buf *out = next(&access->erased);
    nx_buf_addc(out, '{');
    put(out, "since", nx_when_format(out->arena, line->at));
    put(out, "until", nx_when_format(out->arena, line->until));
    put(out, "stream", line->stream);
    nx_buf_addc(out, '}');
    return true;
}

/* Which of the two is on the allow list: the address, its domain (which outranks it here), or none. */
static bool ask_allowed(struct access *access, const struct nx_address *address, struct nx_str *ret)
{
    struct nx_entry entry;
    bool itself, domain;
    struct nx_str whole = nx_arena_printf(access->arena, "@%.*s", NX_FMT(address->domain));
    if (nx_reader_lookup(access->reader, access->arena, address->folded, NX_STR_NONE, access->now, &entry, &itself,
                         &access->error) < 0 ||
        nx_reader_lookup(access->reader, access->arena, whole, NX_STR_NONE, access->now, &entry, &domain, &access->error) < 0)
        return false;
    *ret = domain ? NX_STR("domain") : itself ? NX_STR("address") : NX_STR_NONE;
    return true;
}

static bool gather(struct access *access, const struct nx_address *address, struct nx_str *ret_allowed)
{
    const struct nx_filter entries = {.address = address->folded, .since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .expired = true};
    const struct nx_hold_filter holds = {.address = address->folded, .over = true};
    const struct nx_log_filter log = {.address = address->folded, .since = NX_WHEN_NONE};
    struct nx_buf *arrays[] = {&access->in_force, &access->run_out,  &access->domain, &access->holds,
                               &access->log,      &access->messages, &access->sent,   &access->erased};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        nx_buf_init(arrays[i], access->arena, SIZE_MAX / 2);
    return nx_reader_list(access->reader, &entries, access->now, add_entry, access, &access->error) &&
           nx_reader_holds(access->reader, &holds, access->now, add_hold, access, &access->error) &&
           nx_reader_log(access->reader, &log, add_line, access, &access->error) && access->error == NULL &&
           nx_reader_sent(access->reader, address->folded, add_sent, access, &access->error) &&
           ask_allowed(access, address, ret_allowed);
}

/* The settings that say how long, as they stand in the file. */
static void put_terms(struct nx_buf *out, const struct nx_config *config)
{
    static const char *const groups[] = {"retention", "triage", "sent"};
    size_t n;
    const struct nx_config_key *keys = nx_config_keys(&n);
    nx_buf_add(out, NX_STR(",\"kept_for\":{"));
    for (size_t g = 0; g < G_N_ELEMENTS(groups); g++) {
        nx_buf_add(out, nx_arena_printf(out->arena, "\"%s\":{", groups[g]));
        for (size_t i = 0; i < n; i++) {
            g_autofree char *value = strcmp(keys[i].group, groups[g]) == 0 ? nx_config_value(&keys[i], config) : NULL;
            if (value != NULL)
                put(out, keys[i].key, nx_str_of(value));
        }
        nx_buf_add(out, NX_STR("},"));
    }
    nx_buf_add(out, NX_STR("\"cause\":{"));
    keys = nx_config_cause_keys(&n);
    const struct nx_policy_cause *at;
    for (size_t index = 0;; index++) {
        g_autofree char *group = nx_config_cause_group(config, index, &at);
        if (group == NULL)
            break;
        for (size_t i = 0; i < n; i++) {
            g_autofree char *value = strcmp(keys[i].key, "keep") == 0 && at->keep != 0 ? nx_config_value(&keys[i], at) : NULL;
            if (value != NULL)
                put(out, strchr(group, ' ') + 1, nx_str_of(value));
        }
    }
    nx_buf_add(out, NX_STR("}}"));
}

/* The document. allowed: what of the address the allow list names; data: something is known beside a hash. */
static void write_document(const struct access *access, const struct nx_config *config, struct nx_str asked, struct nx_str key,
                           struct nx_str allowed, bool data, struct nx_buf *out)
{
    bool erased = access->erased.n > 0 && !data;
    nx_buf_addc(out, '{');
    put(out, "address", asked);
    put(out, "asked", nx_when_format(access->arena, access->now));
    put(out, "known", erased ? NX_STR("erased") : data ? NX_STR("data") : NX_STR("nothing"));
    if (access->erased.n > 0)
        put_all(out, "hashes", &access->erased);
    if (erased)
        put(out, "note", NX_STR("The address was erased. Only a keyed hash of it is kept, so that it stays suppressed."));
    if (!erased) {
        put(out, "key", key);
        put(out, "allow_list", allowed);
        put_all(out, "entries", &access->in_force);
        put_all(out, "entries_run_out", &access->run_out);
        put_all(out, "entries_of_domain", &access->domain);
        put_all(out, "holds", &access->holds);
        put_all(out, "log", &access->log);
        put_all(out, "messages", &access->messages);
        put_all(out, "sent", &access->sent);
        put_terms(out, config);
    }
    nx_buf_addc(out, '}');
}

/* As people read it. */
static gboolean print_pretty(struct nx_str document, GError **error)
{
    json_error_t fault;
    json_t *root = json_loadb(document.p, document.n, 0, &fault);
    if (root == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT,
                    "what is known of the address is no JSON: %s at byte %d (look at nixie history)", fault.text, fault.position);
        return FALSE;
    }
    json_dumpf(root, stdout, JSON_INDENT(2)); /* a fault of stdout is found at the end */
    putchar('\n');
    json_decref(root);
    return TRUE;
}

int nx_cmd_subject_access(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "ADDRESS",
        "All that is known of one address, as one JSON document: entries in force and run out, entries of its domain, holds, the "
        "allow list, every event and act, what imports said, what the ledger has of mail to it, messages kept for triage that "
        "its events were read from, and how long the settings keep it all. docs/privacy.md names the keys. Reports on other "
        "addresses that name this one are not searched, and kept messages may name other people: read it before it goes out.\n"
        "Of an erased address only a keyed hash is kept; it says since when.\n"
        "Exit: 0; 1 nothing is known, which the document says; 64 it is no address, or a whole domain; 75 could not tell: no "
        "database, a damaged one, without the key of erased addresses, or wrong settings.",
        1, 1};
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, NULL, &code))
        return nx_cli_question(code);
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    const struct nx_str asked = nx_str_of(cli.args[0]);
    struct access access = {.reader = reader, .arena = arena, .now = nx_cli_now()};
    struct nx_address address;
    struct nx_str allowed;
    if (reader == NULL || !nx_reader_forgettable(reader, arena, asked, &error))
        return nx_cli_question(nx_cli_fail(error));
    bool folded = nx_address_fold(arena, asked, cli.config->fold, &address, NULL);
    g_assert(folded);
    if (!gather(&access, &address, &allowed)) {
        g_propagate_error(&error, access.error);
        return nx_cli_question(nx_cli_fail(error));
    }
    bool data = access.in_force.n + access.run_out.n + access.holds.n + access.log.n + access.sent.n > 0 ||
                nx_str_eq(allowed, NX_STR("address"));
    struct nx_buf out;
    nx_buf_init(&out, arena, SIZE_MAX / 2);
    write_document(&access, cli.config, asked, address.folded, allowed, data, &out);
    if (!print_pretty(nx_buf_str(&out), &error))
        return nx_cli_question(nx_cli_fail(error));
    bool known = data || access.erased.n > 0;
    if (!known)
        nx_cli_say("%s: nothing is known of it", cli.args[0]);
    code = known ? NX_EXIT_OK : NX_EXIT_FINDING;
    return nx_cli_finish(NX_EXIT_OK) == NX_EXIT_OK ? code : NX_EXIT_TEMPORARY;
}
