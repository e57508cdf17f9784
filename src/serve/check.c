/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/handlers.h"

#include "base/error.h"
#include "event/json.h"

#include <jansson.h>

#define PIECE_ADDRESSES 500u
#define MANY_ADDRESSES 1000u /* from here on the lookup table is asked */

enum form { FORM_JSON, FORM_JSONL };
static const char *const offered[] = {[FORM_JSON] = "application/json", [FORM_JSONL] = "application/x-ndjson", NULL};

struct check {
    enum form form;
    GArray *addresses; /* struct nx_str, into the body or into json */
    json_t *json;
    guint next;
    nx_when now;
    size_t suppressed;
};

static void free_check(void *data)
{
    struct check *check = data;
    g_array_unref(check->addresses);
    json_decref(check->json);
    g_free(check);
}

static void add_result(struct nx_buf *out, struct nx_str address, int found, const struct nx_entry *entry, bool allowed)
{
    struct nx_arena *arena = out->arena;
    nx_buf_add(out, NX_STR("{\"address\":"));
    nx_json_string(out, address);
    if (found < 0) {
        nx_buf_add(out, NX_STR(",\"suppressed\":null,\"error\":\"no address\"}"));
        return;
    }
    nx_buf_add(out, found > 0 ? NX_STR(",\"suppressed\":true,\"cause\":") : NX_STR(",\"suppressed\":false"));
    if (found > 0) {
        nx_json_string(out, nx_str_of(nx_entry_cause_name(entry->cause)));
        nx_buf_add(out, NX_STR(",\"class\":"));
        nx_json_string(out, entry->class_ == NX_CLASS_NONE ? NX_STR_NONE : nx_str_of(nx_class_name(entry->class_)));
        nx_buf_add(out, NX_STR(",\"since\":"));
        nx_json_string(out, nx_when_format(arena, entry->since));
        nx_buf_add(out, NX_STR(",\"until\":"));
        nx_json_string(out, nx_when_format(arena, entry->until));
    }
    nx_buf_add(out, allowed ? NX_STR(",\"allowed\":true}") : NX_STR("}"));
}

static void add_one(struct check *check, struct nx_buf *piece, struct nx_str address, int found, const struct nx_entry *entry,
                    bool allowed)
{
    if (check->next > 0 && check->form == FORM_JSON)
        nx_buf_addc(piece, ',');
    add_result(piece, address, found, entry, allowed);
    if (check->form == FORM_JSONL)
        nx_buf_addc(piece, '\n');
    check->suppressed += found > 0;
}

/* One piece by the sieve, and by the database for whom it does not clear. */
static bool ask_reader(struct nx_request *request, struct check *check, guint end, struct nx_buf *piece)
{
    struct nx_reader *reader = nx_request_reader(request);
    struct nx_sieve *sieve = nx_request_service(request)->sieve;
    struct nx_arena *arena = nx_request_arena(request);
    for (; reader != NULL && check->next < end; check->next++) {
        struct nx_str address = g_array_index(check->addresses, struct nx_str, check->next);
        struct nx_entry entry;
        bool allowed = false;
        g_autoptr(GError) error = NULL;
        int found =
            nx_sieve_clears(sieve, arena, address)
                ? 0
                : nx_reader_lookup(reader, arena, address, nx_request_stream_name(request), check->now, &entry, &allowed, &error);
        if (found < 0 && !g_error_matches(error, NX_ERROR, NX_ERROR_USAGE))
            return false;
        add_one(check, piece, address, found, &entry, allowed);
    }
    return reader != NULL;
}

