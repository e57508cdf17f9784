/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/lmtp_session.h - one LMTP dialogue as a state machine: bytes in, replies out, messages to a callback.
 *
 * RFC 2033 (a reply for each recipient), RFC 5321, and the extensions PIPELINING (2920), ENHANCEDSTATUSCODES (2034), SIZE (1870),
 * 8BITMIME (6152), SMTPUTF8 (6531), DSN (3461), CHUNKING (3030). A message ends with CRLF.CRLF alone: lone line feeds end nothing.
 * Past the message limit bytes are counted and left out, never refused. Limits: command lines, recipients, faults in a session. No
 * I/O; one thread. */
#pragma once
#include "base/str.h"

#include <glib.h>

struct nx_lmtp_session;

enum nx_lmtp_verdict { NX_LMTP_KEPT, NX_LMTP_BUSY, NX_LMTP_FULL };

struct nx_lmtp_message {           /* lives for the call */
    struct nx_str sender;          /* empty: the null reverse-path */
    const char *const *recipients; /* n of them, ORCPT's address where it was given */
    size_t n;
    const char *envelope_id; /* ENVID, or NULL */
    struct nx_str bytes;
    unsigned long long size; /* before it was cut */
};

struct nx_lmtp_options {
    const char *hostname;
    size_t message;       /* bytes that are kept of one */
    size_t recipients;    /* of one message; past that 452 4.5.3 */
    char *const *domains; /* NULL-terminated; NULL or empty: all are ours. Others get 550 5.1.1 */
    /* Keeps a message and returns when that is durable. */
    enum nx_lmtp_verdict (*keep)(void *data, const struct nx_lmtp_message *message);
    void *data;
};

/* options live as long as the session; out gets the greeting. */
struct nx_lmtp_session *nx_lmtp_session_new(const struct nx_lmtp_options *options, GString *out);
void nx_lmtp_session_free(struct nx_lmtp_session *session);
/* Takes all n bytes and appends replies to out. False: send them, then close (QUIT, or too many faults). */
bool nx_lmtp_session_feed(struct nx_lmtp_session *session, const char *bytes, size_t n, GString *out);
/* A message or its envelope is half there. */
bool nx_lmtp_session_is_busy(const struct nx_lmtp_session *session);
