/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include "base/error.h"

#include <curl/curl.h>
#include <pthread.h>

#define KEEP_FAILURE 10 /* seconds: a host that is down is not asked for each request */
#define ENTRIES_MAX 64u

struct entry {
    GBytes *bytes; /* NULL: it failed */
    char *why;
    gint64 until; /* monotonic */
};

struct nx_fetch {
    char *ca_file, *connect_to;
    pthread_mutex_t lock; /* guards kept */
    GHashTable *kept;     /* URL to struct entry */
};

static void free_entry(void *data)
{
    struct entry *entry = data;
    g_clear_pointer(&entry->bytes, g_bytes_unref);
    g_free(entry->why);
    g_free(entry);
}

struct nx_fetch *nx_fetch_new(const char *ca_file, const char *connect_to)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&once, 1);
    }
    struct nx_fetch *fetch = g_new0(struct nx_fetch, 1);
    fetch->ca_file = g_strdup(ca_file);
    fetch->connect_to = g_strdup(connect_to);
    pthread_mutex_init(&fetch->lock, NULL);
    fetch->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
    return fetch;
}

void nx_fetch_free(struct nx_fetch *fetch)
{
    g_hash_table_unref(fetch->kept);
    pthread_mutex_destroy(&fetch->lock);
    g_free(fetch->ca_file);
    g_free(fetch->connect_to);
    g_free(fetch);
}

/* "*" stands for one label of letters, digits and hyphens. */
static bool host_fits(const char *host, const char *pattern)
{
    g_auto(GStrv) have = g_strsplit(host, ".", -1);
    g_auto(GStrv) want = g_strsplit(pattern, ".", -1);
    if (g_strv_length(have) != g_strv_length(want))
        return false;
    for (size_t i = 0; want[i] != NULL; i++) {
        bool any = strcmp(want[i], "*") == 0 && strlen(have[i]) >= 3 &&
                   strspn(have[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(have[i]);
        if (!any && g_ascii_strcasecmp(have[i], want[i]) != 0)
            return false;
    }
    return true;
}

static bool absent(CURLU *parts, CURLUPart part)
{
    char *value = NULL;
    bool none = curl_url_get(parts, part, &value, 0) != CURLUE_OK;
    curl_free(value);
    return none;
}

/* Is the host written out as it is, between "https://" and "/"? So nobody can read another one in it. */
static bool is_plain(const char *url, const char *host)
{
    size_t n = strlen(host);
    return g_ascii_strncasecmp(url, "https://", 8) == 0 && g_ascii_strncasecmp(url + 8, host, n) == 0 && url[8 + n] == '/';
}

bool nx_fetch_allows(struct nx_str url, const char *const *hosts, const char *suffix)
{
    g_autofree char *text = g_strndup(url.n > 0 ? url.p : "", url.n);
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL, *path = NULL;
    bool good = strlen(text) == url.n && url.n < 2048 && curl_url_set(parts, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
                absent(parts, CURLUPART_USER) && absent(parts, CURLUPART_PASSWORD) && absent(parts, CURLUPART_PORT) &&
                absent(parts, CURLUPART_FRAGMENT) && is_plain(text, host);
    if (good && suffix != NULL)
        good = g_str_has_suffix(path, suffix) && strstr(path, "..") == NULL && strchr(path, '%') == NULL &&
               absent(parts, CURLUPART_QUERY);
    bool fits = false;
    for (; good && *hosts != NULL && !fits; hosts++)
        fits = host_fits(host, *hosts);
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    curl_url_cleanup(parts);
    return good && fits;
}

static size_t collect(char *data, size_t size, size_t n, void *user)
{
    GByteArray *all = user;
    if (all->len + size * n > NX_FETCH_MAX)
        return 0; /* breaks it off */
    g_byte_array_append(all, (const guint8 *)data, (guint)(size * n));
    return size * n;
}

static GBytes *get(struct nx_fetch *fetch, const char *url, char **ret_why)
{
    CURL *curl = curl_easy_init();
    GByteArray *all = g_byte_array_new();
    struct curl_slist *connect_to = fetch->connect_to == NULL ? NULL : curl_slist_append(NULL, fetch->connect_to);
    long status = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)NX_FETCH_MAX);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)NX_FETCH_SECONDS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 3L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, all);
    if (fetch->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
    if (connect_to != NULL)
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(connect_to);
    GBytes *bytes = g_byte_array_free_to_bytes(all);
    if (code == CURLE_OK && status == 200)
        return bytes;
    g_bytes_unref(bytes);
    *ret_why = code == CURLE_OK ? g_strdup_printf("it answered %ld", status) : g_strdup(curl_easy_strerror(code));
    return NULL;
}

static void fail(GError **error, const char *url, const char *why)
{
    g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%.*s cannot be fetched: %s (is the way out open?)", (int)strcspn(url, "?"), url,
                why);
}

gboolean nx_fetch_visit(struct nx_fetch *fetch, struct nx_str url, GError **error)
{
    g_autofree char *text = g_strndup(url.p, url.n), *why = NULL;
    GBytes *bytes = get(fetch, text, &why);
    if (bytes == NULL) {
        fail(error, text, why);
        return FALSE;
    }
    g_bytes_unref(bytes);
    return TRUE;
}

bool nx_fetch_known(struct nx_fetch *fetch, struct nx_str url, GBytes **ret_bytes, GError **error)
{
    g_autofree char *text = g_strndup(url.p, url.n);
    pthread_mutex_lock(&fetch->lock);
    const struct entry *known = g_hash_table_lookup(fetch->kept, text);
    bool fresh = known != NULL && known->until > g_get_monotonic_time();
    *ret_bytes = fresh && known->bytes != NULL ? g_bytes_ref(known->bytes) : NULL;
    if (fresh && *ret_bytes == NULL)
        fail(error, text, known->why);
    pthread_mutex_unlock(&fetch->lock);
    return fresh;
}

static gboolean is_failure(gpointer url, gpointer entry, gpointer data)
{
    (void)url, (void)data;
    return ((struct entry *)entry)->bytes == NULL;
}

GBytes *nx_fetch_kept(struct nx_fetch *fetch, struct nx_str url, GError **error)
{
    g_autofree char *text = g_strndup(url.p, url.n), *why = NULL;
    GBytes *bytes;
    if (nx_fetch_known(fetch, url, &bytes, error))
        return bytes;
    bytes = get(fetch, text, &why);
    struct entry *entry = g_new0(struct entry, 1);
    entry->bytes = bytes == NULL ? NULL : g_bytes_ref(bytes);
    entry->why = g_strdup(why);
    entry->until = g_get_monotonic_time() + (bytes == NULL ? KEEP_FAILURE : NX_FETCH_KEEP) * (gint64)G_USEC_PER_SEC;
    pthread_mutex_lock(&fetch->lock);
    if (g_hash_table_size(fetch->kept) >= ENTRIES_MAX) /* made-up addresses push out each other, not what is good */
        g_hash_table_foreach_remove(fetch->kept, is_failure, NULL);
    if (g_hash_table_size(fetch->kept) >= ENTRIES_MAX)
        g_hash_table_remove_all(fetch->kept);
    g_hash_table_replace(fetch->kept, g_strdup(text), entry);
    pthread_mutex_unlock(&fetch->lock);
    if (bytes == NULL)
        fail(error, text, why);
    return bytes;
}
