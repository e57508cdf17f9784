/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include "base/ascii.h"
#include "base/str.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_LEAST 40u
#define COLUMNS_MOST 100u /* longer lines are hard to read */
#define HANG_MOST 40u     /* a second column further right is none */

struct screen { /* one guarded stream */
    int fd;
    bool returns;       /* a carriage return passes */
    unsigned char last; /* the byte before, of an earlier write, too: 0xC2 leads C1 */
};

static char shown(struct screen *screen, unsigned char c, unsigned char next)
{
    bool c1 = (c == 0xc2 && next >= 0x80 && next <= 0x9f) || (screen->last == 0xc2 && c >= 0x80 && c <= 0x9f);
    bool control = (c < 0x20 && c != '\n' && c != '\t' && !(c == '\r' && screen->returns)) || c == 0x7f;
    screen->last = c;
    return control || c1 ? '?' : (char)c;
}

static ssize_t screen_write(void *data, const char *bytes, size_t n)
{
    struct screen *screen = data;
    g_autofree char *out = g_malloc(n);
    for (size_t i = 0; i < n; i++)
        out[i] = shown(screen, (unsigned char)bytes[i], i + 1 < n ? (unsigned char)bytes[i + 1] : 0);
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(screen->fd, out + done, n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return 0; /* fopencookie(3): the error of a write is 0 */
        done += (size_t)wrote;
    }
    return (ssize_t)n;
}

static FILE *guarded(FILE *stream, struct screen *screen)
{
    screen->fd = fileno(stream);
    if (!isatty(screen->fd))
        return stream;
    FILE *guard = fopencookie(screen, "w", (cookie_io_functions_t){.write = screen_write});
    if (guard == NULL)
        return stream;
    setvbuf(guard, NULL, _IOLBF, 0);
    return guard;
}

void nx_screen_guard(void)
{
    static struct screen out, err = {.returns = true};
    stdout = guarded(stdout, &out);
    stderr = guarded(stderr, &err);
}

size_t nx_screen_columns(void)
{
    const char *set = g_getenv("COLUMNS");
    unsigned long long columns;
    struct winsize size;
    if (set != NULL && nx_str_to_u64(nx_str_of(set), &columns) && columns >= COLUMNS_LEAST && columns <= INT_MAX)
        return (size_t)columns;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_LEAST)
        return MIN(size.ws_col, COLUMNS_MOST);
    return 80;
}

/* Where the words of a line go on when it is cut. */
static size_t hang_of(struct nx_str line)
{
    size_t indent = 0;
    while (indent < line.n && line.p[indent] == ' ')
        indent++;
    struct nx_str rest = nx_str_from(line, indent);
    size_t gap = nx_str_find(rest, NX_STR("  "));
    while (gap < rest.n && rest.p[gap] == ' ')
        gap++;
    return gap < rest.n && indent + gap <= HANG_MOST ? indent + gap : indent;
}

static void wrap_line(GString *out, struct nx_str line, size_t columns)
{
    size_t hang = hang_of(line), column = hang;
    g_string_append_len(out, line.p, (gssize)hang);
    for (size_t at = hang; at < line.n;) {
        size_t gap = at;
        while (gap < line.n && line.p[gap] == ' ')
            gap++;
        size_t end = gap + nx_str_chr(nx_str_from(line, gap), ' ');
        size_t blanks = gap - at, width = (size_t)g_utf8_strlen(line.p + gap, (gssize)(end - gap));
        if (column > hang && column + blanks + width > columns) {
            g_string_append_printf(out, "\n%*s", (int)hang, "");
            column = hang;
            blanks = 0;
        }
        g_string_append_printf(out, "%*s", (int)blanks, "");
        g_string_append_len(out, line.p + gap, (gssize)(end - gap));
        column += blanks + width;
        at = end;
    }
}

char *nx_screen_wrap(const char *text, size_t columns)
{
    GString *out = g_string_new(NULL);
    struct nx_str rest = nx_str_of(text);
    while (rest.n > 0) {
        size_t end = nx_str_chr(rest, '\n');
        wrap_line(out, nx_str_sub(rest, 0, end), columns);
        if (end < rest.n)
            g_string_append_c(out, '\n');
        rest = nx_str_from(rest, end + 1);
    }
    return g_string_free(out, FALSE);
}
