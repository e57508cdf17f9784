/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/charset.h"

#include "base/ascii.h"

#include <gmime/gmime.h>
#include <stdint.h>

/* Names that iconv does not know, or that stand for a superset in practice (WHATWG encoding labels). */
static const struct {
    const char *name, *iconv;
} aliases[] = {
    {"us-ascii", "WINDOWS-1252"},
    {"ascii", "WINDOWS-1252"},
    {"iso-8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"x-gbk", "GB18030"},
    {"shift_jis", "CP932"},
    {"x-sjis", "CP932"},
    {"sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP-MS"},
    {"x-euc-jp", "EUC-JP-MS"},
    {"iso-2022-jp", "ISO-2022-JP-3"},
    {"ks_c_5601-1987", "CP949"},
    {"euc-kr", "CP949"},
    {"big5", "BIG5-HKSCS"},
    {"uft-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-7", "UTF-7"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"koi8", "KOI8-R"},
    {"cp-850", "CP850"},
    {"windows-1257", "CP1257"},
};

/* Bytes without a usable label, most telling first: the first that decodes whole wins. */
static const char *const unlabelled[] = {"EUC-JP-MS", "CP932", "GB18030", "CP949"};

static bool is_plain(struct nx_str bytes)
{
    static const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u, escape = 0x1b1b1b1b1b1b1b1bu;
    size_t i = 0;
    for (; i + 8 <= bytes.n; i += 8) { /* eight at a time: most text is plain, and all of it is looked at */
        uint64_t word;
        memcpy(&word, bytes.p + i, 8);
        uint64_t differs = word ^ escape;
        if ((word & high) != 0 || ((differs - ones) & ~differs & high) != 0)
            return false;
    }
    for (; i < bytes.n; i++)
        if ((unsigned char)bytes.p[i] >= 0x80 || bytes.p[i] == 0x1b)
            return false;
    return true;
}

/* Appends the conversion of bytes to out; the number of bytes that had no meaning, or SIZE_MAX when the charset is unknown. */
static size_t convert(struct nx_str bytes, const char *charset, GString *out)
{
    GIConv cd = g_iconv_open("UTF-8", charset);
    if (cd == (GIConv)-1)
        return SIZE_MAX;
    gchar *in = (gchar *)(uintptr_t)bytes.p;
    gsize left = bytes.n;
    size_t bad = 0;
    char chunk[4096];
    while (left > 0) {
        gchar *to = chunk;
        gsize room = sizeof chunk;
        gsize result = g_iconv(cd, &in, &left, &to, &room);
        int why = errno;
        g_string_append_len(out, chunk, to - chunk);
        if (result != (gsize)-1)
            break;
        if (why == E2BIG)
            continue;
        g_string_append(out, "\xef\xbf\xbd");
        bad++;
        in++;
        left--;
        if (why == EINVAL && left == 0)
            break;
    }
    gchar *to = chunk;
    gsize room = sizeof chunk;
    (void)g_iconv(cd, NULL, NULL, &to, &room);
    g_string_append_len(out, chunk, to - chunk);
    (void)g_iconv_close(cd);
    return bad;
}

static const char *iconv_name(struct nx_str charset, char *buffer, size_t size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (nx_str_ieq(charset, nx_str_of(aliases[i].name)))
            return aliases[i].iconv;
    if (charset.n == 0 || charset.n >= size)
        return NULL;
    for (size_t i = 0; i < charset.n; i++) {
        unsigned char c = (unsigned char)charset.p[i];
        if (!nx_is_alnum(c) && c != '-' && c != '_' && c != '.' && c != ':')
            return NULL; /* also keeps iconv's own "//TRANSLIT" syntax out of reach */
        buffer[i] = charset.p[i];
    }
    buffer[charset.n] = '\0';
    return buffer;
}

static struct nx_str take(struct nx_arena *arena, GString *text)
{
    struct nx_str result = nx_arena_dup(arena, (struct nx_str){text->str, text->len});
    g_string_free(text, TRUE);
    return result;
}

/* Kana or Han make a guess at a double-byte charset believable: accented Latin text seldom decodes to them. */
static bool has_cjk(const GString *text)
{
    size_t cjk = 0, other = 0;
    for (const char *p = text->str; *p != '\0'; p += g_utf8_skip[(unsigned char)*p]) {
        gunichar c = g_utf8_get_char(p);
        if ((c >= 0x3040 && c <= 0x30ff) || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3) ||
            (c >= 0x3000 && c <= 0x303f))
            cjk++;
        else if (c >= 0x80)
            other++;
    }
    return cjk >= 4 && cjk > 4 * other;
}

/* Letters that make up most of Russian, as the charsets of one byte write them. */
static const struct {
    const char *name, *letters;
} cyrillic[] = {
    {"KOI8-R", "\xcf\xc5\xc1\xc9\xce\xd4\xd3\xd2\xd7\xcc\xcb"},
    {"WINDOWS-1251", "\xee\xe5\xe0\xe8\xed\xf2\xf1\xf0\xe2\xeb\xea"},
    {"ISO-8859-5", "\xde\xd5\xd0\xd8\xdd\xe2\xe1\xe0\xd2\xdb\xda"},
};

