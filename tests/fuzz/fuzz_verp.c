/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a return path: never one of ours that nobody signed. As a recipient and a stream: what is signed for them is read
 * back, in any case and with <>, and names them alone; with one sign of it changed it is nothing. As a key file: keys, or a fault
 * with its name. */
#include "base/ascii.h"
#include "base/error.h"
#include "verp/verp.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW ((nx_when)1772359200)

static enum nx_verp_state state_of(const struct nx_verp *verp, struct nx_str path, nx_when now)
{
    struct nx_verp_token token;
    nx_verp_read(verp, path, now, &token);
    return token.state;
}

/* One sign of a good path becomes another: a letter in the other case changes nothing, anything else is forged or foreign. */
static void forge(const struct nx_verp *verp, struct nx_arena *arena, struct nx_str path, size_t at, unsigned char sign)
{
    char *copy = nx_arena_cstr(arena, path);
    bool same = nx_lower((unsigned char)copy[at]) == nx_lower(sign);
    copy[at] = (char)sign;
    enum nx_verp_state state = state_of(verp, (struct nx_str){copy, path.n}, NOW);
    assert(same ? state == NX_VERP_GOOD : state == NX_VERP_BAD || state == NX_VERP_FOREIGN);
}

static void sign(const struct nx_verp *verp, struct nx_arena *arena, struct nx_str recipient, struct nx_str stream)
{
    struct nx_str path = nx_verp_sign(verp, arena, recipient, stream, NOW, NX_VERP_LIFETIME);
    struct nx_verp_token token;
    assert(nx_str_chr(path, '@') <= 64);
    nx_verp_read(verp, path, NOW, &token);
    assert(token.state == NX_VERP_GOOD && token.expires > NOW && nx_verp_names(verp, &token, recipient));
    assert(!nx_verp_names(verp, &token, nx_arena_printf(arena, "%.*sx", NX_FMT(recipient))));
    bool known = nx_str_eq(stream, NX_STR("news")) || nx_str_eq(stream, NX_STR("receipts"));
    assert(known ? nx_str_eq(token.stream, stream) : token.stream.n == 0);
    assert(state_of(verp, nx_arena_printf(arena, "<%.*s>", NX_FMT(path)), NOW) == NX_VERP_GOOD);
    assert(state_of(verp, path, NOW + NX_VERP_LIFETIME + 7200) == NX_VERP_EXPIRED);
    char *large = nx_arena_cstr(arena, path);
    for (size_t i = 0; i < path.n; i++)
        large[i] = g_ascii_toupper(large[i]);
    assert(state_of(verp, (struct nx_str){large, path.n}, NOW) == NX_VERP_GOOD);
    if (recipient.n > 1)
        forge(verp, arena, path, (unsigned char)recipient.p[0] % path.n, (unsigned char)recipient.p[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct nx_verp *verp;
    const struct nx_str bytes = {(const char *)data, size};
    if (verp == NULL)
        verp =
            nx_verp_new("keys", "a 0123456789abcdef0123\nb fedcba9876543210fedc\n", "bounce", "example.com", "news receipts", NULL);
    if (size > 4096)
        return 0;
    struct nx_arena *arena = nx_arena_new();
    enum nx_verp_state state = state_of(verp, bytes, NOW);
    assert(state == NX_VERP_FOREIGN || state == NX_VERP_BAD); /* whoever finds another may keep it */
    struct nx_str recipient = nx_str_sub(bytes, 0, nx_str_chr(bytes, '\n'));
    if (recipient.n > 0)
        sign(verp, arena, recipient, nx_str_from(bytes, MIN(recipient.n + 1, size)));
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    struct nx_verp *other = nx_verp_new("its-name", text, "bounce", "example.com", "", &error);
    assert(other != NULL || (error->domain == NX_ERROR && strstr(error->message, "its-name") != NULL));
    nx_verp_free(other);
    nx_arena_free(arena);
    return 0;
}
