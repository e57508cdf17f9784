/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/blocks.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

/* Signs before what was sent and what came back, as programs print them. */
static const struct {
    const char *sign;
    bool reply;
} signs[] = {
    {">>> ", false},     {"<<< ", true},       {"--> ", false}, {"<-- ", true}, {"sent <<< ", false}, {"received >>> ", true},
    {"sent: ", false},   {"received: ", true}, {"=> ", false},  {"<= ", true},  {"-> ", false},       {"<- ", true},
    {"client: ", false}, {"server: ", true},   {"c: ", false},  {"s: ", true},
};

#define ACCEPTED_MAX 64u

enum side { SIDE_NONE, SIDE_SENT, SIDE_REPLY };

static enum side side_of(struct nx_str line, struct nx_str *ret_rest)
{
    /* MDaemon and its kin put the time in front: "Mon 2009-01-05 09:47:38: --> RCPT" */
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        struct nx_str sign = nx_str_of(signs[i].sign);
        size_t at = nx_str_istarts(line, sign) ? 0 : line.n;
        if (at != 0 && (i == 2 || i == 3)) {
            at = nx_str_find(nx_str_sub(line, 0, 48), sign);
            if (at >= line.n || at >= 48 || at == 0 || (line.p[at - 1] != ' ' && line.p[at - 1] != ':'))
                continue;
        } else if (at != 0) {
            continue;
        }
        *ret_rest = nx_str_trim(nx_str_from(line, at + sign.n));
        return signs[i].reply ? SIDE_REPLY : SIDE_SENT;
    }
    return SIDE_NONE;
}

/* "550", "550-", "550 ": the code, or 0. */
static unsigned reply_code(struct nx_str line)
{
    if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !nx_is_digit((unsigned char)line.p[1]) ||
        !nx_is_digit((unsigned char)line.p[2]) || (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-' && line.p[3] != ':'))
        return 0;
    return (unsigned)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0'));
}

bool nx_transcript_line(struct nx_str line)
{
    struct nx_str rest;
    enum side side = side_of(line, &rest);
    if (side == SIDE_NONE)
        return false;
    if (side == SIDE_REPLY)
        return reply_code(rest) != 0;
    static const char *const commands[] = {"rcpt to", "mail from", "data", "helo", "ehlo", "lhlo",
                                           "auth",    "starttls",  "bdat", "rset", "quit", "."};
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (nx_str_istarts(rest, nx_str_of(commands[i])))
            return true;
    return false;
}

struct dialogue {
    struct nx_blocks *blocks;
    struct nx_str recipient;              /* of the last RCPT */
    struct nx_str accepted[ACCEPTED_MAX]; /* recipients not refused so far: a refusal of the message is theirs */
    size_t n_accepted;
    enum nx_stage stage;
    struct nx_buf reply; /* the refusal being read */
    unsigned code;
    bool remote; /* said by the server, not by the reporter */
    struct nx_str host;
    bool alone; /* nothing but the dialogue names recipients */
};

static struct nx_block *block_of(struct nx_blocks *blocks, struct nx_str address)
{
    for (size_t i = 0; i < blocks->n; i++) {
        const struct nx_text_block *out = &blocks->p[i].out;
        if (nx_str_ieq(out->recipient, address) || nx_str_ieq(out->original_recipient, address) ||
            (out->recipient.n == 0 && nx_str_ieq(out->name, address)))
            return &blocks->p[i];
    }
    return NULL;
}

/* The known recipient that the words name. */
static struct nx_block *named(struct nx_blocks *blocks, struct nx_str words)
{
    struct nx_str address;
    size_t at = 0;
    while (nx_address_find(words, &at, &address)) {
        struct nx_block *block = block_of(blocks, address);
        if (block != NULL)
            return block;
    }
    return NULL;
}

/* Only follows from another refusal: every recipient was refused before. */
static bool is_consequence(unsigned code, struct nx_str words)
{
    static const char *const phrases[] = {
        "no valid recipients", "no recipients", "need rcpt", "rcpt first", "valid rcpt command must precede", "no valid rcpt"};
    for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++)
        if (nx_str_ihas(words, nx_str_of(phrases[i])))
            return true;
    return code == 503;
}

