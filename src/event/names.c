/* SPDX-License-Identifier: Apache-2.0 */
#include "event/names.h"

#include <assert.h>
#include <glib.h>

static const char *const kinds[NX_KIND_COUNT] = {"other",     "failed",      "delayed",  "delivered",
                                                 "complaint", "unsubscribe", "autoreply"};
static const char *const classes[NX_CLASS_COUNT] = {"none", "hard", "soft", "block"};
static const char *const stages[NX_STAGE_COUNT] = {"", "connect", "helo", "auth", "mail", "rcpt", "data"};
static const char *const verified_names[] = {"none", "signed", "provider"};
static const char *const actions[] = {"none", "suppress", "count", "clear", "hold"};

static const struct nx_cause_facts causes[NX_CAUSE_COUNT] = {
    [NX_CAUSE_NONE] = {.name = "", .fault = "", .advice = "", .retry = ""},
#define NX_CAUSE(id, name_, class, fault_, suppress_, threshold_, span, window, ttl, ttl_max, retry_, advice_)                     \
    [NX_CAUSE_##id] = {.name = name_,                                                                                              \
                       .fault = fault_,                                                                                            \
                       .advice = advice_,                                                                                          \
                       .class_ = NX_CLASS_##class,                                                                                 \
                       .suppress = NX_SUPPRESS_##suppress_,                                                                        \
                       .threshold = threshold_,                                                                                    \
                       .span_days = span,                                                                                          \
                       .window_days = window,                                                                                      \
                       .ttl_days = ttl,                                                                                            \
                       .ttl_max_days = ttl_max,                                                                                    \
                       .retry = retry_},
#include "event/cause.def"
#undef NX_CAUSE
};

static const struct {
    const char *name, *text;
} notes[NX_NOTE_COUNT] = {
#define NX_NOTE(id, name, text) {name, text},
#include "event/note.def"
#undef NX_NOTE
};
static_assert(NX_NOTE_COUNT <= 32, "nx_notes has 32 bits");

static bool find(const char *const *names, size_t n, struct nx_str name, size_t *ret)
{
    for (size_t i = 0; i < n; i++)
        if (name.n > 0 && nx_str_eq(name, nx_str_of(names[i]))) {
            *ret = i;
            return true;
        }
    return false;
}

const char *nx_kind_name(enum nx_kind kind)
{
    assert((size_t)kind < NX_KIND_COUNT);
    return kinds[kind];
}

bool nx_kind_parse(struct nx_str name, enum nx_kind *ret)
{
    size_t i;
    if (!find(kinds, NX_KIND_COUNT, name, &i))
        return false;
    *ret = (enum nx_kind)i;
    return true;
}

const char *nx_class_name(enum nx_class class_)
{
    assert((size_t)class_ < NX_CLASS_COUNT);
    return classes[class_];
}

bool nx_class_parse(struct nx_str name, enum nx_class *ret)
{
    size_t i;
    if (!find(classes, NX_CLASS_COUNT, name, &i))
        return false;
    *ret = (enum nx_class)i;
    return true;
}

const struct nx_cause_facts *nx_cause_facts(enum nx_cause cause)
{
    assert((size_t)cause < NX_CAUSE_COUNT);
    return &causes[cause];
}

bool nx_cause_parse(struct nx_str name, enum nx_cause *ret)
{
    for (size_t i = 1; i < NX_CAUSE_COUNT; i++)
        if (nx_str_eq(name, nx_str_of(causes[i].name))) {
            *ret = (enum nx_cause)i;
            return true;
        }
    return false;
}

const char *nx_stage_name(enum nx_stage stage)
{
    assert((size_t)stage < NX_STAGE_COUNT);
    return stages[stage];
}

bool nx_stage_parse(struct nx_str name, enum nx_stage *ret)
{
    size_t i;
    if (!find(stages, NX_STAGE_COUNT, name, &i))
        return false;
    *ret = (enum nx_stage)i;
    return true;
}

const char *nx_verified_name(enum nx_verified verified)
{
    assert((size_t)verified < G_N_ELEMENTS(verified_names));
    return verified_names[verified];
}

const char *nx_action_name(enum nx_action action)
{
    assert((size_t)action < G_N_ELEMENTS(actions));
    return actions[action];
}

bool nx_action_parse(struct nx_str name, enum nx_action *ret)
{
    size_t i;
    if (!find(actions, G_N_ELEMENTS(actions), name, &i))
        return false;
    *ret = (enum nx_action)i;
    return true;
}

const char *nx_note_name(enum nx_note note)
{
    assert((size_t)note < NX_NOTE_COUNT);
    return notes[note].name;
}

const char *nx_note_text(enum nx_note note)
{
    assert((size_t)note < NX_NOTE_COUNT);
    return notes[note].text;
}
