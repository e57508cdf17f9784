/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a diagnostic, as an address field, as text that names addresses. */
#include "parse/address.h"
#include "parse/reply.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nx_arena *arena = nx_arena_new();
    const struct nx_str text = {(const char *)data, size};
    struct nx_reply reply;
    nx_reply_read(arena, text, &reply);
    assert(reply.code == 0 || (reply.code >= 100 && reply.code <= 999));
    assert(reply.status.n == 0 || nx_status_length(reply.status) == reply.status.n);
    struct nx_str line = nx_one_line(arena, text, 100);
    assert(line.n <= 100 && nx_str_chr(line, '\n') == line.n);
    (void)nx_stage_of(text);
    (void)nx_address_is(text);
    size_t at = 0, before = 0;
    struct nx_str address, rest;
    while (nx_address_find(text, &at, &address)) {
        assert(at > before && at <= size);
        assert(nx_str_chr(address, '@') < address.n);
        before = at;
    }
    nx_notes notes = 0;
    address = nx_address_of_field(arena, text, &rest, &notes);
    assert(address.n > 0 || rest.n == 0 || (notes & NX_NOTE_BAD_ADDRESS) != 0);
    nx_arena_free(arena);
    return 0;
}
