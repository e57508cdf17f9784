/* SPDX-License-Identifier: Apache-2.0 */
/* nixie.h - libnixie: what a bounce says and means, without the service around it.
 *
 * Bytes in, events out, as JSON (docs/schema.md) or as a struct. Pure: no clock, no network, no database; files are read by
 * nixie_new alone. A struct nixie is immutable and may be shared by threads; a struct nixie_reader belongs to one thread at a time.
 * Any bytes are accepted: malformed mail gives events with notes, never an error. All strings are UTF-8 and terminated; those of a
 * reader live until its next nixie_read_*, those of nixie_cause for ever. NULL is "absent".
 *
 *     struct nixie *nixie = nixie_new(NULL, NULL, &error);
 *     struct nixie_reader *reader = nixie_reader_new(nixie);
 *     size_t n = nixie_read_message(reader, bytes, size, NULL);
 *     for (size_t i = 0; i < n; i++)
 *         puts(nixie_json(reader, i));
 *     nixie_reader_free(reader);
 *     nixie_free(nixie);
 *
 * Compile and link with what `pkg-config --cflags --libs nixie` says. Structs may grow at their end: pass sizeof, test nothing
 * behind it. */
#ifndef NIXIE_H
#define NIXIE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nixie;        /* rules and formats */
struct nixie_reader; /* the working memory of one thread */

/* Loads rules and formats. patterns: the directory that holds them (NULL: $NIXIE_PATTERNS, else the installed one); local: a
 * directory of the user's own rules, or NULL. On failure NULL, and *error (unless error is NULL) tells every fault with file and
 * line; free it with nixie_free_text. */
struct nixie *nixie_new(const char *patterns, const char *local, char **error);
/* Readers made of it keep what they need. */
void nixie_free(struct nixie *nixie);
void nixie_free_text(char *text);
/* "0.1.0": of the library at run time. */
const char *nixie_version(void);

struct nixie_reader *nixie_reader_new(struct nixie *nixie);
void nixie_reader_free(struct nixie_reader *reader);

/* Reads one message (RFC 5322, any line ends, perhaps with an mbox "From " line). return_path: the envelope recipient the report
 * came to, for VERP, or NULL. Gives the number of events, at least one: a message that is no report gives one of kind "other". */
size_t nixie_read_message(struct nixie_reader *reader, const void *bytes, size_t size, const char *return_path);
/* Judges the words of a mail server, "550 5.1.1 User unknown": one event. */
size_t nixie_read_reply(struct nixie_reader *reader, const char *words);

struct nixie_event { /* docs/schema.md says what each means */
    const char *id, *kind, *recipient, *original_recipient;
    const char *class_, *cause, *fault, *advice; /* class_ is never NULL */
    const char *status, *stage;
    unsigned reply; /* 0: none */
    const char *diagnostic, *remote_mta, *reporting_mta;
    const char *format, *rule, *matched;
    const char *message_id; /* of the returned message */
};
/* Event i of the last nixie_read_*; size is sizeof *ret_event. 0, or -1 when there is no such event (ret_event is untouched). */
int nixie_event(struct nixie_reader *reader, size_t i, struct nixie_event *ret_event, size_t size);
/* The same as one line of JSON without its end, or NULL when there is no such event. */
const char *nixie_json(struct nixie_reader *reader, size_t i);

struct nixie_cause { /* docs/taxonomy.md */
    const char *name, *class_, *fault, *advice;
    const char *suppress;  /* "at_once", "after", "never", "mirror", "clear": what the default policy does */
    unsigned threshold;    /* "after": that many events ... */
    unsigned span_days;    /* ... the first and last at least so far apart ... */
    unsigned window_days;  /* ... within this window */
    unsigned ttl_days;     /* how long the entry holds, 0: for ever */
    unsigned ttl_max_days; /* doubled at each renewal up to this */
};
/* The i-th cause of the vocabulary, from 0; -1 behind the last. */
int nixie_cause(size_t i, struct nixie_cause *ret_cause, size_t size);

#ifdef __cplusplus
}
#endif
#endif
