/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/stream.h"

#include "base/ascii.h"

#define NAME_MAX_BYTES 64u

static void free_stream(void *data)
{
    struct nx_stream *stream = data;
    g_strfreev(stream->recipients);
    g_strfreev(stream->headers);
    g_strfreev(stream->tags);
    g_free(stream->name);
    g_free(stream);
}

struct nx_streams *nx_streams_new(void)
{
    struct nx_streams *streams = g_new0(struct nx_streams, 1);
    g_atomic_ref_count_init(&streams->references);
    streams->all = g_ptr_array_new_with_free_func(free_stream);
    return streams;
}

struct nx_streams *nx_streams_ref(struct nx_streams *streams)
{
    if (streams != NULL)
        g_atomic_ref_count_inc(&streams->references);
    return streams;
}

void nx_streams_unref(struct nx_streams *streams)
{
    if (streams == NULL || !g_atomic_ref_count_dec(&streams->references))
        return;
    g_ptr_array_unref(streams->all);
    g_strfreev(streams->headers);
    g_strfreev(streams->tags);
    g_free(streams);
}

struct nx_stream *nx_streams_add(struct nx_streams *streams, const char *name, const struct nx_policy *policy)
{
    for (guint i = 0; i < streams->all->len; i++)
        if (strcmp(((struct nx_stream *)streams->all->pdata[i])->name, name) == 0)
            return streams->all->pdata[i];
    struct nx_stream *stream = g_new0(struct nx_stream, 1);
    stream->name = g_strdup(name);
    memcpy(stream->causes, policy->causes, sizeof stream->causes);
    stream->tentative = policy->tentative;
    g_ptr_array_add(streams->all, stream);
    return stream;
}

bool nx_stream_is_name(struct nx_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!nx_is_alnum((unsigned char)name.p[i]) && strchr("._-@", name.p[i]) == NULL)
            return false;
    return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

bool nx_stream_is_scope(struct nx_str name)
{
    return nx_stream_is_name(name) || nx_str_eq(name, NX_STR(NX_STREAM_BULK));
}

const struct nx_stream *nx_streams_find(const struct nx_streams *streams, struct nx_str name)
{
    for (guint i = 0; streams != NULL && name.n > 0 && i < streams->all->len; i++) {
        const struct nx_stream *stream = streams->all->pdata[i];
        if (nx_str_eq(nx_str_of(stream->name), name))
            return stream;
    }
    return NULL;
}

bool nx_streams_is_transactional(const struct nx_streams *streams, struct nx_str name)
{
    const struct nx_stream *stream = nx_streams_find(streams, name);
    return stream != NULL && stream->kind == NX_STREAM_KIND_TRANSACTIONAL;
}

bool nx_streams_covers(const struct nx_streams *streams, struct nx_str entry, struct nx_str asked)
{
    return entry.n == 0 || nx_str_eq(entry, asked) ||
           (nx_str_eq(entry, NX_STR(NX_STREAM_BULK)) && !nx_streams_is_transactional(streams, asked));
}

static bool fits(struct nx_arena *arena, const char *pattern, struct nx_str text)
{
    g_autofree char *low = g_ascii_strdown(pattern, -1), *value = g_ascii_strdown(nx_arena_cstr(arena, text), -1);
    return g_pattern_match_simple(low, value);
}

static bool any_fits(struct nx_arena *arena, char **patterns, struct nx_str text)
{
    for (; patterns != NULL && *patterns != NULL && text.n > 0; patterns++)
        if (fits(arena, *patterns, text))
            return true;
    return false;
}

/* A List-Id stands in <> behind words for people (RFC 2919 3). */
static struct nx_str inside(struct nx_str value)
{
    size_t open = nx_str_chr(value, '<'), close = nx_str_chr(value, '>');
    return nx_str_trim(open < close && close < value.n ? nx_str_sub(value, open + 1, close) : value);
}

