/* SPDX-License-Identifier: Apache-2.0 */
/* A request against a whole server: "METHOD PATH?QUERY" in the first line, an Idempotency-Key in the second, the body behind. Any
 * query, key and body give an answer that is no 500: JSON, CSV or text in whole lines, a problem document from 400 on. The same
 * request under its key is answered the same again; another one under it is refused. */
#include "base/error.h"
#include "serve/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    char *directory;
    struct nx_service *service;
    struct nx_server *server;
} here;

static void remove_all(const char *directory)
{
    g_autoptr(GDir) open = g_dir_open(directory, 0, NULL);
    const char *name;
    while (open != NULL && (name = g_dir_read_name(open)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_all(path);
        else
            g_unlink(path);
    }
    g_rmdir(directory);
}

static void end(void)
{
    nx_server_free(here.server);
    nx_service_free(here.service);
    remove_all(here.directory);
    g_free(here.directory);
}

static void begin(void)
{
    g_autoptr(GError) error = NULL;
    here.directory = g_dir_make_tmp("nixie-fuzz-http.XXXXXX", &error);
    g_autofree char *path = g_build_filename(here.directory, "conf", NULL);
    g_autofree char *text = g_strdup_printf("[store]\npath = %s/n.db\n[serve]\nlisten = 127.0.0.1:0\n[webhook elasticemail]\n"
                                            "path_secrets = 0123456789abcdef\nkeep_other = true\n",
                                            here.directory);
    g_file_set_contents(path, text, -1, &error);
    struct nx_config *config = nx_config_load(path, &error);
    struct nx_setup *setup = config == NULL ? NULL : nx_setup_new(config, &error);
    struct nx_store *store =
        setup == NULL ? NULL : nx_store_open(config->store_path, NX_OPEN_WRITE, &config->policy, config->fold, &error);
    if (store != NULL) {
        here.service = nx_service_new(setup, store);
        here.server = nx_server_new(here.service, -1, config->serve_listen, &error);
    }
    if (here.server == NULL) {
        fprintf(stderr, "%s\n", error->message);
        abort();
    }
    atexit(end);
}

/* All that comes back. */
static GString *talk(const GString *request)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)nx_server_port(here.server)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    static uint32_t asked; /* every 10,000 from an address of their own: ports that were just closed rest for a minute */
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK + asked++ / 10000)}};
    const struct timeval most = {.tv_sec = 8};
    char bytes[16384];
    GString *answer = g_string_new(NULL);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
           connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    for (size_t at = 0; at < request->len;) {
        ssize_t n = send(fd, request->str + at, request->len - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        g_string_append_len(answer, bytes, n);
    close(fd);
    return answer;
}

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"};

/* By the first route that its path begins like; one that is written with %xx is none. */
static bool is_write(const char *method, struct nx_str target)
{
    for (const struct nx_route *route = nx_routes; route->method != NULL; route++) {
        const char *literal = route->path + 1;
        struct nx_str start = {literal, strcspn(literal, "{")};
        if (g_str_equal(route->method, method) && nx_str_istarts(target, start))
            return route->role != NX_ROLE_READ && route->role != NX_ROLE_ANYONE;
    }
    return false;
}

static GString *request_of(const char *method, struct nx_str target, struct nx_str key, struct nx_str body)
{
    GString *request = g_string_new(method);
    g_string_append(request, " /");
    for (size_t i = 0; i < target.n; i++) /* one request, whatever it asks */
        g_string_append_c(request, (unsigned char)target.p[i] <= ' ' ? '+' : target.p[i]);
    g_string_append(request, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    if (key.n > 0)
        g_string_append(request, "Idempotency-Key: ");
    for (size_t i = 0; i < key.n; i++)
        g_string_append_c(request, strchr("\r\n", key.p[i]) != NULL ? ' ' : key.p[i]);
    g_string_append_printf(request, "%sContent-Length: %zu\r\n\r\n", key.n > 0 ? "\r\n" : "", body.n);
    return g_string_append_len(request, body.n > 0 ? body.p : "", (gssize)body.n);
}

static unsigned check(const GString *answer, bool head, struct nx_str *ret_body)
{
    const char *blank = g_strstr_len(answer->str, (gssize)answer->len, "\r\n\r\n");
    *ret_body = NX_STR_NONE;
    if (answer->len == 0)
        return 0; /* no HTTP: it hung up */
    assert(blank != NULL && g_str_has_prefix(answer->str, "HTTP/1.1 "));
    unsigned status = (unsigned)g_ascii_strtoull(answer->str + 9, NULL, 10);
    *ret_body = (struct nx_str){blank + 4, answer->len - (size_t)(blank + 4 - answer->str)};
    if (status == 500 || status < 200 || status > 503)
        fprintf(stderr, "%s\n", answer->str);
    assert(status != 500 && status >= 200 && status <= 503);
    if (status >= 400 && !head && strstr(answer->str, "application/problem+json") != NULL) {
        json_t *problem = json_loadb(ret_body->p, ret_body->n, JSON_REJECT_DUPLICATES, NULL);
        assert(json_integer_value(json_object_get(problem, "status")) == (json_int_t)status);
        json_decref(problem);
    }
    return status;
}

static unsigned ask(const char *method, struct nx_str target, struct nx_str key, struct nx_str body, GString **ret_said)
{
    g_autoptr(GString) request = request_of(method, target, key, body);
    g_autoptr(GString) answer = talk(request);
    struct nx_str said;
    unsigned status = check(answer, g_str_equal(method, "HEAD"), &said);
    *ret_said = g_string_new_len(said.n > 0 ? said.p : "", (gssize)said.n);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned long runs;
    const struct nx_str bytes = {(const char *)data, size};
    if (here.server == NULL)
        begin();
    if (size > 8192 || size == 0)
        return 0;
    struct nx_str rest = nx_str_from(bytes, 1), target = nx_str_sub(rest, 0, nx_str_chr(rest, '\n'));
    rest = nx_str_from(rest, MIN(target.n + 1, rest.n));
    struct nx_str key = nx_str_sub(rest, 0, nx_str_chr(rest, '\n')), body = nx_str_from(rest, MIN(key.n + 1, rest.n));
    const char *method = methods[(data[0] - '0') % G_N_ELEMENTS(methods)];
    /* a key of this run alone: what an earlier input did under it is no matter */
    g_autofree char *own = g_strdup_printf("%lu-%.*s", runs++, NX_FMT(nx_str_sub(key, 0, nx_str_chr(key, '\0'))));
    key = key.n > 0 ? nx_str_of(own) : NX_STR_NONE;
    g_autoptr(GString) first = NULL, again = NULL, other = NULL;
    unsigned status = ask(method, target, key, body, &first);
    if (key.n == 0 || status < 200 || status >= 300 || !is_write(method, target))
        return 0;
    unsigned second = ask(method, target, key, body, &again);
    bool kept = second == status && g_string_equal(first, again);
    if (!kept)
        fprintf(stderr, "%s: %u %s\nand again: %u %s\n", method, status, first->str, second, again->str);
    assert(kept);
    g_autofree char *more = g_strdup_printf("%.*s%cz", NX_FMT(target), nx_str_chr(target, '?') < target.n ? '&' : '?');
    assert(ask(method, nx_str_of(more), key, body, &other) >= 400);
    return 0;
}
