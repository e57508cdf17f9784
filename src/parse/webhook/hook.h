/* SPDX-License-Identifier: Apache-2.0 */
/* parse/webhook/hook.h - what the readers of all providers share: a body being read, access to its JSON, and the report being made.
 * Room-internal.
 *
 * A reader is called once for each event object of a body (lists, JSON Lines and forms are undone before). It adds reports with
 * nx_hook_add and fills the newest with the functions below; texts they return are copies in the arena, one line, trimmed. A reader
 * that does not know an event type adds a report of kind other where the event names a recipient, and nothing where it names none.
 */
#pragma once
#include "parse/webhook/form.h"
#include "parse/webhook/webhook.h"

#include <jansson.h>

struct nx_hook {
    struct nx_arena *arena;
    const struct nx_limits *limits;
    const struct nx_input *input;
    const struct nx_webhook_paths *paths;
    const char *provider;
    struct nx_str format; /* "webhook:ses" */
    struct nx_webhook_body body;
    size_t size;
    const char *why; /* set by a reader: the body is not what the provider sends */
};

struct nx_hook_word { /* a provider's word and what it means to us */
    const char *word;
    enum nx_kind kind;
    enum nx_cause hint;
    enum nx_class hint_class;
};

typedef void nx_hook_fn(struct nx_hook *hook, json_t *event);
nx_hook_fn nx_hook_azure, nx_hook_brevo, nx_hook_elasticemail, nx_hook_generic, nx_hook_kumomta, nx_hook_mailersend,
    nx_hook_mailgun, nx_hook_mailjet, nx_hook_mailomat, nx_hook_mailtrap, nx_hook_mandrill, nx_hook_postal, nx_hook_postmark,
    nx_hook_resend, nx_hook_scaleway, nx_hook_sendgrid, nx_hook_ses, nx_hook_smtp2go, nx_hook_sparkpost, nx_hook_sweego,
    nx_hook_unisender, nx_hook_zeptomail;

/* JSON. A path is "a.b[0].c", or several parted by "|", of which the first counts that says something; NULL, null and a wrong type
 * are all absent. */
json_t *nx_hook_at(json_t *root, const char *path);
/* A string, or a number or boolean as text; of a list its first such value. */
struct nx_str nx_hook_text(const struct nx_hook *hook, json_t *root, const char *path);
/* An address, as a report is given it: a list of several stands in one text, so that nx_hook_add blames nobody for it. */
struct nx_str nx_hook_whom(const struct nx_hook *hook, json_t *root, const char *path);
/* A whole number, also one in a string. */
bool nx_hook_int(json_t *root, const char *path, long long *ret);
bool nx_hook_true(json_t *root, const char *path);
/* Of a list of headers, [{name_key: "Message-ID", "value": ...}], the value of one. */
struct nx_str nx_hook_header(const struct nx_hook *hook, json_t *list, const char *name_key, const char *name);
/* For providers that do not say where the server's answer stands: the first text in it that begins as a refusal does. */
struct nx_str nx_hook_seek_refusal(const struct nx_hook *hook, json_t *root);
/* Seconds or milliseconds (number or digits), ISO 8601, RFC 5322. */
nx_when nx_hook_when(const struct nx_hook *hook, json_t *root, const char *path);
/* Parses a document inside a string; NULL when it is none. The caller drops it with json_decref. */
json_t *nx_hook_load(const struct nx_hook *hook, struct nx_str text);

/* Is it an SNS envelope? Then notes handshake and topic, and calls the reader for the JSON in it. */
bool nx_hook_sns(struct nx_hook *hook, json_t *event, nx_hook_fn *reader);
/* The bounce types of SES, which Resend hands on. True: it is one of those documented. */
bool nx_hook_ses_types(struct nx_report *report, struct nx_str type, struct nx_str subtype);
/* The codes of a bounce that BoogieTools gives, and SparkPost and Mandrill hand on; NULL: there is no such code. */
const struct nx_hook_word *nx_hook_bounce_code(struct nx_str code);

/* Calls the reader for an event, or for each object of a list of them. What it reports without an id of the provider's gets the
 * digest of that object, so that the same object is the same event in whatever batch, and two objects are two. */
void nx_hook_each(struct nx_hook *hook, json_t *events, nx_hook_fn *reader);

/* Reports. */
/* A new report of what the word means; word NULL: kind other. */
struct nx_report *nx_hook_add(struct nx_hook *hook, const struct nx_hook_word *word, struct nx_str recipient);
/* The entry for a word, ASCII case and " -_." left aside; NULL where there is none. */
#define NX_HOOK_WORD(words, text) nx_hook_word(words, G_N_ELEMENTS(words), text)
const struct nx_hook_word *nx_hook_word(const struct nx_hook_word *words, size_t n, struct nx_str text);
bool nx_hook_is(struct nx_str text, const char *word);
/* Takes hint and class (not kind) of a word; a specific hint also outranks phrases. */
void nx_hook_hint(struct nx_report *report, const struct nx_hook_word *word);
/* What the type of a feedback report makes of a complaint; without one it is "abuse". */
void nx_hook_feedback(struct nx_report *report, struct nx_str type);
/* "Name <local@domain>" to local@domain; nothing where there are several: it does not say which of them is meant. */
struct nx_str nx_hook_address(const struct nx_hook *hook, struct nx_str text);
/* The next of a list of addresses as a To: field has it, which is cut by it; false: there is none. */
bool nx_hook_next_address(struct nx_str *list, struct nx_str *ret);
/* Diagnostic text, and what it says of status, reply, stage and remote host where these are not known yet. */
void nx_hook_diagnostic(const struct nx_hook *hook, struct nx_report *report, struct nx_str text);
/* Words of the provider about the event, not of a server: evidence of second rank. */
void nx_hook_words(const struct nx_hook *hook, struct nx_report *report, struct nx_str text);
/* Explicit fields; anything that is no enhanced code or no SMTP reply is passed over. */
void nx_hook_status(struct nx_report *report, struct nx_str status);
void nx_hook_reply(struct nx_report *report, struct nx_str reply);
void nx_hook_message_id(struct nx_report *report, struct nx_str message_id);
/* The provider's id of the event; where that is one of a message, with what tells events of it apart (may be empty). Nothing when
 * id is empty. */
void nx_hook_key(const struct nx_hook *hook, struct nx_report *report, struct nx_str id, struct nx_str type, struct nx_str time);
void nx_hook_tag(const struct nx_hook *hook, struct nx_report *report, const char *key, struct nx_str value);
/* Tags from the members of an object, or the values of a list (under `key`). */
void nx_hook_tags(const struct nx_hook *hook, struct nx_report *report, const char *key, json_t *value);
