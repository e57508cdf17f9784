/* SPDX-License-Identifier: Apache-2.0 */
/* config/config.h - settings: one table of keys drives reading, checking, `config show`, the manual page and the reload.
 *
 * A GKeyFile. Groups are those of keys.c, and [cause NAME] for the policy of one cause, [stream NAME]
 * and [stream NAME cause CAUSE] for a stream. An unknown group or key, a value that does
 * not fit and a broken line are faults; all of them are told at once, "file:line: what (what to do)", in one NX_ERROR_CONFIG. A
 * config is immutable once loaded; who loaded it frees it. Sizes are bytes, times are seconds. Any thread. */
#pragma once
#include "address/key.h"
#include "base/limits.h"
#include "decide/preset.h"

#include <stdint.h>

enum nx_config_type {
    NX_CONFIG_STRING,   /* char *, "" is absent */
    NX_CONFIG_LIST,     /* char **, separated by ";" */
    NX_CONFIG_BOOL,     /* bool: true, false */
    NX_CONFIG_UINT,     /* unsigned */
    NX_CONFIG_SIZE,     /* size_t: 8M, 64k, 100 */
    NX_CONFIG_TIME,     /* int64_t: 60s, 5m, 2h, 30d, or never (0) */
    NX_CONFIG_SUPPRESS, /* enum nx_suppress: never, at_once, after, mirror, clear */
    NX_CONFIG_SCOPE,    /* enum nx_scope: all, stream, bulk */
    NX_CONFIG_REQUIRE,  /* enum nx_require: off, soft, strict */
    NX_CONFIG_ENTRIES,  /* enum nx_domain_entries: off, propose, auto */
    NX_CONFIG_KIND,     /* enum nx_stream_kind: bulk, transactional */
    NX_CONFIG_PRESET,   /* enum nx_preset: balanced, strict, lenient, or empty */
    NX_CONFIG_SECRETS,  /* char **, separated by ";"; shown as *** */
};

struct nx_config_webhook { /* [webhook NAME]: an endpoint /v1/webhooks/NAME */
    char *name, *provider; /* provider: never empty once loaded */
    char **keys, **basic, **path_secrets;
    char *url;
    char **topics, **certificate_hosts;
    bool raw_delivery;
    int64_t window;
    char *stream;
    bool keep_other;
    char *at_events, *at_kind, *at_recipient, *at_id, *at_message_id, *at_time, *at_diagnostic, *at_status, *at_reply,
        *at_remote_mta, *at_stream;
    char *is_failed, *is_failed_hard, *is_delayed, *is_delivered, *is_complaint, *is_unsubscribe, *is_autoreply;
};

struct nx_config_hook { /* [hook NAME]: whom we tell */
    char *name;
    char *url;
    char **keys; /* the first signs, the others sign beside it while they are changed */
    char **kinds, **classes, **causes, **actions, **streams;
    char *ca_file;
    int64_t timeout, retry_max;
};

struct nx_config {
    char *path;          /* the file read, or NULL */
    GHashTable *origins; /* "group/key" to "file:line", for nx_config_origin */
    char *store_path;
    char *patterns_directory, *patterns_local;
    struct nx_limits limits;
    struct nx_raw_limits raw;
    struct nx_sent_limits sent;
    struct nx_policy policy; /* its streams are the config's */
    enum nx_preset preset;   /* what its numbers began with */
    int64_t pace;            /* what they were made to fit */
    char **stream_headers, **stream_tags;
    char *fold_tags, *fold_dots;
    struct nx_fold_rules *fold; /* made of the two */
    int64_t retention_events, retention_details, retention_every;
    char *verp_keys_file, *verp_prefix, *verp_domain, *verp_streams;
    int64_t verp_lifetime;
    char **authserv_ids;
    char **verp_forms;
    char *spool_directory;
    size_t pipe_size;
    int64_t pipe_timeout;
    char **watch_maildirs;
    char *lmtp_listen, *lmtp_group, *lmtp_hostname;
    char **lmtp_domains;
    unsigned lmtp_sessions, lmtp_recipients;
    int64_t lmtp_idle;
    char *serve_listen, *serve_tokens, *tls_certificate, *tls_key;
    unsigned serve_threads, serve_workers, serve_connections;
    size_t serve_queue, serve_body_size, serve_json_size, serve_list_size;
    int64_t serve_timeout, serve_head_timeout;
    GPtrArray *webhooks; /* struct nx_config_webhook, in the order of the file */
    GPtrArray *hooks;    /* struct nx_config_hook */
    char *fetch_ca_file, *fetch_connect_to;
    size_t serve_webhook_size;
    char *log_level, *log_format;
    bool log_hash_addresses;
};

