/* SPDX-License-Identifier: Apache-2.0 */
/* parse/webhook/webhook.h - bodies that mail providers post (and provider JSON that arrives by mail) to reports, one a recipient
 * and event.
 *
 * Source: the providers' own documentation, named at the head of each provider's file. JSON, JSON Lines and forms; duplicate keys
 * are refused, integers stay exact, unknown fields and unknown event types are no fault. Signatures are not looked at here:
 * verify/verify.h. The provider's category becomes report.hint and hint_class, its words tags, its diagnostic text is judged by
 * classify/ like any other. In: input->bytes, ->provider and ->verified. Out: everything lives in the arena, nothing points into
 * the body. Pure, any thread. Limits: limits->json_depth, ->diagnostic, ->address; NX_WEBHOOK_EVENTS_MAX events and
 * NX_WEBHOOK_TAGS_MAX tags. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "event/event.h"

#define NX_WEBHOOK_EVENTS_MAX 20000u /* the largest documented batch (SendGrid, 768 KB) holds some 5,000 */
#define NX_WEBHOOK_TAGS_MAX 32u

struct nx_webhook_paths { /* of the provider "generic": where things stand in an event, "a.b[0].c"; absent: there is no such thing
                           */
    struct nx_str events; /* the list of events; absent: the body is one, or a list of them */
    struct nx_str kind, recipient, id, message_id, time, diagnostic, status, reply, remote_mta, stream;
    /* Words at `kind`, separated by commas or blanks; a word in none of the lists is kind other. */
    struct nx_str failed, failed_hard, delayed, delivered, complaint, unsubscribe, autoreply;
};

enum nx_webhook_handshake { /* a body that wants an answer, not a record */
                            NX_WEBHOOK_NO_HANDSHAKE,
                            NX_WEBHOOK_SNS_CONFIRM,      /* url: fetch it to confirm the subscription of `topic` */
                            NX_WEBHOOK_SNS_UNSUBSCRIBED, /* nothing to do: fetching would subscribe again */
                            NX_WEBHOOK_EVENT_GRID,       /* answer {"validationResponse": code} */
};

struct nx_webhook_body {       /* what a body turned out to be */
    struct nx_report *reports; /* n of them, maybe none: a ping, or events that are about no address */
    size_t n;
    enum nx_webhook_handshake handshake;
    struct nx_str url, code, topic; /* topic: TopicArn of any SNS body */
};

/* False: this is not what the provider sends; *ret_why (static text) says what is off, and ret_body is untouched. paths: for
 * "generic", else NULL. */
bool nx_webhook_parse(struct nx_arena *arena, const struct nx_limits *limits, const struct nx_input *input,
                      const struct nx_webhook_paths *paths, struct nx_webhook_body *ret_body,
                      const char **ret_why) G_GNUC_WARN_UNUSED_RESULT;

/* The body as the reader looks at it, without blanks and byte order mark around; and is that a form, or JSON? What checks a
 * signature must see the same in it. */
struct nx_str nx_webhook_text(struct nx_str body);
bool nx_webhook_is_form(struct nx_str text);

/* Provider JSON as the text of a mail (SNS e-mail-json subscriptions, forwarded webhooks): true when it is a report of SES. */
bool nx_webhook_parse_text(struct nx_arena *arena, const struct nx_limits *limits, struct nx_str text,
                           struct nx_webhook_body *ret_body);

enum nx_webhook_scheme {                      /* how a provider proves itself; verify/verify.h */
                         NX_SCHEME_SECRET,    /* no signature: Basic auth or a secret in the path */
                         NX_SCHEME_SNS,       /* RSA over named values, certificate by URL */
                         NX_SCHEME_SENDGRID,  /* ECDSA over timestamp and body */
                         NX_SCHEME_MAILGUN,   /* HMAC-SHA256 over timestamp and token in the body; the body itself is not covered */
                         NX_SCHEME_MANDRILL,  /* HMAC-SHA1 over URL and fields */
                         NX_SCHEME_STANDARD,  /* Standard Webhooks, Svix */
                         NX_SCHEME_HMAC_HEX,  /* HMAC-SHA256 of the body, hex in a header */
                         NX_SCHEME_POSTAL,    /* RSA over the body */
                         NX_SCHEME_ZEPTOMAIL, /* HMAC-SHA256 of the one field */
                         NX_SCHEME_UNISENDER, /* MD5 of the body with the key in it */
                         NX_SCHEME_MAILOMAT,  /* HMAC-SHA256 over headers; the body is not covered */
};

struct nx_webhook_provider {
    const char *name;  /* in URLs, the config and "webhook:NAME" */
    const char *title; /* for people */
    enum nx_webhook_scheme scheme;
    const char *header; /* HMAC_HEX: where the signature stands */
    unsigned refused;   /* the answer to bad credentials that makes the provider stop or tell its user */
};

/* All providers, sorted by name. */
const struct nx_webhook_provider *nx_webhook_providers(size_t *ret_n);
/* NULL: there is no such provider. */
const struct nx_webhook_provider *nx_webhook_provider(struct nx_str name);
