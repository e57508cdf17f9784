/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/outbox.h"

#include "base/buf.h"
#include "base/error.h"
#include "hook/letter.h"
#include "verify/verify.h"

#include <curl/curl.h>
#include <pthread.h>

#define BATCH 100u      /* log rows read, and at most so many events sent, between two marks */
#define LOOK_EVERY 200u /* milliseconds between two looks at the log while nothing happens */
#define FIRST_PAUSE 1   /* seconds */
#define STALE 5         /* seconds after which what was read is read again */

struct receiver {
    struct nx_outbox *outbox;
    const struct nx_config_hook *settings; /* its own */
    struct nx_letter_filter filter;
    struct nx_str mark;
    struct nx_reader *reader;
    struct nx_arena *arena; /* of one batch */
    CURL *curl;
    struct receiver *former; /* of the same name: it is to be done before this one begins */
    pthread_t thread;
    int64_t pause; /* seconds, after the next try that fails */
    bool started, failing;
    bool open;            /* under the outbox's lock: it may begin */
    _Atomic bool leaving; /* it ends once the event under way is through */
};

struct nx_outbox {
    struct nx_store *store;
    nx_outbox_say_fn *say;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    _Atomic bool ending;
    GPtrArray *receivers, *leaving; /* struct receiver: in force, and taken out */
};

struct nx_outbox_change {
    struct nx_outbox *outbox;
    GPtrArray *next;  /* all that will be in force: */
    GPtrArray *fresh; /* those of them that are new, whose threads wait */
};

struct batch {
    struct receiver *receiver;
    struct nx_letter letters[BATCH];
    size_t n;
    int64_t seen; /* the last row looked at */
};

/* ---- settings */

static void fault(GString *all, const struct nx_config *config, const struct nx_config_hook *settings, const char *key,
                  const char *format, const char *value)
{
    g_autofree char *group = g_strconcat("hook ", settings->name, NULL);
    const char *origin = nx_config_origin(config, group, key);
    g_string_append_printf(all, "%s%s: [%s] %s: ", all->len > 0 ? "\n" : "", strcmp(origin, "default") == 0 ? config->path : origin,
                           group, key);
    g_string_append_printf(all, "'%s' %s", value, format);
}

struct faults {
    GString *all;
    const struct nx_config *config;
    const struct nx_config_hook *settings;
};

static void wrong_name(void *data, const char *key, const char *what, const char *value)
{
    const struct faults *faults = data;
    fault(faults->all, faults->config, faults->settings, key, what, value);
}

gboolean nx_outbox_check(const struct nx_config *config, GError **error)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < config->hooks->len; i++) {
        const struct nx_config_hook *settings = config->hooks->pdata[i];
        struct faults faults = {all, config, settings};
        struct nx_letter_filter filter = {0};
        const char *why;
        if (!g_str_has_prefix(settings->url, "https://") && !g_str_has_prefix(settings->url, "http://"))
            fault(all, config, settings, "url", "is no http or https address", settings->url);
        if (settings->keys == NULL || settings->keys[0] == NULL)
            fault(all, config, settings, "keys", "is empty (make one: echo whsec_$(openssl rand -base64 24))", "");
        for (char **key = settings->keys; key != NULL && *key != NULL; key++)
            if (!nx_verify_key(nx_webhook_provider(NX_STR("resend")), *key, &why) || g_str_has_prefix(*key, "whpk_"))
                fault(all, config, settings, "keys", "is no key: whsec_ and base64", "***");
        nx_letter_filter_read(&filter, settings, wrong_name, &faults);
    }
    bool good = all->len == 0;
    if (!good)
        g_set_error_literal(error, NX_ERROR, NX_ERROR_CONFIG, all->str);
    g_string_free(all, TRUE);
    return good;
}

/* ---- reading the log */

static bool take(const struct nx_logged *line, void *data)
{
    struct batch *batch = data;
    batch->seen = line->sequence;
    if (nx_letter_write(&batch->receiver->filter, batch->receiver->arena, line, &batch->letters[batch->n]))
        batch->n++;
    return batch->n < BATCH;
}

/* ---- sending */

