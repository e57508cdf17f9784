/* SPDX-License-Identifier: Apache-2.0 */
/* Ordinary mail that an address is proved to have sent: Authentication-Results (RFC 8601) of servers that the settings trust say
 * that DMARC passed, or DKIM by a domain aligned with From (RFC 7489 3.1.1). Each hop writes its fields above those it got, so of
 * each method the topmost trusted field decides; what stands below may be the sender's own. */
#include "base/ascii.h"
#include "event/remote.h"
#include "parse/address.h"
#include "parse/internal.h"

/* RFC 8601 2.2: CFWS may stand anywhere; comments are the server's words for people, or the sender's. */
static struct nx_str without_comments(struct nx_arena *arena, struct nx_str text)
{
    char *out = nx_arena_alloc(arena, text.n + 1);
    size_t n = 0;
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool pair = c == '\\' && i + 1 < text.n && (quoted || depth > 0);
        quoted ^= c == '"' && depth == 0;
        depth += c == '(' && !quoted;
        if (depth == 0)
            out[n++] = c;
        if (pair && depth == 0)
            out[n++] = text.p[i + 1];
        i += pair;
        if (c == ')' && !quoted && depth > 0 && --depth == 0)
            out[n++] = ' ';
    }
    return (struct nx_str){out, n};
}

/* The length of a quoted string with its quotes, or of an atom up to one of these. */
static size_t word_length(struct nx_str text, const char *ends)
{
    size_t i = 0;
    if (text.n == 0 || text.p[0] != '"') {
        while (i < text.n && !nx_is_blank((unsigned char)text.p[i]) && strchr(ends, text.p[i]) == NULL)
            i++;
        return i;
    }
    for (i = 1; i < text.n && text.p[i] != '"'; i++)
        i += text.p[i] == '\\';
    return MIN(i + 1, text.n);
}

static struct nx_str take_word(struct nx_str *rest, const char *ends)
{
    *rest = nx_str_trim(*rest);
    struct nx_str word = nx_str_sub(*rest, 0, word_length(*rest, ends));
    *rest = nx_str_trim(nx_str_from(*rest, word.n));
    return word.n > 1 && word.p[0] == '"' ? nx_str_sub(word, 1, word.n - 1) : word;
}

/* "name = value"; false at the end of the statement. */
static bool take_pair(struct nx_str *rest, struct nx_str *ret_name, struct nx_str *ret_value)
{
    *ret_name = take_word(rest, "=;");
    *ret_value = NX_STR_NONE;
    if (rest->n > 0 && rest->p[0] == '=') {
        *rest = nx_str_from(*rest, 1);
        *ret_value = take_word(rest, ";");
        return true;
    }
    return ret_name->n > 0;
}

struct proof { /* what the trusted fields say of one sender */
    struct nx_arena *arena;
    struct nx_str domain, organisation;
    bool dmarc_seen, dkim_seen, failed;
    const char *how;
};

static bool is_aligned(const struct proof *proof, struct nx_str domain)
{
    return proof->organisation.n > 0 && nx_str_eq(nx_organisation(NULL, proof->arena, domain), proof->organisation);
}

/* One "method=result ptype.property=value ..."; *rest is left behind its semicolon. */
static void read_result(struct proof *proof, struct nx_str *rest, bool *dmarc, bool *dkim)
{
    struct nx_str method, result, name, value, from = NX_STR_NONE, signer = NX_STR_NONE;
    if (take_pair(rest, &method, &result)) {
        method = nx_str_trim(nx_str_sub(method, 0, nx_str_chr(method, '/')));
        while (rest->n > 0 && rest->p[0] != ';' && take_pair(rest, &name, &value)) {
            struct nx_str domain = nx_str_from(value, nx_str_chr(value, '@') < value.n ? nx_str_chr(value, '@') + 1 : 0);
            if (nx_str_ieq(name, NX_STR("header.from")))
                from = domain;
            else if (nx_str_ieq(name, NX_STR("header.d")) || (nx_str_ieq(name, NX_STR("header.i")) && signer.n == 0))
                signer = domain;
        }
    }
    *rest = nx_str_from(*rest, 1);
    bool pass = nx_str_ieq(result, NX_STR("pass")), is_dmarc = nx_str_ieq(method, NX_STR("dmarc"));
    bool is_dkim = nx_str_ieq(method, NX_STR("dkim"));
    *dmarc = *dmarc || is_dmarc;
    *dkim = *dkim || is_dkim;
    if (is_dmarc && !proof->dmarc_seen) {
        proof->failed = proof->failed || nx_str_ieq(result, NX_STR("fail"));
        proof->how = pass && nx_str_ieq(from, proof->domain) ? "dmarc=pass" : proof->how;
    } else if (is_dkim && !proof->dkim_seen && pass && is_aligned(proof, signer) && proof->how == NULL) {
        proof->how = "dkim=pass";
    }
}

