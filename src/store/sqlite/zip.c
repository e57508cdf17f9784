/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/zip.h"

#include "event/json.h"

#include <zdict.h>
#include <zstd.h>

#define PLAIN_MAX (64u << 20) /* no row of ours is larger */
#define LEVEL 1               /* of an event: three quarters of the time of level 3, 1.6 % more bytes (of 560 collected reports) */
#define LIST_LEVEL 3
#define DICTIONARY_ID 1 /* of one byte in each frame */
#define SAMPLES 256

struct nx_zip {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *expand;
    ZSTD_CDict *compress_dictionary;
    ZSTD_DDict *expand_dictionary, *expand_former;
};

/* ---- the dictionary: records that look like those to come, and how often which byte and length comes in such */

static const char *pick(unsigned *state, const char *const *words, unsigned n)
{
    *state = *state * 1664525u + 1013904223u; /* the same ones each time */
    return words[(*state >> 16) % n];
}
#define PICK(...) pick(state, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* What it has in the place of names and numbers comes from *state; as long as that is 0 they are the same in all. */
static struct nx_str example(struct nx_arena *arena, enum nx_cause cause, unsigned *state)
{
    struct nx_buf out;
    bool plain = *state == 0;
    struct nx_str recipient = NX_STR("user@example.com"), id = NX_STR("20260101000000@example.org");
    struct nx_str date = NX_STR("Thu, 1 Jan 2026 00:00:00 +0000"), subject = NX_STR("News");
    nx_when at = 1767225600;
    if (!plain) {
        const char *name = PICK("anna.", "john", "m.", "info", "sales", "p_"),
                   *family = PICK("smith", "miller", "jones", "garcia", "");
        recipient = nx_arena_printf(arena, "%s%s%u@%s.%s", name, family, *state >> 24, PICK("example", "mail", "company", "web"),
                                    PICK("com", "net", "org", "de"));
        id = nx_arena_printf(arena, "%08x.%u@%s.example.org", *state, *state >> 13, PICK("mail", "news", "mta1"));
        date = nx_arena_printf(arena, "%s, %u %s 2026 %02u:%02u:00 +0000", PICK("Mon", "Tue", "Wed"), (*state >> 20) % 28 + 1,
                               PICK("Jan", "Jun", "Oct"), (*state >> 9) % 24, (*state >> 17) % 60);
        subject = nx_arena_printf(arena, "%s %s", PICK("Your", "Our", "The"), PICK("order", "News of the week", "invoice"));
        at += *state % 31536000;
    }
    const struct nx_event event = {
        .origin = {.received_at = at},
        .report = {.kind = NX_KIND_FAILED,
                   .recipient = recipient,
                   .reply = 550,
                   .stage = NX_STAGE_RCPT,
                   .remote_mta = plain ? NX_STR("mx.example.com") : nx_arena_printf(arena, "mx%u.example.com", *state >> 30),
                   .reporting_mta = NX_STR("mail.example.org"),
                   .format = plain ? NX_STR("rfc3464") : nx_str_of(PICK("rfc3464", "rfc3464", "postfix", "exim", "qmail")),
                   .original =
                       {.message_id = id, .from = NX_STR("<news@example.org>"), .to = recipient, .subject = subject, .date = date},
                   .arrival_at = plain || *state >> 31 != 0 ? at : NX_WHEN_NONE,
                   .last_attempt_at = plain || (*state >> 28 & 1) != 0 ? at + 5 : NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE},
        .verdict = {.class_ = nx_cause_facts(cause)->class_,
                    .cause = cause,
                    .matched = plain ? NX_STR("user unknown") : nx_str_of(PICK("user unknown", "mailbox full", "does not exist")),
                    .ruleset = plain ? NX_STR_NONE : nx_arena_printf(arena, "%012x", *state)},
    };
    nx_buf_init(&out, arena, 1 << 20);
    nx_event_to_record(&out, &event);
    return nx_buf_str(&out);
}

