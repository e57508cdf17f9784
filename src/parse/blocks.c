/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/blocks.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

#define WRAP_MIN 60u /* a shorter line was not broken for its length */

void nx_blocks_init(struct nx_blocks *blocks, struct nx_arena *arena, const struct nx_limits *limits)
{
    *blocks = (struct nx_blocks){.arena = arena, .limits = limits};
    nx_buf_init(&blocks->all.text, arena, limits->diagnostic);
    nx_buf_init(&blocks->all.diagnostic, arena, limits->diagnostic);
}

struct nx_block *nx_blocks_add(struct nx_blocks *blocks, struct nx_str address, struct nx_str name)
{
    if (address.n > blocks->limits->address)
        return NULL;
    for (size_t i = 0; i < blocks->n; i++) {
        struct nx_block *old = &blocks->p[i];
        if (address.n > 0 ? nx_str_ieq(old->out.recipient, address) : nx_str_ieq(old->out.name, name))
            return old;
    }
    if (blocks->n >= blocks->limits->recipients) {
        blocks->notes |= NX_NOTE_TOO_MANY_RECIPIENTS;
        return NULL;
    }
    if (blocks->n == blocks->size) {
        size_t size = blocks->size == 0 ? 4 : blocks->size * 2;
        struct nx_block *p = nx_arena_array(blocks->arena, size, sizeof *p);
        if (blocks->n > 0)
            memcpy(p, blocks->p, blocks->n * sizeof *p);
        blocks->p = p;
        blocks->size = size;
    }
    struct nx_block *block = &blocks->p[blocks->n++];
    *block = (struct nx_block){.out = {.recipient = address, .name = name}};
    nx_buf_init(&block->text, blocks->arena, blocks->limits->diagnostic);
    nx_buf_init(&block->diagnostic, blocks->arena, blocks->limits->diagnostic);
    return block;
}

/* Lines are joined by a blank; by nothing where a sign in the middle of an address or a long token was cut (line full, no blank
 * near its end) and the line goes on right behind it. */
static void append(struct nx_buf *buf, const char **end, struct nx_str line)
{
    bool next = *end != NULL && line.p == *end + 1;
    *end = line.n > 0 ? line.p + line.n : line.p;
    if (line.n == 0 || (line.n > 8 && nx_str_find(nx_buf_str(buf), line) < buf->n)) /* said before */
        return;
    if (buf->n > 0 && buf->p[buf->n - 1] != ' ') {
        struct nx_str old = nx_buf_str(buf);
        size_t tail = old.n;
        while (tail > 0 && old.p[tail - 1] != ' ')
            tail--;
        bool cut = next && old.n - tail > WRAP_MIN && nx_is_alnum((unsigned char)old.p[old.n - 1]) &&
                   nx_is_alnum((unsigned char)line.p[0]);
        if (!cut)
            nx_buf_addc(buf, ' ');
    }
    nx_buf_add(buf, line);
}

void nx_block_say(struct nx_blocks *blocks, struct nx_block *block, struct nx_str line)
{
    struct nx_block *to = block == NULL ? &blocks->all : block;
    append(&to->text, &to->text_end, line);
}

void nx_block_quote(struct nx_blocks *blocks, struct nx_block *block, struct nx_str line)
{
    struct nx_block *to = block == NULL ? &blocks->all : block;
    append(&to->diagnostic, &to->diagnostic_end, line);
}

