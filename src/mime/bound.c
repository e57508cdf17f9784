/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/bound.h"

#define SMALL (64u << 10)

static bool is_blank(struct nx_str line)
{
    return line.n > 0 && (line.p[0] == '\n' || (line.p[0] == '\r' && line.n == 2));
}

static struct nx_str without(struct nx_arena *arena, struct nx_str bytes, size_t from, size_t to)
{
    struct nx_str after = nx_str_from(bytes, to);
    char *copy = nx_arena_alloc(arena, from + 1 + after.n);
    memcpy(copy, bytes.p, from);
    copy[from] = '\n'; /* ends the field that was cut */
    if (after.n > 0)
        memcpy(copy + from + 1, after.p, after.n);
    return (struct nx_str){copy, from + 1 + after.n};
}

struct nx_str nx_mime_bound(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes)
{
    if (bytes.n <= SMALL)
        return bytes;
    bool top = true, head = true;
    size_t heads = 0, delimiters = 0, next;
    size_t cut_from = 0, cut_to = 0; /* of the top head */
    for (size_t at = 0; at < bytes.n; at = next) {
        const char *lf = memchr(bytes.p + at, '\n', bytes.n - at);
        next = lf == NULL ? bytes.n : (size_t)(lf - bytes.p) + 1;
        struct nx_str line = nx_str_sub(bytes, at, next);
        if (is_blank(line)) {
            if (top) {
                cut_to = at;
                heads = 0;
            }
            top = head = false;
            continue;
        }
        if (!top && line.n > 2 && line.p[0] == '-' && line.p[1] == '-') {
            head = true;
            if (++delimiters > (size_t)limits->parts * 4) {
                *notes |= NX_NOTE_TOO_MANY_PARTS;
                bytes.n = at;
                break;
            }
        }
        if (!head)
            continue;
        heads += line.n;
        if (heads <= limits->headers)
            continue;
        *notes |= NX_NOTE_TRUNCATED;
        if (!top) {
            bytes.n = at;
            break;
        }
        if (cut_from == 0)
            cut_from = next - (heads - limits->headers);
    }
    if (cut_from == 0)
        return bytes;
    return top ? nx_str_sub(bytes, 0, cut_from) : without(arena, bytes, cut_from, cut_to);
}
