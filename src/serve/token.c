/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/token.h"

#include "base/ascii.h"
#include "base/error.h"
#include "decide/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES 32u

struct nx_tokens {
    GArray *list;        /* struct nx_token */
    GHashTable *digests; /* to index + 1 */
};

static const char *const role_names[] = {"anyone", "ingest", "read", "write", "admin"};

const char *nx_role_name(enum nx_role role)
{
    return role_names[role];
}

static void clear(gpointer data)
{
    struct nx_token *token = data;
    g_free(token->name);
    g_free(token->stream);
}

static bool read_roles(const char *text, unsigned *ret)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    unsigned roles = 0;
    for (char **name = names; *name != NULL; name++) {
        size_t i = 1;
        while (i < G_N_ELEMENTS(role_names) && strcmp(role_names[i], *name) != 0)
            i++;
        if (i == G_N_ELEMENTS(role_names))
            return false;
        roles |= 1u << i;
    }
    *ret = roles;
    return roles != 0;
}

static bool is_digest(const char *text)
{
    size_t n = 0;
    while (nx_is_xdigit((unsigned char)text[n]))
        n++;
    return n == 64 && text[n] == '\0';
}

/* Tokens are called as streams are: a name stands in a line of words and in the history. */
static bool is_name(const char *text)
{
    return nx_stream_is_name(nx_str_of(text));
}

/* NULL when the line is well. */
static const char *read_line(struct nx_tokens *tokens, char *line)
{
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(line), " \t", -1);
    guint n = g_strv_length(words);
    struct nx_token token = {0};
    if (n < 3 || n > 4)
        return "is to be: name roles digest [stream]";
    if (!is_name(words[0]))
        return "the name is to be letters, digits and ._-@";
    if (!read_roles(words[1], &token.roles))
        return "roles are ingest, read, write and admin, parted by commas";
    if (n > 3 && !is_name(words[3]))
        return "the stream is to be letters, digits and ._-@";
    if (!is_digest(words[2]))
        return "the digest is to be 64 hex digits";
    memcpy(token.digest, words[2], sizeof token.digest);
    token.name = g_strdup(words[0]);
    token.stream = g_strdup(n > 3 ? words[3] : "");
    g_array_append_val(tokens->list, token);
    return NULL;
}

struct nx_tokens *nx_tokens_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cannot = NULL;
    g_autoptr(nx_tokens) tokens = g_new0(struct nx_tokens, 1);
    tokens->list = g_array_new(FALSE, TRUE, sizeof(struct nx_token));
    g_array_set_clear_func(tokens->list, clear);
    tokens->digests = g_hash_table_new(g_str_hash, g_str_equal);
    if (!g_file_get_contents(path, &text, NULL, &cannot) && !g_error_matches(cannot, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: the tokens cannot be read: %s (check its rights)", path, cannot->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text == NULL ? "" : text, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        const char *wrong = *g_strstrip(lines[i]) == '\0' || *lines[i] == '#' ? NULL : read_line(tokens, lines[i]);
        if (wrong != NULL) {
            g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX, "%s:%u: %s", path, i + 1, wrong);
            return NULL;
        }
    }
    for (guint i = 0; i < tokens->list->len; i++)
        g_hash_table_insert(tokens->digests, g_array_index(tokens->list, struct nx_token, i).digest, GUINT_TO_POINTER(i + 1));
    return g_steal_pointer(&tokens);
}

void nx_tokens_free(struct nx_tokens *tokens)
{
    g_clear_pointer(&tokens->digests, g_hash_table_unref);
    g_clear_pointer(&tokens->list, g_array_unref);
    g_free(tokens);
}

const struct nx_token *nx_tokens_list(const struct nx_tokens *tokens, guint *ret_n)
{
    *ret_n = tokens->list->len;
    return (const struct nx_token *)(const void *)tokens->list->data;
}

const struct nx_token *nx_tokens_find(const struct nx_tokens *tokens, struct nx_str presented)
{
    if (presented.n == 0)
        return NULL;
    /* Looked up by digest, so that the time taken tells nothing about the tokens there are. */
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)presented.p, presented.n);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(tokens->digests, digest));
    return index == 0 ? NULL : &g_array_index(tokens->list, struct nx_token, index - 1);
}

bool nx_token_may(const struct nx_token *token, enum nx_role role)
{
    unsigned roles = token->roles;
    if (roles & 1u << NX_ROLE_ADMIN)
        return true;
    if (roles & 1u << NX_ROLE_WRITE)
        roles |= 1u << NX_ROLE_READ;
    return role == NX_ROLE_ANYONE || (roles & 1u << role) != 0;
}

