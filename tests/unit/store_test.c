/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "base/error.h"

#define DAY 86400
#define T0 1700000000

static struct nx_event event_of(struct nx_arena *arena, const char *address, enum nx_kind kind, enum nx_cause cause, unsigned reply,
                                nx_when when, const char *key)
{
    struct nx_event event = {
        .origin = {.source = NX_STR("pipe"), .received_at = when},
        .report = {.kind = kind,
                   .recipient = nx_str_of(address),
                   .reply = reply,
                   .status = NX_STR("5.0.0"),
                   .diagnostic = NX_STR("550 5.0.0 no"),
                   .key = nx_str_of(key),
                   .arrival_at = NX_WHEN_NONE,
                   .last_attempt_at = NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE},
        .verdict = {.class_ = nx_cause_facts(cause)->class_, .cause = cause, .rule = NX_STR("test.rule"), .matched = NX_STR("no")}};
    event.id = nx_event_id(arena, &event.report);
    return event;
}

static struct nx_stored bounce(struct fixture *f, const char *address, enum nx_cause cause, nx_when when, const char *key)
{
    struct nx_event event = event_of(f->arena, address, NX_KIND_FAILED, cause, 550, when, key);
    return store_one(f, &event, when);
}

static void manual(struct fixture *f, const char *address, const char *stream, nx_when now, size_t want_new)
{
    const struct nx_manual entry = {.address = nx_str_of(address),
                                    .stream = nx_str_of(stream),
                                    .since = NX_WHEN_NONE,
                                    .until = NX_WHEN_NONE,
                                    .reason = NX_STR("asked on the phone"),
                                    .actor = NX_STR("alice")};
    struct nx_suppressed done;
    g_autoptr(GError) error = NULL;
    if (!nx_store_suppress(f->store, &entry, 1, now, &done, &error))
        fail_msg("%s", error->message);
    assert_int_equal(done.changed, want_new);
}

static void a_hard_bounce_suppresses_and_survives(void **state)
{
    struct fixture *f = *state;
    struct nx_stored first = bounce(f, "User@Example.NET", NX_CAUSE_MAILBOX_UNKNOWN, T0, "a");
    assert_false(first.duplicate);
    assert_int_equal(first.decision.action, NX_ACTION_SUPPRESS);
    struct nx_stored again = bounce(f, "User@Example.NET", NX_CAUSE_MAILBOX_UNKNOWN, T0 + 5, "a");
    assert_true(again.duplicate);
    assert_int_equal(again.decision.action, NX_ACTION_SUPPRESS);
    assert_true(nx_str_eq(again.decision.reason, first.decision.reason));
    close_store(f);
    open_store(f);
    struct nx_entry entry;
    assert_int_equal(look(f, "<user@example.net>", T0 + 400 * DAY, &entry), 1);
    assert_true(nx_str_eq(entry.address, NX_STR("User@Example.NET")));
    assert_true(nx_str_eq(entry.key, NX_STR("user@example.net")));
    assert_int_equal(entry.cause, NX_CAUSE_MAILBOX_UNKNOWN);
    assert_int_equal(entry.class_, NX_CLASS_HARD);
    assert_true(entry.since == T0 && entry.until == NX_WHEN_NONE);
    assert_true(nx_str_eq(entry.diagnostic, NX_STR("550 5.0.0 no")));
    assert_true(nx_str_eq(entry.rule, NX_STR("test.rule")));
    assert_true(nx_str_eq(entry.source, NX_STR("pipe")));
    assert_int_equal(entry.event_id.n, 32);
    assert_int_equal(look(f, "other@example.net", T0, NULL), 0);
    assert_int_equal(rebuild(f).changed, 0);
}

