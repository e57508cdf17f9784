/* SPDX-License-Identifier: Apache-2.0 */
/* export/upload.h - addresses in the shape that a provider takes its list in (the table is export/upload.def).
 *
 * What the provider is told an entry is for is its ground: providers know bounces, complaints and unsubscribes, not our causes.
 * _add and _end append to out; out may be written away in between. One thread. */
#pragma once
#include "base/buf.h"
#include "event/event.h"

enum nx_ground { NX_GROUND_BOUNCE, NX_GROUND_COMPLAINT, NX_GROUND_UNSUBSCRIBE, NX_GROUND_MANUAL };
#define NX_GROUND_COUNT 4
#define NX_GROUND_NAMES "bounce, complaint, unsubscribe, manual"
const char *nx_ground_name(enum nx_ground ground);
/* Of an entry; NX_CAUSE_NONE is made by hand. */
enum nx_ground nx_ground_of(enum nx_cause cause);
/* Names parted by commas as bits, 1 << ground; NULL is all. False: there is no such name. */
bool nx_grounds_parse(const char *names, unsigned *ret);

struct nx_upload {
    const char *product;
    const void *shape; /* of the batch that is open */
    unsigned n;        /* addresses in it */
};
/* The grounds among these that the product has a shape for, as bits. *ret_apart: they cannot stand in one file. */
unsigned nx_upload_grounds(const char *product, unsigned grounds, bool *ret_apart);
/* ground: one that the product has a shape for. */
void nx_upload_add(struct nx_upload *upload, struct nx_buf *out, enum nx_ground ground, struct nx_str address);
void nx_upload_end(struct nx_upload *upload, struct nx_buf *out);
