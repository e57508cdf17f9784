/* SPDX-License-Identifier: Apache-2.0 */
/* base/ascii.h - character classes of ASCII, independent of any locale. Bytes over 127 belong to none of them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

static inline unsigned char nx_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}
static inline bool nx_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}
static inline bool nx_is_alpha(unsigned char c)
{
    c = nx_lower(c);
    return c >= 'a' && c <= 'z';
}
static inline bool nx_is_alnum(unsigned char c)
{
    return nx_is_digit(c) || nx_is_alpha(c);
}
static inline bool nx_is_xdigit(unsigned char c)
{
    c = nx_lower(c);
    return nx_is_digit(c) || (c >= 'a' && c <= 'f');
}
static inline bool nx_is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool nx_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}
/* atext of RFC 5322 3.2.3, with the bytes of UTF-8 (RFC 6532 3.2). */
static inline bool nx_is_atext(unsigned char c)
{
    static const uint64_t set[] = {0xa3ffacfa00000000, 0x7fffffffc7fffffe}; /* alphanumerics and !#$%&'*+-/=?^_`{|}~ */
    return c >= 0x80 || (set[c >> 6] >> (c & 63) & 1) != 0;
}
