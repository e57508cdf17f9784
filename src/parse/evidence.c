/* SPDX-License-Identifier: Apache-2.0 */
/* The words for people as evidence: beside the fields of a DSN, or alone. */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/internal.h"
#include "parse/reply.h"

/* The block that speaks of this recipient. */
static struct nx_text_block *block_of(struct nx_reading *reading, const struct nx_report *report)
{
    for (size_t i = 0; i < reading->words.n_blocks; i++) {
        struct nx_text_block *block = &reading->words.blocks[i];
        if (nx_address_same(block->recipient, report->recipient) || nx_address_same(block->recipient, report->original_recipient) ||
            nx_address_same(block->original_recipient, report->recipient))
            return block;
    }
    return NULL;
}

static struct nx_str failed_recipients(const struct nx_reading *reading)
{
    return nx_fields_get(reading->mail.fields, "X-Failed-Recipients");
}

/* How many addresses a field lists; the first in *ret. */
static size_t count_addresses(struct nx_str field, struct nx_str *ret)
{
    size_t at = 0, n = 0;
    struct nx_str address;
    while (nx_address_find(field, &at, &address)) {
        if (n++ == 0)
            *ret = address;
    }
    return n;
}

struct nx_str nx_recipient_of_path(const struct nx_reading *reading, struct nx_str path)
{
    struct nx_path read;
    nx_paths_read(reading->paths, reading->arena, path, &read);
    return read.recipient;
}

/* The return path that the report came to, as far as the message tells. */
static struct nx_str verp_recipient(struct nx_reading *reading)
{
    static const char *const names[] = {"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"};
    struct nx_str found =
        reading->input->origin != NULL ? nx_recipient_of_path(reading, reading->input->origin->envelope_to) : NX_STR_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(names) && found.n == 0; i++)
        found = nx_recipient_of_path(reading, nx_address_in(nx_fields_get(reading->mail.fields, names[i])));
    return found;
}

static bool is_name(struct nx_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!nx_is_atext((unsigned char)text.p[i]) && text.p[i] != '.')
            return false;
    return text.n > 0 && text.n <= 64 && strchr("|/@", text.p[0]) == NULL;
}

/* Fields of a report that stand in the head of the message itself. */
static struct nx_str recipient_in_head(struct nx_reading *reading)
{
    static const char *const names[] = {"Final-Recipient", "Original-Recipient"};
    nx_notes notes = 0;
    struct nx_str address = NX_STR_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(names) && address.n == 0; i++)
        address = nx_address_of_field(reading->arena, nx_fields_get(reading->mail.fields, names[i]), NULL, &notes);
    for (size_t i = 0; i < reading->mail.n_parts && address.n == 0; i++) { /* a refusal in the form of an MDN */
        struct nx_str text = reading->mail.parts[i].content;
        if (reading->mail.parts[i].type != NX_PART_DISPOSITION)
            continue;
        struct nx_fields fields = nx_fields_read(reading->arena, &text, &notes);
        for (size_t k = 0; k < G_N_ELEMENTS(names) && address.n == 0; k++)
            address = nx_address_of_field(reading->arena, nx_fields_get(fields, names[k]), NULL, &notes);
    }
    return address;
}

/* Do the words speak of it: as a word of its own, or (a domain) at the end of a host's name? */
static bool speaks_of(struct nx_str text, struct nx_str name)
{
    for (size_t at = 0; name.n > 0 && at < text.n; at++) {
        at += nx_str_ifind(nx_str_from(text, at), name);
        size_t end = at + name.n;
        if (end > text.n)
            break;
        bool starts = at == 0 || (!nx_is_alnum((unsigned char)text.p[at - 1]) && strchr("@-_+", text.p[at - 1]) == NULL);
        bool ends = end == text.n || (!nx_is_alnum((unsigned char)text.p[end]) && text.p[end] != '-' &&
                                      (text.p[end] != '.' || end + 1 == text.n || !nx_is_alnum((unsigned char)text.p[end + 1])));
        if (starts && ends)
            return true;
    }
    return false;
}

