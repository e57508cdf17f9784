/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/schema.h - the tables, and how an older file becomes one of today. Inner to the back-end; docs/store.md describes
 * them. */
#pragma once

/* migrations[v] takes a file of schema v to v + 1; 0 is an empty file. */
extern const char *const nx_schema_migrations[];
#define NX_DB_APPLICATION 0x4e784442 /* "NxDB" in the file's header */