/* One piece by the lookup table: the same answers, many times faster. */
static bool ask_table(struct nx_request *request, struct check *check, guint end, struct nx_buf *piece)
{
    struct nx_lookup *lookup = nx_request_lookup(request);
    struct nx_arena *arena = nx_request_arena(request);
    struct nx_str keys[PIECE_ADDRESSES];
    struct nx_hit hits[PIECE_ADDRESSES];
    guint from = check->next;
    if (lookup == NULL)
        return false;
    for (guint i = from; i < end; i++) {
        struct nx_address address = {0};
        (void)nx_lookup_fold(lookup, arena, g_array_index(check->addresses, struct nx_str, i), &address, NULL);
        keys[i - from] = address.key;
    }
    nx_lookup_find(lookup, keys, end - from, nx_request_stream_name(request), check->now, hits);
    for (; check->next < end; check->next++) {
        const struct nx_hit *hit = &hits[check->next - from];
        const struct nx_entry entry = {.cause = hit->cause, .class_ = hit->class_, .since = hit->since, .until = hit->until};
        int found = keys[check->next - from].n == 0 ? -1 : hit->answer == NX_ANSWER_SUPPRESSED;
        add_one(check, piece, g_array_index(check->addresses, struct nx_str, check->next), found, &entry,
                hit->answer == NX_ANSWER_ALLOWED);
    }
    return true;
}

static int next(struct nx_request *request, void *data, GString *out)
{
    struct check *check = data;
    struct nx_arena *arena = nx_request_arena(request);
    struct nx_buf piece;
    nx_buf_init(&piece, arena, SIZE_MAX / 2);
    if (check->next == 0 && check->form == FORM_JSON)
        nx_buf_add(&piece, NX_STR("{\"results\":["));
    guint end = MIN(check->next + PIECE_ADDRESSES, check->addresses->len);
    bool many = check->addresses->len >= MANY_ADDRESSES;
    if (!(many ? ask_table : ask_reader)(request, check, end, &piece))
        return -1;
    bool last = check->next == check->addresses->len;
    if (last && check->form == FORM_JSON)
        nx_buf_add(&piece, nx_arena_printf(arena, "],\"checked\":%u,\"suppressed\":%zu}\n", check->next, check->suppressed));
    g_string_append_len(out, piece.p, (gssize)piece.n);
    return last ? 0 : 1;
}

/* {"addresses": ["a@example.net", ...]}; false: the problem is answered. */
static bool read_json(struct nx_request *request, struct check *check)
{
    struct nx_str body = nx_request_body(request);
    json_error_t fault;
    check->json = json_loadb(body.p, body.n, 0, &fault);
    const json_t *list = json_object_get(check->json, "addresses");
    size_t i, n = json_array_size(list);
    for (i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        struct nx_str address = {json_string_value(item), json_string_length(item)};
        if (!json_is_string(item))
            break;
        g_array_append_val(check->addresses, address);
    }
    if (json_is_array(list) && i == n)
        return true;
    nx_request_problem(request, 400, "the body is to be {\"addresses\": [\"user@example.net\", ...]}%s%s",
                       check->json == NULL ? ": " : "", check->json == NULL ? fault.text : "");
    return false;
}

static void read_lines(struct nx_request *request, struct check *check)
{
    struct nx_str rest = nx_request_body(request), line;
    while (nx_str_next_line(&rest, &line)) {
        line = nx_str_trim(line);
        if (line.n > 0)
            g_array_append_val(check->addresses, line);
    }
}

void nx_check_suppressions(struct nx_request *request)
{
    struct nx_str type = nx_request_media_type(request);
    const char *answer = nx_request_accepts(request, offered);
    bool lines = nx_str_eq(type, NX_STR("text/plain"));
    if (!lines && type.n > 0 && !nx_str_eq(type, NX_STR("application/json"))) {
        nx_request_problem(request, 415, "a %.*s is no list of addresses (send application/json, or text/plain with one a line)",
                           NX_FMT(type));
        return;
    }
    if (answer == NULL) {
        nx_request_problem(request, 406, "the answer can be application/json or application/x-ndjson");
        return;
    }
    if (nx_request_reader(request) == NULL)
        return;
    struct check *check = g_new0(struct check, 1);
    check->form = strcmp(answer, offered[FORM_JSONL]) == 0 ? FORM_JSONL : FORM_JSON;
    check->addresses = g_array_new(FALSE, FALSE, sizeof(struct nx_str));
    check->now = nx_request_now(request);
    if (lines)
        read_lines(request, check);
    else if (!read_json(request, check)) {
        free_check(check);
        return;
    }
    nx_request_stream(request, 200, answer, next, check, free_check);
}
