/* SPDX-License-Identifier: Apache-2.0 */
/* classify/codes.h - the fallback: what codes alone say, by stage. RFC 5321 4.2, RFC 3463; classify/codes.def is the table.
 * Pure, any thread. */
#pragma once
#include "classify/classify.h"
#include "classify/norm.h"

/* UNKNOWN where the code says nothing about a cause. ret_class: of that cause at that class of code. */
enum nx_cause nx_code_cause(struct nx_code code, enum nx_class *ret_class);
enum nx_cause nx_reply_cause(unsigned reply, enum nx_stage stage);