static size_t ignore(char *data, size_t size, size_t n, void *user)
{
    (void)data, (void)user;
    return size * n;
}

static int break_off(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return ((struct nx_outbox *)data)->ending;
}

static struct curl_slist *head_of(struct receiver *receiver, const struct nx_letter *letter)
{
    struct nx_arena *arena = receiver->arena;
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    struct nx_buf signatures;
    nx_buf_init(&signatures, arena, 4096);
    nx_buf_add(&signatures, NX_STR("webhook-signature: "));
    for (char *const *key = receiver->settings->keys; *key != NULL; key++) {
        if (key != receiver->settings->keys)
            nx_buf_addc(&signatures, ' ');
        nx_buf_add(&signatures, nx_standard_sign(arena, *key, letter->id, now, letter->body));
    }
    struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
    head = curl_slist_append(head, "Expect:");
    head = curl_slist_append(head, nx_arena_cstr(arena, nx_arena_printf(arena, "webhook-id: %.*s", NX_FMT(letter->id))));
    head = curl_slist_append(head, nx_arena_cstr(arena, nx_arena_printf(arena, "webhook-timestamp: %lld", (long long)now)));
    return curl_slist_append(head, nx_arena_cstr(arena, nx_buf_str(&signatures)));
}

/* True: the receiver has it. Else *ret_why, and *ret_after seconds that it asks for. */
static bool send_one(struct receiver *receiver, const struct nx_letter *letter, char **ret_why, curl_off_t *ret_after)
{
    const struct nx_config_hook *settings = receiver->settings;
    CURL *curl = receiver->curl;
    struct curl_slist *head = head_of(receiver, letter);
    long status = 0;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, settings->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)settings->timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "nixie");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, 65536L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, letter->body.p);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)letter->body.n);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, break_off);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, receiver->outbox);
    if (*settings->ca_file != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, ret_after);
    curl_slist_free_all(head);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return true;
    *ret_why = code == CURLE_OK ? g_strdup_printf("it answered %ld", status) : g_strdup(curl_easy_strerror(code));
    return false;
}

static bool is_ending(const struct receiver *receiver)
{
    return receiver->outbox->ending || receiver->leaving;
}

/* False: we are to end. */
static bool pause_for(struct receiver *receiver, unsigned milliseconds)
{
    struct nx_outbox *outbox = receiver->outbox;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&outbox->lock);
    while (!is_ending(receiver) && pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&outbox->lock);
    return !is_ending(receiver);
}

/* One try; false: not there, or we are to end. *ret_pause: seconds until the next one. */
static bool deliver(struct receiver *receiver, const struct nx_letter *letter, int64_t *ret_pause)
{
    g_autofree char *why = NULL;
    curl_off_t after = 0;
    if (is_ending(receiver))
        return false;
    bool there = send_one(receiver, letter, &why, &after);
    if (!there && is_ending(receiver))
        return false;
    if (there == receiver->failing)
        receiver->outbox->say(receiver->settings->name,
                              there ? "receiver is well again" : "receiver does not take events; they wait", why);
    receiver->failing = !there;
    if (there) {
        receiver->pause = FIRST_PAUSE;
        return true;
    }
    *ret_pause = MIN(MAX(receiver->pause, (int64_t)after), MAX(receiver->settings->retry_max, 1));
    receiver->pause = MIN(2 * receiver->pause, 1 << 20);
    return false;
}

/* One batch; *position moves past what is done. What was not taken is read from the log again before the next try, and what was
 * read long ago too: an erasure since then has taken it out. False: the store cannot be read or written, or we are to end. */
static bool step(struct receiver *receiver, int64_t *position, bool *ret_idle, GError **error)
{
    struct batch batch = {.receiver = receiver, .seen = *position};
    const struct nx_log_filter filter = {.after = *position, .since = NX_WHEN_NONE, .lines = true, .limit = BATCH};
    nx_arena_reset(receiver->arena);
    gint64 read_at = g_get_monotonic_time();
    if (!nx_reader_log(receiver->reader, &filter, take, &batch, error))
        return false;
    int64_t done = *position, pause = 0;
    size_t i = 0;
    while (i < batch.n && (i == 0 || g_get_monotonic_time() - read_at < STALE * G_USEC_PER_SEC) &&
           deliver(receiver, &batch.letters[i], &pause))
        done = batch.letters[i++].sequence;
    if (i == batch.n)
        done = batch.seen;
    *ret_idle = batch.seen == *position;
    if (done != *position && !nx_store_mark(receiver->outbox->store, receiver->mark, done, error))
        return false;
    *position = done;
    /* Not all receivers at one instant. */
    return pause == 0 || pause_for(receiver, (unsigned)pause * 1000 - (unsigned)g_random_int_range(0, 300));
}

