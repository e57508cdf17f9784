/* SPDX-License-Identifier: Apache-2.0 */
/* export/codes.h - our causes in other products' words (the table is export/codes.def), for those who keep their own tools. Pure,
 * any thread. */
#pragma once
#include "event/names.h"

enum nx_codes {
    NX_CODES_SISIMAI,
    NX_CODES_KUMOMTA,
    NX_CODES_POWERMTA,
    NX_CODES_SPARKPOST,
    NX_CODES_SES,
    NX_CODES_POSTMARK,
    NX_CODES_ZONEMTA,
    NX_CODES_MAUTIC
};
#define NX_CODES_COUNT 8

bool nx_codes_parse(struct nx_str name, enum nx_codes *ret);
const char *nx_codes_name(enum nx_codes codes);
/* "" where the product has no word for it. */
const char *nx_code(enum nx_codes codes, enum nx_cause cause);