struct nx_str nx_zip_dictionary(struct nx_arena *arena)
{
    struct nx_buf content, samples;
    size_t sizes[SAMPLES];
    unsigned state = 0;
    nx_buf_init(&content, arena, 1 << 20);
    nx_buf_init(&samples, arena, 1 << 20);
    for (int i = NX_CAUSE_COUNT - 1; i >= 0; i--) /* zstd prefers what stands last */
        nx_buf_add(&content, example(arena, (enum nx_cause)i, &state));
    state = 1;
    for (int i = 0; i < SAMPLES; i++) {
        struct nx_str sample = example(arena, (enum nx_cause)(i % NX_CAUSE_COUNT), &state);
        nx_buf_add(&samples, sample);
        sizes[i] = sample.n;
    }
    size_t room = content.n + 1024; /* its tables take some 150 bytes */
    char *out = nx_arena_alloc(arena, room);
    const ZDICT_params_t how = {.compressionLevel = LEVEL, .dictID = DICTIONARY_ID};
    size_t n = ZDICT_finalizeDictionary(out, room, content.p, content.n, samples.p, sizes, SAMPLES, how);
    g_assert(!ZDICT_isError(n));
    return (struct nx_str){out, n};
}

/* ---- with it */

struct nx_zip *nx_zip_new(struct nx_str dictionary, struct nx_str former)
{
    struct nx_zip *zip = g_new0(struct nx_zip, 1);
    zip->compress = ZSTD_createCCtx();
    zip->expand = ZSTD_createDCtx();
    zip->compress_dictionary = ZSTD_createCDict(dictionary.p, dictionary.n, LEVEL);
    zip->expand_dictionary = ZSTD_createDDict(dictionary.p, dictionary.n);
    zip->expand_former = ZSTD_createDDict(former.p, former.n);
    g_assert(zip->compress != NULL && zip->expand != NULL && zip->compress_dictionary != NULL && zip->expand_dictionary != NULL &&
             zip->expand_former != NULL);
    return zip;
}

void nx_zip_free(struct nx_zip *zip)
{
    if (zip == NULL)
        return;
    ZSTD_freeCCtx(zip->compress);
    ZSTD_freeDCtx(zip->expand);
    ZSTD_freeCDict(zip->compress_dictionary);
    ZSTD_freeDDict(zip->expand_dictionary);
    ZSTD_freeDDict(zip->expand_former);
    g_free(zip);
}

static struct nx_str pack(struct nx_zip *zip, struct nx_arena *arena, struct nx_str plain, bool list)
{
    size_t room = ZSTD_compressBound(plain.n);
    char *out = nx_arena_alloc(arena, room);
    size_t n = list ? ZSTD_compressCCtx(zip->compress, out, room, plain.p, plain.n, LIST_LEVEL)
                    : ZSTD_compress_usingCDict(zip->compress, out, room, plain.p, plain.n, zip->compress_dictionary);
    g_assert(!ZSTD_isError(n)); /* the room is the bound */
    return (struct nx_str){out, n};
}

struct nx_str nx_zip_pack(struct nx_zip *zip, struct nx_arena *arena, struct nx_str plain)
{
    return pack(zip, arena, plain, false);
}

struct nx_str nx_zip_pack_list(struct nx_zip *zip, struct nx_arena *arena, struct nx_str plain)
{
    return pack(zip, arena, plain, true);
}

bool nx_zip_unpack(struct nx_zip *zip, struct nx_arena *arena, struct nx_str packed, struct nx_str *ret)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > PLAIN_MAX)
        return false;
    char *out = nx_arena_alloc(arena, (size_t)size);
    /* A frame made without a dictionary ignores the one it gets. */
    const ZSTD_DDict *dictionary =
        ZSTD_getDictID_fromFrame(packed.p, packed.n) == DICTIONARY_ID ? zip->expand_dictionary : zip->expand_former;
    size_t n = ZSTD_decompress_usingDDict(zip->expand, out, (size_t)size, packed.p, packed.n, dictionary);
    if (ZSTD_isError(n))
        return false;
    *ret = (struct nx_str){out, n};
    return true;
}