static void free_receiver(void *data)
{
    struct receiver *receiver = data;
    if (receiver->started)
        pthread_join(receiver->thread, NULL);
    g_clear_pointer(&receiver->former, free_receiver);
    g_clear_pointer(&receiver->reader, nx_reader_free);
    g_clear_pointer(&receiver->curl, curl_easy_cleanup);
    g_clear_pointer(&receiver->arena, nx_arena_free);
    g_free((gpointer)(uintptr_t)receiver->mark.p);
    nx_config_hook_free((struct nx_config_hook *)(uintptr_t)receiver->settings);
    g_free(receiver);
}

/* False: it was never let begin. */
static bool wait_for_begin(struct receiver *receiver)
{
    struct nx_outbox *outbox = receiver->outbox;
    pthread_mutex_lock(&outbox->lock);
    while (!receiver->open && !is_ending(receiver))
        pthread_cond_wait(&outbox->wake, &outbox->lock);
    bool open = receiver->open;
    pthread_mutex_unlock(&outbox->lock);
    if (open)
        g_clear_pointer(&receiver->former, free_receiver); /* its mark stands when it is gone */
    return open;
}

static void *work(void *data)
{
    struct receiver *receiver = data;
    int64_t position = 0;
    bool idle;
    g_autoptr(GError) error = NULL;
    if (!wait_for_begin(receiver))
        return NULL;
    while (!is_ending(receiver) && nx_reader_mark(receiver->reader, receiver->mark, &position, &error) < 0) {
        g_clear_error(&error);
        pause_for(receiver, 1000);
    }
    while (!is_ending(receiver)) {
        if (step(receiver, &position, &idle, &error)) {
            if (idle)
                pause_for(receiver, LOOK_EVERY);
        } else if (error != NULL) {
            receiver->outbox->say(receiver->settings->name, "the log cannot be read", error->message);
            g_clear_error(&error);
            pause_for(receiver, 5000);
        }
    }
    return NULL;
}

/* A receiver that is new starts with what comes from now on. */
static gboolean set_mark(struct receiver *receiver, GError **error)
{
    int64_t position;
    int known = nx_reader_mark(receiver->reader, receiver->mark, &position, error);
    return known > 0 || (known == 0 && nx_reader_position(receiver->reader, &position, error) &&
                         nx_store_mark(receiver->outbox->store, receiver->mark, position, error));
}

/* Its thread waits until the receiver is open. */
static struct receiver *receiver_new(struct nx_outbox *outbox, const struct nx_config_hook *settings, GError **error)
{
    struct receiver *receiver = g_new0(struct receiver, 1);
    receiver->outbox = outbox;
    receiver->settings = nx_config_hook_copy(settings);
    receiver->arena = nx_arena_new();
    receiver->pause = FIRST_PAUSE;
    receiver->curl = curl_easy_init();
    receiver->mark = nx_str_of(g_strconcat("hook:", settings->name, NULL));
    nx_letter_filter_read(&receiver->filter, receiver->settings, NULL, NULL);
    receiver->reader = nx_reader_new(outbox->store, error);
    if (receiver->reader != NULL && set_mark(receiver, error)) {
        int failed = pthread_create(&receiver->thread, NULL, work, receiver);
        receiver->started = failed == 0;
        if (failed != 0)
            g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "[hook %s]: cannot start: %s", settings->name, g_strerror(failed));
    }
    if (!receiver->started)
        g_clear_pointer(&receiver, free_receiver);
    return receiver;
}

static struct receiver *find(const GPtrArray *receivers, const char *name)
{
    for (guint i = 0; i < receivers->len; i++)
        if (strcmp(((struct receiver *)receivers->pdata[i])->settings->name, name) == 0)
            return receivers->pdata[i];
    return NULL;
}

