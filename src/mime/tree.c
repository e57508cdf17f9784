/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/tree.h"

#include "base/ascii.h"
#include "mime/gmime_auto.h"

struct walk {
    struct nx_arena *arena;
    const struct nx_limits *limits;
    struct nx_str bytes; /* what GMime reads */
    nx_notes *notes;
    struct nx_tree *tree;
    bool full, headed;
};

struct nx_leaf *nx_tree_add(struct nx_arena *arena, struct nx_tree *tree, unsigned depth)
{
    if (tree->n == tree->size) {
        size_t size = tree->size == 0 ? 8 : tree->size * 2;
        struct nx_leaf *more = nx_arena_array(arena, size, sizeof *more);
        if (tree->n > 0)
            memcpy(more, tree->leaves, tree->n * sizeof *more);
        tree->leaves = more;
        tree->size = size;
    }
    struct nx_leaf *leaf = &tree->leaves[tree->n++];
    *leaf = (struct nx_leaf){.depth = depth};
    return leaf;
}

struct nx_str nx_mime_lower(struct nx_arena *arena, struct nx_str text)
{
    struct nx_str copy = nx_arena_dup(arena, text);
    char *p = (char *)(uintptr_t)copy.p;
    for (size_t i = 0; i < copy.n; i++)
        p[i] = (char)nx_lower((unsigned char)p[i]);
    return copy;
}

static struct nx_fields copy_fields(struct walk *walk, GMimeObject *object)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(object);
    int n = g_mime_header_list_get_count(list);
    struct nx_field *fields = nx_arena_array(walk->arena, (size_t)n, sizeof *fields);
    for (int i = 0; i < n; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        const char *raw = g_mime_header_get_raw_value(header);
        fields[i].name = nx_arena_dup(walk->arena, nx_str_of(g_mime_header_get_name(header)));
        fields[i].value = nx_arena_dup(walk->arena, nx_str_of(raw != NULL ? raw : g_mime_header_get_value(header)));
    }
    return (struct nx_fields){fields, (size_t)n};
}

static struct nx_leaf *add(struct walk *walk, unsigned depth)
{
    if (walk->tree->n >= walk->limits->parts) {
        *walk->notes |= NX_NOTE_TOO_MANY_PARTS;
        walk->full = true;
        return NULL;
    }
    return nx_tree_add(walk->arena, walk->tree, depth);
}

static struct nx_str media_type_of(struct walk *walk, GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *media = type == NULL ? NULL : g_mime_content_type_get_media_type(type);
    const char *sub = type == NULL ? NULL : g_mime_content_type_get_media_subtype(type);
    if (media == NULL || sub == NULL)
        return NX_STR("text/plain");
    if (strcmp(sub, "octet-stream") == 0) { /* GMime's word for a type it cannot read, too: that is text (RFC 2045 5.2) */
        const char *field = g_mime_object_get_header(object, "Content-Type");
        if (field != NULL && !nx_str_ihas(nx_str_of(field), NX_STR("octet-stream"))) {
            *walk->notes |= NX_NOTE_BAD_MIME;
            return NX_STR("text/plain");
        }
    }
    return nx_mime_lower(walk->arena, nx_arena_printf(walk->arena, "%s/%s", media, sub));
}

static enum nx_encoding encoding_of(GMimeDataWrapper *content)
{
    switch (g_mime_data_wrapper_get_encoding(content)) {
    case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
        return NX_ENCODING_QUOTED;
    case GMIME_CONTENT_ENCODING_BASE64:
        return NX_ENCODING_BASE64;
    case GMIME_CONTENT_ENCODING_UUENCODE:
        return NX_ENCODING_UU;
    case GMIME_CONTENT_ENCODING_DEFAULT:
        return NX_ENCODING_NONE;
    case GMIME_CONTENT_ENCODING_7BIT:
    case GMIME_CONTENT_ENCODING_8BIT:
    case GMIME_CONTENT_ENCODING_BINARY:
        break;
    }
    return NX_ENCODING_IDENTITY;
}

static void add_leaf(struct walk *walk, GMimeObject *object, unsigned depth)
{
    struct nx_leaf *leaf = add(walk, depth);
    if (leaf == NULL)
        return;
    leaf->media_type = media_type_of(walk, object);
    if (GMIME_IS_MESSAGE_PART(object)) {
        leaf->message = true;
        GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        if (inner != NULL && !walk->headed)
            leaf->fields = copy_fields(walk, GMIME_OBJECT(inner));
        walk->headed = walk->headed || leaf->fields.n > 0;
        return;
    }
    GMimeDataWrapper *content = GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object)) : NULL;
    GMimeStream *stream = content == NULL ? NULL : g_mime_data_wrapper_get_stream(content);
    if (stream == NULL)
        return;
    gint64 from = stream->bound_start, to = stream->bound_end;
    if (from >= 0)
        leaf->content = nx_str_sub(walk->bytes, (size_t)from, to < 0 ? walk->bytes.n : (size_t)to);
    leaf->charset = nx_arena_dup(walk->arena, nx_str_of(g_mime_object_get_content_type_parameter(object, "charset")));
    leaf->encoding = encoding_of(content);
}

static void walk_object(struct walk *walk, GMimeObject *object, unsigned depth)
{
    if (object == NULL || walk->full)
        return;
    if (depth > walk->limits->depth) {
        *walk->notes |= NX_NOTE_TOO_DEEP;
        return;
    }
    if (!GMIME_IS_MULTIPART(object)) {
        add_leaf(walk, object, depth);
        return;
    }
    GMimeMultipart *multipart = GMIME_MULTIPART(object);
    int n = g_mime_multipart_get_count(multipart);
    if (n == 0) { /* the boundary never occurs: all of it is preamble */
        *walk->notes |= NX_NOTE_BAD_MIME;
        const char *prologue = g_mime_multipart_get_prologue(multipart);
        struct nx_leaf *leaf = prologue == NULL ? NULL : add(walk, depth);
        if (leaf != NULL) {
            leaf->media_type = NX_STR("text/plain");
            leaf->content = nx_arena_dup(walk->arena, nx_str_sub(nx_str_of(prologue), 0, walk->limits->text));
            leaf->encoding = NX_ENCODING_IDENTITY;
        }
    }
    for (int i = 0; i < n; i++)
        walk_object(walk, g_mime_multipart_get_part(multipart, i), depth + 1);
}

bool nx_tree_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes,
                  struct nx_tree *ret_tree)
{
    *ret_tree = (struct nx_tree){.n = 0};
    struct walk walk = {.arena = arena, .limits = limits, .bytes = bytes, .notes = notes, .tree = ret_tree};
    /* A read-only view: the stream does not own it, and GMime never writes to a stream that it parses. */
    GByteArray view = {.data = (guint8 *)(uintptr_t)bytes.p, .len = (guint)bytes.n};
    g_autoptr(GMimeStream) stream = g_mime_stream_mem_new_with_byte_array(&view);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    g_autoptr(GMimeParser) parser = g_mime_parser_new_with_stream(stream);
    g_autoptr(GMimeMessage) message = g_mime_parser_construct_message(parser, NULL);
    if (message == NULL)
        return false;
    GMimeObject *top = g_mime_message_get_mime_part(message);
    if (top != NULL) {
        ret_tree->media_type = media_type_of(&walk, top);
        ret_tree->report_type = nx_mime_lower(arena, nx_str_of(g_mime_object_get_content_type_parameter(top, "report-type")));
        walk_object(&walk, top, 0);
    }
    return true;
}
