/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/classify.h"

#include "base/ascii.h"
#include "classify/codes.h"
#include "classify/match.h"
#include "classify/whom.h"

enum { TAIL, DIAGNOSTIC, TEXT, N_TEXTS }; /* the texts of a report, in the order of their worth */

struct judge {
    struct nx_matcher *matcher;
    struct nx_arena *arena;
    const struct nx_report *report;
    bool there[N_TEXTS];
    bool text_read; /* the reporter's text is looked at only when the diagnostic does not decide */
    struct nx_context context;
};

static struct nx_scan *read_text(struct judge *judge, int text)
{
    struct nx_scan *scan = &judge->matcher->scans[text];
    if (text == TEXT && !judge->text_read) {
        judge->text_read = true;
        nx_matcher_scan(judge->matcher, judge->arena, scan, judge->report->text);
    }
    return scan;
}

static void judge_init(struct judge *judge, struct nx_matcher *matcher, struct nx_arena *arena, const struct nx_report *report)
{
    *judge = (struct judge){.matcher = matcher, .arena = arena, .report = report};
    matcher->limit = false;
    judge->there[DIAGNOSTIC] = report->diagnostic.n > 0;
    judge->there[TEXT] = report->text.n > 0 && !nx_str_eq(report->text, report->diagnostic);
    nx_matcher_scan(matcher, arena, &matcher->scans[DIAGNOSTIC], report->diagnostic);
    nx_context_of(report, &matcher->scans[DIAGNOSTIC].norm, &judge->context);
    if (judge->there[DIAGNOSTIC] || !judge->there[TEXT])
        return;
    const struct nx_norm *norm = &read_text(judge, TEXT)->norm; /* the only words there are: their code counts as well */
    if (judge->context.n_replies == 0 && norm->reply != 0) {
        judge->context.replies[judge->context.n_replies++] = norm->reply;
        judge->context.level = (unsigned char)(norm->reply / 100);
    }
}

static bool says_only_late(enum nx_cause cause)
{
    return cause == NX_CAUSE_EXPIRED || cause == NX_CAUSE_DELAYED;
}

static bool words(struct judge *judge, unsigned from, unsigned to, struct nx_found *ret, int *ret_text)
{
    bool late = false;
    for (int i = TAIL; i < N_TEXTS; i++) {
        struct nx_found found;
        if (!judge->there[i] || !nx_matcher_first(judge->matcher, read_text(judge, i), &judge->context, from, to, &found))
            continue;
        if (late && says_only_late(found.rule->cause))
            continue;
        *ret = found;
        *ret_text = i;
        if (!says_only_late(found.rule->cause))
            return true;
        late = true; /* a later text may tell why */
    }
    return late;
}

/* A reply or status of the 4 class: not final, whatever the words say. */
static bool transient(const struct judge *judge)
{
    return judge->context.level == 4;
}

static void decide_by_rule(const struct judge *judge, const struct nx_found *found, int text, struct nx_verdict *verdict)
{
    const struct nx_rule *rule = found->rule;
    verdict->cause = rule->cause;
    verdict->class_ = rule->has_class ? rule->class_ : nx_cause_facts(rule->cause)->class_;
    bool said_hard = rule->has_class && rule->class_ == NX_CLASS_HARD && judge->context.n_replies == 0;
    if (verdict->class_ == NX_CLASS_HARD && transient(judge) && !said_hard)
        verdict->class_ = NX_CLASS_SOFT;
    verdict->rule = rule->id;
    verdict->matched = nx_norm_span(&judge->matcher->scans[text].norm, found->from, found->to);
}

static void decide_by_cause(const struct judge *judge, enum nx_cause cause, enum nx_class class_, struct nx_str rule,
                            struct nx_str matched, struct nx_verdict *verdict)
{
    verdict->cause = cause;
    verdict->class_ = class_ == NX_CLASS_HARD && transient(judge) ? NX_CLASS_SOFT : class_;
    verdict->rule = rule;
    verdict->matched = matched;
}

static bool is_specific(struct nx_code code)
{
    return code.subject != 0 && (code.detail != 0 || code.subject >= 6); /* X.6.0 and X.7.0 leave less open than X.1.0 to X.5.0 */
}

