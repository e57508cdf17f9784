/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "decide/stream.h"
#include "parse/path.h"

#define AT(field) offsetof(struct nx_config, field)
#define CAUSE_AT(field) offsetof(struct nx_policy_cause, field)

static const struct nx_config_key keys[] = {
    {"store", "path", NX_CONFIG_STRING, AT(store_path), "", false,
     "The database. Empty: /var/lib/nixie/nixie.db where that directory is there, else nixie/nixie.db in the user's data "
     "directory."},
    {"spool", "directory", NX_CONFIG_STRING, AT(spool_directory), "", false,
     "Where `pipe` keeps messages until they are in the store. Empty: spool/ beside the database."},
    {"pipe", "size", NX_CONFIG_SIZE, AT(pipe_size), "8m", true,
     "Bytes of one message that `pipe` keeps; what is beyond is counted."},
    {"pipe", "timeout", NX_CONFIG_TIME, AT(pipe_timeout), "60s", true,
     "`pipe` gives up (exit 75) when the message has not come by then."},
    {"serve", "listen", NX_CONFIG_STRING, AT(serve_listen), "127.0.0.1:8725", false, "Address and port of the HTTP server."},
    {"serve", "tokens", NX_CONFIG_STRING, AT(serve_tokens), "", true,
     "The file of `nixie token`. Empty: tokens beside the database."},
    {"serve", "threads", NX_CONFIG_UINT, AT(serve_threads), "0", false, "Threads that speak HTTP; 0: one a processor."},
    {"serve", "workers", NX_CONFIG_UINT, AT(serve_workers), "0", false,
     "Threads that parse, and how many messages are parsed at once; 0: one more than there are processors."},
    {"serve", "queue", NX_CONFIG_SIZE, AT(serve_queue), "4k", false,
     "Messages that may wait; past that senders are told to try again."},
    {"serve", "connections", NX_CONFIG_UINT, AT(serve_connections), "1000", false, "HTTP connections at one time."},
    {"serve", "timeout", NX_CONFIG_TIME, AT(serve_timeout), "30s", false,
     "A connection that is silent so long, or whose body takes so long, or that takes an answer too slowly for so long, is ended."},
    {"serve", "head_timeout", NX_CONFIG_TIME, AT(serve_head_timeout), "10s", false,
     "A new connection that has not sent the whole head of a request by then is ended."},
    {"serve", "body_size", NX_CONFIG_SIZE, AT(serve_body_size), "32m", true,
     "Bytes of a posted message, mbox or list of addresses."},
    {"serve", "list_size", NX_CONFIG_SIZE, AT(serve_list_size), "1g", true, "Bytes of a mailing list that is to be cleaned."},
    {"serve", "json_size", NX_CONFIG_SIZE, AT(serve_json_size), "64k", true, "Bytes of any other body."},
    {"serve", "webhook_size", NX_CONFIG_SIZE, AT(serve_webhook_size), "8m", true, "Bytes of a body that a mail provider posts."},
    {"fetch", "ca_file", NX_CONFIG_STRING, AT(fetch_ca_file), "", false,
     "Certificate authorities for what is fetched (SNS certificates and confirmations). Empty: the system's."},
    {"fetch", "connect_to", NX_CONFIG_STRING, AT(fetch_connect_to), "", false,
     "HOST:PORT:HOST:PORT, connect elsewhere than the name says (a gateway; tests)."},
    {"watch", "maildirs", NX_CONFIG_LIST, AT(watch_maildirs), "", false,
     "Maildirs that `serve` takes messages from, parted by semicolons; each is moved to .nixie-done there once it is stored."},
    {"lmtp", "listen", NX_CONFIG_STRING, AT(lmtp_listen), "", false,
     "Where LMTP is served: a path for a UNIX socket, or address:port on loopback. Empty: it is not."},
    {"lmtp", "group", NX_CONFIG_STRING, AT(lmtp_group), "", false,
     "Group that may connect to the UNIX socket (mode 0660); the mail server's."},
    {"lmtp", "hostname", NX_CONFIG_STRING, AT(lmtp_hostname), "", false, "The name in the greeting. Empty: this machine's."},
    {"lmtp", "domains", NX_CONFIG_LIST, AT(lmtp_domains), "", false,
     "Domains that are taken; mail to others is refused with 550. Empty: all."},
    {"lmtp", "sessions", NX_CONFIG_UINT, AT(lmtp_sessions), "64", false, "Sessions at one time; one more gets 421."},
    {"lmtp", "recipients", NX_CONFIG_UINT, AT(lmtp_recipients), "100", false, "Recipients of one message; one more gets 452."},
    {"lmtp", "idle", NX_CONFIG_TIME, AT(lmtp_idle), "5m", false, "A session that is silent so long is ended."},
    {"tls", "certificate", NX_CONFIG_STRING, AT(tls_certificate), "", true,
     "PEM file with the certificate and its chain; with a key the server speaks TLS alone."},
    {"tls", "key", NX_CONFIG_STRING, AT(tls_key), "", true, "PEM file with the private key."},
    {"log", "level", NX_CONFIG_STRING, AT(log_level), "info", true, "What is told: error, warn, info or debug (each request)."},
    {"log", "format", NX_CONFIG_STRING, AT(log_format), "text", true, "text or json."},
    {"log", "hash_addresses", NX_CONFIG_BOOL, AT(log_hash_addresses), "false", true, "Addresses stand in the log as a digest."},
    {"patterns", "directory", NX_CONFIG_STRING, AT(patterns_directory), "", true,
     "Rules and formats. Empty: $NIXIE_PATTERNS, else those that came with the program."},
    {"patterns", "local", NX_CONFIG_STRING, AT(patterns_local), "", true,
     "A directory of your own rules; they may add, replace and disable."},
    {"limits", "message", NX_CONFIG_SIZE, AT(limits.message), "25m", true,
     "Bytes of one message that are read; what is beyond is not."},
    {"limits", "headers", NX_CONFIG_SIZE, AT(limits.headers), "1m", true, "Bytes of one header block that are read."},
    {"limits", "text", NX_CONFIG_SIZE, AT(limits.text), "256k", true, "Decoded bytes of one part that are looked at."},
    {"limits", "diagnostic", NX_CONFIG_SIZE, AT(limits.diagnostic), "4k", true, "Bytes of one diagnostic that are kept."},
    {"limits", "address", NX_CONFIG_SIZE, AT(limits.address), "1k", true, "Bytes of one address."},
    {"limits", "depth", NX_CONFIG_UINT, AT(limits.depth), "20", true, "Levels of MIME nesting that are entered."},
    {"limits", "parts", NX_CONFIG_UINT, AT(limits.parts), "500", true, "MIME parts of one message that are read."},
    {"limits", "recipients", NX_CONFIG_UINT, AT(limits.recipients), "1000", true, "Recipients of one report that are read."},
    {"limits", "json_depth", NX_CONFIG_UINT, AT(limits.json_depth), "32", true, "Levels of JSON nesting in a webhook's body."},
    {"triage", "size", NX_CONFIG_SIZE, AT(raw.total), "64m", true,
     "Bytes, packed, of the messages that are kept whole because no rule explains them; the oldest go first. 0: none is kept."},
    {"triage", "message_size", NX_CONFIG_SIZE, AT(raw.message), "256k", true,
     "Bytes of one such message; what is beyond is cut off."},
    {"triage", "group_size", NX_CONFIG_UINT, AT(raw.group), "20", true,
     "So many of such messages that say the same are kept: the first half of them, and the newest. 0: as many as there is room "
     "for."},
    {"triage", "age", NX_CONFIG_TIME, AT(raw.age), "90d", true, "Such messages are kept so long."},
    {"sent", "age", NX_CONFIG_TIME, AT(sent.age), "14d", true,
     "How long the ledger of what was sent knows a message (`nixie sent`): the longest time until its bounce comes."},
    {"sent", "size", NX_CONFIG_UINT, AT(sent.size), "1000000", true,
     "So many recipients in it; the oldest go first. 0: nothing is kept."},
    {"sent", "complete", NX_CONFIG_BOOL, AT(policy.breaker.unsent), "false", false,
     "The ledger is told of all mail whose reports come here. A report that nobody vouches for about an address that is not in "
     "it is then held back, as soon as the ledger goes back five days."},
    {"address", "plus_tag_domains", NX_CONFIG_STRING, AT(fold_tags), "", false,
     "Domains (parted by blanks, * for all) where user+tag is the same mailbox as user."},
    {"address", "dots_domains", NX_CONFIG_STRING, AT(fold_dots), "", false, "Domains where dots in the local part do not count."},
    {"policy", "preset", NX_CONFIG_PRESET, AT(preset), "balanced", false,
     "The numbers of all causes to begin with: balanced, strict (the first report of what speaks of the address is enough, for a "
     "year), thrifty (a full mailbox rests for a month at once), lenient (three over a week, a full mailbox six weeks). [cause "
     "NAME] changes single ones."},
    {"policy", "pace", NX_CONFIG_TIME, AT(pace), "7d", false,
     "How far apart two letters to one address are. Where that is longer than a week, windows hold as many letters as have to "
     "fail, and a term holds for two of them; what [cause NAME] sets stays as it is set."},
    {"policy", "confirm_hard", NX_CONFIG_BOOL, AT(policy.confirm_hard), "false", false,
     "Suppress an unknown mailbox only at its second report within 30 days."},
    {"policy", "require_verified", NX_CONFIG_REQUIRE, AT(policy.require_verified), "off", false,
     "What a report can do that came neither to a signed return path nor with a provider's signature nor from our own log: off "
     "(all), soft (not suppress at once), strict (nothing)."},
    {"policy", "authserv_ids", NX_CONFIG_LIST, AT(authserv_ids), "", true,
     "Servers (as in Authentication-Results, RFC 8601) that are believed when they say that mail is from whom it says: ordinary "
     "mail of an address is then a sign of life. They have to remove such fields in their name from what strangers send. Empty: "
     "none."},
    {"policy", "domain_entries", NX_CONFIG_ENTRIES, AT(policy.domain_entries), "propose", false,
     "What follows when addresses of one domain are suppressed because it is dead: off, propose (`nixie domains`), auto (the "
     "domain is suppressed, but for big providers and those with a sign of life)."},
    {"policy", "domain_threshold", NX_CONFIG_UINT, AT(policy.domain_threshold), "3", false, "So many addresses of it."},
    {"policy", "domain_quiet", NX_CONFIG_TIME, AT(policy.domain_quiet), "7d", false,
     "auto: nothing was delivered there, and nobody answered for it, for so long."},
    {"breaker", "enabled", NX_CONFIG_BOOL, AT(policy.breaker.enabled), "true", false,
     "When one provider calls far more addresses dead than it usually does, hold them back instead of suppressing them "
     "(docs/policy.md, incidents)."},
    {"breaker", "sources", NX_CONFIG_BOOL, AT(policy.breaker.sources), "true", false,
     "The same for who brings reports that nobody vouches for (no signed return path, no provider, not our own log): when one "
     "server's name, or names never met before, suddenly bring far more dead addresses than they did, these are held back."},
    {"breaker", "minimum", NX_CONFIG_UINT, AT(policy.breaker.minimum), "10", false,
     "Fewer addresses of a provider within the window are never an incident."},
    {"breaker", "factor", NX_CONFIG_UINT, AT(policy.breaker.factor), "3", false,
     "An incident is so many times what was to be expected, and more than chance would have."},
    {"breaker", "window", NX_CONFIG_TIME, AT(policy.breaker.window), "2h", false,
     "Reports of this time are counted together; whole hours, the running one among them. And those of six and of twenty-four "
     "times as long."},
    {"breaker", "hold", NX_CONFIG_TIME, AT(policy.breaker.hold), "2d", false,
     "How long an incident lasts unless a person ends it; what it holds lapses then, and the next report decides."},
    {"breaker", "history", NX_CONFIG_TIME, AT(policy.breaker.history), "7d", false,
     "For so long events must have come in before anything is judged; never: from the first on."},
    {"streams", "headers", NX_CONFIG_LIST, AT(stream_headers), "", false,
     "Fields of the returned message whose value names the stream (X-Campaign;List-Id), where nothing else does; the first that "
     "has a name."},
    {"streams", "tags", NX_CONFIG_LIST, AT(stream_tags), "", false,
     "Tags of a provider's event whose value names the stream (stream;category), where nothing else does."},
    {"retention", "events", NX_CONFIG_TIME, AT(retention_events), "never", true,
     "How long events, acts and lines of imports are kept, but for what an entry rests on (docs/privacy.md). never: for ever."},
    {"retention", "details", NX_CONFIG_TIME, AT(retention_details), "never", true,
     "How long an event's details are kept: the words of the other side, the returned message's fields, tags. never: as long as "
     "the event."},
    {"retention", "every", NX_CONFIG_TIME, AT(retention_every), "1d", true, "How often `serve` looks for what is past its time."},
    {"verp", "keys_file", NX_CONFIG_STRING, AT(verp_keys_file), "", true,
     "File of keys for signed return paths, a line 'ID SECRET' each; the first signs. Empty: none are signed or believed."},
    {"verp", "prefix", NX_CONFIG_STRING, AT(verp_prefix), "b", true, "What stands before the + of a signed return path."},
    {"verp", "domain", NX_CONFIG_STRING, AT(verp_domain), "", true, "The domain of signed return paths."},
    {"verp", "streams", NX_CONFIG_STRING, AT(verp_streams), "", true,
     "Names of streams that a signed return path may carry, parted by blanks."},
    {"verp", "lifetime", NX_CONFIG_TIME, AT(verp_lifetime), "12d", true,
     "How long a signed return path is believed: the longest time a message may wait in a queue, and a week."},
    {"verp", "forms", NX_CONFIG_LIST, AT(verp_forms), NX_PATHS_DEFAULT, true,
     "Return paths of other systems that name the recipient, the first that fits decides: sympa, ezmlm, plus, dash, or a "
     "template of your own (bounce-{list}-{user}={domain}@*; docs/operations.md)."},
};

