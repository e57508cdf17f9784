/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/run.h - one policy in the year: what it holds of each address, and what that cost. */
#pragma once
#include "world.h"

#define FOREVER INT32_MAX

struct slot {      /* of one address */
    int32_t until; /* hour of the year; 0 not suppressed */
    uint16_t last;
    uint16_t wasted; /* letters */
    uint8_t score;
    uint8_t why;    /* what was behind the report that suppressed it */
    bool known : 1; /* a send to it failed after it had died */
    bool wronged : 1;
};
struct counts {
    uint64_t sent, wasted, repeated, withheld, wronged, still, missed;
    uint64_t wronged_by[WHY_COUNT], missed_by[WHY_COUNT], wasted_by[WHY_COUNT];
};
struct nixie;
struct run;
/* The send (or a forger) brought this; at so many hours of the year. */
typedef void report_fn(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour);
struct run {
    const char *name;
    const struct world *world;
    struct slot *slots;
    struct counts counts;
    report_fn *report;   /* of a rival; NULL: it is ours */
    struct nixie *nixie; /* NULL: it is a rival */
};