/* "530 5.7.0", "535 5.5.4": the reply says more than the code. */
static bool is_login_reply(const struct judge *judge)
{
    static const unsigned replies[] = {530, 534, 535, 538};
    for (size_t i = 0; i < judge->context.n_replies; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(replies); k++)
            if (judge->context.replies[i] == replies[k])
                return true;
    return false;
}

static bool at_the_door(enum nx_stage stage)
{
    return stage == NX_STAGE_CONNECT || stage == NX_STAGE_HELO;
}

/* The words are about the message or the host, and not such that a rule knows them: "5.2.1 Subject is mandatory" is no dead
 * mailbox. */
static bool words_deny(struct judge *judge)
{
    int text = judge->there[DIAGNOSTIC] ? DIAGNOSTIC : TEXT;
    return judge->there[text] && nx_matcher_denies_code(judge->matcher, read_text(judge, text));
}

/* Codes of the diagnostic (in the order they stand) come before the report's status field, and those before what the reporter's
 * text holds. */
static bool by_status(struct judge *judge, bool specific, struct nx_verdict *verdict)
{
    const struct nx_norm *text = judge->there[TEXT] ? &read_text(judge, TEXT)->norm : NULL;
    size_t n_text = text != NULL ? text->n_codes : 0;
    for (size_t i = 0; i < judge->context.n_codes + n_text; i++) {
        struct nx_code code = i < judge->context.n_codes ? judge->context.codes[i] : text->codes[i - judge->context.n_codes];
        enum nx_class class_;
        if (code.subject == 0 || is_specific(code) != specific)
            continue;
        enum nx_cause cause = nx_code_cause(code, &class_);
        bool broad = code.subject == 7 && code.detail <= 1;
        if (cause == NX_CAUSE_UNKNOWN || ((broad || code.subject == 5) && is_login_reply(judge)) ||
            (class_ == NX_CLASS_HARD && words_deny(judge)))
            continue;
        if (broad && cause == NX_CAUSE_POLICY_BLOCK && at_the_door(judge->report->stage))
            cause = NX_CAUSE_REPUTATION_BLOCK; /* nobody was named yet: it is the host that is not wanted */
        struct nx_str matched = nx_arena_printf(judge->arena, "%u.%u.%u", code.class_, code.subject, code.detail);
        decide_by_cause(judge, cause, class_, NX_STR("code.status"), matched, verdict);
        return true;
    }
    return false;
}

static bool by_reply(struct judge *judge, struct nx_verdict *verdict)
{
    for (size_t i = 0; i < judge->context.n_replies; i++) {
        unsigned reply = judge->context.replies[i];
        enum nx_cause cause = nx_reply_cause(reply, judge->report->stage);
        if (reply < 400 || cause == NX_CAUSE_UNKNOWN || (nx_cause_facts(cause)->class_ == NX_CLASS_HARD && words_deny(judge)))
            continue;
        decide_by_cause(judge, cause, nx_cause_facts(cause)->class_, NX_STR("code.reply"),
                        nx_arena_printf(judge->arena, "%u", reply), verdict);
        return true;
    }
    return false;
}

/* The provider saw the whole dialogue: what it calls permanent is hard, what it calls temporary is not. Whether the cause
 * suppresses is the policy's. */
static void heed_provider(const struct nx_report *report, struct nx_verdict *verdict)
{
    if (verdict->cause == NX_CAUSE_UPSTREAM_SUPPRESSED)
        return;
    if (report->hint_class == NX_CLASS_HARD)
        verdict->class_ = NX_CLASS_HARD;
    else if (report->hint_class != NX_CLASS_NONE && verdict->class_ == NX_CLASS_HARD)
        verdict->class_ = report->hint_class;
}

/* The guard that took words away says what they are about: that is more than the codes that leave everything open. */
static bool by_guard(const struct judge *judge, struct nx_verdict *verdict)
{
    const struct nx_rule *guard = judge->matcher->guard;
    if (guard == NULL || is_login_reply(judge))
        return false;
    decide_by_cause(judge, guard->cause, nx_cause_facts(guard->cause)->class_, guard->id, judge->matcher->guarded, verdict);
    return true;
}