static const struct nx_config_key cause_keys[] = {
    {"cause", "suppress", NX_CONFIG_SUPPRESS, CAUSE_AT(suppress), NULL, false,
     "What a report of this cause does: never, at_once, after, mirror or clear."},
    {"cause", "scope", NX_CONFIG_SCOPE, CAUSE_AT(scope), NULL, false,
     "An entry holds for every stream (all), for the stream of the report (stream), or for all but those declared transactional "
     "(bulk)."},
    {"cause", "threshold", NX_CONFIG_UINT, CAUSE_AT(threshold), NULL, false, "after: so many reports suppress."},
    {"cause", "span", NX_CONFIG_TIME, CAUSE_AT(span), NULL, false,
     "after: the first and the last of them are at least this far apart."},
    {"cause", "window", NX_CONFIG_TIME, CAUSE_AT(window), NULL, false, "after: reports older than this do not count."},
    {"cause", "ttl", NX_CONFIG_TIME, CAUSE_AT(ttl), NULL, false, "How long the entry holds; never: it does not expire."},
    {"cause", "keep", NX_CONFIG_TIME, CAUSE_AT(keep), NULL, true,
     "How long events of this cause are kept; never: as [retention] events says."},
    {"cause", "ttl_max", NX_CONFIG_TIME, CAUSE_AT(ttl_max), NULL, false, "The time doubles with each renewal up to this."},
};

