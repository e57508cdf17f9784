/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inner.h"

#include "base/ascii.h"

#include <errno.h>
#include <fcntl.h>

struct nx_service *nx_request_service(struct nx_request *request)
{
    return request->server->service;
}

const struct nx_setup *nx_request_setup(struct nx_request *request)
{
    return request->setup;
}

const struct nx_route *nx_request_route(struct nx_request *request)
{
    return request->route;
}

struct nx_arena *nx_request_arena(struct nx_request *request)
{
    return nx_server_context(request->server)->arena;
}

struct nx_str nx_request_param(struct nx_request *request)
{
    return request->param;
}

struct nx_str nx_request_header(struct nx_request *request, const char *name)
{
    return nx_str_of(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

struct nx_str nx_request_query(struct nx_request *request, const char *name)
{
    return nx_str_of(MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name));
}

struct pairs {
    nx_pair_fn *fn;
    void *data;
};

static enum MHD_Result one_pair(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct pairs *pairs = data;
    (void)kind;
    pairs->fn(nx_str_of(name), nx_str_of(value), pairs->data);
    return MHD_YES;
}

void nx_request_headers(struct nx_request *request, nx_pair_fn *fn, void *data)
{
    struct pairs pairs = {fn, data};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, one_pair, &pairs);
}

struct nx_str nx_request_body(struct nx_request *request)
{
    return request->body == NULL ? NX_STR_NONE : (struct nx_str){(const char *)request->body->data, request->body->len};
}

int nx_request_body_file(struct nx_request *request)
{
    errno = request->file_error;
    return request->file_error != 0 ? -1 : request->file;
}

int nx_request_temporary(struct nx_request *request)
{
    g_autofree char *spool = nx_config_spool(request->setup->config), *directory = g_build_filename(spool, "tmp", NULL);
    return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static struct nx_str lower(struct nx_arena *arena, struct nx_str text)
{
    char *p = nx_arena_alloc(arena, text.n);
    for (size_t i = 0; i < text.n; i++)
        p[i] = (char)nx_lower((unsigned char)text.p[i]);
    return (struct nx_str){p, text.n};
}

struct nx_str nx_request_media_type(struct nx_request *request)
{
    struct nx_str type = nx_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    return lower(nx_request_arena(request), nx_str_trim(nx_str_sub(type, 0, nx_str_chr(type, ';'))));
}

/* Thousandths of the quality among a range's parameters (RFC 9110 12.4.2). */
static unsigned quality(struct nx_str parameters)
{
    size_t at = nx_str_ifind(parameters, NX_STR("q="));
    if (at == parameters.n)
        return 1000;
    struct nx_str text = nx_str_from(parameters, at + 2);
    unsigned value = text.n > 0 && text.p[0] == '1' ? 1000 : 0;
    for (size_t i = 2, unit = 100; i < text.n && nx_is_digit((unsigned char)text.p[i]) && unit > 0 && value < 1000; i++, unit /= 10)
        value += (unsigned)unit * (unsigned)(text.p[i] - '0');
    return value;
}

static bool in_range(struct nx_str range, const char *type)
{
    struct nx_str offered = nx_str_of(type);
    if (nx_str_eq(range, NX_STR("*/*")) || nx_str_ieq(range, offered))
        return true;
    return range.n > 2 && nx_str_iends(range, NX_STR("/*")) && nx_str_istarts(offered, nx_str_sub(range, 0, range.n - 1));
}

/* The best of what is offered, or NULL. */
static const char *choose(struct nx_str accept, const char *const *offered)
{
    const char *best = NULL;
    unsigned best_quality = 0;
    for (; *offered != NULL; offered++) {
        unsigned mine = 0;
        size_t most_specific = 0; /* a longer range speaks for a type before a shorter one */
        for (struct nx_str rest = accept; rest.n > 0;) {
            size_t comma = nx_str_chr(rest, ',');
            struct nx_str item = nx_str_trim(nx_str_sub(rest, 0, comma));
            rest = nx_str_from(rest, MIN(comma + 1, rest.n));
            struct nx_str range = nx_str_trim(nx_str_sub(item, 0, nx_str_chr(item, ';')));
            if (in_range(range, *offered) && range.n > most_specific) {
                most_specific = range.n;
                mine = quality(nx_str_from(item, range.n));
            }
        }
        if (mine > best_quality) {
            best = *offered;
            best_quality = mine;
        }
    }
    return best;
}

const char *nx_request_accepts(struct nx_request *request, const char *const *offered)
{
    struct nx_str accept = nx_request_header(request, MHD_HTTP_HEADER_ACCEPT);
    return accept.n == 0 ? offered[0] : choose(accept, offered);
}

const char *nx_request_accepts_coding(struct nx_request *request, const char *const *offered)
{
    return choose(nx_request_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING), offered);
}

