/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/outbox.h"

#include "base/error.h"
#include "event/json.h"
#include "verify/verify.h"

#include <curl/curl.h>
#include <pthread.h>

#define BATCH 100u      /* log rows read, and at most so many events sent, between two marks */
#define LOOK_EVERY 200u /* milliseconds between two looks at the log while nothing happens */
#define FIRST_PAUSE 1u  /* seconds */

struct receiver {
    struct nx_outbox *outbox;
    const struct nx_config_hook *settings; /* its own */
    unsigned kinds, classes, actions;      /* bits; 0: all */
    bool causes[NX_CAUSE_COUNT], some_causes;
    struct nx_str mark;
    struct nx_reader *reader;
    struct nx_arena *arena; /* of one batch */
    CURL *curl;
    struct receiver *former; /* of the same name: it is to be done before this one begins */
    pthread_t thread;
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

struct letter {
    int64_t sequence;
    struct nx_str id, body;
};

struct batch {
    struct receiver *receiver;
    struct letter letters[BATCH];
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

/* Sets what the lists of names say; faults are told where `all` is given. */
static void read_filters(struct receiver *receiver, const struct nx_config *config, GString *all)
{
    const struct nx_config_hook *settings = receiver->settings;
    for (char **name = settings->kinds; name != NULL && *name != NULL; name++) {
        enum nx_kind kind;
        if (nx_kind_parse(nx_str_of(*name), &kind))
            receiver->kinds |= 1u << kind;
        else
            fault(all, config, settings, "kinds", "is no kind", *name);
    }
    for (char **name = settings->classes; name != NULL && *name != NULL; name++) {
        enum nx_class class_;
        if (nx_class_parse(nx_str_of(*name), &class_))
            receiver->classes |= 1u << class_;
        else
            fault(all, config, settings, "classes", "is no class", *name);
    }
    for (char **name = settings->causes; name != NULL && *name != NULL; name++) {
        enum nx_cause cause;
        if (nx_cause_parse(nx_str_of(*name), &cause))
            receiver->causes[cause] = receiver->some_causes = true;
        else
            fault(all, config, settings, "causes", "is no cause", *name);
    }
    for (char **name = settings->actions; name != NULL && *name != NULL; name++) {
        enum nx_action action;
        if (nx_action_parse(nx_str_of(*name), &action))
            receiver->actions |= 1u << action;
        else
            fault(all, config, settings, "actions", "is no action (none, suppress, count, clear, hold)", *name);
    }
}

gboolean nx_outbox_check(const struct nx_config *config, GError **error)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < config->hooks->len; i++) {
        struct receiver receiver = {.settings = config->hooks->pdata[i]};
        const struct nx_config_hook *settings = receiver.settings;
        const char *why;
        if (!g_str_has_prefix(settings->url, "https://") && !g_str_has_prefix(settings->url, "http://"))
            fault(all, config, settings, "url", "is no http or https address", settings->url);
        if (settings->keys == NULL || settings->keys[0] == NULL)
            fault(all, config, settings, "keys", "is empty (make one: echo whsec_$(openssl rand -base64 24))", "");
        for (char **key = settings->keys; key != NULL && *key != NULL; key++)
            if (!nx_verify_key(nx_webhook_provider(NX_STR("resend")), *key, &why) || g_str_has_prefix(*key, "whpk_"))
                fault(all, config, settings, "keys", "is no key: whsec_ and base64", "***");
        read_filters(&receiver, config, all);
    }
    bool good = all->len == 0;
    if (!good)
        g_set_error_literal(error, NX_ERROR, NX_ERROR_CONFIG, all->str);
    g_string_free(all, TRUE);
    return good;
}

/* ---- reading the log */

static bool wanted(const struct receiver *receiver, const struct nx_event *event)
{
    char *const *streams = receiver->settings->streams;
    if ((receiver->kinds != 0 && (receiver->kinds & 1u << event->report.kind) == 0) ||
        (receiver->classes != 0 && (receiver->classes & 1u << event->verdict.class_) == 0) ||
        (receiver->actions != 0 && (receiver->actions & 1u << event->decision.action) == 0) ||
        (receiver->some_causes && !receiver->causes[event->verdict.cause]))
        return false;
    if (streams == NULL || *streams == NULL)
        return true;
    for (; *streams != NULL; streams++)
        if (nx_str_eq(nx_str_of(*streams), event->report.stream))
            return true;
    return false;
}

