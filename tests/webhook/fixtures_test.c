/* SPDX-License-Identifier: Apache-2.0 */
/* fixtures_test DIRECTORY: every line of DIRECTORY/expect.jsonl ({"file", "provider", "events": [{"recipient", "kind", "hard",
 * "causes", "status", "reply"}]}, or "error": "malformed") against what the body DIRECTORY/fixtures/FILE (or DIRECTORY/FILE) gives.
 * Null "hard" and "causes" are not compared. An event may also have "time", "message_id", "key", "tags"
 * (some of them) and "action": what the default policy does at the first such event of an address. Exit 77:
 * there is no such directory. */
#include "base/error.h"
#include "decide/decide.h"
#include "engine/engine.h"

#include <jansson.h>

static struct nx_worker *worker;
static struct tally {
    unsigned bodies, right;
    size_t events;
} tallies[32]; /* of each provider, in the order of nx_webhook_providers */
static unsigned wrong;

static void say(const char *file, const char *what, size_t i, const char *want, const char *got)
{
    fprintf(stderr, "%s: event %zu: %s: wanted %s, got %s\n", file, i, what, want, got);
    wrong++;
}

static const char *text_of(struct nx_str text)
{
    return text.n == 0 ? "nothing" : nx_arena_cstr(nx_worker_arena(worker), text);
}

static const char *wanted(json_t *event, const char *name)
{
    json_t *value = json_object_get(event, name);
    return json_is_string(value) ? json_string_value(value) : "nothing";
}

static void compare(const char *file, size_t i, json_t *want, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    const char *kind = nx_kind_name(report->kind);
    json_t *hard = json_object_get(want, "hard"), *causes = json_object_get(want, "causes");
    if (!g_str_equal(wanted(want, "recipient"), text_of(report->recipient)))
        say(file, "recipient", i, wanted(want, "recipient"), text_of(report->recipient));
    /* lists that know no automatic answers call them other */
    if (!g_str_equal(wanted(want, "kind"), kind) &&
        !(report->kind == NX_KIND_AUTOREPLY && g_str_equal(wanted(want, "kind"), "other")))
        say(file, "kind", i, wanted(want, "kind"), kind);
    if (json_is_boolean(hard) && json_is_true(hard) != (event->verdict.class_ == NX_CLASS_HARD))
        say(file, "class", i, json_is_true(hard) ? "hard" : "not hard", nx_class_name(event->verdict.class_));
    if (!g_str_equal(wanted(want, "status"), text_of(report->status)))
        say(file, "status", i, wanted(want, "status"), text_of(report->status));
    if (json_integer_value(json_object_get(want, "reply")) != report->reply)
        say(file, "reply", i, "another",
            nx_arena_cstr(nx_worker_arena(worker), nx_arena_printf(nx_worker_arena(worker), "%u", report->reply)));
    bool found = !json_is_array(causes);
    for (size_t k = 0; k < json_array_size(causes); k++)
        found |= g_str_equal(json_string_value(json_array_get(causes, k)), nx_cause_name(event->verdict.cause));
    if (!found) {
        g_autofree char *list = json_dumps(causes, JSON_COMPACT);
        say(file, "cause", i, list, nx_cause_name(event->verdict.cause));
    }
}

static void compare_more(const char *file, size_t i, json_t *want, const struct nx_report *report)
{
    const struct {
        const char *name;
        struct nx_str value;
    } texts[] = {{"time", nx_when_format(nx_worker_arena(worker), report->last_attempt_at)},
                 {"message_id", report->original.message_id},
                 {"key", report->key}};
    const char *key;
    json_t *value;
    for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
        if (json_object_get(want, texts[k].name) != NULL && !g_str_equal(wanted(want, texts[k].name), text_of(texts[k].value)))
            say(file, texts[k].name, i, wanted(want, texts[k].name), text_of(texts[k].value));
    json_object_foreach(json_object_get(want, "tags"), key, value)
    {
        const char *got = "nothing";
        for (size_t k = 0; k < report->n_tags; k++)
            if (nx_str_eq(report->tags[k].key, nx_str_of(key)))
                got = text_of(report->tags[k].value);
        if (!g_str_equal(json_string_value(value), got))
            say(file, key, i, json_string_value(value), got);
    }
}

static void compare_action(const char *file, size_t i, json_t *want, const struct nx_event *event)
{
    const struct nx_history history = {.count = 0};
    struct nx_policy policy;
    struct nx_decision decision;
    if (json_object_get(want, "action") == NULL)
        return;
    nx_policy_defaults(&policy);
    nx_decide(&policy, &history, event, 0, nx_worker_arena(worker), &decision);
    if (!g_str_equal(wanted(want, "action"), nx_action_name(decision.action)))
        say(file, "action", i, wanted(want, "action"), nx_action_name(decision.action));
}