void nx_block_take(struct nx_blocks *blocks, struct nx_block *block, const struct nx_captures *captures)
{
    struct nx_block *to = block == NULL ? &blocks->all : block;
    struct nx_str code = captures->at[NX_CAPTURE_CODE], host = captures->at[NX_CAPTURE_HOST];
    if (captures->at[NX_CAPTURE_ORIGINAL].n > 0)
        to->out.original_recipient = captures->at[NX_CAPTURE_ORIGINAL];
    if (code.n == 3)
        to->code = (unsigned)((code.p[0] - '0') * 100 + (code.p[1] - '0') * 10 + (code.p[2] - '0'));
    if (captures->at[NX_CAPTURE_STATUS].n > 0)
        to->status = captures->at[NX_CAPTURE_STATUS];
    if (host.n > 0)
        to->host = host;
    if (captures->at[NX_CAPTURE_STAGE].n > 0)
        to->stage = nx_stage_of(captures->at[NX_CAPTURE_STAGE]);
    if (captures->at[NX_CAPTURE_DIAGNOSTIC].n > 0)
        nx_block_quote(blocks, block, captures->at[NX_CAPTURE_DIAGNOSTIC]);
}

static struct nx_str buffer(const struct nx_buf *buf)
{
    return nx_str_trim(nx_buf_str(buf));
}

/* Words, codes and stage of one recipient; his own before those about all. */
static void finish_block(struct nx_blocks *blocks, struct nx_block *block)
{
    const struct nx_block *all = &blocks->all;
    struct nx_text_block *out = &block->out;
    struct nx_str text = buffer(&block->text), quoted = buffer(&block->diagnostic);
    if (quoted.n == 0)
        quoted = buffer(&all->diagnostic);
    if (text.n == 0)
        text = buffer(&all->text);
    struct nx_reply told, said = {0};
    nx_reply_read(blocks->arena, text, &told);
    if (quoted.n > 0)
        nx_reply_read(blocks->arena, quoted, &said);
    out->text = text;
    out->diagnostic = quoted.n > 0 ? (said.words.n > 0 ? said.words : quoted) : told.code != 0 ? told.words : NX_STR_NONE;
    out->reply = block->code != 0 ? block->code : said.code != 0 ? said.code : all->code != 0 ? all->code : told.code;
    out->status = said.status.n > 0     ? said.status
                  : block->status.n > 0 ? block->status
                  : told.status.n > 0   ? told.status
                                        : all->status;
    out->stage = said.stage != NX_STAGE_NONE     ? said.stage
                 : block->stage != NX_STAGE_NONE ? block->stage
                 : told.stage != NX_STAGE_NONE   ? told.stage
                                                 : all->stage;
    out->remote_mta = block->host.n > 0 ? block->host : said.host.n > 0 ? said.host : told.host.n > 0 ? told.host : all->host;
    if (out->original_recipient.n == 0)
        out->original_recipient = all->out.original_recipient;
    if (out->recipient.n == 0 &&
        nx_address_is(out->original_recipient)) /* a route inside of the system, and the address it was made of */
        out->recipient = out->original_recipient;
    if (nx_str_ieq(out->original_recipient, out->recipient))
        out->original_recipient = NX_STR_NONE;
}

void nx_blocks_finish(struct nx_blocks *blocks, enum nx_kind kind, struct nx_text_report *report)
{
    if (blocks->has_kind)
        kind = blocks->kind;
    report->kind = kind;
    report->n_blocks = blocks->n;
    report->blocks = nx_arena_array(blocks->arena, blocks->n, sizeof *report->blocks);
    bool any = false, failed = false, delayed = false;
    for (size_t i = 0; i < blocks->n; i++) {
        struct nx_block *block = &blocks->p[i];
        block->out.kind = block->has_kind ? block->out.kind : kind;
        finish_block(blocks, block);
        report->blocks[i] = block->out;
        any = true;
        failed |= block->out.kind == NX_KIND_FAILED;
        delayed |= block->out.kind == NX_KIND_DELAYED;
    }
    if (any && (failed || delayed))
        report->kind = failed ? NX_KIND_FAILED : NX_KIND_DELAYED;
    struct nx_str text = buffer(&blocks->all.text), quoted = buffer(&blocks->all.diagnostic);
    report->text = text.n > 0 ? text : quoted;
    report->reporting_mta = blocks->reporting_mta;
    report->notes |= blocks->notes;
}
