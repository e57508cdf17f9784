/* SPDX-License-Identifier: Apache-2.0 */
/* base/limits.h - every bound on hostile or huge input, in one struct.
 *
 * Past a limit a reader keeps what it has, sets a note and goes on; nothing is refused. Defaults below, each a key of
 * group [limits] in the config. Units: bytes unless the name says otherwise. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct nx_limits {
    size_t message;      /* of one message; what is beyond is not read */
    size_t headers;      /* of one header block */
    size_t text;         /* decoded text of one part that is looked at */
    size_t diagnostic;   /* of one diagnostic */
    size_t address;      /* of one address */
    unsigned depth;      /* MIME nesting */
    unsigned parts;      /* MIME parts */
    unsigned recipients; /* per report */
    unsigned json_depth;
};

struct nx_sent_limits { /* on the ledger of what was sent; group [sent] */
    int64_t age;        /* seconds since it was recorded */
    unsigned size;      /* recipients; the oldest go first. 0: nothing is kept */
};

struct nx_raw_limits { /* on messages kept whole for want of an explanation; group [triage] */
    size_t total;      /* of all, packed; 0: none is kept */
    size_t message;    /* of one; what is beyond is cut off */
    unsigned group;    /* of those that say the same: the first half of them and the newest; 0: no bound of their own */
    int64_t age;       /* seconds; 0: for ever */
};
#define NX_RAW_LIMITS_DEFAULT ((struct nx_raw_limits){.total = 64u << 20, .message = 256u << 10, .group = 20, .age = 90 * 86400})

#define NX_LIMITS_DEFAULT                                                                                                          \
    ((struct nx_limits){.message = 25u << 20,                                                                                      \
                        .headers = 1u << 20,                                                                                       \
                        .text = 256u << 10,                                                                                        \
                        .diagnostic = 4u << 10,                                                                                    \
                        .address = 1024,                                                                                           \
                        .depth = 20,                                                                                               \
                        .parts = 500,                                                                                              \
                        .recipients = 1000,                                                                                        \
                        .json_depth = 32})
