/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/schema.h - the tables, and how an older file becomes one of today. Inner to the back-end; docs/store.md describes
 * them. */
#pragma once

/* Rows of the log that change what follows from it, by the index that holds them alone. In an index's condition IN (...) would be a
 * table that each insert builds anew; and the planner takes the index only for the same words. */
#define NX_LOG_CHANGES " (action='suppress' OR action='clear' OR action='done' OR action='hold') "
#define NX_OF_LOG_CHANGES " FROM log INDEXED BY log_change WHERE" NX_LOG_CHANGES

/* migrations[v] takes a file of schema v to v + 1; 0 is an empty file. */
extern const char *const nx_schema_migrations[];
#define NX_DB_APPLICATION 0x4e784442 /* "NxDB" in the file's header */
