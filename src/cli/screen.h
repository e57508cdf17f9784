/* SPDX-License-Identifier: Apache-2.0 */
/* cli/screen.h - what a terminal gets to see: words of strangers must not steer it, and long lines are wrapped to its width.
 *
 * Diagnostics, subjects and file names are other people's bytes; printed as they are, an escape sequence in them could move the
 * cursor, rename the window or answer for the user. Files and pipes get every byte as it is. Main thread only. */
#pragma once
#include <stddef.h>

/* From here on control characters on stdout and stderr (ECMA-48: C0 without tab and line end, DEL, C1 in UTF-8) show as '?' where
 * these are terminals; a carriage return passes on stderr, where progress is shown. Before anything is printed. */
void nx_screen_guard(void);

/* Columns to wrap text for people to: COLUMNS, else those of the terminal, at most 100; 80 where there is none. */
size_t nx_screen_columns(void);

/* The text with its lines cut at blanks to `columns` (in characters). What is cut off goes on under the words: behind the indent
 * and, in a line of two columns ("  -q, --quiet   Only the count"), under the second. Freed with g_free. */
char *nx_screen_wrap(const char *text, size_t columns);