static struct nx_str field_of(const struct nx_report *report, struct nx_str name)
{
    for (size_t i = 0; i < report->n_fields; i++)
        if (nx_str_ieq(report->fields[i].key, name))
            return inside(report->fields[i].value);
    if (nx_str_ieq(name, NX_STR("List-Id"))) /* a provider's event may have it without the message */
        return inside(report->original.list_id);
    if (nx_str_ieq(name, NX_STR("Feedback-ID")))
        return inside(report->original.feedback_id);
    return NX_STR_NONE;
}

/* One that several tags share is looked at in turn; `from` is where to go on. */
static struct nx_str tag_of(const struct nx_report *report, struct nx_str name, size_t *from)
{
    while (*from < report->n_tags) {
        const struct nx_tag *tag = &report->tags[(*from)++];
        if (nx_str_ieq(tag->key, name))
            return nx_str_trim(tag->value);
    }
    return NX_STR_NONE;
}

static bool tags_fit(struct nx_arena *arena, const struct nx_stream *stream, const struct nx_report *report)
{
    for (char **tag = stream->tags; tag != NULL && *tag != NULL; tag++) {
        const char *equals = strchr(*tag, '=');
        struct nx_str value;
        for (size_t at = 0; (value = tag_of(report, (struct nx_str){*tag, (size_t)(equals - *tag)}, &at)).n > 0;)
            if (fits(arena, equals + 1, value))
                return true;
    }
    return false;
}

static bool headers_fit(struct nx_arena *arena, const struct nx_stream *stream, const struct nx_report *report)
{
    for (char **header = stream->headers; header != NULL && *header != NULL; header++) {
        const char *equals = strchr(*header, '=');
        struct nx_str value = field_of(report, (struct nx_str){*header, (size_t)(equals - *header)});
        if (value.n > 0 && fits(arena, equals + 1, value))
            return true;
    }
    return false;
}

static bool recipients_fit(struct nx_arena *arena, const struct nx_stream *stream, struct nx_str envelope_to,
                           struct nx_str return_paths)
{
    if (any_fits(arena, stream->recipients, envelope_to))
        return true;
    while (return_paths.n > 0) {
        struct nx_str path = nx_str_sub(return_paths, 0, nx_str_chr(return_paths, ' '));
        return_paths = nx_str_from(return_paths, path.n + 1);
        if (any_fits(arena, stream->recipients, path))
            return true;
    }
    return false;
}

struct nx_str nx_streams_route(const struct nx_streams *streams, struct nx_arena *arena, struct nx_str envelope_to,
                               const struct nx_report *report)
{
    if (streams == NULL)
        return NX_STR_NONE;
    for (int by = 0; by < 3; by++) /* what came by a route of ours is surer than what the report says */
        for (guint i = 0; i < streams->all->len; i++) {
            const struct nx_stream *stream = streams->all->pdata[i];
            if (by == 0   ? recipients_fit(arena, stream, envelope_to, report->return_paths)
                : by == 1 ? tags_fit(arena, stream, report)
                          : headers_fit(arena, stream, report))
                return nx_str_of(stream->name);
        }
    for (char **tag = streams->tags; tag != NULL && *tag != NULL; tag++) {
        struct nx_str value;
        for (size_t at = 0; (value = tag_of(report, nx_str_of(*tag), &at)).n > 0;)
            if (nx_stream_is_name(value))
                return value;
    }
    for (char **header = streams->headers; header != NULL && *header != NULL; header++) {
        struct nx_str value = field_of(report, nx_str_of(*header));
        if (nx_stream_is_name(value))
            return value;
    }
    return NX_STR_NONE;
}

char **nx_streams_fields(const struct nx_streams *streams)
{
    GStrvBuilder *names = g_strv_builder_new();
    for (char **header = streams->headers; header != NULL && *header != NULL; header++)
        g_strv_builder_add(names, *header);
    for (guint i = 0; i < streams->all->len; i++)
        for (char **header = ((const struct nx_stream *)streams->all->pdata[i])->headers; header != NULL && *header != NULL;
             header++) {
            g_autofree char *name = g_strndup(*header, strcspn(*header, "="));
            g_strv_builder_add(names, name);
        }
    char **list = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return list;
}
