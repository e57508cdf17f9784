/* SPDX-License-Identifier: Apache-2.0 */
/* engine/engine.h - the pure stages bound together, and the pattern directories they run on.
 *
 * An engine holds one parser and one rule set, is immutable, counted by reference and swapped whole at reload. A worker holds the
 * arena and matcher of one thread. This is the one place that reads pattern files. */
#pragma once
#include "base/limits.h"
#include "address/key.h"
#include "classify/classify.h"
#include "decide/stream.h"
#include "event/event.h"
#include "parse/parse.h"
#include "parse/webhook/webhook.h"
#include "verp/verp.h"

struct nx_engine;
struct nx_worker;

/* patterns: the directory that holds causes/, providers/ and formats/ (NULL: $NIXIE_PATTERNS, else the source tree when run from a
 * build tree, else the installed one); local: a directory of the user's own rules, or NULL. All faults of all files in one error.
 */
struct nx_engine *nx_engine_new(const char *patterns, const char *local, const struct nx_limits *limits,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From then on a report that came to a return path signed for its recipient is NX_VERIFIED_SIGNED, and has the token's stream.
 * Takes both; before the engine is shared. */
void nx_engine_verify(struct nx_engine *engine, struct nx_verp *verp, struct nx_fold_rules *fold);
/* Servers whose Authentication-Results are believed (nx_parser_trust); taken. Before the engine is shared. */
void nx_engine_trust(struct nx_engine *engine, char **authserv_ids);
/* Other forms of return paths than the parser's own; taken. Before the engine is shared. */
void nx_engine_paths(struct nx_engine *engine, struct nx_paths *paths);
/* From then on a report that names no stream, and came in by none, gets the one that these say (nx_streams_route). Takes the
 * reference; before the engine is shared. */
void nx_engine_route(struct nx_engine *engine, struct nx_streams *streams);
const struct nx_streams *nx_engine_streams(const struct nx_engine *engine); /* or NULL */
const struct nx_verp *nx_engine_verp(const struct nx_engine *engine);       /* or NULL */
/* The recipient of a token is folded by these; NULL folds nothing extra. */
const struct nx_fold_rules *nx_engine_fold(const struct nx_engine *engine);
struct nx_engine *nx_engine_ref(struct nx_engine *engine);
void nx_engine_unref(struct nx_engine *engine);
const struct nx_ruleset *nx_engine_rules(const struct nx_engine *engine);
/* The set as it would be with the rules on trial in force (nx_source_is_trial); NULL: there are none. */
const struct nx_ruleset *nx_engine_trial(const struct nx_engine *engine);
const struct nx_parser *nx_engine_parser(const struct nx_engine *engine);
const struct nx_limits *nx_engine_limits(const struct nx_engine *engine);
/* Where the patterns are: as configured, or found as above. Freed by the caller. */
char *nx_engine_directory(const char *configured);
/* Reads every *.rules of a patterns directory, sorted, as sources for nx_ruleset_new (used by `rules check DIR`); *ret_sources is
 * freed with g_array_unref, texts with it. */
GArray *nx_engine_read_rules(const char *directory, bool local, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves out the files on trial. */
void nx_engine_drop_trials(GArray *sources);
/* The shipped rules (patterns as for nx_engine_new) and those of the local directory (NULL: none), one array of sources. */
GArray *nx_engine_sources(const char *patterns, const char *local, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_worker *nx_worker_new(struct nx_engine *engine); /* takes a reference */
void nx_worker_free(struct nx_worker *worker);
/* Parses and classifies one input; events (ids set, no decision) live until the next nx_worker_reset, as long as input's bytes and
 * origin do. At least one event. */
size_t nx_worker_process(struct nx_worker *worker, const struct nx_input *input, struct nx_event **ret_events);
/* The same for a provider's body (NX_INPUT_EVENT): ret_body->n events, maybe none, in the arena given (NULL: the worker's), valid
 * as long as that and the engine; what else the body wants is in ret_body. NX_ERROR_SYNTAX: this is not what the provider sends.
 * paths: for provider "generic", else NULL. */
gboolean nx_worker_webhook(struct nx_worker *worker, struct nx_arena *arena, const struct nx_input *input,
                           const struct nx_webhook_paths *paths, struct nx_webhook_body *ret_body, struct nx_event **ret_events,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Judges the words of a reply alone ("550 5.1.1 User unknown"), as if they had failed one recipient: the report and verdict of
 * ret_event are filled. Lives until the next reset. */
void nx_worker_reply(struct nx_worker *worker, struct nx_str words, struct nx_event *ret_event);
/* Classifies reports that were read elsewhere (log lines): n events. */
struct nx_event *nx_worker_judge(struct nx_worker *worker, const struct nx_input *input, struct nx_report *reports, size_t n);
/* Forgets all events made so far; between messages, or between batches. */
void nx_worker_reset(struct nx_worker *worker);
struct nx_arena *nx_worker_arena(struct nx_worker *worker);
struct nx_matcher *nx_worker_matcher(struct nx_worker *worker);

typedef struct nx_engine nx_engine; /* for g_autoptr only */
typedef struct nx_worker nx_worker;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_engine, nx_engine_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_worker, nx_worker_free)
