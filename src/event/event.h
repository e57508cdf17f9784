/* SPDX-License-Identifier: Apache-2.0 */
/* event/event.h - the one record. Each stage writes its own section once and sees the earlier ones const.
 *
 *   origin (ingest) -> report (parse) -> verdict (classify) -> decision (decide)
 *
 * Slices point into the arena of the message, or into the input while that lives. Absent: n == 0, 0, or NX_WHEN_NONE.
 * All text is UTF-8 (bad bytes replaced by the stage that read them). JSON form: docs/schema.md, event/json.h. */
#pragma once
#include "base/arena.h"
#include "base/when.h"
#include "event/names.h"

struct nx_origin {               /* where the bytes came from; written by ingest */
    struct nx_str source;        /* "pipe", "lmtp", "http", "webhook:ses", "file", "log:postfix" */
    struct nx_str file;          /* path as given, for parse and ingest */
    struct nx_str envelope_from; /* empty for the null reverse-path too */
    struct nx_str envelope_to;   /* the return path that the report came to */
    struct nx_str stream;        /* set by route or token */
    nx_when received_at;
};

enum nx_input_kind { NX_INPUT_MAIL, NX_INPUT_EVENT, NX_INPUT_LOG_LINE };
struct nx_input { /* what enters the pipeline */
    enum nx_input_kind kind;
    struct nx_str bytes;
    struct nx_str provider;   /* EVENT: "ses", ...; LOG_LINE: "postfix", ... */
    struct nx_str media_type; /* EVENT: of the body, as sent */
    enum nx_verified verified;
    nx_notes notes; /* what the source knows already: it cut the message */
    const struct nx_origin *origin;
};

struct nx_original {          /* of the returned message, as its fields stand (decoded, unfolded) */
    struct nx_str message_id; /* without <> */
    struct nx_str from, to, subject, date, list_id, feedback_id;
};

struct nx_feedback { /* RFC 5965 3.1, 3.2; RFC 6591; type.n == 0: there is none */
    struct nx_str type, user_agent, version, source_ip, reported_domain, original_mail_from, arrival_date, auth_failure, incidents;
};

struct nx_tag {
    struct nx_str key, value;
};

struct nx_report { /* what the other side said about one recipient; written by parse */
    enum nx_kind kind;
    struct nx_str recipient, original_recipient;
    struct nx_str status; /* RFC 3463 "5.1.1"; only what the message says */
    unsigned reply;       /* RFC 5321 "550"; 0: none */
    enum nx_stage stage;
    struct nx_str diagnostic; /* the remote server's words, one line */
    struct nx_str text;       /* what the reporter says about this recipient, in words; evidence of second rank, one line */
    struct nx_str remote_mta, reporting_mta;
    struct nx_str format; /* how it was read: "rfc3464", "arf", "qmail", "webhook:ses", ... */
    struct nx_original original;
    struct nx_feedback feedback;
    nx_when arrival_at, last_attempt_at, retry_until;
    struct nx_str key;          /* the provider's own event id, where there is one */
    struct nx_str return_paths; /* addresses that the report came to, as the message tells; blanks between; not part of the JSON */
    struct nx_str
        senders; /* who else wrote: Return-Path and Sender of the returned message; blanks between; not part of the JSON */
    const struct nx_tag *fields; /* n_fields of the returned message that were asked for (nx_parser_ask); not part of the JSON */
    size_t n_fields;
    struct nx_str digest; /* hex SHA-256 of the message without its trace fields */
    struct nx_str stream;
    const struct nx_tag *tags; /* n_tags; provider words and metadata */
    size_t n_tags;
    enum nx_cause hint;       /* what the provider's category says; ranks below phrases, above codes */
    bool hint_firm;           /* the category is a specific one: it ranks above phrases too */
    enum nx_class hint_class; /* NONE: it says nothing; else it decides between hard and not hard */
    enum nx_verified verified;
    nx_notes notes;
};

struct nx_verdict { /* what it means; written by classify */
    enum nx_class class_;
    enum nx_cause cause;
    /* id of the rule that decided, "code.status" or "code.reply" for the tables, "kind" where the kind says it all */
    struct nx_str rule;
    struct nx_str matched;  /* the words it decided on; points into report.diagnostic or report.text */
    struct nx_str ruleset;  /* digest of the rule set, 12 hex digits */
    struct nx_str provider; /* whose server refused, where the rule files know it ("google"); not part of the JSON */
    nx_notes notes;
};

struct nx_trial { /* what rules on trial would have said; written by classify, decides nothing */
    bool tried;   /* there are some */
    bool differs; /* another cause or class; else the rest is absent */
    enum nx_cause cause;
    enum nx_class class_;
    struct nx_str rule;
    struct nx_str ruleset; /* digest of the set with them in force */
};

struct nx_decision { /* what we do about it; written by decide */
    bool made;
    enum nx_action action;
    struct nx_str reason; /* which clause of the policy, in words */
    nx_when until;        /* NX_WHEN_NONE: for ever, or nothing was suppressed */
};

struct nx_event {
    struct nx_str id; /* nx_event_id */
    struct nx_origin origin;
    struct nx_report report;
    struct nx_verdict verdict;
    struct nx_trial trial;
    struct nx_decision decision;
    struct nx_str raw; /* the bytes it was read from, while the input lives; not part of the JSON */
    /* of what nobody can explain: the same for those that say the same (nx_triage_group); not part of the JSON */
    struct nx_str group;
};

/* What a Feedback-Type (RFC 5965 7.3, RFC 6591, and those of the wild) makes of a report; a type that nobody knows is a complaint.
 * An authentication failure adds its note. */
enum nx_kind nx_feedback_kind(struct nx_str type, nx_notes *notes);

/* Nobody can say what it means, so that its bytes are worth keeping: unknown cause, or dressed as a bounce without being one, or a
 * failure that names no recipient. */
bool nx_event_is_unexplained(const struct nx_event *event);

/* The idempotency key, 32 hex digits: of the provider's event id and recipient; or of reporting MTA, original Message-ID,
 * recipient, kind and status where the report has both of the first; else of the digest, recipient and kind. Two deliveries of
 * one report give one id. */
struct nx_str nx_event_id(struct nx_arena *arena, const struct nx_report *report);
