/* SPDX-License-Identifier: Apache-2.0 */
#include "base/when.h"

#include "base/ascii.h"

/* Days since the epoch of a proleptic Gregorian date (month 1 to 12). */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static char *two_digits(char *at, unsigned number, char behind)
{
    *at++ = (char)('0' + number / 10);
    *at++ = (char)('0' + number % 10);
    if (behind != 0)
        *at++ = behind;
    return at;
}

struct nx_str nx_when_format(struct nx_arena *arena, nx_when when)
{
    if (when == NX_WHEN_NONE)
        return NX_STR_NONE;
    int64_t days = when / 86400, rest = when % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int day = (int)(doy - (153 * mp + 2) / 5 + 1);
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int64_t year = yoe + era * 400 + (month <= 2);
    if (year < 0 || year > 9999)
        return nx_arena_printf(arena, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)year, month, day, (int)(rest / 3600),
                               (int)(rest / 60 % 60), (int)(rest % 60));
    char *text = nx_arena_alloc(arena, sizeof "0000-00-00T00:00:00Z" - 1), *at = text; /* by the million: no printf */
    at = two_digits(two_digits(at, (unsigned)(year / 100), 0), (unsigned)(year % 100), '-');
    at = two_digits(two_digits(at, (unsigned)month, '-'), (unsigned)day, 'T');
    at = two_digits(two_digits(at, (unsigned)(rest / 3600), ':'), (unsigned)(rest / 60 % 60), ':');
    at = two_digits(at, (unsigned)(rest % 60), 'Z');
    return (struct nx_str){text, (size_t)(at - text)};
}

/* Takes a number of min to max digits off the front. */
static bool take_number(struct nx_str *text, unsigned min, unsigned max, int *ret)
{
    unsigned n = 0;
    int value = 0;
    while (n < max && n < text->n && nx_is_digit((unsigned char)text->p[n])) {
        value = value * 10 + (text->p[n] - '0');
        n++;
    }
    if (n < min)
        return false;
    *text = nx_str_from(*text, n);
    *ret = value;
    return true;
}

static bool take_char(struct nx_str *text, char c)
{
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = nx_str_from(*text, 1);
    return true;
}

static nx_when assemble(int year, int month, int day, int hour, int minute, int second, int zone)
{
    if (month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60)
        return NX_WHEN_NONE;
    int64_t first = days_of(year, month, 1), next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    if (day > next - first) /* the 30th of February */
        return NX_WHEN_NONE;
    return (first + day - 1) * 86400 + hour * 3600 + minute * 60 + second - zone * 60;
}

/* "+0200", "+02:00", "-0700"; minutes east of UTC. */
static bool take_zone(struct nx_str *text, int *ret)
{
    int sign = take_char(text, '+') ? 1 : take_char(text, '-') ? -1 : 0, hour, minute = 0;
    if (sign == 0 || !take_number(text, 2, 2, &hour))
        return false;
    (void)take_char(text, ':');
    (void)take_number(text, 2, 2, &minute);
    *ret = sign * (hour * 60 + minute);
    return true;
}

nx_when nx_when_parse(struct nx_str text)
{
    int year, month, day, hour = 0, minute = 0, second = 0, zone = 0;
    text = nx_str_trim(text);
    if (!take_number(&text, 4, 4, &year) || !take_char(&text, '-') || !take_number(&text, 2, 2, &month) || !take_char(&text, '-') ||
        !take_number(&text, 2, 2, &day))
        return NX_WHEN_NONE;
    if (text.n > 0) {
        if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
            return NX_WHEN_NONE;
        if (!take_number(&text, 2, 2, &hour) || !take_char(&text, ':') || !take_number(&text, 2, 2, &minute))
            return NX_WHEN_NONE;
        if (take_char(&text, ':') && !take_number(&text, 2, 2, &second))
            return NX_WHEN_NONE;
        if (take_char(&text, '.') || take_char(&text, ',')) {
            int ignored;
            while (take_number(&text, 1, 1, &ignored))
                continue;
        }
        text = nx_str_trim(text);
        if (!take_char(&text, 'Z') && !take_char(&text, 'z') && text.n > 0 && !take_zone(&text, &zone))
            return NX_WHEN_NONE;
        if (text.n > 0)
            return NX_WHEN_NONE;
    }
    return assemble(year, month, day, hour, minute, second, zone);
}

static struct nx_str skip_blanks(struct nx_str text)
{
    while (text.n > 0 && (nx_is_space((unsigned char)text.p[0]) || text.p[0] == ','))
        text = nx_str_from(text, 1);
    return text;
}

static struct nx_str take_word(struct nx_str *text)
{
    size_t n = 0;
    while (n < text->n && nx_is_alpha((unsigned char)text->p[n]))
        n++;
    struct nx_str word = nx_str_sub(*text, 0, n);
    *text = nx_str_from(*text, n);
    return word;
}

static int month_of(struct nx_str word)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (nx_str_istarts(word, (struct nx_str){names + 3 * i, 3}))
            return i + 1;
    return 0;
}

/* RFC 5322 4.3: the zones that have names. */
static int zone_of(struct nx_str word)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360},
                 {"PST", -480}, {"PDT", -420}, {"CET", 60},   {"CEST", 120}, {"JST", 540},  {"MSK", 180}};
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++)
        if (nx_str_ieq(word, nx_str_of(zones[i].name)))
            return zones[i].minutes;
    return 0;
}

nx_when nx_when_parse_mail(struct nx_str text)
{
    int year = 0, day, hour, minute, second = 0, zone = 0;
    text = skip_blanks(text);
    struct nx_str word = take_word(&text);
    text = skip_blanks(text);
    int month = month_of(word);
    if (month == 0 && word.n > 0 && text.n > 0 && nx_is_alpha((unsigned char)text.p[0])) { /* ctime: "Tue Aug  1" */
        word = take_word(&text);
        month = month_of(word);
        text = skip_blanks(text);
    }
    if (!take_number(&text, 1, 2, &day))
        return NX_WHEN_NONE;
    text = skip_blanks(text);
    (void)take_char(&text, '-');
    bool ctime_order = month != 0;
    if (!ctime_order) {
        month = month_of(take_word(&text));
        text = skip_blanks(text);
        (void)take_char(&text, '-');
        if (month == 0 || !take_number(&text, 2, 4, &year))
            return NX_WHEN_NONE;
        text = skip_blanks(text);
    }
    if (!take_number(&text, 1, 2, &hour) || !(take_char(&text, ':') || take_char(&text, '.')) || !take_number(&text, 2, 2, &minute))
        return NX_WHEN_NONE;
    if ((take_char(&text, ':') || take_char(&text, '.')) && !take_number(&text, 2, 2, &second))
        return NX_WHEN_NONE;
    text = skip_blanks(text);
    if (ctime_order) {
        if (text.n > 0 && nx_is_alpha((unsigned char)text.p[0])) {
            zone = zone_of(take_word(&text));
            text = skip_blanks(text);
        }
        if (!take_number(&text, 4, 4, &year))
            return NX_WHEN_NONE;
        text = skip_blanks(text);
    }
    if (year < 100)
        year += year < 70 ? 2000 : 1900;
    if (!take_zone(&text, &zone)) {
        (void)take_char(&text, '(');
        if (text.n > 0 && nx_is_alpha((unsigned char)text.p[0]))
            zone = zone_of(take_word(&text));
    }
    return assemble(year, month, day, hour, minute, second, zone);
}