struct nx_outbox_change *nx_outbox_plan(struct nx_outbox *outbox, const struct nx_config *config, GError **error)
{
    if (!nx_outbox_check(config, error))
        return NULL;
    g_autoptr(nx_outbox_change) change = g_new0(struct nx_outbox_change, 1);
    *change = (struct nx_outbox_change){outbox, g_ptr_array_new(), g_ptr_array_new()};
    for (guint i = 0; i < config->hooks->len; i++) {
        const struct nx_config_hook *settings = config->hooks->pdata[i];
        struct receiver *receiver = find(outbox->receivers, settings->name);
        if (receiver == NULL || !nx_config_hook_same(receiver->settings, settings)) {
            receiver = receiver_new(outbox, settings, error);
            if (receiver == NULL)
                return NULL;
            g_ptr_array_add(change->fresh, receiver);
        }
        g_ptr_array_add(change->next, receiver);
    }
    return g_steal_pointer(&change);
}

void nx_outbox_apply(struct nx_outbox_change *change)
{
    struct nx_outbox *outbox = change->outbox;
    pthread_mutex_lock(&outbox->lock);
    for (guint i = 0; i < outbox->receivers->len; i++) {
        struct receiver *receiver = outbox->receivers->pdata[i];
        if (g_ptr_array_find(change->next, receiver, NULL))
            continue;
        receiver->leaving = true;
        g_ptr_array_add(outbox->leaving, receiver);
    }
    for (guint i = 0; i < change->fresh->len; i++) {
        struct receiver *receiver = change->fresh->pdata[i];
        receiver->former = find(outbox->leaving, receiver->settings->name);
        g_ptr_array_remove(outbox->leaving, receiver->former);
        receiver->open = true;
    }
    g_ptr_array_set_size(change->fresh, 0);
    GPtrArray *before = outbox->receivers;
    outbox->receivers = change->next;
    change->next = before;
    pthread_cond_broadcast(&outbox->wake);
    pthread_mutex_unlock(&outbox->lock);
    nx_outbox_change_free(change);
}

void nx_outbox_change_free(struct nx_outbox_change *change)
{
    struct nx_outbox *outbox = change->outbox;
    pthread_mutex_lock(&outbox->lock);
    for (guint i = 0; i < change->fresh->len; i++)
        ((struct receiver *)change->fresh->pdata[i])->leaving = true;
    pthread_cond_broadcast(&outbox->wake);
    pthread_mutex_unlock(&outbox->lock);
    for (guint i = 0; i < change->fresh->len; i++)
        free_receiver(change->fresh->pdata[i]);
    g_ptr_array_unref(change->fresh);
    g_ptr_array_unref(change->next);
    g_free(change);
}

struct nx_outbox *nx_outbox_new(struct nx_store *store, const struct nx_config *config, nx_outbox_say_fn *say, GError **error)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&once, 1);
    }
    g_autoptr(nx_outbox) outbox = g_new0(struct nx_outbox, 1);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&outbox->lock, NULL);
    pthread_cond_init(&outbox->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    outbox->store = store;
    outbox->say = say;
    outbox->receivers = g_ptr_array_new();
    outbox->leaving = g_ptr_array_new();
    struct nx_outbox_change *change = nx_outbox_plan(outbox, config, error);
    if (change == NULL)
        return NULL;
    nx_outbox_apply(change);
    return g_steal_pointer(&outbox);
}

void nx_outbox_free(struct nx_outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    outbox->ending = true;
    pthread_cond_broadcast(&outbox->wake);
    pthread_mutex_unlock(&outbox->lock);
    GPtrArray *all[] = {outbox->receivers, outbox->leaving};
    for (size_t k = 0; k < G_N_ELEMENTS(all); k++) {
        for (guint i = 0; i < all[k]->len; i++)
            free_receiver(all[k]->pdata[i]);
        g_ptr_array_unref(all[k]);
    }
    pthread_mutex_destroy(&outbox->lock);
    pthread_cond_destroy(&outbox->wake);
    g_free(outbox);
}
