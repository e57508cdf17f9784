/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/codes.h"

static const struct nx_reply_facts replies[] = {
#define NX_REPLY(code_, source_, meaning_, rcpt, before, data, advice_)                                                            \
    {.code = code_,                                                                                                                \
     .source = source_,                                                                                                            \
     .meaning = meaning_,                                                                                                          \
     .advice = advice_,                                                                                                            \
     .at_rcpt = NX_CAUSE_##rcpt,                                                                                                   \
     .before_rcpt = NX_CAUSE_##before,                                                                                             \
     .at_data = NX_CAUSE_##data},
#include "classify/codes.def"
};

static const struct nx_status_facts statuses[] = {
#define NX_STATUS(subject_, detail_, source_, meaning_, class4_, cause4_, class5_, cause5_)                                        \
    {.subject = subject_,                                                                                                          \
     .detail = detail_,                                                                                                            \
     .source = source_,                                                                                                            \
     .meaning = meaning_,                                                                                                          \
     .class4 = NX_CLASS_##class4_,                                                                                                 \
     .class5 = NX_CLASS_##class5_,                                                                                                 \
     .cause4 = NX_CAUSE_##cause4_,                                                                                                 \
     .cause5 = NX_CAUSE_##cause5_},
#include "classify/codes.def"
};

const struct nx_reply_facts *nx_reply_facts(unsigned code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++)
        if (replies[i].code == code)
            return &replies[i];
    return NULL;
}

static const struct nx_status_facts *find(unsigned subject, unsigned detail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].subject == subject && statuses[i].detail == detail)
            return &statuses[i];
    return NULL;
}

const struct nx_status_facts *nx_status_facts(struct nx_str status)
{
    struct nx_code code;
    return nx_code_parse(status, &code) ? find(code.subject, code.detail) : NULL;
}

enum nx_cause nx_code_cause(struct nx_code code, enum nx_class *ret_class)
{
    const struct nx_status_facts *facts = find(code.subject, code.detail);
    if (facts == NULL)
        facts = find(code.subject, 0); /* RFC 3463 2: an unknown detail is read as X.Y.0 */
    enum nx_cause cause = facts == NULL || code.class_ < 4 ? NX_CAUSE_UNKNOWN : code.class_ == 4 ? facts->cause4 : facts->cause5;
    if (cause == NX_CAUSE_DELIVERED) /* a "delivered" code in a failure says nothing about why */
        cause = NX_CAUSE_UNKNOWN;
    *ret_class = cause == NX_CAUSE_UNKNOWN ? NX_CLASS_SOFT : code.class_ == 4 ? facts->class4 : facts->class5;
    return cause;
}

enum nx_cause nx_reply_cause(unsigned reply, enum nx_stage stage)
{
    const struct nx_reply_facts *facts = nx_reply_facts(reply);
    if (facts == NULL)
        return reply >= 400 && reply < 500 ? NX_CAUSE_RECEIVER_UNAVAILABLE : NX_CAUSE_UNKNOWN;
    switch (stage) {
    case NX_STAGE_CONNECT:
    case NX_STAGE_HELO:
    case NX_STAGE_AUTH:
    case NX_STAGE_MAIL:
        return facts->before_rcpt;
    case NX_STAGE_DATA:
        return facts->at_data;
    case NX_STAGE_NONE: /* 550 and 553 are said for anything: without words and stage they do not call an address dead */
        return reply == 550 || reply == 553 ? NX_CAUSE_UNKNOWN : facts->at_rcpt;
    case NX_STAGE_RCPT:
        return facts->at_rcpt;
    }
    return NX_CAUSE_UNKNOWN;
}