static void judge_words_and_codes(struct judge *judge, struct nx_verdict *verdict)
{
    const struct nx_ruleset *rules = judge->matcher->rules;
    const struct nx_report *report = judge->report;
    struct nx_found found;
    int text = DIAGNOSTIC;
    judge->matcher->guard = NULL;
    if (report->hint == NX_CAUSE_UPSTREAM_SUPPRESSED || (report->hint != NX_CAUSE_NONE && report->hint_firm)) {
        decide_by_cause(judge, report->hint, nx_cause_facts(report->hint)->class_, NX_STR("hint"), NX_STR_NONE, verdict);
    } else if (words(judge, 0, rules->weak_unit, &found, &text)) {
        decide_by_rule(judge, &found, text, verdict);
    } else if (report->hint != NX_CAUSE_NONE && report->hint != NX_CAUSE_UNKNOWN) {
        decide_by_cause(judge, report->hint, nx_cause_facts(report->hint)->class_, NX_STR("hint"), NX_STR_NONE, verdict);
    } else if (by_status(judge, true, verdict) && verdict->cause != NX_CAUSE_POLICY_BLOCK) {
    } else if (by_guard(judge, verdict) || verdict->cause == NX_CAUSE_POLICY_BLOCK) {
    } else if (words(judge, rules->weak_unit, rules->n_units, &found, &text)) {
        decide_by_rule(judge, &found, text, verdict);
    } else if (!by_status(judge, false, verdict) && !by_reply(judge, verdict)) {
        *verdict = (struct nx_verdict){.cause = NX_CAUSE_UNKNOWN, .class_ = NX_CLASS_SOFT};
    }
}

/* The stage that a code gives away where the words are about somebody else: a reply of RFC 4954 is about our login, X.1.7 and
 * X.1.8 (RFC 3463) are about the sender. */
static enum nx_stage stage_told(const struct judge *judge)
{
    if (is_login_reply(judge))
        return NX_STAGE_AUTH;
    bool sender = false;
    for (size_t i = 0; i < judge->context.n_replies; i++)
        sender |= judge->context.replies[i] == 517; /* Courier's for a fault of MAIL FROM */
    for (size_t i = 0; i < judge->context.n_codes; i++)
        sender |=
            judge->context.codes[i].subject == 1 && (judge->context.codes[i].detail == 7 || judge->context.codes[i].detail == 8);
    return sender ? NX_STAGE_MAIL : judge->report->stage;
}

static bool names_recipient(const struct nx_report *report, bool domain)
{
    struct nx_str name = report->recipient;
    if (domain)
        name = nx_str_from(name, MIN(nx_str_chr(name, '@') + 1, name.n));
    return name.n > 0 && nx_str_ihas(report->diagnostic, name);
}

/* Before RCPT TO nobody has named the recipient: "user unknown" in answer to MAIL FROM is about the sender, in answer to AUTH
 * about our login. */
static void heed_stage(const struct judge *judge, struct nx_verdict *verdict)
{
    bool domain = verdict->cause == NX_CAUSE_BAD_DOMAIN && !nx_str_istarts(verdict->rule, NX_STR("code."));
    bool address = verdict->cause == NX_CAUSE_MAILBOX_UNKNOWN || verdict->cause == NX_CAUSE_MAILBOX_DISABLED ||
                   verdict->cause == NX_CAUSE_MAILBOX_MOVED || verdict->cause == NX_CAUSE_BAD_ADDRESS;
    enum nx_stage stage = stage_told(judge);
    bool before = stage == NX_STAGE_HELO || stage == NX_STAGE_AUTH || stage == NX_STAGE_MAIL;
    if (!(address || domain) || !before || names_recipient(judge->report, domain))
        return;
    verdict->cause = stage == NX_STAGE_AUTH ? NX_CAUSE_SMTP_AUTH : NX_CAUSE_SENDER_DNS;
    verdict->class_ = NX_CLASS_BLOCK;
}

/* X.4.6 is said of mail that runs in circles (RFC 3463 3.5), whoever is not found at the end of it. */
static void heed_loop(const struct judge *judge, struct nx_verdict *verdict)
{
    bool loop = false;
    for (size_t i = 0; i < judge->context.n_codes; i++)
        loop |= judge->context.codes[i].subject == 4 && judge->context.codes[i].detail == 6;
    if (!loop || verdict->class_ != NX_CLASS_HARD || verdict->cause == NX_CAUSE_BAD_DOMAIN)
        return;
    verdict->cause = NX_CAUSE_RECEIVER_MISCONFIG;
    verdict->class_ = NX_CLASS_SOFT;
}