static bool take(const struct nx_logged *line, void *data)
{
    struct batch *batch = data;
    struct receiver *receiver = batch->receiver;
    batch->seen = line->sequence;
    if (line->event == NULL || !wanted(receiver, line->event))
        return true;
    struct letter *letter = &batch->letters[batch->n++];
    struct nx_buf body;
    nx_buf_init(&body, receiver->arena, SIZE_MAX / 2);
    nx_buf_add(&body, nx_arena_printf(receiver->arena, "{\"type\":\"event.%s\",\"timestamp\":\"%.*s\",\"data\":",
                                      nx_kind_name(line->event->report.kind), NX_FMT(nx_when_format(receiver->arena, line->made))));
    nx_event_to_json(&body, line->event);
    nx_buf_addc(&body, '}');
    *letter = (struct letter){line->sequence, nx_arena_dup(receiver->arena, line->event->id), nx_buf_str(&body)};
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

static struct curl_slist *head_of(struct receiver *receiver, const struct letter *letter)
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
static bool send_one(struct receiver *receiver, const struct letter *letter, char **ret_why, curl_off_t *ret_after)
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

/* Until it is there; false: we are to end. */
static bool deliver(struct receiver *receiver, const struct letter *letter)
{
    struct nx_outbox *outbox = receiver->outbox;
    int64_t seconds = FIRST_PAUSE;
    for (;;) {
        g_autofree char *why = NULL;
        curl_off_t after = 0;
        if (is_ending(receiver))
            return false;
        if (send_one(receiver, letter, &why, &after)) {
            if (receiver->failing)
                outbox->say(receiver->settings->name, "receiver is well again", NULL);
            receiver->failing = false;
            return true;
        }
        if (is_ending(receiver))
            return false;
        if (!receiver->failing)
            outbox->say(receiver->settings->name, "receiver does not take events; they wait", why);
        receiver->failing = true;
        int64_t pause = MIN(MAX(seconds, (int64_t)after), MAX(receiver->settings->retry_max, 1));
        if (!pause_for(receiver,
                       (unsigned)pause * 1000 - (unsigned)g_random_int_range(0, 300))) /* not all of them at one instant */
            return false;
        seconds = MIN(2 * seconds, 1 << 20);
    }
}

/* One batch; *position moves past what is done. False: the store cannot be read or written (*ret_why), or we are to end. */
static bool step(struct receiver *receiver, int64_t *position, bool *ret_idle, GError **error)
{
    struct batch batch = {.receiver = receiver, .seen = *position};
    const struct nx_log_filter filter = {.after = *position, .since = NX_WHEN_NONE, .limit = BATCH};
    nx_arena_reset(receiver->arena);
    if (!nx_reader_log(receiver->reader, &filter, take, &batch, error))
        return false;
    int64_t done = *position;
    bool all = true;
    for (size_t i = 0; i < batch.n && all; i++) {
        all = deliver(receiver, &batch.letters[i]);
        if (all)
            done = batch.letters[i].sequence;
    }
    if (all)
        done = batch.seen;
    *ret_idle = batch.seen == *position;
    if (done == *position)
        return all;
    *position = done;
    return nx_store_mark(receiver->outbox->store, receiver->mark, done, error) && all;
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
static struct receiver *receiver_new(struct nx_outbox *outbox, const struct nx_config *config,
                                     const struct nx_config_hook *settings, GError **error)
{
    struct receiver *receiver = g_new0(struct receiver, 1);
    receiver->outbox = outbox;
    receiver->settings = nx_config_hook_copy(settings);
    receiver->arena = nx_arena_new();
    receiver->curl = curl_easy_init();
    receiver->mark = nx_str_of(g_strconcat("hook:", settings->name, NULL));
    read_filters(receiver, config, NULL);
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
            receiver = receiver_new(outbox, config, settings, error);
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
