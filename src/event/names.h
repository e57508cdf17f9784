/* SPDX-License-Identifier: Apache-2.0 */
/* event/names.h - the enumerations that users see, with their names and what belongs to each.
 *
 * Names are static and never NULL for a value of the enum. _parse functions take the exact name and return false (leaving the
 * output alone) on anything else. Pure, any thread. */
#pragma once
#include "base/str.h"

#include <stdint.h>

/* What happened */
enum nx_kind {
    NX_KIND_OTHER, /* no report: ordinary mail, or one that tells nothing about an address */
    NX_KIND_FAILED,
    NX_KIND_DELAYED,
    NX_KIND_DELIVERED,
    NX_KIND_COMPLAINT,
    NX_KIND_UNSUBSCRIBE,
    NX_KIND_AUTOREPLY,
};
#define NX_KIND_COUNT 7

/* What it says about the address */
enum nx_class {
    NX_CLASS_NONE,
    NX_CLASS_HARD,
    NX_CLASS_SOFT,
    NX_CLASS_BLOCK,
};
#define NX_CLASS_COUNT 4

/* What the policy does by default */
enum nx_suppress {
    NX_SUPPRESS_NEVER,
    NX_SUPPRESS_AT_ONCE,
    NX_SUPPRESS_AFTER,
    NX_SUPPRESS_MIRROR,
    NX_SUPPRESS_CLEAR,
};

/* Why; event/cause.def */
enum nx_cause {
    NX_CAUSE_NONE, /* not judged, or nothing to judge (kind other) */
#define NX_CAUSE(id, name, class, fault, suppress, threshold, span, window, ttl, ttl_max, retry, advice) NX_CAUSE_##id,
#include "event/cause.def"
#undef NX_CAUSE
    NX_CAUSE_COUNT
};

/* Where in the SMTP dialogue it was refused (RFC 5321 4.1.1) */
enum nx_stage {
    NX_STAGE_NONE,
    NX_STAGE_CONNECT,
    NX_STAGE_HELO,
    NX_STAGE_AUTH,
    NX_STAGE_MAIL,
    NX_STAGE_RCPT,
    NX_STAGE_DATA, /* DATA, the message itself, or the dot at its end */
};
#define NX_STAGE_COUNT 7

/* Who vouches for the report */
enum nx_verified {
    NX_VERIFIED_NONE,
    NX_VERIFIED_SIGNED,   /* it came to a return path that we had signed */
    NX_VERIFIED_PROVIDER, /* webhook with a good signature or secret */
};

/* What we do about it */
enum nx_action {
    NX_ACTION_NONE,
    NX_ACTION_SUPPRESS,
    NX_ACTION_COUNT, /* remembered; enough of them suppress */
    NX_ACTION_CLEAR, /* soft counts forgotten */
    NX_ACTION_HOLD,  /* would suppress, but is held for a person to look at */
};

typedef uint32_t nx_notes; /* bits: what was wrong with the message */
enum nx_note {
#define NX_NOTE(id, name, text) NX_NOTE_INDEX_##id,
#include "event/note.def"
#undef NX_NOTE
    NX_NOTE_COUNT
};
enum {
#define NX_NOTE(id, name, text) NX_NOTE_##id = 1 << NX_NOTE_INDEX_##id,
#include "event/note.def"
#undef NX_NOTE
};

struct nx_cause_facts {
    const char *name, *fault, *advice;
    enum nx_class class_;
    enum nx_suppress suppress;
    unsigned threshold, span_days, window_days, ttl_days, ttl_max_days;
    const char *retry; /* "900,3600": seconds */
};

const char *nx_kind_name(enum nx_kind kind);
bool nx_kind_parse(struct nx_str name, enum nx_kind *ret);
const char *nx_class_name(enum nx_class class_);
bool nx_class_parse(struct nx_str name, enum nx_class *ret);
/* Never NULL; for NX_CAUSE_NONE all texts are empty. */
const struct nx_cause_facts *nx_cause_facts(enum nx_cause cause);
static inline const char *nx_cause_name(enum nx_cause cause)
{
    return nx_cause_facts(cause)->name;
}
bool nx_cause_parse(struct nx_str name, enum nx_cause *ret);
/* "" for NX_STAGE_NONE, else "connect", "helo", "auth", "mail", "rcpt", "data". */
const char *nx_stage_name(enum nx_stage stage);
bool nx_stage_parse(struct nx_str name, enum nx_stage *ret);
const char *nx_verified_name(enum nx_verified verified);
const char *nx_action_name(enum nx_action action);
bool nx_action_parse(struct nx_str name, enum nx_action *ret);
const char *nx_note_name(enum nx_note note);
/* One sentence for people. */
const char *nx_note_text(enum nx_note note);