/* "<news@example.com> User unknown", and that is who wrote: not the recipient is gone. */
static void heed_author(const struct nx_report *report, struct nx_verdict *verdict)
{
    if (verdict->class_ != NX_CLASS_HARD || !nx_whom_author(report, verdict->matched, verdict->cause == NX_CAUSE_BAD_DOMAIN))
        return;
    verdict->cause = NX_CAUSE_SENDER_DNS;
    verdict->class_ = NX_CLASS_BLOCK;
}

/* The words of the last try as a text names them, with no code but their own; false: there are none, or they tell nothing. */
static bool judge_tail(struct judge *judge, int text, struct nx_verdict *verdict)
{
    if (!judge->there[text])
        return false;
    const struct nx_scan *scan = read_text(judge, text);
    size_t at;
    if (!nx_matcher_lead(judge->matcher, scan, &at))
        return false;
    struct nx_str words = nx_norm_span(&scan->norm, at, scan->norm.text.n);
    struct nx_report bare = *judge->report;
    bare.reply = 0;
    bare.status = NX_STR_NONE;
    bare.hint = NX_CAUSE_NONE;
    struct judge tail = {.matcher = judge->matcher, .arena = judge->arena, .report = &bare, .there = {[TAIL] = true}};
    nx_matcher_scan(judge->matcher, judge->arena, &judge->matcher->scans[TAIL], words);
    nx_context_of(&bare, &judge->matcher->scans[TAIL].norm, &tail.context);
    struct nx_verdict inner = {.cause = NX_CAUSE_NONE};
    judge_words_and_codes(&tail, &inner);
    if (inner.cause == NX_CAUSE_UNKNOWN)
        return false;
    *verdict = inner;
    return true;
}

/* Where a text begins, behind its codes and an opening quote, with the local part of the recipient as a word: "550 bob does not
 * exist"; false: it does not. */
static bool starts_with_local(struct nx_str text, struct nx_str local, size_t *ret_at)
{
    size_t at = 0;
    while (at < text.n && strchr("0123456789.- '\"<[", text.p[at]) != NULL)
        at++;
    *ret_at = at;
    struct nx_str rest = nx_str_from(text, at);
    return local.n > 0 && nx_str_istarts(rest, local) && rest.n > local.n && !nx_is_alnum((unsigned char)rest.p[local.n]) &&
           strchr("@-_+=", rest.p[local.n]) == NULL;
}

/* Words that speak of the recipient by his local part, read as if his whole address stood there. Only what makes an address
 * dead is taken from them. */
static void judge_named(struct judge *judge, struct nx_verdict *verdict)
{
    struct nx_report named = *judge->report;
    struct nx_str *words = named.diagnostic.n > 0 ? &named.diagnostic : &named.text;
    struct nx_str local = nx_str_sub(named.recipient, 0, nx_str_chr(named.recipient, '@'));
    size_t at;
    if (local.n == named.recipient.n || !starts_with_local(*words, local, &at))
        return;
    *words = nx_arena_printf(judge->arena, "%.*s<%.*s>%.*s", NX_FMT(nx_str_sub(*words, 0, at)), NX_FMT(named.recipient),
                             NX_FMT(nx_str_from(*words, at + local.n)));
    struct judge again;
    struct nx_verdict inner = {.cause = NX_CAUSE_NONE};
    judge_init(&again, judge->matcher, judge->arena, &named);
    judge_words_and_codes(&again, &inner);
    if (nx_cause_facts(inner.cause)->class_ == NX_CLASS_HARD)
        *verdict = inner;
}

static void judge_failure(struct judge *judge, struct nx_verdict *verdict)
{
    const struct nx_report *report = judge->report;
    if (!judge_tail(judge, DIAGNOSTIC, verdict)) {
        judge_words_and_codes(judge, verdict);
        if (says_only_late(verdict->cause) || verdict->cause == NX_CAUSE_UNKNOWN || nx_str_istarts(verdict->rule, NX_STR("code.")))
            (void)judge_tail(judge, TEXT, verdict);
        if (verdict->cause == NX_CAUSE_UNKNOWN || nx_str_istarts(verdict->rule, NX_STR("code.")))
            judge_named(judge, verdict);
    }
    heed_stage(judge, verdict);
    heed_loop(judge, verdict);
    heed_author(report, verdict);
    heed_provider(report, verdict);
    if (report->kind == NX_KIND_DELAYED) {
        verdict->class_ = NX_CLASS_SOFT;
        if (verdict->cause == NX_CAUSE_UNKNOWN)
            verdict->cause = NX_CAUSE_DELAYED;
        if (verdict->rule.n == 0)
            verdict->rule = NX_STR("kind");
    }
}