/* The only addressee of the returned message, where the words speak of him by his local part, or of his domain. */
static struct nx_str told_addressee(const struct nx_reading *reading)
{
    const struct nx_words *everyday = &reading->formats->words[NX_WORD_EVERYDAY];
    struct nx_str address = nx_original_addressee(reading);
    size_t sign = nx_str_chr(address, '@');
    struct nx_str local = nx_str_sub(address, 0, sign), domain = nx_str_from(address, sign + 1);
    for (size_t i = 0; i < everyday->n; i++)
        if (local.n < 2 || nx_str_ieq(local, everyday->p[i]))
            local = NX_STR_NONE;
    bool told = speaks_of(reading->words.text, local) || speaks_of(reading->words.text, domain);
    for (size_t i = 0; i < reading->words.n_blocks && !told; i++) {
        const struct nx_text_block *block = &reading->words.blocks[i];
        told = speaks_of(block->text, local) || speaks_of(block->text, domain) ||
               (block->name.n > 0 && nx_str_ieq(block->name, local));
    }
    return told ? address : NX_STR_NONE;
}

/* Is the subject one of failure or delay, and not of success? */
static bool says_failure(const struct nx_hints *hints)
{
    return hints->subject && !hints->success;
}

static unsigned signs(const struct nx_reading *reading);

/* All signs of a report, and it returns what its addressee wrote to one address elsewhere: who else could have failed? */
static struct nx_str sole_addressee(const struct nx_reading *reading)
{
    struct nx_fields returned = nx_original_fields(reading);
    struct nx_str address = nx_original_addressee(reading), to = nx_address_in(nx_fields_get(reading->mail.fields, "To"));
    struct nx_str domain = nx_str_from(address, nx_str_chr(address, '@') + 1);
    bool ours = to.n > 0 && (nx_address_same(nx_address_in(nx_fields_get(returned, "From")), to) ||
                             nx_address_same(nx_address_in(nx_fields_get(returned, "Return-Path")), to));
    if (!ours || address.n == 0 || nx_str_ieq(domain, nx_str_from(to, nx_str_chr(to, '@') + 1)) || !says_failure(&reading->hints) ||
        signs(reading) < 4)
        return NX_STR_NONE;
    return address;
}

/* A recipient that the fields hide: from the words, from X-Failed-Recipients, from the return path. */
static void find_hidden(struct nx_reading *reading, struct nx_report *report)
{
    struct nx_str address = NX_STR_NONE;
    size_t named = 0, last = 0;
    for (size_t i = 0; i < reading->words.n_blocks; i++)
        if (reading->words.blocks[i].recipient.n > 0) {
            named++;
            last = i;
        }
    if (reading->out.n == 1 && reading->has_words && named == 1) {
        report->recipient = reading->words.blocks[last].recipient;
    } else if (reading->out.n == 1 && count_addresses(failed_recipients(reading), &address) == 1) {
        report->recipient = address;
    } else if (reading->out.n == 1 && (address = recipient_in_head(reading)).n > 0) {
        report->recipient = address;
    } else if (reading->out.n == 1 && (address = verp_recipient(reading)).n > 0) {
        report->recipient = address;
        report->notes |= NX_NOTE_VERP_RECIPIENT;
    } else if (reading->out.n == 1 && reading->has_words && (address = told_addressee(reading)).n > 0) {
        report->recipient = address;
    } else if (reading->out.n == 1 && named == 0 && (address = sole_addressee(reading)).n > 0) {
        report->recipient = address;
        report->notes |= NX_NOTE_ORIGINAL_RECIPIENT;
    } else {
        report->notes |= NX_NOTE_NO_RECIPIENT;
        if (is_name(report->original_recipient)) { /* a local or screen name: better than nothing */
            report->recipient = report->original_recipient;
            report->original_recipient = NX_STR_NONE;
        }
    }
}

static void add_text(struct nx_reading *reading, struct nx_report *report, struct nx_str text)
{
    struct nx_str both =
        report->text.n > 0 ? nx_arena_printf(reading->arena, "%.*s %.*s", NX_FMT(report->text), NX_FMT(text)) : text;
    report->text = nx_one_line(reading->arena, both, reading->limits->diagnostic);
}

static void take_block(struct nx_reading *reading, struct nx_report *report, const struct nx_text_block *block)
{
    add_text(reading, report, block->text);
    unsigned long long exit_code; /* "(reason: 255)" says nothing */
    if (report->diagnostic.n == 0 && !nx_str_to_u64(nx_str_trim(block->diagnostic), &exit_code))
        report->diagnostic = nx_one_line(reading->arena, block->diagnostic, reading->limits->diagnostic);
    if (report->reply == 0)
        report->reply = block->reply;
    if (report->status.n == 0 ||
        (nx_str_iends(report->status, NX_STR(".0.0")) && block->status.n > 0 && block->status.p[0] == report->status.p[0]))
        report->status = block->status.n > 0 ? block->status : report->status;
    if (report->stage == NX_STAGE_NONE)
        report->stage = block->stage;
    if (report->remote_mta.n == 0)
        report->remote_mta = block->remote_mta;
}