static bool is_trusted(const struct nx_reading *reading, struct nx_str id)
{
    for (char **trusted = reading->authserv_ids; *trusted != NULL; trusted++)
        if (nx_str_ieq(id, nx_str_of(*trusted)))
            return true;
    return false;
}

/* Who vouches for the domain of From, and by which method: "dmarc=pass by mx.example.org". */
static struct nx_str vouched(const struct nx_reading *reading, struct nx_str domain)
{
    struct proof proof = {.arena = reading->arena, .domain = domain, .organisation = nx_organisation(NULL, reading->arena, domain)};
    struct nx_str by = NX_STR_NONE;
    for (size_t i = 0; i < reading->mail.fields.n; i++) {
        const struct nx_field *field = &reading->mail.fields.p[i];
        bool dmarc = false, dkim = false;
        if (!nx_str_ieq(field->name, NX_STR("Authentication-Results")))
            continue;
        struct nx_str rest = without_comments(reading->arena, field->value), id = take_word(&rest, ";");
        if (!is_trusted(reading, id))
            continue;
        const char *before = proof.how;
        rest = nx_str_from(rest, nx_str_chr(rest, ';') + 1); /* past a version */
        while (nx_str_trim(rest).n > 0)
            read_result(&proof, &rest, &dmarc, &dkim);
        proof.dmarc_seen = proof.dmarc_seen || dmarc;
        proof.dkim_seen = proof.dkim_seen || dkim;
        by = proof.how != before ? id : by;
    }
    return proof.how == NULL || proof.failed ? NX_STR_NONE : nx_arena_printf(reading->arena, "%s by %.*s", proof.how, NX_FMT(by));
}

static size_t count_of(struct nx_str text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == c;
    return n;
}

/* The one address that it is from: nothing where more could be read in it. */
static struct nx_str sender_of(const struct nx_reading *reading)
{
    struct nx_str from = NX_STR_NONE;
    for (size_t i = 0; i < reading->mail.fields.n; i++)
        if (nx_str_ieq(reading->mail.fields.p[i].name, NX_STR("From"))) {
            if (from.n > 0)
                return NX_STR_NONE;
            from = nx_str_trim(reading->mail.fields.p[i].value);
        }
    size_t open = nx_str_chr(from, '<');
    if (open < from.n && count_of(from, '<') == 1 && count_of(from, '>') == 1 && from.p[from.n - 1] == '>')
        from = nx_str_sub(from, open + 1, from.n - 1);
    return nx_address_is(from) && count_of(from, '@') == 1 ? from : NX_STR_NONE;
}

/* Written by a person as far as can be told: no list, no answering machine, no notice (RFC 3834 2, RFC 2919). */
static bool is_ordinary(const struct nx_reading *reading)
{
    struct nx_fields fields = reading->mail.fields;
    struct nx_str submitted = nx_fields_get(fields, "Auto-Submitted");
    return reading->out.notes == 0 && reading->mail.report_type.n == 0 &&
           (submitted.n == 0 || nx_str_ieq(submitted, NX_STR("no"))) && nx_fields_get(fields, "Precedence").n == 0 &&
           nx_fields_get(fields, "List-Id").n == 0 && !nx_str_eq(nx_fields_get(fields, "Return-Path"), NX_STR("<>"));
}

void nx_life_read(const struct nx_reading *reading, struct nx_report *report)
{
    if (reading->authserv_ids == NULL || *reading->authserv_ids == NULL || !is_ordinary(reading))
        return;
    struct nx_str sender = sender_of(reading);
    struct nx_str how = sender.n > 0 ? vouched(reading, nx_str_from(sender, nx_str_chr(sender, '@') + 1)) : NX_STR_NONE;
    if (how.n == 0)
        return;
    struct nx_tag *tag = nx_arena_alloc(reading->arena, sizeof *tag);
    *tag = (struct nx_tag){NX_STR("authentication"), how};
    report->recipient = sender;
    report->tags = tag;
    report->n_tags = 1;
    report->notes |= NX_NOTE_SIGN_OF_LIFE;
}
