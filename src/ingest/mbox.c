/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/mbox.h"

#include "base/ascii.h"

#include <errno.h>
#include <unistd.h>

#define BUFFER (256u << 10)

struct nx_mbox {
    int fd;               /* -1: `memory` is read instead */
    struct nx_str memory; /* what is left of it */
    size_t cap;
    char *buffer; /* [start, end) is read and not yet handed out */
    size_t start, end;
    bool eof;
    bool first; /* nothing of the file was looked at yet */
    bool more;  /* there is a message to come; its "From " line is behind us */
    bool mbox;  /* the file opened with a "From " line */
    GByteArray *message;
    uint64_t size;
    char *from, *next_from; /* "From " lines without that word: sender and date */
    uint64_t consumed;
};

struct nx_mbox *nx_mbox_new(int fd, size_t cap)
{
    struct nx_mbox *mbox = g_new0(struct nx_mbox, 1);
    mbox->cap = cap;
    mbox->fd = -1;
    mbox->buffer = g_malloc(BUFFER);
    mbox->message = g_byte_array_new();
    nx_mbox_restart(mbox, fd);
    return mbox;
}

struct nx_mbox *nx_mbox_of_bytes(struct nx_str bytes, size_t cap)
{
    struct nx_mbox *mbox = nx_mbox_new(-1, cap);
    mbox->memory = bytes;
    return mbox;
}

void nx_mbox_restart(struct nx_mbox *mbox, int fd)
{
    if (mbox->fd > STDIN_FILENO)
        close(mbox->fd);
    mbox->fd = fd;
    mbox->start = mbox->end = 0;
    mbox->eof = mbox->mbox = false;
    mbox->first = mbox->more = true; /* an empty file is an empty message */
    g_clear_pointer(&mbox->next_from, g_free);
}

void nx_mbox_free(struct nx_mbox *mbox)
{
    if (mbox->fd > STDIN_FILENO)
        close(mbox->fd);
    g_free(mbox->buffer);
    g_free(mbox->from);
    g_free(mbox->next_from);
    g_byte_array_unref(mbox->message);
    g_free(mbox);
}

static ssize_t read_some(struct nx_mbox *mbox, char *at, size_t room)
{
    if (mbox->fd >= 0)
        return read(mbox->fd, at, room);
    size_t n = MIN(room, mbox->memory.n);
    if (n > 0)
        memcpy(at, mbox->memory.p, n);
    mbox->memory = nx_str_from(mbox->memory, n);
    return (ssize_t)n;
}

