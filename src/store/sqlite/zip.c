/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/zip.h"

#include "event/json.h"

#include <zstd.h>

#define PLAIN_MAX (64u << 20) /* no row of ours is larger */
#define LEVEL 1               /* of an event: three quarters of the time of level 3, 1.6 % more bytes (of 560 collected reports) */
#define LIST_LEVEL 3

struct nx_zip {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *expand;
    ZSTD_CDict *compress_dictionary;
    ZSTD_DDict *expand_dictionary;
};

struct nx_str nx_zip_dictionary(struct nx_arena *arena)
{
    struct nx_buf out;
    nx_buf_init(&out, arena, 1 << 20);
    for (int i = NX_CAUSE_COUNT - 1; i >= 0; i--) { /* zstd prefers what stands last */
        const struct nx_event event = {
            .origin = {.source = NX_STR("pipe"), .received_at = 1767225600},
            .report = {.kind = NX_KIND_FAILED,
                       .recipient = NX_STR("user@example.com"),
                       .reply = 550,
                       .stage = NX_STAGE_RCPT,
                       .remote_mta = NX_STR("mx.example.com"),
                       .reporting_mta = NX_STR("mail.example.org"),
                       .format = NX_STR("rfc3464"),
                       .original = {.message_id = NX_STR("20260101000000@example.org"),
                                    .from = NX_STR("<news@example.org>"),
                                    .to = NX_STR("user@example.com"),
                                    .subject = NX_STR("News"),
                                    .date = NX_STR("Thu, 1 Jan 2026 00:00:00 +0000")},
                       .arrival_at = 1767225600,
                       .last_attempt_at = 1767225600,
                       .retry_until = NX_WHEN_NONE},
            .verdict = {.class_ = nx_cause_facts((enum nx_cause)i)->class_,
                        .cause = (enum nx_cause)i,
                        .matched = NX_STR("user unknown")},
        };
        nx_event_to_json(&out, &event);
    }
    return nx_buf_str(&out);
}

struct nx_zip *nx_zip_new(struct nx_str dictionary)
{
    struct nx_zip *zip = g_new0(struct nx_zip, 1);
    zip->compress = ZSTD_createCCtx();
    zip->expand = ZSTD_createDCtx();
    zip->compress_dictionary = ZSTD_createCDict(dictionary.p, dictionary.n, LEVEL);
    zip->expand_dictionary = ZSTD_createDDict(dictionary.p, dictionary.n);
    g_assert(zip->compress != NULL && zip->expand != NULL && zip->compress_dictionary != NULL && zip->expand_dictionary != NULL);
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
    /* A frame made without a dictionary ignores this one. */
    size_t n = ZSTD_decompress_usingDDict(zip->expand, out, (size_t)size, packed.p, packed.n, zip->expand_dictionary);
    if (ZSTD_isError(n))
        return false;
    *ret = (struct nx_str){out, n};
    return true;
}
