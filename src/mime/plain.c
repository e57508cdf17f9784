/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/plain.h"

#include "base/ascii.h"

#define DEEPEST 8 /* open multiparts */

struct head { /* the MIME fields of one entity, with their defaults (RFC 2045 5.2) */
    struct nx_str type, boundary, charset, report_type;
    enum nx_encoding encoding;
    bool has_type, has_encoding;
};

struct reader {
    struct nx_arena *arena;
    const struct nx_limits *limits;
    struct nx_str bytes;
    size_t at;
    struct nx_tree *tree;
    struct nx_str open[DEEPEST]; /* boundaries, the innermost last */
    unsigned depth;
};

enum found { NOT_PLAIN, END, DELIMITER, CLOSE };

struct mark { /* a line that ends a part */
    enum found found;
    unsigned level; /* of its multipart in open */
    size_t from;    /* the line's start */
    size_t before;  /* what came before it ends here: the line end belongs to the delimiter */
};

static bool is_token(unsigned char c)
{
    return nx_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '+';
}

static size_t token(struct nx_str text, size_t at)
{
    size_t n = 0;
    while (at + n < text.n && is_token((unsigned char)text.p[at + n]))
        n++;
    return n;
}

/* Blanks and folds: the value holds a line end only where a blank follows. */
static size_t blanks(struct nx_str text, size_t at)
{
    size_t from = at;
    while (at < text.n && (nx_is_blank((unsigned char)text.p[at]) || text.p[at] == '\n' ||
                           (text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n')))
        at++;
    return at - from;
}

/* A parameter's value, a token or a quoted string that holds no escape; 0: neither. */
static size_t value_at(struct nx_str text, size_t at, struct nx_str *ret_value)
{
    size_t n = token(text, at);
    *ret_value = nx_str_sub(text, at, at + n);
    if (n > 0 || at >= text.n || text.p[at] != '"')
        return n;
    size_t end = at + 1;
    while (end < text.n && text.p[end] != '"') {
        unsigned char c = (unsigned char)text.p[end];
        if (c < ' ' || c > '~' || c == '\\')
            return 0;
        end++;
    }
    *ret_value = nx_str_sub(text, at + 1, end);
    if (end >= text.n || ret_value->n == 0 || nx_str_find(*ret_value, NX_STR("=?")) < ret_value->n)
        return 0;
    return end + 1 - at;
}

/* ; name=value ... to the end. False: not plain, or one that matters stands twice. */
static bool read_parameters(struct nx_str text, size_t at, struct head *head)
{
    for (at += blanks(text, at); at < text.n; at += blanks(text, at)) {
        if (text.p[at++] != ';')
            return false;
        at += blanks(text, at);
        struct nx_str value, name = nx_str_sub(text, at, at + token(text, at));
        if (at == text.n)
            break;
        at += name.n;
        if (name.n == 0 || at >= text.n || text.p[at++] != '=')
            return false;
        size_t n = value_at(text, at, &value);
        at += n;
        if (n == 0)
            return false;
        struct nx_str *slot = nx_str_ieq(name, NX_STR("boundary"))      ? &head->boundary
                              : nx_str_ieq(name, NX_STR("charset"))     ? &head->charset
                              : nx_str_ieq(name, NX_STR("report-type")) ? &head->report_type
                                                                        : NULL;
        if (slot != NULL && slot->n > 0)
            return false;
        if (slot != NULL)
            *slot = value;
    }
    return true;
}

static bool read_type(struct nx_arena *arena, struct nx_str value, struct head *head)
{
    size_t major = token(value, 0), minor = major < value.n && value.p[major] == '/' ? token(value, major + 1) : 0;
    if (head->has_type || major == 0 || minor == 0)
        return false;
    head->has_type = true;
    head->type = nx_mime_lower(arena, nx_str_sub(value, 0, major + 1 + minor));
    return read_parameters(value, major + 1 + minor, head);
}

static bool read_encoding(struct nx_str value, struct head *head)
{
    static const struct {
        const char *name;
        enum nx_encoding encoding;
    } known[] = {{"7bit", NX_ENCODING_IDENTITY},
                 {"8bit", NX_ENCODING_IDENTITY},
                 {"binary", NX_ENCODING_IDENTITY},
                 {"quoted-printable", NX_ENCODING_QUOTED},
                 {"base64", NX_ENCODING_BASE64}};
    if (head->has_encoding)
        return false;
    head->has_encoding = true;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (nx_str_ieq(value, nx_str_of(known[i].name))) {
            head->encoding = known[i].encoding;
            return true;
        }
    return false;
}

static bool has_control(struct nx_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' && text.p[i] != '\t' && text.p[i] != '\r' && text.p[i] != '\n')
            return true;
    return false;
}

static bool read_field(struct nx_arena *arena, struct nx_str field, size_t name, struct head *head)
{
    struct nx_str value = nx_str_from(field, name + 1);
    field.n = name;
    bool type = nx_str_ieq(field, NX_STR("Content-Type"));
    if (!type && !nx_str_ieq(field, NX_STR("Content-Transfer-Encoding")))
        return true;
    if (has_control(value))
        return false;
    value = nx_str_trim(value);
    return type ? read_type(arena, value, head) : read_encoding(value, head);
}

static bool is_blank_line(struct nx_str text, size_t at, size_t end)
{
    return (end == at + 1 && text.p[at] == '\n') || (end == at + 2 && text.p[at] == '\r' && text.p[at + 1] == '\n');
}

/* From the reader's place over the blank line that ends the head. */
static bool read_head(struct reader *reader, struct head *ret_head)
{
    struct nx_str bytes = reader->bytes;
    *ret_head = (struct head){.type = NX_STR("text/plain")};
    while (reader->at < bytes.n) {
        size_t at = reader->at, end = nx_str_line_end(bytes, at), name = token(bytes, at);
        if (is_blank_line(bytes, at, end)) {
            reader->at = end;
            return true;
        }
        if (name == 0 || !nx_is_alpha((unsigned char)bytes.p[at]) || at + name >= bytes.n || bytes.p[at + name] != ':')
            return false;
        while (end < bytes.n && nx_is_blank((unsigned char)bytes.p[end]))
            end = nx_str_line_end(bytes, end);
        if (!read_field(reader->arena, nx_str_sub(bytes, at, end), name, ret_head))
            return false;
        reader->at = end;
    }
    return false; /* no blank line */
}

/* What a line that starts with "--" is, of the innermost multipart that has it. END: text. */
static enum found delimiter(const struct reader *reader, struct nx_str line, unsigned *ret_level)
{
    for (unsigned i = reader->depth; i-- > 0;) {
        struct nx_str boundary = reader->open[i], rest = nx_str_from(line, boundary.n + 2);
        if (line.n < boundary.n + 2 || memcmp(line.p + 2, boundary.p, boundary.n) != 0)
            continue;
        *ret_level = i;
        return rest.n == 0 ? DELIMITER : nx_str_eq(rest, NX_STR("--")) ? CLOSE : NOT_PLAIN;
    }
    return END;
}

/* The next delimiter line of an open multipart, or the end. */
static struct mark scan(const struct reader *reader)
{
    struct nx_str bytes = reader->bytes;
    for (size_t at = reader->at, end; at < bytes.n && reader->depth > 0; at = end) {
        end = nx_str_line_end(bytes, at);
        if (bytes.p[at] != '-' || end < at + 2 || bytes.p[at + 1] != '-')
            continue;
        struct nx_str line = nx_str_sub(bytes, at, end);
        bool lf = line.p[line.n - 1] == '\n', crlf = lf && line.n > 2 && line.p[line.n - 2] == '\r';
        line.n -= (size_t)lf + crlf;
        struct mark mark = {.from = at};
        mark.found = delimiter(reader, line, &mark.level);
        if (mark.found == END)
            continue;
        mark.before = at > reader->at ? at - 1 : reader->at;
        if (at > reader->at) { /* GMime takes as much off the part as its delimiter ends in */
            bool cr = mark.before > reader->at && bytes.p[mark.before - 1] == '\r';
            if (cr != crlf)
                mark.found = NOT_PLAIN;
            mark.before -= cr;
        }
        return mark;
    }
    return (struct mark){.found = END, .from = bytes.n, .before = bytes.n};
}

static bool is_message(struct nx_str type)
{
    static const char *const types[] = {"message/rfc822", "message/rfc2822", "message/global", "message/news"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (nx_str_eq(type, nx_str_of(types[i])))
            return true;
    return false;
}

static struct mark not_plain(void)
{
    return (struct mark){.found = NOT_PLAIN};
}

static struct mark read_leaf(struct reader *reader, const struct head *head, unsigned depth)
{
    struct mark mark = scan(reader);
    bool message = is_message(head->type);
    if (message && (depth == 0 || mark.before > reader->at || head->encoding > NX_ENCODING_IDENTITY))
        return not_plain();
    if (reader->tree->n >= reader->limits->parts)
        return not_plain();
    struct nx_leaf *leaf = nx_tree_add(reader->arena, reader->tree, depth);
    leaf->media_type = head->type;
    leaf->message = message;
    if (!message) {
        leaf->charset = head->charset;
        leaf->encoding = head->encoding;
        leaf->content = nx_str_sub(reader->bytes, reader->at, mark.before);
    }
    return mark;
}

static struct mark read_multipart(struct reader *reader, const struct head *head, unsigned depth);

static struct mark read_entity(struct reader *reader, const struct head *head, unsigned depth)
{
    if (depth > reader->limits->depth)
        return not_plain();
    if (!nx_str_istarts(head->type, NX_STR("multipart/")))
        return read_leaf(reader, head, depth);
    return read_multipart(reader, head, depth);
}

static struct mark read_multipart(struct reader *reader, const struct head *head, unsigned depth)
{
    unsigned level = reader->depth;
    struct nx_str boundary = head->boundary;
    if (level == DEEPEST || boundary.n == 0 || nx_is_blank((unsigned char)boundary.p[boundary.n - 1]) ||
        nx_str_eq(head->type, NX_STR("multipart/digest")))
        return not_plain();
    reader->open[reader->depth++] = boundary;
    struct mark mark = scan(reader); /* over the preamble */
    if (mark.found != DELIMITER || mark.level != level)
        return not_plain();
    while (mark.found == DELIMITER && mark.level == level) {
        struct head part;
        reader->at = nx_str_line_end(reader->bytes, mark.from);
        if (!read_head(reader, &part))
            return not_plain();
        mark = read_entity(reader, &part, depth + 1);
    }
    if (mark.found == NOT_PLAIN)
        return mark;
    reader->depth = level;
    if (mark.found != CLOSE || mark.level != level)
        return mark; /* the end, or a delimiter of one around it */
    reader->at = nx_str_line_end(reader->bytes, mark.from);
    return scan(reader); /* over the epilogue */
}

bool nx_plain_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_tree *ret_tree)
{
    *ret_tree = (struct nx_tree){.n = 0};
    struct reader reader = {.arena = arena, .limits = limits, .bytes = bytes, .tree = ret_tree};
    struct head head;
    if (memchr(bytes.p, '\0', bytes.n) != NULL || !read_head(&reader, &head))
        return false;
    ret_tree->media_type = head.type;
    ret_tree->report_type = nx_mime_lower(arena, head.report_type);
    return read_entity(&reader, &head, 0).found == END;
}