struct nx_config_key {
    const char *group, *key;
    enum nx_config_type type;
    size_t offset;
    const char *fallback; /* the default, as it would stand in the file */
    bool reloadable;      /* SIGHUP is enough */
    const char *doc;
};

/* The table; *ret_n entries. */
const struct nx_config_key *nx_config_keys(size_t *ret_n);
/* The keys of every [cause NAME] group; offsets are into struct nx_policy_cause, defaults are those of event/cause.def. [cause
 * tentative] has them too: the numbers for a hard cause that the other side calls temporary. */
const struct nx_config_key *nx_config_cause_keys(size_t *ret_n);

/* The keys of every [stream NAME] group; offsets are into struct nx_stream. */
const struct nx_config_key *nx_config_stream_keys(size_t *ret_n);
/* The keys of every [webhook NAME] and [hook NAME] group; offsets are into the structs above. */
const struct nx_config_key *nx_config_webhook_keys(size_t *ret_n);
const struct nx_config_key *nx_config_hook_keys(size_t *ret_n);
/* A hook's own settings, for who keeps them longer than the config; same: nothing differs, secrets neither. */
struct nx_config_hook *nx_config_hook_copy(const struct nx_config_hook *hook);
void nx_config_hook_free(struct nx_config_hook *hook);
bool nx_config_hook_same(const struct nx_config_hook *a, const struct nx_config_hook *b);
/* NULL: there is no such endpoint. */
const struct nx_config_webhook *nx_config_webhook(const struct nx_config *config, struct nx_str name);

/* path NULL: $NIXIE_CONFIG, else the system's file where there is one, else defaults alone. */
struct nx_config *nx_config_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_config_free(struct nx_config *config);
/* Value of a key as it would stand in a file; base is the config, or one entry of policy.causes for a cause key. Freed with g_free.
 */
char *nx_config_value(const struct nx_config_key *key, const void *base);
/* How long what is kept: events, details of events, and per cause (NX_CAUSE_COUNT of them); 0: for ever, of a cause: as events. */
void nx_config_retention(const struct nx_config *config, int64_t *ret_events, int64_t *ret_details, int64_t *ret_causes);
/* "default", "file:line", or the option or variable that set it. */
const char *nx_config_origin(const struct nx_config *config, const char *group, const char *key);
/* Groups of cause keys: "cause NAME" for index 0 on, with the entry of policy that they are about; NULL at the end. Freed with
 * g_free. */
char *nx_config_cause_group(const struct nx_config *config, size_t index, const struct nx_policy_cause **ret_at);
/* The same for the groups of streams, with the keys of each: "stream NAME", then "stream NAME cause CAUSE" for its own numbers. */
char *nx_config_stream_group(const struct nx_config *config, size_t index, const struct nx_config_key **ret_keys, size_t *ret_n,
                             const void **ret_at);
/* Keys that differ and are not reloadable, "group/key group/key". Freed with g_free. */
char *nx_config_restart_needed(const struct nx_config *now, const struct nx_config *next);
/* The spool's directory in force. Freed with g_free. */
char *nx_config_spool(const struct nx_config *config);
/* The file of tokens in force. Freed with g_free. */
char *nx_config_tokens(const struct nx_config *config);
/* Replaces the database's path, as --db and NIXIE_DB do. */
void nx_config_set_store(struct nx_config *config, const char *path, const char *origin);

typedef struct nx_config nx_config; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_config, nx_config_free)