/* The fields end in the middle of the address, and with it the message: the words may have all of it. */
static void mend_cut(struct nx_reading *reading, struct nx_report *report)
{
    if (report->recipient.n == 0 || report->status.n + report->diagnostic.n > 0)
        return;
    struct nx_text_block *whole = NULL;
    for (size_t i = 0; i < reading->words.n_blocks; i++) {
        struct nx_text_block *block = &reading->words.blocks[i];
        if (nx_address_same(block->recipient, report->recipient))
            return;
        if (nx_str_istarts(block->recipient, report->recipient))
            whole = block;
    }
    if (whole != NULL)
        report->recipient = whole->recipient;
}

void nx_evidence_join(struct nx_reading *reading)
{
    for (size_t i = 0; i < reading->out.n; i++) {
        struct nx_report *report = &reading->out.p[i];
        if (report->recipient.n == 0)
            find_hidden(reading, report);
        if (!reading->has_words)
            continue;
        if (i + 1 == reading->out.n)
            mend_cut(reading, report);
        const struct nx_text_block *block = block_of(reading, report);
        if (block == NULL && reading->out.n == 1 && reading->words.n_blocks == 1)
            block = &reading->words.blocks[0];
        if (block != NULL)
            take_block(reading, report, block);
        else if (reading->out.n == 1)
            add_text(reading, report, reading->words.text);
        if (report->reporting_mta.n == 0)
            report->reporting_mta = reading->words.reporting_mta;
    }
}

/* What speaks for a report when there is no machine-readable part. One sign may be forged or chance; the words must agree. */
static unsigned signs(const struct nx_reading *reading)
{
    struct nx_fields fields = reading->mail.fields;
    struct nx_str from = nx_fields_get(fields, "From"), path = nx_str_trim(nx_fields_get(fields, "Return-Path"));
    unsigned n = 0, told = 0; /* told: by the subject alone */
    if (nx_str_eq(nx_str_trim(from), NX_STR("<>")))
        n += 2;
    if (reading->hints.sender) {
        /* it answers what we sent, and is no "Re: ..." of somebody who is called Postmaster */
        bool answers = nx_fields_get(fields, "In-Reply-To").n + nx_fields_get(fields, "References").n > 0;
        n += answers && nx_str_chr(reading->hints.before, ':') == reading->hints.before.n ? 2 : 1;
    }
    if (nx_str_eq(path, NX_STR("<>")) || nx_str_istarts(path, NX_STR("<mailer-daemon")) ||
        nx_str_istarts(path, NX_STR("mailer-daemon")))
        n++;
    bool automatic = nx_str_istarts(nx_fields_get(fields, "Auto-Submitted"), NX_STR("auto-replied"));
    if (reading->hints.subject) {
        /* answers of people's programs put words of their own in front, and a colon */
        struct nx_str before = reading->hints.before;
        told = automatic && before.n < 24 && nx_str_chr(before, ':') + nx_str_chr(before, ']') == 2 * before.n ? 2 : 1;
        n += told;
    }
    if (nx_fields_get(fields, "X-MS-Exchange-Message-Is-Ndr").p != NULL)
        n += 2;
    if (failed_recipients(reading).n > 0 || nx_fields_get(fields, "Final-Recipient").n > 0)
        n += 2;
    if (nx_str_eq(reading->mail.media_type, NX_STR("multipart/report")) &&
        !nx_str_eq(reading->mail.report_type, NX_STR("disposition-notification")))
        n++;
    if (reading->mail.returned.n > 0 || reading->words.returned.n > 0)
        n++;
    /* beside a subject it makes no report: programs write about bounces too */
    if (n > told && nx_str_istarts(nx_fields_get(fields, "Auto-Submitted"), NX_STR("auto-generated")))
        n++;
    return n;
}