struct nx_str nx_request_stream_name(struct nx_request *request)
{
    if (request->token != NULL && *request->token->stream != '\0')
        return nx_str_of(request->token->stream);
    return nx_request_query(request, "stream");
}

struct nx_str nx_request_actor(struct nx_request *request)
{
    return request->token == NULL ? NX_STR("http") : nx_str_of(request->token->name);
}

static enum MHD_Result add_argument(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    g_string_append_printf(data, "%s=%s&", name, value == NULL ? "" : value);
    return MHD_YES;
}

char *nx_request_query_text(struct nx_request *request)
{
    GString *text = g_string_new(NULL);
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_argument, text);
    return g_string_free(text, FALSE);
}

bool nx_request_has_tag(struct nx_request *request, const char *tag)
{
    struct nx_str known = nx_request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return nx_str_eq(nx_str_trim(known), NX_STR("*")) || nx_str_find(known, nx_str_of(tag)) < known.n;
}

struct nx_reader *nx_request_reader(struct nx_request *request)
{
    struct nx_context *context = nx_server_context(request->server);
    if (context->reader == NULL) {
        g_autoptr(GError) error = NULL;
        context->reader = nx_reader_new(request->server->service->store, &error);
        if (context->reader == NULL)
            nx_request_fail(request, error);
    }
    return context->reader;
}

struct nx_lookup *nx_request_lookup(struct nx_request *request)
{
    struct nx_context *context = nx_server_context(request->server);
    g_autoptr(GError) error = NULL;
    if (context->lookup == NULL)
        context->lookup = nx_lookup_new(request->server->service->store, &error);
    else if (!nx_lookup_refresh(context->lookup, &error))
        g_clear_pointer(&context->lookup, nx_lookup_free);
    if (context->lookup == NULL)
        nx_request_fail(request, error);
    return context->lookup;
}

struct nx_worker *nx_request_worker(struct nx_request *request)
{
    struct nx_context *context = nx_server_context(request->server);
    if (context->setup != request->setup) {
        g_clear_pointer(&context->worker, nx_worker_free);
        g_clear_pointer(&context->setup, nx_setup_unref);
        context->setup = nx_setup_ref(request->setup);
        context->worker = nx_worker_new(context->setup->engine);
    }
    nx_worker_reset(context->worker);
    return context->worker;
}

nx_when nx_request_now(struct nx_request *request)
{
    (void)request;
    return g_get_real_time() / G_USEC_PER_SEC;
}

void nx_request_apart(struct nx_request *request, nx_apart_fn *fn)
{
    request->server->service->storing++;
    nx_request_wait(request);
    request->apart = fn;
    g_thread_pool_push(request->server->acts, request, NULL);
}

void nx_request_act(void *data, void *user)
{
    struct nx_request *request = data;
    nx_apart_fn *apart = request->apart;
    struct nx_service *service = request->server->service;
    (void)user;
    nx_arena_reset(nx_request_arena(request));
    apart(request);
    nx_server_leave(request->server); /* such threads outlive the server */
    nx_request_wake(request);
    service->storing--;
}

void nx_request_wait(struct nx_request *request)
{
    request->waiting = true;
    MHD_suspend_connection(request->connection);
}

void nx_request_wake(struct nx_request *request)
{
    MHD_resume_connection(request->connection);
}