static void soft_bounces_count_days_and_a_delivery_clears(void **state)
{
    struct fixture *f = *state;
    const char *who = "full@example.net";
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0, "1").decision.action, NX_ACTION_COUNT);
    for (int i = 0; i < 40; i++) { /* forty on one day are one */
        g_autofree char *key = g_strdup_printf("same-%d", i);
        assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 60 + i, key).decision.action, NX_ACTION_NONE);
    }
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 4 * DAY, "2").decision.action, NX_ACTION_COUNT);
    struct nx_event delivered = event_of(f->arena, who, NX_KIND_DELIVERED, NX_CAUSE_DELIVERED, 250, T0 + 5 * DAY, "ok");
    assert_int_equal(store_one(f, &delivered, T0 + 5 * DAY).decision.action, NX_ACTION_CLEAR);
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 8 * DAY, "3").decision.action, NX_ACTION_COUNT);
    assert_int_equal(look(f, who, T0 + 8 * DAY, NULL), 0);
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 10 * DAY, "4").decision.action, NX_ACTION_COUNT);
    struct nx_stored fifth = bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 16 * DAY, "5");
    assert_int_equal(fifth.decision.action, NX_ACTION_SUPPRESS);
    assert_true(fifth.decision.until == T0 + 46 * DAY);
    assert_int_equal(look(f, who, T0 + 46 * DAY - 1, NULL), 1);
    assert_int_equal(look(f, who, T0 + 46 * DAY, NULL), 0);
    /* What made the first entry does not make the second, which holds twice as long. */
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 57 * DAY, "6").decision.action, NX_ACTION_COUNT);
    assert_int_equal(bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 60 * DAY, "7").decision.action, NX_ACTION_COUNT);
    struct nx_stored eighth = bounce(f, who, NX_CAUSE_MAILBOX_FULL, T0 + 65 * DAY, "8");
    assert_int_equal(eighth.decision.action, NX_ACTION_SUPPRESS);
    assert_true(eighth.decision.until == T0 + 125 * DAY);
    struct nx_event through = event_of(f->arena, who, NX_KIND_DELIVERED, NX_CAUSE_DELIVERED, 250, T0 + 66 * DAY, "ok2");
    assert_int_equal(store_one(f, &through, T0 + 66 * DAY).decision.action, NX_ACTION_CLEAR);
    assert_int_equal(look(f, who, T0 + 66 * DAY, NULL), 0);
    assert_int_equal(rebuild(f).changed, 0);
}

/* A letter a month finds a dead domain twice: its window is a quarter, as the taxonomy gives none. */
static void a_letter_a_month_is_enough(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bounce(f, "a@gone.example", NX_CAUSE_BAD_DOMAIN, T0, "1").decision.action, NX_ACTION_COUNT);
    assert_int_equal(bounce(f, "a@gone.example", NX_CAUSE_BAD_DOMAIN, T0 + 31 * DAY, "2").decision.action, NX_ACTION_SUPPRESS);
}