#define STREAM_AT(field) offsetof(struct nx_stream, field)
static const struct nx_config_key stream_keys[] = {
    {"stream", "kind", NX_CONFIG_KIND, STREAM_AT(kind), "bulk", false,
     "bulk, or transactional: mail that a complaint about other mail does not stop."},
    {"stream", "preset", NX_CONFIG_PRESET, STREAM_AT(preset), "", false,
     "Numbers of its own to begin with, in place of [policy] preset and [cause NAME]: balanced, strict, thrifty or lenient. "
     "Empty: as for all."},
    {"stream", "pace", NX_CONFIG_TIME, STREAM_AT(pace), "never", false,
     "How far apart two of its letters to one address are, where that is not as [policy] pace says. never: as for all."},
    {"stream", "recipients", NX_CONFIG_LIST, STREAM_AT(recipients), "", false,
     "Return paths of this stream, as patterns (news-bounces+*@example.net)."},
    {"stream", "headers", NX_CONFIG_LIST, STREAM_AT(headers), "", false,
     "FIELD=PATTERN of the returned message that mean this stream (List-Id=news.example.net)."},
    {"stream", "tags", NX_CONFIG_LIST, STREAM_AT(tags), "", false,
     "TAG=PATTERN of a provider's event that mean this stream (category=news*)."},
};

