/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/clock.h - is what the clock says believed, before anything is dropped for its age? Inner.
 *
 * A clock is believed where time went by in small steps: between the last moment that was believed and now there is no stretch of
 * more than NX_CLOCK_LEAP in which nothing was written. That moment is a mark of the file, moved on by whoever writes, at most once
 * an hour, and by retention; where there is none yet, the newest row of the log stands for it. */
#pragma once
#include "store/sqlite/write.h"

/* *ret_leap: where such a stretch begins; NX_WHEN_NONE: the clock is believed. Only reads. */
gboolean nx_clock_judge(struct nx_db *db, nx_when now, nx_when *ret_leap, GError **error);
/* The same for who writes, before his row is in the log: the answer holds for an hour of the clock (nx_clock_is_believed). */
gboolean nx_clock_look(struct nx_backend *backend, nx_when now, GError **error);
bool nx_clock_is_believed(const struct nx_backend *backend);
/* Somebody said so. */
gboolean nx_clock_believe(struct nx_backend *backend, nx_when now, GError **error);