/* "(reason: 255)": the exit code of a local program, and no words. */
static bool is_exit_code(const struct nx_buf *words)
{
    unsigned long long code;
    return nx_str_to_u64(nx_str_trim(nx_buf_str(words)), &code);
}

/* Does this refusal say more than what is kept? The server's words before what the reporter adds ("550 ... User unknown"),
 * permanent before transient, later before earlier. Where the report gives a reason itself, only the reply with the same code, told
 * in full, or the reporter's line that has the same words and a code ("(reason: User unknown)", "550 5.1.1 "|prog"... User
 * unknown"). */
static bool is_better(const struct dialogue *d, const struct nx_block *kept, unsigned code)
{
    if (kept->diagnostic.n == 0 || is_exit_code(&kept->diagnostic))
        return true;
    struct nx_str reason = nx_str_trim(nx_buf_str(&kept->diagnostic));
    if (!d->remote && kept->told == 0 && reply_code(reason) == 0)
        return nx_str_ihas(nx_buf_str(&d->reply), reason);
    if (!d->remote || is_consequence(code, nx_buf_str(&d->reply)))
        return false;
    if (kept->told == 0) { /* "(reason: 550 ...)" */
        struct nx_str quoted = nx_str_trim(nx_buf_str(&kept->diagnostic));
        return reply_code(quoted) == code && d->reply.n >= quoted.n;
    }
    return kept->told == 1 || code / 100 >= kept->told / 100 || is_consequence(kept->told, nx_buf_str(&kept->diagnostic));
}

/* The recipient that only the dialogue names: of the RCPT refused, or the one a summary starts with ("550 <user@example.net>...
 * User unknown"). */
static struct nx_block *add_refused(struct dialogue *d, struct nx_str words)
{
    struct nx_str address = d->recipient;
    if (!d->remote) {
        size_t at = 3;
        while (at < words.n && (words.p[at] == ' ' || words.p[at] == '-'))
            at++;
        at += nx_status_length(nx_str_from(words, at));
        size_t from = at;
        if (!nx_address_find(words, &from, &address) || (size_t)(address.p - words.p) > at + 2 || d->code / 100 == 4)
            return NULL;
    } else if (d->stage != NX_STAGE_RCPT || address.n == 0) {
        return NULL;
    }
    bool is_address = nx_str_chr(address, '@') < address.n;
    struct nx_block *block = nx_blocks_add(d->blocks, is_address ? address : NX_STR_NONE, is_address ? NX_STR_NONE : address);
    if (block != NULL &&
        !d->remote) /* "421 example.net: Connection timed out", then "554 <user@example.net>... Cannot send message for 3 days" */
        nx_block_say(d->blocks, block, nx_buf_str(&d->blocks->all.text));
    return block;
}

/* "554 <user@example.net>... 550 Host unknown": the code behind the dots is the server's own. */
static struct nx_str inner_reply(struct nx_str words)
{
    size_t at = nx_str_find(words, NX_STR("... "));
    return at < words.n && reply_code(nx_str_from(words, at + 4)) >= 400 ? nx_str_from(words, at + 4) : words;
}

/* A refusal to one recipient; NULL: to all. */
static void give(struct dialogue *d, struct nx_block *block, struct nx_str words)
{
    struct nx_blocks *blocks = d->blocks;
    struct nx_block *to = block == NULL ? &blocks->all : block;
    bool told_already = to->diagnostic.n > 0 && !is_exit_code(&to->diagnostic);
    if (!(d->remote ? is_consequence(d->code, words)
                    : told_already)) /* the reporter's own summary hides the reason more often than not */
        nx_block_say(blocks, block, words);
    if (!is_better(d, to, d->code))
        return;
    nx_buf_init(&to->diagnostic, blocks->arena, blocks->limits->diagnostic);
    nx_block_quote(blocks, block, inner_reply(words));
    to->told = d->remote ? d->code : 1;
    if (d->remote && d->stage != NX_STAGE_NONE)
        to->stage = d->stage;
    if (d->host.n > 0)
        to->host = d->host;
}