/* Reads more behind `end`; false on an error. */
static bool fill(struct nx_mbox *mbox)
{
    if (mbox->start > 0) {
        memmove(mbox->buffer, mbox->buffer + mbox->start, mbox->end - mbox->start);
        mbox->end -= mbox->start;
        mbox->start = 0;
    }
    ssize_t n;
    do
        n = read_some(mbox, mbox->buffer + mbox->end, BUFFER - mbox->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false;
    mbox->eof = n == 0;
    mbox->end += (size_t)n;
    mbox->consumed += (uint64_t)n;
    return true;
}

/* The next line with its end. A line longer than the buffer comes in pieces, *ret_whole false for all but the last. 1, 0, -1. */
static int next_line(struct nx_mbox *mbox, struct nx_str *ret_line, bool *ret_whole)
{
    size_t seen = 0;
    for (;;) {
        size_t n = mbox->end - mbox->start;
        const char *at = mbox->buffer + mbox->start;
        const char *lf = n > seen ? memchr(at + seen, '\n', n - seen) : NULL;
        if (lf != NULL)
            n = (size_t)(lf - at) + 1;
        if (lf != NULL || (mbox->eof && n > 0) || n == BUFFER) {
            *ret_line = (struct nx_str){at, n};
            *ret_whole = lf != NULL || mbox->eof;
            return 1;
        }
        if (mbox->eof)
            return 0;
        seen = n;
        if (!fill(mbox))
            return -1;
    }
}

bool nx_mbox_is_from_line(struct nx_str line)
{
    line = nx_str_trim(line);
    if (line.n < 5 || memcmp(line.p, "From ", 5) != 0)
        return false;
    /* The date of asctime, perhaps with a zone before or behind the year: a clock and four digits. */
    bool clock = false, year = false;
    for (size_t i = 5; i + 4 <= line.n; i++) {
        const unsigned char *p = (const unsigned char *)line.p + i;
        if (i + 4 < line.n && nx_is_digit(p[0]) && nx_is_digit(p[1]) && p[2] == ':' && nx_is_digit(p[3]) && nx_is_digit(p[4]))
            clock = true;
        if (nx_is_blank(p[-1]) && nx_is_digit(p[0]) && nx_is_digit(p[1]) && nx_is_digit(p[2]) && nx_is_digit(p[3]) &&
            (i + 4 == line.n || nx_is_blank(p[4])))
            year = true;
    }
    return clock && year;
}

static void begin(struct nx_mbox *mbox, struct nx_str from_line)
{
    struct nx_str rest = nx_str_trim(nx_str_from(from_line, 5));
    g_free(mbox->next_from);
    mbox->next_from = g_strndup(rest.p, rest.n);
    mbox->more = true;
    mbox->start += from_line.n;
}

static void keep(struct nx_mbox *mbox, struct nx_str bytes)
{
    size_t room = mbox->cap - mbox->message->len;
    mbox->size += bytes.n;
    g_byte_array_append(mbox->message, (const guint8 *)bytes.p, (guint)MIN(bytes.n, room));
}

/* The ">"s of a quoted "From " line, or 0. */
static size_t quotes(struct nx_str line)
{
    size_t n = 0;
    while (n < line.n && line.p[n] == '>')
        n++;
    return n > 0 && line.n - n >= 5 && memcmp(line.p + n, "From ", 5) == 0 ? n : 0;
}

static bool is_blank_line(struct nx_str line)
{
    return line.n == 1 || (line.n == 2 && line.p[0] == '\r');
}

/* Looks at the first line; -1 on an error. */
static int open_file(struct nx_mbox *mbox)
{
    struct nx_str line;
    bool whole;
    int got = next_line(mbox, &line, &whole);
    if (got < 0)
        return -1;
    mbox->first = false;
    /* Lines that end in CR alone: such a file is read whole, as one message. */
    bool cr_lines = got > 0 && nx_str_chr(line, '\r') + 2 < line.n;
    mbox->mbox = got > 0 && !cr_lines && nx_mbox_is_from_line(line);
    if (mbox->mbox)
        begin(mbox, line);
    return 0;
}

/* Takes all that is left: the file is one message. */
static int keep_rest(struct nx_mbox *mbox)
{
    do {
        keep(mbox, (struct nx_str){mbox->buffer + mbox->start, mbox->end - mbox->start});
        mbox->start = mbox->end;
        if (!mbox->eof && !fill(mbox))
            return -1;
    } while (mbox->start < mbox->end);
    return 0;
}

/* "bounced mail:" before a "From " line shows the returned message with its own: not a new message, and not quoted by whoever wrote
 * it. */
static bool introduces(struct nx_str line)
{
    line = nx_str_trim(line);
    return line.n > 0 && line.p[line.n - 1] == ':';
}

/* Takes the lines up to the next "From " line, which begins the next message. */
static int keep_lines(struct nx_mbox *mbox)
{
    struct nx_str line;
    bool whole, line_start = true, after_blank = false, introduced = false;
    int got;
    while ((got = next_line(mbox, &line, &whole)) > 0) {
        if (line_start && after_blank && !introduced && nx_mbox_is_from_line(line)) {
            begin(mbox, line);
            break;
        }
        keep(mbox, nx_str_from(line, line_start && quotes(line) > 0 ? 1 : 0));
        after_blank = line_start && is_blank_line(line);
        if (!after_blank)
            introduced = introduces(line);
        line_start = whole;
        mbox->start += line.n;
    }
    if (after_blank && mbox->size == mbox->message->len) { /* the blank line before "From " is the mbox's, not the message's */
        guint n = mbox->message->len;
        bool crlf = n >= 2 && mbox->message->data[n - 2] == '\r';
        g_byte_array_set_size(mbox->message, n - (crlf ? 2 : 1));
        mbox->size = mbox->message->len;
    }
    return got < 0 ? -1 : 0;
}

int nx_mbox_next(struct nx_mbox *mbox, struct nx_message *ret_message)
{
    if (!mbox->more)
        return 0;
    g_byte_array_set_size(mbox->message, 0);
    mbox->size = 0;
    if (mbox->first && open_file(mbox) < 0)
        return -1;
    mbox->more = false;
    g_free(mbox->from);
    mbox->from = g_steal_pointer(&mbox->next_from);
    if ((mbox->mbox ? keep_lines(mbox) : keep_rest(mbox)) < 0)
        return -1;
    struct nx_str from = nx_str_of(mbox->from);
    size_t blank = nx_str_chr(from, ' ');
    *ret_message = (struct nx_message){.bytes = {(const char *)mbox->message->data, mbox->message->len},
                                       .sender = nx_str_sub(from, 0, blank),
                                       .date = nx_str_trim(nx_str_from(from, blank)),
                                       .size = mbox->size,
                                       .consumed = mbox->consumed};
    return 1;
}