const struct nx_config_key *nx_config_stream_keys(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(stream_keys);
    return stream_keys;
}

#define WEBHOOK_AT(field) offsetof(struct nx_config_webhook, field)
static const struct nx_config_key webhook_keys[] = {
    {"webhook", "provider", NX_CONFIG_STRING, WEBHOOK_AT(provider), "", true,
     "Whose bodies come here (docs/webhooks.md). Empty: the group's name."},
    {"webhook", "keys", NX_CONFIG_SECRETS, WEBHOOK_AT(keys), "", true,
     "The provider's signing keys, any of which may fit, so that they can be changed without a gap."},
    {"webhook", "basic", NX_CONFIG_SECRETS, WEBHOOK_AT(basic), "", true,
     "user:password pairs for HTTP Basic authentication, any of which may fit."},
    {"webhook", "path_secrets", NX_CONFIG_SECRETS, WEBHOOK_AT(path_secrets), "", true,
     "Last segments of the path, /v1/webhooks/NAME/SECRET, any of which may fit."},
    {"webhook", "url", NX_CONFIG_STRING, WEBHOOK_AT(url), "", true,
     "mandrill: the address exactly as it is entered there; it is part of what is signed."},
    {"webhook", "topics", NX_CONFIG_LIST, WEBHOOK_AT(topics), "", true,
     "ses, scaleway: the topics (TopicArn) that are believed and confirmed."},
    {"webhook", "certificate_hosts", NX_CONFIG_LIST, WEBHOOK_AT(certificate_hosts), "sns.*.amazonaws.com;sns.*.amazonaws.com.cn",
     true, "ses, scaleway: hosts that certificates and confirmations are fetched from; * is one label."},
    {"webhook", "raw_delivery", NX_CONFIG_BOOL, WEBHOOK_AT(raw_delivery), "false", true,
     "ses: also take bodies without an SNS envelope, which nobody has signed; asks for basic or path_secrets."},
    {"webhook", "window", NX_CONFIG_TIME, WEBHOOK_AT(window), "never", true,
     "How far a signed time may be off. never: 24h, 5m where the provider signs each retry anew (Standard Webhooks), any for SNS."},
    {"webhook", "stream", NX_CONFIG_STRING, WEBHOOK_AT(stream), "", true, "The stream that these events belong to."},
    {"webhook", "keep_other", NX_CONFIG_BOOL, WEBHOOK_AT(keep_other), "false", true,
     "Also keep events that are about no delivery (opens, clicks, sends)."},
    {"webhook", "at_events", NX_CONFIG_STRING, WEBHOOK_AT(at_events), "", true,
     "generic: where the list of events is (a.b[0].c). Empty: the body itself."},
    {"webhook", "at_kind", NX_CONFIG_STRING, WEBHOOK_AT(at_kind), "", true,
     "generic: where an event says what it is. Empty: all are failures."},
    {"webhook", "at_recipient", NX_CONFIG_STRING, WEBHOOK_AT(at_recipient), "", true, "generic: where the address is."},
    {"webhook", "at_id", NX_CONFIG_STRING, WEBHOOK_AT(at_id), "", true, "generic: where the event's own id is."},
    {"webhook", "at_message_id", NX_CONFIG_STRING, WEBHOOK_AT(at_message_id), "", true, "generic: where the Message-ID is."},
    {"webhook", "at_time", NX_CONFIG_STRING, WEBHOOK_AT(at_time), "", true,
     "generic: where the time is (seconds, milliseconds or ISO 8601)."},
    {"webhook", "at_diagnostic", NX_CONFIG_STRING, WEBHOOK_AT(at_diagnostic), "", true,
     "generic: where the remote server's words are."},
    {"webhook", "at_status", NX_CONFIG_STRING, WEBHOOK_AT(at_status), "", true, "generic: where the enhanced code is."},
    {"webhook", "at_reply", NX_CONFIG_STRING, WEBHOOK_AT(at_reply), "", true, "generic: where the reply code is."},
    {"webhook", "at_remote_mta", NX_CONFIG_STRING, WEBHOOK_AT(at_remote_mta), "", true, "generic: where the remote host is."},
    {"webhook", "at_stream", NX_CONFIG_STRING, WEBHOOK_AT(at_stream), "", true, "generic: where the stream's name is."},
    {"webhook", "is_failed", NX_CONFIG_STRING, WEBHOOK_AT(is_failed), "", true,
     "generic: words at at_kind, parted by commas, that mean failed."},
    {"webhook", "is_failed_hard", NX_CONFIG_STRING, WEBHOOK_AT(is_failed_hard), "", true,
     "generic: words that mean failed for good."},
    {"webhook", "is_delayed", NX_CONFIG_STRING, WEBHOOK_AT(is_delayed), "", true, "generic: words that mean delayed."},
    {"webhook", "is_delivered", NX_CONFIG_STRING, WEBHOOK_AT(is_delivered), "", true, "generic: words that mean delivered."},
    {"webhook", "is_complaint", NX_CONFIG_STRING, WEBHOOK_AT(is_complaint), "", true, "generic: words that mean a complaint."},
    {"webhook", "is_unsubscribe", NX_CONFIG_STRING, WEBHOOK_AT(is_unsubscribe), "", true, "generic: words that mean an opt-out."},
    {"webhook", "is_autoreply", NX_CONFIG_STRING, WEBHOOK_AT(is_autoreply), "", true,
     "generic: words that mean an automatic answer."},
};