/* The message was refused: that is about those whose RCPT was not, and nobody else. False: none of them is known. */
static bool give_accepted(struct dialogue *d, struct nx_str words)
{
    bool given = false;
    for (size_t i = 0; i < d->n_accepted && !is_consequence(d->code, words); i++) {
        struct nx_block *block = block_of(d->blocks, d->accepted[i]);
        if (block == NULL && d->alone)
            block = nx_blocks_add(d->blocks, d->accepted[i], NX_STR_NONE);
        if (block != NULL)
            give(d, block, words);
        given |= block != NULL;
    }
    return given;
}

/* A refusal is complete: to whom does it belong? */
static void settle(struct dialogue *d)
{
    struct nx_str words = nx_str_trim(nx_buf_str(&d->reply));
    if (d->code >= 400 && words.n > 0) {
        struct nx_blocks *blocks = d->blocks;
        struct nx_block *block =
            d->remote && d->stage == NX_STAGE_RCPT && d->recipient.n > 0 ? block_of(blocks, d->recipient) : NULL;
        if (block == NULL && !(d->remote && d->stage == NX_STAGE_MAIL))
            block = named(blocks, words);
        if (block == NULL && d->alone)
            block = add_refused(d, words);
        if (d->remote && d->stage == NX_STAGE_RCPT && d->n_accepted > 0)
            d->n_accepted--;
        if (block != NULL || !d->remote || d->stage != NX_STAGE_DATA || !give_accepted(d, words))
            give(d, block == NULL && blocks->n == 1 ? &blocks->p[0] : block, words);
    }
    d->code = 0;
    nx_buf_init(&d->reply, d->blocks->arena, d->blocks->limits->diagnostic);
}

static void add_reply(struct dialogue *d, struct nx_str words, bool remote)
{
    unsigned code = reply_code(words);
    bool goes_on = d->code != 0 && (code == 0 || code == d->code) && d->remote == remote && d->reply.n > 0;
    if (!goes_on)
        settle(d);
    if (code != 0)
        d->code = code;
    d->remote = remote;
    if (d->reply.n > 0)
        nx_buf_addc(&d->reply, ' ');
    nx_buf_add(&d->reply, words);
}

void nx_transcript_read(struct nx_blocks *blocks, const struct nx_page *page, size_t from, size_t to)
{
    struct dialogue d = {.blocks = blocks, .alone = blocks->n == 0};
    nx_buf_init(&d.reply, blocks->arena, blocks->limits->diagnostic);
    for (size_t i = from; i < to; i++) {
        struct nx_str line = nx_page_line(page, i), rest = line;
        enum side side = side_of(line, &rest);
        struct nx_reply host;
        if (line.n == 0)
            continue;
        if (side == SIDE_SENT) {
            settle(&d);
            size_t at = 0;
            d.stage = nx_str_ieq(rest, NX_STR(".")) ? NX_STAGE_DATA : nx_stage_of(nx_str_sub(rest, 0, 12));
            if (d.stage == NX_STAGE_RCPT && !nx_address_find(rest, &at, &d.recipient)) {
                size_t open = nx_str_chr(rest, '<');
                d.recipient = nx_str_sub(rest, open + 1, open + nx_str_chr(nx_str_from(rest, open), '>'));
            } else if (d.stage == NX_STAGE_RCPT && d.n_accepted < ACCEPTED_MAX) {
                d.accepted[d.n_accepted++] = d.recipient;
            }
        } else if (side == SIDE_REPLY) {
            add_reply(&d, rest, true);
        } else if (nx_str_ihas(line, NX_STR("while talking to "))) {
            settle(&d);
            nx_reply_read(blocks->arena, line, &host);
            d.host = host.host;
            d.stage = NX_STAGE_NONE;
            d.recipient = NX_STR_NONE;
        } else if (reply_code(line) >= 400) {
            settle(&d);
            add_reply(&d, line, false);
            settle(&d);
        } else {
            settle(&d);
            nx_block_say(blocks, named(blocks, line), line);
        }
    }
    settle(&d);
}