/* Where the settings say how far apart letters are, a window holds as many as it takes, and what has run out is met again. */
static void a_letter_a_month_where_the_pace_is_told(void **state)
{
    struct fixture *f = *state;
    const char *full = "full@monthly.example", *unknown = "nobody@monthly.example";
    close_store(f);
    f->policy.confirm_hard = true;
    for (int cause = 0; cause < NX_CAUSE_COUNT; cause++)
        nx_pace_apply(30 * DAY, &f->policy.causes[cause]);
    open_store(f);
    assert_int_equal(bounce(f, full, NX_CAUSE_MAILBOX_FULL, T0, "1").decision.action, NX_ACTION_COUNT);
    assert_int_equal(bounce(f, full, NX_CAUSE_MAILBOX_FULL, T0 + 31 * DAY, "2").decision.action, NX_ACTION_COUNT);
    /* one in between got in, and nobody said so */
    assert_int_equal(bounce(f, full, NX_CAUSE_MAILBOX_FULL, T0 + 93 * DAY, "3").decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(look(f, full, T0 + (93 + 59) * DAY, NULL), 1);
    assert_int_equal(look(f, full, T0 + (93 + 60) * DAY, NULL), 0);
    assert_int_equal(bounce(f, full, NX_CAUSE_MAILBOX_FULL, T0 + (93 + 91) * DAY, "4").decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(bounce(f, unknown, NX_CAUSE_MAILBOX_UNKNOWN, T0, "5").decision.action, NX_ACTION_COUNT);
    assert_int_equal(bounce(f, unknown, NX_CAUSE_MAILBOX_UNKNOWN, T0 + 62 * DAY, "6").decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(rebuild(f).changed, 0);
}

/* Somebody takes another address, and another takes his: what was counted and listed stays with the address. */
static void it_stays_with_the_address_not_with_who_had_it(void **state)
{
    struct fixture *f = *state;
    const char *old = "anna@old.example", *new = "anna@new.example", *wish = "bert@old.example";
    assert_int_equal(bounce(f, old, NX_CAUSE_MAILBOX_FULL, T0, "1").decision.action, NX_ACTION_COUNT);
    assert_int_equal(bounce(f, old, NX_CAUSE_MAILBOX_FULL, T0 + 4 * DAY, "2").decision.action, NX_ACTION_COUNT);
    /* The third report would be enough, were it about the same address. */
    assert_int_equal(bounce(f, new, NX_CAUSE_MAILBOX_FULL, T0 + 8 * DAY, "3").decision.action, NX_ACTION_COUNT);
    assert_int_equal(look(f, new, T0 + 9 * DAY, NULL), 0);
    assert_int_equal(bounce(f, old, NX_CAUSE_MAILBOX_FULL, T0 + 9 * DAY, "4").decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(look(f, new, T0 + 9 * DAY, NULL), 0);
    /* Neither the same name elsewhere, nor a delivery to it, changes anything about the old one; a new sign-up inherits it. */
    struct nx_event delivered = event_of(f->arena, new, NX_KIND_DELIVERED, NX_CAUSE_DELIVERED, 250, T0 + 10 * DAY, "ok");
    assert_int_equal(store_one(f, &delivered, T0 + 10 * DAY).decision.action, NX_ACTION_CLEAR);
    assert_int_equal(look(f, old, T0 + 10 * DAY, NULL), 1);
    struct nx_event complaint = event_of(f->arena, wish, NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, 0, T0, "5");
    assert_int_equal(store_one(f, &complaint, T0).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(look(f, wish, T0 + 3000 * DAY, NULL), 1);
    assert_int_equal(look(f, "bert@new.example", T0 + 3000 * DAY, NULL), 0);
    assert_int_equal(rebuild(f).changed, 0);
}

static void hands_put_on_and_take_off(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct nx_entry entry;
    manual(f, "Who@Example.NET", "", T0, 1);
    manual(f, "who@example.net", "", T0 + 1, 0); /* there already */
    assert_int_equal(look(f, "who@example.net", T0, &entry), 1);
    assert_true(entry.manual);
    assert_true(nx_str_eq(entry.actor, NX_STR("alice")));
    assert_true(nx_str_eq(entry.reason, NX_STR("asked on the phone")));
    assert_string_equal(nx_entry_cause_name(entry.cause), "manual");
    assert_int_equal(bounce(f, "who@example.net", NX_CAUSE_MAILBOX_UNKNOWN, T0 + 2, "x").decision.action, NX_ACTION_NONE);
    assert_true(
        nx_store_release(f->store, NX_STR("WHO@example.net"), NX_STR_NONE, NX_STR("mistake"), NX_STR("bob"), T0 + 3, NULL, &error));
    assert_int_equal(look(f, "who@example.net", T0 + 3, NULL), 0);
    assert_false(nx_store_release(f->store, NX_STR("who@example.net"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0 + 4, NULL, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND));
    g_clear_error(&error);
    assert_false(nx_store_release(f->store, NX_STR("no address"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0 + 4, NULL, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_USAGE));
    g_clear_error(&error);

    /* The allow list wins, says so, and what was there before counts again without it. */
    bounce(f, "vip@example.net", NX_CAUSE_MAILBOX_UNKNOWN, T0, "y");
    assert_true(nx_store_allow(f->store, NX_STR("@Example.net"), true, NX_STR("our own"), NX_STR("bob"), T0, &error));
    bool allowed = false;
    assert_int_equal(nx_reader_lookup(f->reader, f->arena, NX_STR("vip@example.net"), NX_STR_NONE, T0, &entry, &allowed, &error),
                     0);
    assert_true(allowed);
    struct nx_stored kept = bounce(f, "other@example.net", NX_CAUSE_MAILBOX_UNKNOWN, T0 + 5, "z");
    assert_int_equal(kept.decision.action, NX_ACTION_NONE);
    assert_true(nx_str_ihas(kept.decision.reason, NX_STR("allow list")));
    assert_true(nx_store_allow(f->store, NX_STR("@example.net"), false, NX_STR_NONE, NX_STR_NONE, T0 + 6, &error));
    assert_int_equal(look(f, "vip@example.net", T0 + 6, NULL), 1);
    assert_false(nx_store_allow(f->store, NX_STR("@example.net"), false, NX_STR_NONE, NX_STR_NONE, T0 + 6, &error));
    assert_int_equal(rebuild(f).changed, 0);
}

static void streams_and_domains_are_answered(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct nx_entry entry;
    manual(f, "a@example.net", "news", T0, 1);
    assert_int_equal(look(f, "a@example.net", T0, NULL), 0);
    assert_int_equal(nx_reader_lookup(f->reader, f->arena, NX_STR("a@example.net"), NX_STR("news"), T0, &entry, NULL, &error), 1);
    assert_int_equal(nx_reader_lookup(f->reader, f->arena, NX_STR("a@example.net"), NX_STR("shop"), T0, &entry, NULL, &error), 0);
    manual(f, "@dead.example", "", T0, 1);
    assert_int_equal(
        nx_reader_lookup(f->reader, f->arena, NX_STR("any.body@DEAD.example"), NX_STR("shop"), T0, &entry, NULL, &error), 1);
    assert_true(nx_str_eq(entry.key, NX_STR("@dead.example")));
    assert_int_equal(look(f, "any.body@not.dead.example", T0, NULL), 0);
    struct nx_event refused = event_of(f->arena, "b@example.net", NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, 550, T0, "r1");
    refused.report.stream = NX_STR("news");
    assert_int_equal(store_one(f, &refused, T0).decision.action, NX_ACTION_COUNT);
    struct nx_event other = event_of(f->arena, "b@example.net", NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, 550, T0 + DAY, "r2");
    other.report.stream = NX_STR("shop"); /* another stream's refusal is no second one */
    assert_int_equal(store_one(f, &other, T0 + DAY).decision.action, NX_ACTION_COUNT);
    struct nx_event second =
        event_of(f->arena, "b@example.net", NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, 550, T0 + 2 * DAY, "r3");
    second.report.stream = NX_STR("news");
    assert_int_equal(store_one(f, &second, T0 + 2 * DAY).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(
        nx_reader_lookup(f->reader, f->arena, NX_STR("b@example.net"), NX_STR("news"), T0 + 2 * DAY, &entry, NULL, &error), 1);
    assert_int_equal(
        nx_reader_lookup(f->reader, f->arena, NX_STR("b@example.net"), NX_STR("shop"), T0 + 2 * DAY, &entry, NULL, &error), 0);
    assert_int_equal(rebuild(f).changed, 0);
}

struct seen {
    GString *text;
    struct nx_str cursor;
    struct nx_arena *arena;
    int n;
};

static bool note_entry(const struct nx_entry *entry, void *data)
{
    struct seen *seen = data;
    g_string_append_printf(seen->text, "%.*s/%.*s ", NX_FMT(entry->key), NX_FMT(entry->stream));
    seen->cursor = nx_entry_cursor(seen->arena, entry);
    seen->n++;
    return true;
}

static void check_list(struct fixture *f, const struct nx_filter *filter, nx_when now, const char *want)
{
    struct seen seen = {.text = g_string_new(NULL), .arena = f->arena};
    g_autoptr(GError) error = NULL;
    if (!nx_reader_list(f->reader, filter, now, note_entry, &seen, &error))
        fail_msg("%s", error->message);
    assert_string_equal(seen.text->str, want);
    g_string_free(seen.text, TRUE);
}

static void listings_filter_and_page(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    bounce(f, "z@a.example", NX_CAUSE_MAILBOX_UNKNOWN, T0, "1");
    bounce(f, "a@a.example", NX_CAUSE_MAILBOX_DISABLED, T0 + 10, "2");
    bounce(f, "m@b.example", NX_CAUSE_MAILBOX_UNKNOWN, T0 + 20, "3");
    manual(f, "m@b.example", "news", T0 + 30, 1);
    bounce(f, "m@a.example.org", NX_CAUSE_MAILBOX_UNKNOWN, T0 + 40, "4");
    check_list(f, &(struct nx_filter){0}, T0 + 50, "m@a.example.org/ a@a.example/ z@a.example/ m@b.example/ m@b.example/news ");
    check_list(f, &(struct nx_filter){.domain = NX_STR("A.example")}, T0 + 50, "a@a.example/ z@a.example/ ");
    check_list(f, &(struct nx_filter){.cause = NX_CAUSE_MAILBOX_DISABLED}, T0 + 50, "a@a.example/ ");
    check_list(f, &(struct nx_filter){.class_ = NX_CLASS_HARD, .since = T0 + 15}, T0 + 50, "m@a.example.org/ m@b.example/ ");
    check_list(f, &(struct nx_filter){.before = T0 + 5}, T0 + 50, "z@a.example/ ");
    check_list(f, &(struct nx_filter){.cause = NX_CAUSE_MAILBOX_DISABLED}, T0 + 200 * DAY, "");
    check_list(f, &(struct nx_filter){.cause = NX_CAUSE_MAILBOX_DISABLED, .expired = true}, T0 + 200 * DAY, "a@a.example/ ");
    /* Page by page gives each once. */
    struct seen seen = {.text = g_string_new(NULL), .arena = f->arena};
    struct nx_filter page = {.limit = 2};
    for (int i = 0; i < 4; i++) {
        assert_true(nx_reader_list(f->reader, &page, T0 + 50, note_entry, &seen, &error));
        page.after = seen.cursor;
    }
    assert_string_equal(seen.text->str, "m@a.example.org/ a@a.example/ z@a.example/ m@b.example/ m@b.example/news ");
    g_string_free(seen.text, TRUE);
    assert_false(nx_reader_list(f->reader, &(struct nx_filter){.after = NX_STR("what?")}, T0, note_entry, &seen, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_USAGE));
    /* What is allowed is not listed. */
    g_clear_error(&error);
    assert_true(nx_store_allow(f->store, NX_STR("z@a.example"), true, NX_STR_NONE, NX_STR_NONE, T0, &error));
    check_list(f, &(struct nx_filter){.domain = NX_STR("a.example")}, T0 + 50, "a@a.example/ ");
}

static bool note_line(const struct nx_logged *line, void *data)
{
    struct seen *seen = data;
    g_string_append_printf(seen->text, "%s:%.*s ", nx_act_name(line->act),
                           NX_FMT(line->event != NULL ? line->event->decision.reason : line->reason));
    if (line->event != NULL) { /* the event comes back as it went in */
        assert_true(nx_str_eq(line->event->report.diagnostic, NX_STR("550 5.0.0 no")));
        assert_true(nx_str_eq(line->event->report.status, NX_STR("5.0.0")));
        assert_int_equal(line->event->report.reply, 550);
        assert_int_equal(line->event->id.n, 32);
        assert_int_equal(line->event->origin.received_at, T0);
        assert_true(nx_str_eq(line->event->verdict.matched, NX_STR("no")));
    }
    seen->n++;
    return true;
}

static void many_make_an_import_and_the_log_knows(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    enum { N = 5000 };
    struct nx_manual *entries = g_new0(struct nx_manual, N);
    for (int i = 0; i < N; i++)
        entries[i] = (struct nx_manual){.address = nx_arena_printf(f->arena, "User%05d@d%d.example", (i * 7919) % N, i % 10),
                                        .cause = i % 2 ? NX_CAUSE_MAILBOX_UNKNOWN : NX_CAUSE_COMPLAINT,
                                        .since = T0 - i,
                                        .until = NX_WHEN_NONE,
                                        .reason = i % 3 == 0 ? NX_STR("smtp;550 no\tsuch user") : NX_STR("other"),
                                        .source = NX_STR("import:ses")};
    struct nx_suppressed done;
    bounce(f, "user00007@d3.example", NX_CAUSE_MAILBOX_UNKNOWN, T0, "e");
    assert_true(nx_store_suppress(f->store, entries, N, T0, &done, &error));
    assert_true(done.changed >= N - 1);
    assert_true(nx_store_suppress(f->store, entries, N, T0, &done, &error));
    assert_int_equal(done.changed, 0); /* again changes nothing */
    struct nx_entry entry;
    assert_int_equal(look(f, "user00000@d0.example", T0, &entry), 1);
    assert_true(nx_str_eq(entry.address, NX_STR("User00000@d0.example")));
    assert_true(nx_str_eq(entry.source, NX_STR("import:ses")));
    assert_true(nx_str_eq(entry.reason, NX_STR("smtp;550 no such user")));
    assert_true(entry.since == T0);
    assert_true(nx_store_release(f->store, NX_STR("user00000@d0.example"), NX_STR_NONE, NX_STR("came back"), NX_STR("bob"), T0 + 1, 
                                 NULL, &error));
    bounce(f, "user00000@d0.example", NX_CAUSE_MAILBOX_UNKNOWN, T0, "f");
    struct seen seen = {.text = g_string_new(NULL), .arena = f->arena};
    assert_true(
        nx_reader_log(f->reader, &(struct nx_log_filter){.address = NX_STR("USER00000@d0.example")}, note_line, &seen, &error));
    assert_string_equal(seen.text->str,
                        "import:smtp;550 no such user release:came back event:mailbox_unknown: one report suffices ");
    g_string_free(seen.text, TRUE);
    assert_int_equal(rebuild(f).changed, 0);
    g_free(entries);
}

static void what_does_not_follow_from_the_log_is_found_and_mended(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    bounce(f, "a@example.net", NX_CAUSE_MAILBOX_UNKNOWN, T0, "1");
    bounce(f, "b@example.net", NX_CAUSE_MAILBOX_UNKNOWN, T0, "2");
    manual(f, "c@example.net", "", T0, 1);
    assert_true(nx_store_check(f->store, &error));
    close_store(f);
    g_autofree char *spoil = g_strdup_printf(
        "sqlite3 %s \"DELETE FROM suppressions WHERE key LIKE '%%@a'; UPDATE suppressions SET until=5 WHERE key LIKE '%%@b';"
        " INSERT INTO suppressions VALUES('example.net@x','',NULL,1,'h',1,NULL,0,0,1)\"",
        f->path);
    int status = -1;
    assert_true(g_spawn_command_line_sync(spoil, NULL, NULL, &status, NULL));
    assert_int_equal(status, 0);
    open_store(f);
    assert_int_equal(look(f, "x@example.net", T0, NULL), 1);
    assert_false(nx_store_check(f->store, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_CORRUPT));
    assert_non_null(strstr(error->message, "3 entries"));
    struct nx_rebuilt rebuilt = rebuild(f);
    assert_int_equal(rebuilt.changed, 3);
    assert_int_equal(rebuilt.entries, 3);
    assert_int_equal(rebuild(f).changed, 0);
    assert_int_equal(look(f, "x@example.net", T0, NULL), 0);
    assert_int_equal(look(f, "a@example.net", T0, NULL), 1);
    assert_int_equal(look(f, "b@example.net", T0, NULL), 1);
}

static void what_is_no_address_is_kept_but_suppresses_nothing(void **state)
{
    struct fixture *f = *state;
    struct nx_stored stored = bounce(f, "postmaster", NX_CAUSE_MAILBOX_UNKNOWN, T0, "p");
    assert_int_equal(stored.decision.action, NX_ACTION_NONE);
    assert_true(nx_str_ihas(stored.decision.reason, NX_STR("no @")));
    assert_true(bounce(f, "postmaster", NX_CAUSE_MAILBOX_UNKNOWN, T0, "p").duplicate);
    /* A clock that runs ahead: the event counts for now. */
    struct nx_event ahead =
        event_of(f->arena, "a@example.net", NX_KIND_FAILED, NX_CAUSE_MAILBOX_DISABLED, 550, T0 + 1000 * DAY, "q");
    assert_true(store_one(f, &ahead, T0).decision.until == T0 + 180 * DAY);
}

struct answer {
    _Atomic int code; /* 0: none yet, 1: kept, else the error's code + 2 */
};

static void answered(void *data, const GError *error)
{
    ((struct answer *)data)->code = error == NULL ? 1 : error->code + 2;
}

/* What became of a claim: 1, or the error's code + 2. */
static int claim(struct fixture *f, const char *token, const char *digest, nx_when now)
{
    struct answer answer = {0};
    const struct nx_claim one = {.token = nx_str_of(token), .digest = nx_str_of(digest)};
    assert_true(nx_store_submit(f->store, f->arena, NULL, 0, &one, NULL, now, NULL, answered, &answer, NULL));
    while (answer.code == 0)
        g_usleep(1000);
    return answer.code;
}

static void a_token_comes_again_with_the_same_content_alone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(claim(f, "token", "digest", T0), 1);
    assert_int_equal(claim(f, "token", "digest", T0 + DAY), 1);
    assert_int_equal(claim(f, "token", "other", T0 + DAY), NX_ERROR_DENIED + 2);
    assert_int_equal(claim(f, "token two", "other", T0 + DAY), 1);
    close_store(f);
    open_store(f);
    assert_int_equal(claim(f, "token", "other", T0 + DAY), NX_ERROR_DENIED + 2); /* also after a restart */
    assert_int_equal(claim(f, "token", "other", T0 + (NX_CLAIM_DAYS + 1) * DAY), 1);
}

static void marks_are_kept(void **state)
{
    struct fixture *f = *state;
    int64_t value = 7;
    assert_int_equal(nx_reader_mark(f->reader, NX_STR("hook:a"), &value, NULL), 0);
    assert_true(nx_store_mark(f->store, NX_STR("hook:a"), 42, NULL));
    assert_true(nx_store_mark(f->store, NX_STR("hook:b"), 1, NULL));
    assert_true(nx_store_mark(f->store, NX_STR("hook:a"), INT64_MAX, NULL));
    assert_int_equal(nx_reader_mark(f->reader, NX_STR("hook:a"), &value, NULL), 1);
    assert_true(value == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hard_bounce_suppresses_and_survives, make_store, tear_down),
        cmocka_unit_test_setup_teardown(soft_bounces_count_days_and_a_delivery_clears, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_letter_a_month_is_enough, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_letter_a_month_where_the_pace_is_told, make_store, tear_down),
        cmocka_unit_test_setup_teardown(it_stays_with_the_address_not_with_who_had_it, make_store, tear_down),
        cmocka_unit_test_setup_teardown(hands_put_on_and_take_off, make_store, tear_down),
        cmocka_unit_test_setup_teardown(streams_and_domains_are_answered, make_store, tear_down),
        cmocka_unit_test_setup_teardown(listings_filter_and_page, make_store, tear_down),
        cmocka_unit_test_setup_teardown(many_make_an_import_and_the_log_knows, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_follow_from_the_log_is_found_and_mended, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_address_is_kept_but_suppresses_nothing, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_token_comes_again_with_the_same_content_alone, make_store, tear_down),
        cmocka_unit_test_setup_teardown(marks_are_kept, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