static void one(const char *directory, json_t *line)
{
    const char *file = json_string_value(json_object_get(line, "file"));
    g_autofree char *below = g_build_filename(directory, "fixtures", file, NULL);
    g_autofree char *beside = g_build_filename(directory, file, NULL);
    g_autofree char *bytes = NULL;
    gsize n;
    if (!g_file_get_contents(below, &bytes, &n, NULL) && !g_file_get_contents(beside, &bytes, &n, NULL)) {
        say(file, "file", 0, "one", "none");
        return;
    }
    const struct nx_origin origin = {.source = NX_STR("test"), .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_EVENT,
                                   .bytes = {bytes, n},
                                   .provider = nx_str_of(json_string_value(json_object_get(line, "provider"))),
                                   .origin = &origin};
    const struct nx_webhook_paths paths = {.events = NX_STR("items"),
                                           .kind = NX_STR("what"),
                                           .recipient = NX_STR("address.mail"),
                                           .id = NX_STR("uid"),
                                           .message_id = NX_STR("msgid"),
                                           .time = NX_STR("at"),
                                           .diagnostic = NX_STR("smtp[0].text"),
                                           .status = NX_STR("smtp[0].dsn"),
                                           .reply = NX_STR("smtp[0].code"),
                                           .remote_mta = NX_STR("mx"),
                                           .stream = NX_STR("list"),
                                           .failed = NX_STR("bounce"),
                                           .failed_hard = NX_STR("perm, dead"),
                                           .delayed = NX_STR("later"),
                                           .delivered = NX_STR("ok"),
                                           .complaint = NX_STR("abuse"),
                                           .unsubscribe = NX_STR("out"),
                                           .autoreply = NX_STR("ooo")};
    struct nx_webhook_body body;
    struct nx_event *events;
    g_autoptr(GError) error = NULL;
    nx_worker_reset(worker);
    gboolean good = nx_worker_webhook(worker, NULL, &input, &paths, &body, &events, &error);
    if (json_object_get(line, "error") != NULL) {
        if (good)
            say(file, "body", 0, "refused", "read");
        return;
    }
    json_t *want = json_object_get(line, "events");
    if (!good) {
        say(file, "body", 0, "read", error->message);
        return;
    }
    if (json_array_size(want) != body.n)
        say(file, "events", body.n, "another number", "this one");
    for (size_t i = 0; i < body.n && i < json_array_size(want); i++)
        compare(file, i, json_array_get(want, i), &events[i]);
    for (size_t i = 0; i < body.n && i < json_array_size(want); i++)
        compare_more(file, i, json_array_get(want, i), &events[i].report);
    for (size_t i = 0; i < body.n && i < json_array_size(want); i++)
        compare_action(file, i, json_array_get(want, i), &events[i]);
    bool told_apart =
        strstr(file, "/documented.") != NULL || strstr(file, "/claims.") != NULL; /* older samples share made-up ids */
    for (size_t i = 1; told_apart && i < body.n; i++)
        for (size_t k = 0; k < i; k++)
            if (nx_str_eq(events[i].id, events[k].id))
                say(file, "id", i, "one of its own", text_of(events[i].id));
}

int main(int argc, char **argv)
{
    g_autofree char *list = g_build_filename(argc > 1 ? argv[1] : "", "expect.jsonl", NULL), *text = NULL;
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(list, &text, NULL, NULL)) {
        printf("skipped: there is no %s\n", list);
        return 77;
    }
    struct nx_engine *engine = nx_engine_new(NULL, NULL, &limits, &error);
    if (engine == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    worker = nx_worker_new(engine);
    nx_engine_unref(engine);
    struct nx_str rest = nx_str_of(text), line;
    unsigned n = 0, bad = 0;
    while (nx_str_next_line(&rest, &line)) {
        if (nx_str_trim(line).n == 0)
            continue;
        json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
        if (root == NULL) {
            fprintf(stderr, "%s: line %u is no JSON\n", list, n + 1);
            return 1;
        }
        unsigned before = wrong;
        one(argv[1], root);
        bad += wrong != before;
        n++;
        size_t n_providers;
        const struct nx_webhook_provider *first = nx_webhook_providers(&n_providers),
                                         *provider =
                                             nx_webhook_provider(nx_str_of(json_string_value(json_object_get(root, "provider"))));
        g_assert(n_providers <= G_N_ELEMENTS(tallies) && provider != NULL);
        struct tally *tally = &tallies[provider - first];
        tally->bodies++;
        tally->right += wrong == before;
        tally->events += json_array_size(json_object_get(root, "events"));
        json_decref(root);
    }
    nx_worker_free(worker);
    size_t n_providers;
    const struct nx_webhook_provider *providers = nx_webhook_providers(&n_providers);
    for (size_t i = 0; i < n_providers; i++)
        if (tallies[i].bodies > 0)
            printf("%-13s %3u of %3u bodies right, %4zu events\n", providers[i].name, tallies[i].right, tallies[i].bodies,
                   tallies[i].events);
    printf("%u of %u bodies right\n", n - bad, n);
    /* argv[2]: how many of a list made elsewhere are known to be wrong themselves */
    return bad == (argc > 2 ? (unsigned)g_ascii_strtoull(argv[2], NULL, 10) : 0) && n > 0 ? 0 : 1;
}
