/* SPDX-License-Identifier: Apache-2.0 */
#include "export/codes.h"

static const char *const names[NX_CODES_COUNT] = {"sisimai", "kumomta",  "powermta", "sparkpost",
                                                  "ses",     "postmark", "zonemta",  "mautic"};

static const char *const table[NX_CAUSE_COUNT][NX_CODES_COUNT] = {
#define NX_CODES(cause, ...) [NX_CAUSE_##cause] = {__VA_ARGS__},
#include "export/codes.def"
#undef NX_CODES
};

bool nx_codes_parse(struct nx_str name, enum nx_codes *ret)
{
    for (int i = 0; i < NX_CODES_COUNT; i++)
        if (nx_str_eq(name, nx_str_of(names[i]))) {
            *ret = (enum nx_codes)i;
            return true;
        }
    return false;
}

const char *nx_codes_name(enum nx_codes codes)
{
    return names[codes];
}

const char *nx_code(enum nx_codes codes, enum nx_cause cause)
{
    const char *code = table[cause][codes];
    return code != NULL ? code : "";
}
