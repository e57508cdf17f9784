/* SPDX-License-Identifier: Apache-2.0 */
#include "base/latin.h"

#include "base/buf.h"

size_t nx_latin_plain(gunichar c, char out[2])
{
    static const struct {
        gunichar letter;
        char plain[3];
    } kin[] = {
        {0xc6, "AE"}, {0xd0, "D"},  {0xd8, "O"},  {0xde, "TH"}, {0xdf, "ss"}, {0xe6, "ae"}, {0xf0, "d"},   {0xf8, "o"},
        {0xfe, "th"}, {0x110, "D"}, {0x111, "d"}, {0x131, "i"}, {0x141, "L"}, {0x142, "l"}, {0x152, "OE"}, {0x153, "oe"},
    };
    if (c < 0xc0 || (c > 0x24f && c < 0x1e00) || c > 0x1eff)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kin); i++)
        if (kin[i].letter == c) {
            size_t n = strlen(kin[i].plain);
            memcpy(out, kin[i].plain, n);
            return n;
        }
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    if (g_unichar_fully_decompose(c, FALSE, parts, G_N_ELEMENTS(parts)) < 2 || parts[0] >= 0x80)
        return 0;
    out[0] = (char)parts[0];
    return 1;
}

static size_t german(gunichar c, char out[2])
{
    static const gunichar vowels[] = {0xe4, 0xf6, 0xfc}; /* ä ö ü */
    gunichar small = g_unichar_tolower(c);
    for (size_t i = 0; i < G_N_ELEMENTS(vowels); i++)
        if (small == vowels[i]) {
            out[0] = (c == small ? "aou" : "AOU")[i];
            out[1] = 'e';
            return 2;
        }
    return nx_latin_plain(c, out);
}

static struct nx_str respell(struct nx_arena *arena, struct nx_str text, size_t (*spell)(gunichar c, char out[2]))
{
    struct nx_buf plain;
    size_t done = 0; /* of the text, in `plain` already */
    for (size_t at = 0; at < text.n;) {
        gunichar c = (unsigned char)text.p[at] < 0xc3 ? 0 : g_utf8_get_char_validated(text.p + at, (gssize)(text.n - at));
        char letters[2];
        size_t n = spell(c, letters), length = n > 0 ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
        if (n > 0) {
            if (done == 0)
                nx_buf_init(&plain, arena, text.n);
            nx_buf_add(&plain, nx_str_sub(text, done, at));
            nx_buf_add(&plain, (struct nx_str){letters, n});
            done = at + length;
        }
        at += length;
    }
    if (done == 0)
        return text;
    nx_buf_add(&plain, nx_str_from(text, done));
    return nx_buf_str(&plain);
}

struct nx_str nx_latin_plain_text(struct nx_arena *arena, struct nx_str text)
{
    return respell(arena, text, nx_latin_plain);
}

struct nx_str nx_latin_german_text(struct nx_arena *arena, struct nx_str text)
{
    return respell(arena, text, german);
}