/* ---- writing */

static gboolean write_list(const char *path, const struct nx_tokens *tokens, GError **error)
{
    GString *text = g_string_new("# Nixie's tokens: name roles digest [stream]. Written by `nixie token`.\n");
    for (guint i = 0; i < tokens->list->len; i++) {
        const struct nx_token *token = &g_array_index(tokens->list, struct nx_token, i);
        g_string_append_printf(text, "%s ", token->name);
        const char *comma = "";
        for (size_t role = 1; role < G_N_ELEMENTS(role_names); role++)
            if (token->roles & 1u << role) {
                g_string_append_printf(text, "%s%s", comma, role_names[role]);
                comma = ",";
            }
        g_string_append_printf(text, " %s%s%s\n", token->digest, *token->stream != '\0' ? " " : "", token->stream);
    }
    g_autoptr(GError) cannot = NULL;
    struct stat before; /* the daemon's user is to be able to read it, whoever runs the command */
    bool was_there = stat(path, &before) == 0;
    bool written = g_file_set_contents_full(path, text->str, (gssize)text->len,
                                            G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &cannot) &&
                   (!was_there || geteuid() != 0 || chown(path, before.st_uid, before.st_gid) == 0);
    g_string_free(text, TRUE);
    if (!written)
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the directory's rights)", path,
                    cannot == NULL ? g_strerror(errno) : cannot->message);
    return written;
}

static bool named(const struct nx_tokens *tokens, const char *name, guint *ret_index)
{
    for (guint i = 0; i < tokens->list->len; i++)
        if (strcmp(g_array_index(tokens->list, struct nx_token, i).name, name) == 0) {
            *ret_index = i;
            return true;
        }
    return false;
}

/* One writer at a time; the lock ends with the descriptor. */
static int lock(const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path), *beside = g_strconcat(path, ".lock", NULL);
    int fd = g_mkdir_with_parents(directory, 0700) == 0 ? open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the directory's rights)", beside, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean add(const char *path, struct nx_token *token, GError **error)
{
    g_autoptr(nx_tokens) tokens = nx_tokens_load(path, error);
    guint index;
    if (tokens == NULL)
        return FALSE;
    if (named(tokens, token->name, &index)) {
        g_set_error(error, NX_ERROR, NX_ERROR_EXISTS, "%s: there is such a token already (revoke it first, or choose another name)",
                    token->name);
        return FALSE;
    }
    struct nx_token copy = *token;
    copy.name = g_strdup(token->name);
    copy.stream = g_strdup(token->stream);
    g_array_append_val(tokens->list, copy);
    return write_list(path, tokens, error);
}

gboolean nx_tokens_create(const char *path, const char *name, const char *roles, const char *stream, char **ret_token,
                          GError **error)
{
    guchar secret[SECRET_BYTES];
    struct nx_token token = {.name = (char *)(uintptr_t)name, .stream = (char *)(uintptr_t)(stream == NULL ? "" : stream)};
    if (!is_name(name) || (*token.stream != '\0' && !is_name(token.stream))) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "a token's name and stream are letters, digits and ._-@");
        return FALSE;
    }
    if (!read_roles(roles, &token.roles)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%s': roles are ingest, read, write and admin, parted by commas", roles);
        return FALSE;
    }
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "no random bytes: %s", g_strerror(errno));
        return FALSE;
    }
    g_autofree char *base64 = g_base64_encode(secret, sizeof secret);
    g_strdelimit(base64, "+", '-');
    g_strdelimit(base64, "/", '_');
    g_autofree char *made = g_strdup_printf("nx_%.43s", base64);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, made, -1);
    g_strlcpy(token.digest, digest, sizeof token.digest);
    int held = lock(path, error);
    if (held < 0)
        return FALSE;
    gboolean added = add(path, &token, error);
    close(held);
    if (added)
        *ret_token = g_steal_pointer(&made);
    return added;
}

gboolean nx_tokens_revoke(const char *path, const char *name, GError **error)
{
    int held = lock(path, error);
    if (held < 0)
        return FALSE;
    g_autoptr(nx_tokens) tokens = nx_tokens_load(path, error);
    guint index;
    gboolean done = FALSE;
    if (tokens != NULL && !named(tokens, name, &index)) {
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%s: there is no such token (see `nixie token list`)", name);
    } else if (tokens != NULL) {
        g_array_remove_index(tokens->list, index);
        done = write_list(path, tokens, error);
    }
    close(held);
    return done;
}