/* The Cyrillic charset of bytes without a usable label, or NULL: runs of bytes over 0xBF, some of odd length (characters of two
 * bytes make even ones), more than the Latin letters, half of them common. */
static const char *guess_cyrillic(struct nx_str bytes)
{
    size_t scores[G_N_ELEMENTS(cyrillic)] = {0}, high = 0, low = 0, latin = 0, runs = 0, odd = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        size_t run = i;
        latin += nx_is_alpha(c);
        while (i < bytes.n && (unsigned char)bytes.p[i] >= 0x80) {
            c = (unsigned char)bytes.p[i++];
            high += c >= 0xc0;
            low += c < 0xc0;
            for (size_t k = 0; k < G_N_ELEMENTS(cyrillic); k++)
                scores[k] += strchr(cyrillic[k].letters, c) != NULL;
        }
        runs += i > run;
        odd += (i - run) % 2;
    }
    size_t best = 0;
    for (size_t k = 1; k < G_N_ELEMENTS(cyrillic); k++)
        best = scores[k] > scores[best] ? k : best;
    bool likely = high >= 16 && low * 8 <= high && latin <= high && odd * 8 >= runs && scores[best] * 2 >= high;
    return likely ? cyrillic[best].name : NULL;
}

/* Korean (EUC-KR) without a usable label: its syllables start with 0xB0 to 0xC8, where Chinese of this length has characters
 * beyond and Japanese its kana before. */
static bool is_korean(struct nx_str bytes)
{
    size_t syllables = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c < 0x80)
            continue;
        bool sign = c >= 0xa1 && c <= 0xa3;
        if ((c < 0xb0 && !sign) || c > 0xc8 || i + 1 >= bytes.n || (unsigned char)bytes.p[i + 1] < 0xa1)
            return false;
        syllables += !sign;
        i++;
    }
    return syllables >= 16;
}

/* Characters of more than one byte that are whole UTF-8. */
static size_t utf8_sequences(struct nx_str bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        if ((unsigned char)bytes.p[i] < 0xc2)
            continue;
        gunichar c = g_utf8_get_char_validated(bytes.p + i, (gssize)(bytes.n - i));
        if (c == (gunichar)-1 || c == (gunichar)-2)
            continue;
        n++;
        i += (size_t)g_unichar_to_utf8(c, NULL) - 1;
    }
    return n;
}

struct nx_str nx_charset_to_utf8(struct nx_arena *arena, struct nx_str bytes, struct nx_str charset, nx_notes *notes)
{
    if (is_plain(bytes))
        return bytes;
    GString *text = g_string_sized_new(bytes.n + 16);
    if (nx_str_find(bytes, NX_STR("\x1b$)C")) < bytes.n && convert(bytes, "ISO-2022-KR", text) == 0)
        return take(arena, text);
    if (memchr(bytes.p, 0x1b, bytes.n) != NULL) {
        static const char *const jp[] = {"ISO-2022-JP-3", "ISO-2022-JP-2", "CP50221"};
        for (size_t i = 0; i < G_N_ELEMENTS(jp); i++) {
            g_string_truncate(text, 0);
            if (convert(bytes, jp[i], text) == 0)
                return take(arena, text);
        }
        g_string_truncate(text, 0);
    }
    if (g_utf8_validate_len(bytes.p, bytes.n, NULL) || g_utf8_validate(bytes.p, (gssize)bytes.n, NULL)) {
        g_string_free(text, TRUE);
        return bytes;
    }
    char buffer[64];
    const char *name = iconv_name(charset, buffer, sizeof buffer);
    bool labelled = name != NULL && !nx_str_ieq(charset, NX_STR("us-ascii"));
    if (labelled) {
        g_string_truncate(text, 0);
        if (convert(bytes, name, text) == 0)
            return take(arena, text);
    }
    *notes |= NX_NOTE_BAD_CHARSET;
    size_t sequences = utf8_sequences(bytes);
    g_string_truncate(text, 0);
    if (sequences > 0 && convert(bytes, "UTF-8", text) <= sequences) /* UTF-8 with a few bytes broken */
        return take(arena, text);
    const char *guess = is_korean(bytes) ? "EUC-KR" : guess_cyrillic(bytes);
    g_string_truncate(text, 0);
    if (guess != NULL && convert(bytes, guess, text) == 0)
        return take(arena, text);
    for (size_t i = 0; i < G_N_ELEMENTS(unlabelled); i++) {
        g_string_truncate(text, 0);
        if (convert(bytes, unlabelled[i], text) == 0 && has_cjk(text))
            return take(arena, text);
    }
    g_string_truncate(text, 0);
    const char *bad = NULL; /* letters of one byte under the name of UTF-8, and not just the last one cut */
    bool lies = sequences == 0 && labelled && g_ascii_strcasecmp(name, "UTF-8") == 0 &&
                !g_utf8_validate(bytes.p, (gssize)bytes.n, &bad) &&
                g_utf8_get_char_validated(bad, (gssize)(bytes.p + bytes.n - bad)) != (gunichar)-2;
    if (!labelled || lies || convert(bytes, name, text) == SIZE_MAX) {
        g_string_truncate(text, 0);
        (void)convert(bytes, "WINDOWS-1252", text);
    }
    return take(arena, text);
}
