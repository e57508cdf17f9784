/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

#define ROUNDS_EACH 2
#define ROUNDS_LAST 4

struct state {
    uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static void mix(struct state *s, unsigned rounds)
{
    while (rounds-- > 0) {
        s->a += s->b;
        s->c += s->d;
        s->b = turn(s->b, 13) ^ s->a;
        s->d = turn(s->d, 16) ^ s->c;
        s->a = turn(s->a, 32) + s->d;
        s->c += s->b;
        s->d = turn(s->d, 21) ^ s->a;
        s->b = turn(s->b, 17) ^ s->c;
        s->c = turn(s->c, 32);
    }
}

static uint64_t word_of(const char *bytes, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    return word;
}

static void take(struct state *s, uint64_t word)
{
    s->d ^= word;
    mix(s, ROUNDS_EACH);
    s->a ^= word;
}

uint64_t nx_siphash(struct nx_sip_key key, struct nx_str text)
{
    struct state s = {key.low ^ 0x736f6d6570736575u, key.high ^ 0x646f72616e646f6du, key.low ^ 0x6c7967656e657261u,
                      key.high ^ 0x7465646279746573u};
    size_t whole = text.n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        take(&s, word_of(text.p + i, 8));
    take(&s, word_of(text.p + whole, text.n - whole) | (uint64_t)text.n << 56);
    s.c ^= 0xff;
    mix(&s, ROUNDS_LAST);
    return s.a ^ s.b ^ s.c ^ s.d;
}
