/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"
#include "engine/engine.h"
#include "ingest/mailbox.h"

#include <unistd.h>

#define LABEL 13 /* width of the left column */

/* A line of the table: wrapped words under a label. */
static void row(const char *label, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void row(const char *label, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = LABEL;
    printf("%-*s", LABEL, label);
    for (char **word = words; *word != NULL; word++) {
        size_t n = (size_t)g_utf8_strlen(*word, -1);
        if (column > LABEL && column + 1 + n > 100) {
            printf("\n%*s", LABEL, "");
            column = LABEL;
        }
        printf("%s%s", column == LABEL ? "" : " ", *word);
        column += n + (column != LABEL);
    }
    putchar('\n');
}

static const char *class_words(enum nx_class class_)
{
    switch (class_) {
    case NX_CLASS_HARD:
        return "the address is dead";
    case NX_CLASS_SOFT:
        return "it may clear by itself";
    case NX_CLASS_BLOCK:
        return "refused because of the sender, the message, the route or a policy; the address may be fine";
    case NX_CLASS_NONE:
        break;
    }
    return "not a failure of this message";
}

static const char *kind_words(enum nx_kind kind)
{
    switch (kind) {
    case NX_KIND_FAILED:
        return "delivery failed";
    case NX_KIND_DELAYED:
        return "delivery is late; the mail server keeps trying";
    case NX_KIND_DELIVERED:
        return "the message was delivered";
    case NX_KIND_COMPLAINT:
        return "the recipient complained about the message";
    case NX_KIND_UNSUBSCRIBE:
        return "the recipient wants no more of these messages";
    case NX_KIND_AUTOREPLY:
        return "an automatic answer, no bounce";
    case NX_KIND_OTHER:
        break;
    }
    return "no report about a delivery";
}

static const char *stage_words(enum nx_stage stage)
{
    switch (stage) {
    case NX_STAGE_CONNECT:
        return "at the connection";
    case NX_STAGE_HELO:
        return "in answer to HELO/EHLO";
    case NX_STAGE_AUTH:
        return "at login";
    case NX_STAGE_MAIL:
        return "in answer to MAIL FROM (the sender was refused)";
    case NX_STAGE_RCPT:
        return "in answer to RCPT TO (this recipient was refused)";
    case NX_STAGE_DATA:
        return "at DATA (the message was refused)";
    case NX_STAGE_NONE:
        break;
    }
    return "";
}

static void reply_row(unsigned reply)
{
    const struct nx_reply_facts *facts = nx_reply_facts(reply);
    const char *level = reply / 100 == 4 ? "a temporary refusal" : reply / 100 == 5 ? "a final refusal" : "no refusal";
    if (facts != NULL)
        row("SMTP reply", "%u: %s. %s; %s.", reply, facts->meaning, facts->source, level);
    else
        row("SMTP reply", "%u: in no standard that Nixie knows; by its first digit %s.", reply, level);
}

static void status_row(struct nx_str status)
{
    const struct nx_status_facts *facts = nx_status_facts(status);
    if (facts != NULL)
        row("Status code", "%.*s: %s (%s).", NX_FMT(status), facts->meaning, facts->source);
    else
        row("Status code", "%.*s: not in the IANA registry; a code of that provider's own.", NX_FMT(status));
}

static void find_rule(const struct nx_ruleset *rules, struct nx_str id, struct nx_rule_info *ret)
{
    *ret = (struct nx_rule_info){0};
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        if (nx_str_eq(info.id, id))
            *ret = info;
    }
}

static void decided_row(struct nx_worker *worker, const struct nx_ruleset *rules, const struct nx_event *event)
{
    const struct nx_verdict *verdict = &event->verdict;
    struct nx_verdict again;
    struct nx_rule_match *matches;
    size_t n = nx_classify_all(nx_worker_matcher(worker), nx_worker_arena(worker), &event->report, &again, &matches);
    struct nx_rule_info info;
    find_rule(rules, verdict->rule, &info);
    if (info.id.n > 0) {
        bool reporter =
            verdict->matched.p >= event->report.text.p && verdict->matched.p < event->report.text.p + event->report.text.n;
        row("Decided by", "rule %.*s (%.*s:%u), on the words \"%.*s\"%s", NX_FMT(info.id), NX_FMT(info.file), info.line,
            NX_FMT(verdict->matched), reporter ? " of the reporting server" : "");
        if (info.note.n > 0)
            row("", "%.*s", NX_FMT(info.note));
    } else if (nx_ruleset_guard(rules, verdict->rule, &info)) {
        row("Decided by", "guard %.*s (%.*s:%u): the words \"%.*s\" are not about the recipient", NX_FMT(info.id),
            NX_FMT(info.file), info.line, NX_FMT(verdict->matched));
        row("", "%.*s", NX_FMT(info.note));
    } else if (nx_str_eq(verdict->rule, NX_STR("code.status"))) {
        row("Decided by", "the status code %.*s alone: no rule knows the words", NX_FMT(verdict->matched));
    } else if (nx_str_eq(verdict->rule, NX_STR("code.reply"))) {
        row("Decided by", "the reply code %.*s alone: no rule knows the words", NX_FMT(verdict->matched));
    } else if (nx_str_eq(verdict->rule, NX_STR("hint"))) {
        row("Decided by", "the category that the provider gives");
    } else if (nx_str_eq(verdict->rule, NX_STR("kind"))) {
        row("Decided by", "the kind of the report");
    } else {
        row("Decided by",
            "nothing: neither words nor codes tell why (`nixie triage` and `nixie rules suggest` help to write a rule)");
    }
    for (size_t i = 0; i < n; i++)
        if (!nx_str_eq(matches[i].id, verdict->rule))
            row(i <= 1 ? "Passed over" : "", "%.*s (%s), on \"%.*s\"", NX_FMT(matches[i].id), nx_cause_name(matches[i].cause),
                NX_FMT(matches[i].matched));
}