/* Is From the address of a program that reports? "jo.postmaster@" is a person. */
static bool is_daemon(const struct nx_reading *reading)
{
    struct nx_str from = nx_address_in(nx_fields_get(reading->mail.fields, "From"));
    struct nx_str local = nx_str_sub(from, 0, nx_str_chr(from, '@'));
    const struct nx_words *parts = &reading->formats->words[NX_WORD_DAEMON];
    bool daemon = nx_str_istarts(local, NX_STR("postmaster"));
    for (size_t i = 0; i < parts->n && !daemon; i++)
        daemon = nx_str_ihas(local, parts->p[i]);
    return daemon;
}

/* Nothing speaks for a report but the subject and what is quoted, and the mail is from whoever its return path names, or the
 * subject is about a report ("Re: ...", "question about a returned mail"): people write so who got one. */
static bool is_personal(const struct nx_reading *reading, unsigned weight)
{
    struct nx_fields fields = reading->mail.fields;
    bool same = nx_address_same(nx_address_in(nx_fields_get(fields, "Return-Path")), nx_address_in(nx_fields_get(fields, "From")));
    bool returned = reading->mail.returned.n > 0 || reading->words.returned.n > 0;
    bool about = nx_str_trim(reading->hints.before).n > 0;
    if (reading->hints.sender && (!same || is_daemon(reading)))
        return false;
    return reading->hints.subject && weight <= 1u + returned + reading->hints.sender && (about || same);
}

static bool is_own(const struct nx_reading *reading, struct nx_str address)
{
    return nx_address_same(address, nx_address_in(nx_fields_get(reading->mail.fields, "From")));
}

/* Mail of a list or a tracker talks about bounces; reports come from daemons, and not through lists. */
static bool quotes(const struct nx_reading *reading)
{
    const struct nx_words *fields = &reading->formats->words[NX_WORD_FORUM];
    if (nx_hints_from_daemon(reading->mail.fields) || failed_recipients(reading).n > 0)
        return false;
    for (size_t i = 0; i < reading->mail.fields.n; i++)
        for (size_t k = 0; k < fields->n; k++)
            if (nx_str_ieq(reading->mail.fields.p[i].name, fields->p[k]) && nx_str_trim(reading->mail.fields.p[i].value).n > 0)
                return true;
    return false;
}

static void add_block(struct nx_reading *reading, const struct nx_text_block *block, struct nx_str recipient)
{
    for (size_t i = 0; i < reading->out.n; i++)
        if (nx_address_same(reading->out.p[i].recipient, recipient))
            return;
    struct nx_report *report = nx_reports_add(reading);
    if (report == NULL)
        return;
    report->kind = block->kind;
    report->recipient = recipient;
    report->original_recipient = block->original_recipient.n > 0 ? block->original_recipient
                                 : recipient.n == 0              ? block->name
                                                                 : NX_STR_NONE;
    report->format = reading->words.format;
    report->reporting_mta = reading->words.reporting_mta;
    take_block(reading, report, block);
}

/* A known report that names no address in its words. */
static void add_nameless(struct nx_reading *reading)
{
    struct nx_text_block block = reading->words.n_blocks > 0
                                     ? reading->words.blocks[0]
                                     : (struct nx_text_block){.kind = reading->words.kind, .text = reading->words.text};
    if (reading->words.n_blocks == 0) {
        struct nx_reply told;
        nx_reply_read(reading->arena, block.text, &told);
        block.reply = told.code;
        block.status = told.status;
        block.stage = told.stage;
    }
    struct nx_str field = failed_recipients(reading), address;
    size_t at = 0;
    while (nx_address_find(field, &at, &address))
        add_block(reading, &block, address);
    if (reading->out.n == 0) {
        add_block(reading, &block, NX_STR_NONE);
        find_hidden(reading, &reading->out.p[0]);
    }
}

/* No words that tell of a failure, but the head says what it is: a field names the recipient, or a delivery-status report lost
 * its parts. */
static bool read_bare(struct nx_reading *reading)
{
    bool lost = nx_str_eq(reading->mail.report_type, NX_STR("delivery-status")) && nx_str_trim(reading->text).n < 80;
    /* it could be one of success as well */
    bool tells = (reading->has_words && reading->words.told) || reading->hints.failed || reading->hints.delayed;
    bool named = recipient_in_head(reading).n > 0 || failed_recipients(reading).n > 0;
    if (reading->hints.success || !(named || (lost && tells)) || signs(reading) < 3)
        return false;
    struct nx_str text = nx_str_sub(reading->text, 0, 1024);
    text.n = nx_str_ifind(text, NX_STR("original message"));
    text.n = nx_str_find(text, NX_STR("\n>"));
    enum nx_kind kind = reading->has_words && reading->words.told          ? reading->words.kind
                        : reading->hints.delayed && !reading->hints.failed ? NX_KIND_DELAYED
                                                                           : NX_KIND_FAILED;
    reading->words = (struct nx_text_report){.format = NX_STR("head"), .kind = kind, .text = text};
    add_nameless(reading);
    reading->out.notes |= NX_NOTE_NO_REPORT_PART;
    return true;
}

