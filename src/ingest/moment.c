/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/moment.h"

#include "base/ascii.h"

#define EARLIEST 946684800 /* 2000-01-01: clocks that were never set say 1970, 1980 */

static bool is_sane(nx_when when, nx_when now)
{
    return when != NX_WHEN_NONE && when >= EARLIEST && when <= now;
}

nx_when nx_moment_sane(nx_when told, nx_when now)
{
    return is_sane(told, now) ? told : now;
}

/* The date of the first Received field: what stands behind its last semicolon. */
static nx_when topmost(struct nx_str rest)
{
    struct nx_str line, date = NX_STR_NONE;
    bool within = false, told = false;
    while (nx_str_next_line(&rest, &line) && nx_str_trim(line).n > 0) {
        bool goes_on = nx_is_blank((unsigned char)line.p[0]);
        if (within && !goes_on)
            break;
        within = within || nx_str_istarts(line, NX_STR("Received:"));
        if (told && date.n == 0)
            date = nx_str_trim(line); /* it stands on the next line */
        for (size_t at; within && (at = nx_str_chr(line, ';')) < line.n; told = true) {
            line = nx_str_from(line, at + 1);
            date = nx_str_trim(line);
        }
    }
    return nx_when_parse_mail(date);
}

nx_when nx_moment_of(const struct nx_message *message, nx_when now)
{
    nx_when received = topmost(message->bytes);
    return is_sane(received, now) ? received : nx_moment_sane(nx_when_parse_mail(message->date), now);
}
