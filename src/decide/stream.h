/* SPDX-License-Identifier: Apache-2.0 */
/* decide/stream.h - the streams that the settings declare: what kind of mail each is, its own numbers, and how a report tells that
 * it belongs to one.
 *
 * A stream that nobody declared is bulk. An entry holds for all streams (""), for one, or for all that are not transactional
 * (NX_STREAM_BULK). A table of streams is filled once, then immutable and shared by reference; any thread. Patterns are globs
 * (* and ?), compared without case. */
#pragma once
#include "decide/preset.h"

#define NX_STREAM_BULK "*bulk"

enum nx_stream_kind { NX_STREAM_KIND_BULK, NX_STREAM_KIND_TRANSACTIONAL };

struct nx_stream {
    char *name;
    enum nx_stream_kind kind;
    enum nx_preset preset; /* NONE: numbers as for all */
    int64_t pace;          /* 0: as for all */
    char **recipients;     /* return paths */
    char **headers;        /* "List-Id=news.example.net": field of the returned message = pattern */
    char **tags;           /* "category=news*": tag of the provider = pattern */
    struct nx_policy_cause causes[NX_CAUSE_COUNT], tentative;
    bool own[NX_CAUSE_COUNT + 1]; /* the settings have numbers for this cause; the last is tentative */
};

struct nx_streams {
    gatomicrefcount references;
    GPtrArray *all;         /* struct nx_stream *, in the order of the settings */
    char **headers, **tags; /* whose value is itself a stream's name; the first that has one */
};
struct nx_streams *nx_streams_new(void);
struct nx_streams *nx_streams_ref(struct nx_streams *streams);
void nx_streams_unref(struct nx_streams *streams);
/* While it is filled: the stream of this name, made when it is not there, with the policy's numbers as they are now. */
struct nx_stream *nx_streams_add(struct nx_streams *streams, const char *name, const struct nx_policy *policy);
/* Names that the settings, reports and the ledger may give: letters, digits and ._-@, at most 64 bytes. */
#define NX_STREAM_NAMES "letters, digits and ._-@, at most 64"
bool nx_stream_is_name(struct nx_str name);
/* What an entry may hold for and a question may be about: a name, or NX_STREAM_BULK. */
bool nx_stream_is_scope(struct nx_str name);
/* NULL: nobody declared it. streams may be NULL here and below. */
const struct nx_stream *nx_streams_find(const struct nx_streams *streams, struct nx_str name);
bool nx_streams_is_transactional(const struct nx_streams *streams, struct nx_str name);
/* Does an entry for this stream answer a question for that one? */
bool nx_streams_covers(const struct nx_streams *streams, struct nx_str entry, struct nx_str asked);

/* The stream of a report that names none: by the return paths it came to, by the provider's tags, by fields of the returned
 * message (fields: those that nx_streams_fields asked for). Empty: none fits. Points into the table or the report. */
struct nx_str nx_streams_route(const struct nx_streams *streams, struct nx_arena *arena, struct nx_str envelope_to,
                               const struct nx_report *report);
/* Names of the fields that routing looks at, NULL at the end; freed with g_strfreev. */
char **nx_streams_fields(const struct nx_streams *streams);

typedef struct nx_streams nx_streams; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_streams, nx_streams_unref)