#define HOOK_AT(field) offsetof(struct nx_config_hook, field)
static const struct nx_config_key hook_keys[] = {
    {"hook", "url", NX_CONFIG_STRING, HOOK_AT(url), "", true, "Where events are posted to."},
    {"hook", "keys", NX_CONFIG_SECRETS, HOOK_AT(keys), "", true,
     "Signing keys (whsec_...); each signs, so that they can be changed without a gap."},
    {"hook", "kinds", NX_CONFIG_LIST, HOOK_AT(kinds), "", true,
     "Only events of these kinds; act: what is done by hand, import or replay. Empty: all."},
    {"hook", "classes", NX_CONFIG_LIST, HOOK_AT(classes), "", true, "Only events of these classes."},
    {"hook", "causes", NX_CONFIG_LIST, HOOK_AT(causes), "", true, "Only events of these causes."},
    {"hook", "actions", NX_CONFIG_LIST, HOOK_AT(actions), "", true,
     "Only events that led to this: suppress, count, clear, hold, none."},
    {"hook", "streams", NX_CONFIG_LIST, HOOK_AT(streams), "", true, "Only events of these streams."},
    {"hook", "ca_file", NX_CONFIG_STRING, HOOK_AT(ca_file), "", true,
     "Certificate authorities for the receiver. Empty: the system's."},
    {"hook", "timeout", NX_CONFIG_TIME, HOOK_AT(timeout), "15s", true, "A receiver that takes longer is asked again."},
    {"hook", "retry_max", NX_CONFIG_TIME, HOOK_AT(retry_max), "1h", true, "The pause between tries doubles up to this."},
};

const struct nx_config_key *nx_config_webhook_keys(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(webhook_keys);
    return webhook_keys;
}

const struct nx_config_key *nx_config_hook_keys(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(hook_keys);
    return hook_keys;
}

const struct nx_config_key *nx_config_keys(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(keys);
    return keys;
}

const struct nx_config_key *nx_config_cause_keys(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(cause_keys);
    return cause_keys;
}
