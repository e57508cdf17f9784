/* SPDX-License-Identifier: Apache-2.0 */
/* parse/parse.h - bytes to reports, one a recipient.
 *
 * Mail: RFC 3464/6522/6533 delivery reports, RFC 5965/6591 feedback, RFC 8098 MDNs, RFC 3834 auto-replies, and reports in plain
 * words, read by format files (docs/formats.md). Events: provider webhooks. Log lines: MTAs. A parser is immutable and may be
 * shared by threads. Malformed input is never an error: it gives reports with notes, at least one (kind other). Pure: no file,
 * no clock. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "event/event.h"
#include "parse/path.h"

struct nx_parser;

struct nx_format_source {
    struct nx_str name; /* "formats/qmail.format": for errors */
    struct nx_str text;
};

/* NX_ERROR_SYNTAX lists every fault as "name:line:column: what". */
struct nx_parser *nx_parser_new(const struct nx_format_source *formats, size_t n_formats, const struct nx_limits *limits,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_parser_free(struct nx_parser *parser);

/* Fields of the returned message that every report is to carry (nx_report.fields), NULL at the end; taken. Before it is shared. */
void nx_parser_ask(struct nx_parser *parser, char **fields);

/* Servers (authserv-id, RFC 8601) whose Authentication-Results prove who sent ordinary mail, NULL at the end; taken. Before it
 * is shared. */
void nx_parser_trust(struct nx_parser *parser, char **authserv_ids);

/* Other forms of return paths than NX_PATHS_DEFAULT; taken. Before it is shared. */
void nx_parser_paths(struct nx_parser *parser, struct nx_paths *paths);
/* The stream that one of these return paths names (blanks between), by the forms; empty: none does. */
struct nx_str nx_parser_stream(const struct nx_parser *parser, struct nx_arena *arena, struct nx_str return_paths);

/* Reads one message (NX_INPUT_MAIL). At least one report; *ret_reports and all its slices live in the arena or in input->bytes. */
size_t nx_parse_mail(const struct nx_parser *parser, struct nx_arena *arena, const struct nx_input *input,
                     struct nx_report **ret_reports);

typedef struct nx_parser nx_parser; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_parser, nx_parser_free)