static void notes_row(nx_notes notes)
{
    bool first = true;
    for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
        if ((notes >> i & 1) != 0) {
            row(first ? "Notes" : "", "%s", nx_note_text((enum nx_note)i));
            first = false;
        }
}

static void verdict_rows(struct nx_worker *worker, const struct nx_ruleset *rules, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    const struct nx_verdict *verdict = &event->verdict;
    if (report->reply != 0)
        reply_row(report->reply);
    if (report->status.n > 0)
        status_row(report->status);
    if (report->stage != NX_STAGE_NONE)
        row("Stage", "%s", stage_words(report->stage));
    if (verdict->cause == NX_CAUSE_NONE)
        return;
    const struct nx_cause_facts *facts = nx_cause_facts(verdict->cause);
    decided_row(worker, rules, event);
    row("Cause", "%s", facts->name);
    row("Class", "%s: %s", nx_class_name(verdict->class_), class_words(verdict->class_));
    if (facts->class_ == NX_CLASS_HARD && verdict->class_ == NX_CLASS_SOFT)
        row("", "(%s is hard when it is final; this refusal is temporary)", facts->name);
    if (strcmp(facts->fault, "none") != 0)
        row("Whose move", "%s", facts->fault);
    row("What to do", "%s", facts->advice);
}

static void explain_event(struct nx_worker *worker, const struct nx_ruleset *rules, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    row("What it is", "%s%s%.*s%s", kind_words(report->kind), report->format.n > 0 ? " (read as " : "", NX_FMT(report->format),
        report->format.n > 0 ? ")" : "");
    if (report->recipient.n > 0)
        row("Recipient", "%.*s", NX_FMT(report->recipient));
    if (report->original_recipient.n > 0 && !nx_str_ieq(report->original_recipient, report->recipient))
        row("Written to", "%.*s", NX_FMT(report->original_recipient));
    if (report->reporting_mta.n > 0)
        row("Reported by", "%.*s", NX_FMT(report->reporting_mta));
    if (report->remote_mta.n > 0) {
        struct nx_str provider = nx_ruleset_provider(rules, report->remote_mta, report->recipient);
        row("Refused by", "%.*s%s%.*s%s", NX_FMT(report->remote_mta), provider.n > 0 ? " (" : "", NX_FMT(provider),
            provider.n > 0 ? ")" : "");
    }
    if (report->diagnostic.n > 0)
        row("It said", "%.*s", NX_FMT(report->diagnostic));
    if (report->text.n > 0 && !nx_str_eq(report->text, report->diagnostic))
        row(report->diagnostic.n > 0 ? "Reporter" : "It said", "%.*s", NX_FMT(report->text));
    if (report->original.message_id.n > 0)
        row("Message", "<%.*s>%s%.*s", NX_FMT(report->original.message_id), report->original.subject.n > 0 ? ", subject: " : "",
            NX_FMT(report->original.subject));
    notes_row(report->notes | event->verdict.notes);
    verdict_rows(worker, rules, event);
}

static int explain_messages(struct nx_worker *worker, const struct nx_ruleset *rules, const char *path,
                            const struct nx_limits *limits)
{
    g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(path, limits->message);
    struct nx_message message;
    int got, code = NX_EXIT_OK;
    bool first = true, any = false;
    g_autoptr(GError) error = NULL;
    while ((got = nx_mailbox_next(mailbox, &message, &error)) != 0) {
        if (got < 0) {
            nx_cli_say("%s", error->message);
            g_clear_error(&error);
            code = NX_EXIT_FINDING;
            continue;
        }
        any = true;
        const struct nx_origin origin = {.source = NX_STR("file"),
                                         .file = nx_str_of(message.path),
                                         .envelope_from = message.sender,
                                         .received_at = NX_WHEN_NONE};
        const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = message.bytes, .origin = &origin};
        struct nx_event *events;
        nx_worker_reset(worker);
        size_t n = nx_worker_process(worker, &input, &events);
        for (size_t i = 0; i < n; i++) {
            if (!first)
                putchar('\n');
            first = false;
            explain_event(worker, rules, &events[i]);
        }
    }
    if (!any && code == NX_EXIT_OK) {
        nx_cli_say("%s: there is no message in it", path);
        code = NX_EXIT_FINDING;
    }
    return code;
}