bool nx_evidence_stray(const struct nx_reading *reading)
{
    struct nx_str to = nx_address_in(nx_fields_get(reading->mail.fields, "To"));
    unsigned weight = signs(reading);
    for (size_t i = 0; i < reading->out.n; i++)
        if (!nx_address_same(reading->out.p[i].recipient, to))
            return weight >= 2 && !quotes(reading) && !is_personal(reading, weight);
    return false;
}

/* A refusal in the form of an MDN (RFC 5429 2.2) says in a field what became of the mail, whatever its words say. */
static void add_disposition(struct nx_reading *reading, struct nx_report *report)
{
    nx_notes notes = 0;
    for (size_t i = 0; i < reading->mail.n_parts; i++) {
        struct nx_str text = reading->mail.parts[i].content;
        if (reading->mail.parts[i].type == NX_PART_DISPOSITION)
            add_text(reading, report, nx_fields_get(nx_fields_read(reading->arena, &text, &notes), "Disposition"));
    }
}

static bool read_words(struct nx_reading *reading)
{
    unsigned weight = signs(reading), named = 0;
    if (!reading->has_words || (!reading->words.told && (weight < 3 || !says_failure(&reading->hints))))
        return read_bare(reading);
    for (size_t i = 0; i < reading->words.n_blocks; i++)
        named += reading->words.blocks[i].recipient.n > 0;
    bool automatic = nx_str_istarts(nx_fields_get(reading->mail.fields, "Auto-Submitted"), NX_STR("auto-replied"));
    if (quotes(reading)) {
        reading->out.notes |= NX_NOTE_LOOKS_LIKE_BOUNCE;
        return false;
    }
    bool nameless = failed_recipients(reading).n == 0;
    for (size_t i = 0; i < reading->words.n_blocks; i++)
        nameless &= reading->words.blocks[i].recipient.n == 0 && reading->words.blocks[i].name.n == 0;
    /* the words name nobody, the return path or the returned head does */
    bool elsewhere =
        !reading->words.known && named == 0 && weight >= 2 &&
        (verp_recipient(reading).n > 0 || (weight >= 3 && told_addressee(reading).n > 0) || sole_addressee(reading).n > 0);
    if (reading->words.known
            ? !reading->words.certain && (weight < (nameless ? 3 : 1) || is_personal(reading, weight))
            : is_personal(reading, weight) || weight < 2 || (named == 0 && !elsewhere) || (automatic && weight < 3)) {
        if (named == 0 && read_bare(reading))
            return true;
        if (weight >= 1)
            reading->out.notes |= NX_NOTE_LOOKS_LIKE_BOUNCE;
        return false;
    }
    for (size_t i = 0; i < reading->words.n_blocks; i++) {
        const struct nx_text_block *block = &reading->words.blocks[i];
        if (block->recipient.n > 0 ? !is_own(reading, block->recipient)
                                   : reading->words.known && reading->words.n_blocks > 1 && block->name.n > 0) {
            add_block(reading, block, block->recipient);
            if (block->recipient.n == 0 && reading->out.n > 0) /* a local name beside addresses */
                reading->out.p[reading->out.n - 1].notes |= NX_NOTE_NO_RECIPIENT;
        }
    }
    if (reading->out.n == 0 && !reading->words.known && !elsewhere)
        return false;
    if (reading->out.n == 0)
        add_nameless(reading);
    for (size_t i = 0; i < reading->out.n; i++)
        reading->out.p[i].notes |= NX_NOTE_NO_REPORT_PART;
    return reading->out.n > 0;
}

bool nx_evidence_read(struct nx_reading *reading)
{
    if (!read_words(reading))
        return false;
    for (size_t i = 0; i < reading->out.n; i++)
        add_disposition(reading, &reading->out.p[i]);
    return true;
}
