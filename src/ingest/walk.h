/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/walk.h - the files below a path, in order of name; Maildirs are known. Room-internal; rules: ingest/mailbox.h. One thread.
 */
#pragma once
#include <glib.h>

struct nx_walk;

struct nx_walk *nx_walk_new(const char *path);
void nx_walk_free(struct nx_walk *walk);
/* 1 and the path of a file (freed by the caller), 0 the end, -1 a directory cannot be read; go on calling. */
int nx_walk_next(struct nx_walk *walk, char **ret_path, GError **error);