static enum nx_cause cause_of_kind(enum nx_kind kind)
{
    switch (kind) {
    case NX_KIND_DELIVERED:
        return NX_CAUSE_DELIVERED;
    case NX_KIND_COMPLAINT:
        return NX_CAUSE_COMPLAINT;
    case NX_KIND_UNSUBSCRIBE:
        return NX_CAUSE_UNSUBSCRIBE;
    case NX_KIND_AUTOREPLY:
        return NX_CAUSE_AUTO_REPLY;
    case NX_KIND_OTHER:
    case NX_KIND_FAILED:
    case NX_KIND_DELAYED:
        break;
    }
    return NX_CAUSE_NONE;
}

static void judge_by_kind(struct judge *judge, enum nx_cause cause, struct nx_verdict *verdict)
{
    struct nx_found found;
    int text = DIAGNOSTIC;
    *verdict = (struct nx_verdict){.cause = cause, .class_ = NX_CLASS_NONE, .rule = NX_STR("kind")};
    if (words(judge, 0, judge->matcher->rules->n_units, &found, &text) && found.rule->cause == cause)
        decide_by_rule(judge, &found, text, verdict);
}

static void run(struct judge *judge, struct nx_verdict *verdict)
{
    enum nx_cause cause = cause_of_kind(judge->report->kind);
    *verdict = (struct nx_verdict){.cause = NX_CAUSE_NONE};
    if (cause != NX_CAUSE_NONE)
        judge_by_kind(judge, cause, verdict);
    else if (judge->report->kind != NX_KIND_OTHER)
        judge_failure(judge, verdict);
    verdict->ruleset = nx_ruleset_digest(judge->matcher->rules);
    verdict->provider = nx_ruleset_provider(judge->matcher->rules, judge->report->remote_mta, judge->report->recipient);
    if (judge->matcher->limit)
        verdict->notes |= NX_NOTE_RULE_LIMIT;
}

void nx_classify(struct nx_matcher *matcher, struct nx_arena *arena, const struct nx_report *report, struct nx_verdict *ret_verdict)
{
    struct judge judge;
    judge_init(&judge, matcher, arena, report);
    run(&judge, ret_verdict);
}

size_t nx_classify_all(struct nx_matcher *matcher, struct nx_arena *arena, const struct nx_report *report,
                       struct nx_verdict *ret_verdict, struct nx_rule_match **ret_matches)
{
    struct judge judge;
    judge_init(&judge, matcher, arena, report);
    run(&judge, ret_verdict);
    const GPtrArray *order = matcher->rules->book->rules;
    struct nx_rule_match *matches = nx_arena_array(arena, order->len + 1, sizeof *matches);
    size_t n = 0;
    for (int text = DIAGNOSTIC; text < N_TEXTS; text++)
        for (guint place = 0; place < order->len && judge.there[text]; place++) {
            struct nx_found found;
            const struct nx_rule *rule = g_ptr_array_index(order, place);
            if (!nx_matcher_rule(matcher, read_text(&judge, text), &judge.context, place, &found))
                continue;
            bool known = false;
            for (size_t i = 0; i < n && !known; i++)
                known = nx_str_eq(matches[i].id, rule->id);
            if (known)
                continue;
            struct nx_verdict verdict = {0};
            decide_by_rule(&judge, &found, text, &verdict);
            struct nx_rule_match match = {.id = rule->id,
                                          .file = rule->file,
                                          .line = rule->line,
                                          .matched = verdict.matched,
                                          .cause = rule->cause,
                                          .class_ = verdict.class_};
            if (nx_str_eq(rule->id, ret_verdict->rule)) {
                memmove(matches + 1, matches, n * sizeof *matches);
                matches[0] = match;
            } else {
                matches[n] = match;
            }
            n++;
        }
    *ret_matches = matches;
    return n;
}
