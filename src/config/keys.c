/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

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
    {"serve", "threads", NX_CONFIG_UINT, AT(serve_threads), "0", false, "Threads that speak HTTP; 0: one a processor."},
    {"serve", "workers", NX_CONFIG_UINT, AT(serve_workers), "0", false,
     "Threads that parse; 0: one more than there are processors."},
    {"serve", "queue", NX_CONFIG_SIZE, AT(serve_queue), "4k", false,
     "Messages that may wait; past that senders are told to try again."},
    {"serve", "connections", NX_CONFIG_UINT, AT(serve_connections), "1000", false, "HTTP connections at one time."},
    {"serve", "timeout", NX_CONFIG_TIME, AT(serve_timeout), "30s", false,
     "A connection that is silent so long, or a body that takes so long, is ended."},
    {"serve", "body_size", NX_CONFIG_SIZE, AT(serve_body_size), "32m", true,
     "Bytes of a posted message, mbox or list of addresses."},
    {"serve", "json_size", NX_CONFIG_SIZE, AT(serve_json_size), "64k", true, "Bytes of any other body."},
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
    {"address", "plus_tag_domains", NX_CONFIG_STRING, AT(fold_tags), "", false,
     "Domains (parted by blanks, * for all) where user+tag is the same mailbox as user."},
    {"address", "dots_domains", NX_CONFIG_STRING, AT(fold_dots), "", false, "Domains where dots in the local part do not count."},
    {"policy", "confirm_hard", NX_CONFIG_BOOL, AT(policy.confirm_hard), "false", true,
     "Suppress an unknown mailbox only at its second report within 30 days."},
};

static const struct nx_config_key cause_keys[] = {
    {"cause", "suppress", NX_CONFIG_SUPPRESS, CAUSE_AT(suppress), NULL, true,
     "What a report of this cause does: never, at_once, after, mirror or clear."},
    {"cause", "scope", NX_CONFIG_SCOPE, CAUSE_AT(scope), NULL, true,
     "An entry holds for every stream (all) or for the stream of the report (stream)."},
    {"cause", "threshold", NX_CONFIG_UINT, CAUSE_AT(threshold), NULL, true, "after: so many reports suppress."},
    {"cause", "span", NX_CONFIG_TIME, CAUSE_AT(span), NULL, true,
     "after: the first and the last of them are at least this far apart."},
    {"cause", "window", NX_CONFIG_TIME, CAUSE_AT(window), NULL, true, "after: reports older than this do not count."},
    {"cause", "ttl", NX_CONFIG_TIME, CAUSE_AT(ttl), NULL, true, "How long the entry holds; never: it does not expire."},
    {"cause", "ttl_max", NX_CONFIG_TIME, CAUSE_AT(ttl_max), NULL, true, "The time doubles with each renewal up to this."},
};

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