/* A text that says only what happened, without a failure ("Out of office"): the kind whose rule knows its words. */
static void try_kinds(struct nx_worker *worker, const struct nx_ruleset *rules, struct nx_event *event)
{
    static const enum nx_kind kinds[] = {NX_KIND_AUTOREPLY, NX_KIND_COMPLAINT, NX_KIND_UNSUBSCRIBE, NX_KIND_DELIVERED,
                                         NX_KIND_DELAYED};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct nx_event other = *event;
        struct nx_rule_info info;
        other.report.kind = kinds[i];
        nx_classify(nx_worker_matcher(worker), nx_worker_arena(worker), &other.report, &other.verdict);
        find_rule(rules, other.verdict.rule, &info);
        if (info.id.n > 0) {
            *event = other;
            return;
        }
    }
}

static int explain_words(struct nx_worker *worker, const struct nx_ruleset *rules, struct nx_str text)
{
    struct nx_event event;
    nx_worker_reset(worker);
    nx_worker_reply(worker, text, &event);
    if (event.verdict.cause == NX_CAUSE_UNKNOWN && event.verdict.rule.n == 0 && event.report.reply == 0 &&
        event.report.status.n == 0)
        try_kinds(worker, rules, &event);
    row("It said", "%.*s", NX_FMT(event.report.diagnostic));
    if (event.report.kind != NX_KIND_FAILED)
        row("What it is", "%s", kind_words(event.report.kind));
    verdict_rows(worker, rules, &event);
    return NX_EXIT_OK;
}

/* "550", "5.7.26": what the code says by itself. False: the text is more than a code. */
static bool explain_code(struct nx_str text)
{
    unsigned long long reply = 0;
    if (text.n == 3 && nx_str_to_u64(text, &reply) && reply >= 200 && reply < 700) {
        const struct nx_reply_facts *facts = nx_reply_facts((unsigned)reply);
        reply_row((unsigned)reply);
        if (facts == NULL)
            return true;
        row("By stage", "RCPT TO: %s; before it: %s; at DATA: %s (where no words say it better)", nx_cause_name(facts->at_rcpt),
            nx_cause_name(facts->before_rcpt), nx_cause_name(facts->at_data));
        row("What to do", "%s", facts->advice);
        return true;
    }
    g_autofree char *status = g_strdup_printf("%.*s", NX_FMT(text));
    if (text.n < 5 || text.n > 9 || strspn(status, "0123456789.Xx") != text.n)
        return false;
    bool any_class = status[0] == 'X' || status[0] == 'x';
    if (any_class)
        status[0] = '5';
    struct nx_str code = nx_str_of(status);
    const struct nx_status_facts *facts = nx_status_facts(code);
    if (facts == NULL && strchr("245", status[0]) == NULL)
        return false;
    status_row(code);
    if (facts == NULL)
        return true;
    if (any_class || status[0] == '4')
        row("As 4.x.x", "%s, %s", nx_cause_name(facts->cause4), nx_class_name(facts->class4));
    if (any_class || status[0] == '5')
        row("As 5.x.x", "%s, %s", nx_cause_name(facts->cause5), nx_class_name(facts->class5));
    enum nx_cause cause = status[0] == '4' ? facts->cause4 : facts->cause5;
    row("What to do", "%s", nx_cause_facts(cause)->advice);
    return true;
}

int nx_cmd_explain(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "TEXT|PATH...",
        "TEXT is a reply line ('550 5.7.26 Unauthenticated email ...'), or a code alone (550, 5.7.26, X.7.26). PATH is a whole "
        "message, an mbox, or - for standard input.\n"
        "Prints how it was read and what it means, in words to forward.\n"
        "Exit: 0; 1 something could not be read; 64 usage; 65 the settings or a rule are wrong.",
        1, -1};
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, NULL, &code))
        return code;
    g_autofree char *text = g_strstrip(g_strjoinv(" ", cli.args));
    if (*text == '\0') {
        nx_cli_say("explain: the text is empty (give a reply line, a code, or a file)");
        return NX_EXIT_USAGE;
    }
    if (explain_code(nx_str_of(text)))
        return nx_cli_finish(NX_EXIT_OK);
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_bind_engine(cli.config, &error);
    if (engine == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    const struct nx_ruleset *rules = nx_engine_rules(engine);
    bool paths = true;
    for (char **arg = cli.args; *arg != NULL; arg++)
        paths = paths && (strcmp(*arg, "-") == 0 || g_file_test(*arg, G_FILE_TEST_EXISTS));
    if (!paths && cli.n_args == 1 && strchr(text, ' ') == NULL && (strchr(text, '/') != NULL || g_str_has_suffix(text, ".eml"))) {
        nx_cli_say("%s: there is no such file (give a reply line, a code, or a message)", text);
        return NX_EXIT_FINDING;
    }
    code = NX_EXIT_OK;
    if (!paths)
        return nx_cli_finish(explain_words(worker, rules, nx_str_of(text)));
    for (char **arg = cli.args; *arg != NULL; arg++)
        code |= explain_messages(worker, rules, *arg, &cli.config->limits);
    return nx_cli_finish(code);
}
