/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/lmtp_session.h"

#include "base/ascii.h"

#define LINE_MAX_BYTES 2048u /* of a command, with its end */
#define FAULTS_MAX 50u

enum state { COMMAND, DATA, CHUNK };
/* Where in CRLF "." CRLF the end of DATA is. */
enum tail { TAIL_NONE, TAIL_CR, TAIL_LINE, TAIL_DOT, TAIL_DOT_CR };

struct nx_lmtp_session {
    const struct nx_lmtp_options *options;
    enum state state;
    GString *line;  /* of a command, so far */
    bool long_line; /* the rest is swallowed */
    bool greeted, mail;
    bool closing;
    unsigned faults;
    char *sender, *envelope_id;
    GPtrArray *recipients;
    GByteArray *message;
    unsigned long long size;
    enum tail tail;
    unsigned long long chunk; /* bytes of this BDAT to come */
    bool last_chunk, chunk_refused, chunked;
};

static void reset(struct nx_lmtp_session *session)
{
    g_clear_pointer(&session->sender, g_free);
    g_clear_pointer(&session->envelope_id, g_free);
    g_ptr_array_set_size(session->recipients, 0);
    if (session->message->len > 1u << 20) { /* give a large one's memory back */
        g_byte_array_unref(session->message);
        session->message = g_byte_array_new();
    }
    g_byte_array_set_size(session->message, 0);
    session->size = 0;
    session->mail = session->chunked = false;
    session->state = COMMAND;
}

struct nx_lmtp_session *nx_lmtp_session_new(const struct nx_lmtp_options *options, GString *out)
{
    struct nx_lmtp_session *session = g_new0(struct nx_lmtp_session, 1);
    session->options = options;
    session->line = g_string_new(NULL);
    session->recipients = g_ptr_array_new_with_free_func(g_free);
    session->message = g_byte_array_new();
    g_string_append_printf(out, "220 %s Nixie LMTP ready\r\n", options->hostname);
    return session;
}

void nx_lmtp_session_free(struct nx_lmtp_session *session)
{
    reset(session);
    g_string_free(session->line, TRUE);
    g_ptr_array_unref(session->recipients);
    g_byte_array_unref(session->message);
    g_free(session);
}

bool nx_lmtp_session_is_busy(const struct nx_lmtp_session *session)
{
    return session->mail || session->state != COMMAND;
}

static void refuse(struct nx_lmtp_session *session, GString *out, const char *reply)
{
    g_string_append(out, reply);
    if (++session->faults < FAULTS_MAX)
        return;
    g_string_append_printf(out, "421 4.7.0 %s too many faults, closing\r\n", session->options->hostname);
    session->closing = true;
}

static void keep_bytes(struct nx_lmtp_session *session, const char *p, size_t n)
{
    size_t room = session->options->message - session->message->len;
    session->size += n;
    g_byte_array_append(session->message, (const guint8 *)p, (guint)MIN(n, room));
}

/* The whole message is there: one reply for each recipient, after it was kept. */
static void finish(struct nx_lmtp_session *session, GString *out)
{
    static const char *const replies[] = {
        [NX_LMTP_KEPT] = "250 2.0.0 kept",
        [NX_LMTP_BUSY] = "451 4.3.0 not kept, try again",
        [NX_LMTP_FULL] = "452 4.3.1 no room to keep it, try again",
    };
    const struct nx_lmtp_message message = {.sender = nx_str_of(session->sender),
                                            .recipients = (const char *const *)session->recipients->pdata,
                                            .n = session->recipients->len,
                                            .envelope_id = session->envelope_id,
                                            .bytes = {(const char *)session->message->data, session->message->len},
                                            .size = session->size};
    enum nx_lmtp_verdict verdict = session->options->keep(session->options->data, &message);
    for (guint i = 0; i < session->recipients->len; i++)
        g_string_append_printf(out, "%s\r\n", replies[verdict]);
    reset(session);
}

/* "<path> params": the address without source route, and the parameters; false where it is no path. */
static bool read_path(struct nx_str text, struct nx_str *ret_address, struct nx_str *ret_parameters)
{
    text = nx_str_trim(text);
    if (text.n < 2 || text.p[0] != '<')
        return false;
    bool quoted = false;
    size_t end = 1;
    while (end < text.n && (quoted || text.p[end] != '>')) {
        if (text.p[end] == '\\')
            end++;
        else if (text.p[end] == '"')
            quoted = !quoted;
        end++;
    }
    if (end >= text.n)
        return false;
    struct nx_str address = nx_str_sub(text, 1, end);
    if (address.n > 0 && address.p[0] == '@') /* a source route goes up to its colon */
        address = nx_str_from(address, MIN(nx_str_chr(address, ':') + 1, address.n));
    *ret_address = address;
    *ret_parameters = nx_str_trim(nx_str_from(text, end + 1));
    return true;
}

/* The value of "NAME=value" among the parameters, or nothing. */
static struct nx_str parameter(struct nx_str parameters, const char *name)
{
    size_t n = strlen(name);
    while (parameters.n > 0) {
        size_t blank = nx_str_chr(parameters, ' ');
        struct nx_str word = nx_str_sub(parameters, 0, blank);
        if (word.n > n && word.p[n] == '=' && nx_str_istarts(word, nx_str_of(name)))
            return nx_str_from(word, n + 1);
        parameters = nx_str_trim(nx_str_from(parameters, blank));
    }
    return NX_STR_NONE;
}

static int hex(char c)
{
    return g_ascii_xdigit_value(c);
}

/* xtext (RFC 3461 4) to text. */
static char *decode_xtext(struct nx_str text)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < text.n; i++) {
        int value = text.p[i] == '+' && i + 2 < text.n && hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0
                        ? hex(text.p[i + 1]) * 16 + hex(text.p[i + 2])
                        : -1;
        if (value > 0)
            i += 2;
        g_string_append_c(out, value > 0 ? (char)value : text.p[i]);
    }
    return g_string_free(out, FALSE);
}

static void on_lhlo(struct nx_lmtp_session *session, struct nx_str argument, GString *out)
{
    if (argument.n == 0) {
        refuse(session, out, "501 5.5.4 LHLO wants a name\r\n");
        return;
    }
    reset(session);
    session->greeted = true;
    g_string_append_printf(out,
                           "250-%s\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-"
                           "CHUNKING\r\n250 SIZE\r\n",
                           session->options->hostname);
}

static void on_mail(struct nx_lmtp_session *session, struct nx_str argument, GString *out)
{
    struct nx_str address, parameters;
    if (!session->greeted)
        refuse(session, out, "503 5.5.1 say LHLO first\r\n");
    else if (session->mail)
        refuse(session, out, "503 5.5.1 there is a message already\r\n");
    else if (!nx_str_istarts(argument, NX_STR("FROM:")) || !read_path(nx_str_from(argument, 5), &address, &parameters))
        refuse(session, out, "501 5.5.4 it is MAIL FROM:<address>\r\n");
    else {
        struct nx_str envelope_id = parameter(parameters, "ENVID");
        session->mail = true;
        session->sender = g_strndup(address.p, address.n);
        session->envelope_id = envelope_id.n > 0 ? decode_xtext(envelope_id) : NULL;
        g_string_append(out, "250 2.1.0 ok\r\n");
    }
}

static bool is_ours(const struct nx_lmtp_options *options, struct nx_str address)
{
    if (options->domains == NULL || *options->domains == NULL)
        return true;
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    for (char *const *domain = options->domains; *domain != NULL; domain++)
        if (at > 0 && nx_str_ieq(nx_str_from(address, at), nx_str_of(*domain)))
            return true;
    return false;
}

static void on_rcpt(struct nx_lmtp_session *session, struct nx_str argument, GString *out)
{
    struct nx_str address, parameters;
    if (!session->mail)
        refuse(session, out, "503 5.5.1 say MAIL first\r\n");
    else if (!nx_str_istarts(argument, NX_STR("TO:")) || !read_path(nx_str_from(argument, 3), &address, &parameters) ||
             address.n == 0)
        refuse(session, out, "501 5.5.4 it is RCPT TO:<address>\r\n");
    else if (session->recipients->len >= session->options->recipients)
        g_string_append(out, "452 4.5.3 too many recipients for one message\r\n");
    else if (!is_ours(session->options, address))
        g_string_append(out, "550 5.1.1 this domain is not served here\r\n");
    else {
        struct nx_str original = parameter(parameters, "ORCPT");
        size_t type = nx_str_chr(original, ';');
        g_ptr_array_add(session->recipients,
                        type + 1 < original.n ? decode_xtext(nx_str_from(original, type + 1)) : g_strndup(address.p, address.n));
        g_string_append(out, "250 2.1.5 ok\r\n");
    }
}

static void on_data(struct nx_lmtp_session *session, GString *out)
{
    if (session->chunked) {
        refuse(session, out, "503 5.5.1 no DATA after BDAT\r\n");
    } else if (session->recipients->len == 0) {
        refuse(session, out, "503 5.5.1 no valid recipients\r\n");
    } else {
        session->state = DATA;
        session->tail = TAIL_LINE;
        g_string_append(out, "354 end it with <CRLF>.<CRLF>\r\n");
    }
}

/* A chunk that is refused is read all the same: its bytes follow in any case (RFC 3030 2). */
static void on_bdat(struct nx_lmtp_session *session, struct nx_str argument, GString *out)
{
    size_t blank = nx_str_chr(argument, ' ');
    struct nx_str flag = nx_str_trim(nx_str_from(argument, blank));
    unsigned long long n;
    if (!nx_str_to_u64(nx_str_sub(argument, 0, blank), &n) || (flag.n > 0 && !nx_str_ieq(flag, NX_STR("LAST")))) {
        refuse(session, out, "501 5.5.4 it is BDAT size [LAST]\r\n");
        session->closing = true; /* where the next command starts cannot be known */
        return;
    }
    session->state = CHUNK;
    session->chunk = n;
    session->last_chunk = flag.n > 0;
    session->chunk_refused = session->recipients->len == 0;
    session->chunked = true;
}

static void end_chunk(struct nx_lmtp_session *session, GString *out)
{
    session->state = COMMAND;
    if (session->chunk_refused) {
        refuse(session, out, "503 5.5.1 no valid recipients\r\n");
        if (session->last_chunk)
            reset(session);
    } else if (session->last_chunk) {
        finish(session, out);
    } else {
        g_string_append(out, "250 2.0.0 ok\r\n");
    }
}

static void command(struct nx_lmtp_session *session, struct nx_str line, GString *out)
{
    line = nx_str_trim(line);
    size_t blank = nx_str_chr(line, ' ');
    struct nx_str verb = nx_str_sub(line, 0, blank), argument = nx_str_trim(nx_str_from(line, blank));
    if (nx_str_ieq(verb, NX_STR("LHLO"))) {
        on_lhlo(session, argument, out);
    } else if (nx_str_ieq(verb, NX_STR("MAIL"))) {
        on_mail(session, argument, out);
    } else if (nx_str_ieq(verb, NX_STR("RCPT"))) {
        on_rcpt(session, argument, out);
    } else if (nx_str_ieq(verb, NX_STR("DATA"))) {
        on_data(session, out);
    } else if (nx_str_ieq(verb, NX_STR("BDAT"))) {
        on_bdat(session, argument, out);
    } else if (nx_str_ieq(verb, NX_STR("RSET"))) {
        reset(session);
        g_string_append(out, "250 2.0.0 ok\r\n");
    } else if (nx_str_ieq(verb, NX_STR("NOOP"))) {
        g_string_append(out, "250 2.0.0 ok\r\n");
    } else if (nx_str_ieq(verb, NX_STR("VRFY"))) {
        g_string_append(out, "252 2.5.2 send it and see\r\n");
    } else if (nx_str_ieq(verb, NX_STR("QUIT"))) {
        g_string_append_printf(out, "221 2.0.0 %s bye\r\n", session->options->hostname);
        session->closing = true;
    } else if (nx_str_ieq(verb, NX_STR("HELO")) || nx_str_ieq(verb, NX_STR("EHLO"))) {
        refuse(session, out, "500 5.5.1 this is LMTP, say LHLO\r\n");
    } else {
        refuse(session, out, "500 5.5.2 there is no such command\r\n");
    }
}

/* Up to and with the end of a command line; returns how many bytes it took. */
static size_t take_line(struct nx_lmtp_session *session, const char *bytes, size_t n, GString *out)
{
    const char *end = memchr(bytes, '\n', n);
    size_t take = end == NULL ? n : (size_t)(end - bytes) + 1;
    if (session->line->len + take > LINE_MAX_BYTES)
        session->long_line = true;
    else
        g_string_append_len(session->line, bytes, (gssize)take);
    if (end == NULL)
        return take;
    if (session->long_line)
        refuse(session, out, "500 5.5.6 the line is too long\r\n");
    else
        command(session, (struct nx_str){session->line->str, session->line->len}, out);
    session->long_line = false;
    g_string_truncate(session->line, 0);
    return take;
}

/* DATA: undoes dot-stuffing; returns how many bytes it took, up to and with the end. */
static size_t take_data(struct nx_lmtp_session *session, const char *bytes, size_t n, GString *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        switch (session->tail) {
        case TAIL_DOT_CR:
            if (c == '\n') {
                finish(session, out);
                return i + 1;
            }
            keep_bytes(session, "\r", 1); /* ".\rx": the stuffed dot is gone, the rest stands */
            session->tail = TAIL_NONE;
            break;
        case TAIL_DOT:
            session->tail = c == '\r' ? TAIL_DOT_CR : TAIL_NONE;
            if (c == '\r')
                continue;
            break;
        case TAIL_LINE:
            session->tail = TAIL_NONE;
            if (c == '.') {
                session->tail = TAIL_DOT;
                continue;
            }
            break;
        case TAIL_CR:
        case TAIL_NONE:
            break;
        }
        if (session->tail == TAIL_NONE && c != '\r') { /* a run of plain bytes at once */
            const char *cr = memchr(bytes + i, '\r', n - i);
            size_t run = cr == NULL ? n - i : (size_t)(cr - (bytes + i));
            keep_bytes(session, bytes + i, run);
            i += run - 1;
            continue;
        }
        session->tail = c == '\r' ? TAIL_CR : session->tail == TAIL_CR && c == '\n' ? TAIL_LINE : TAIL_NONE;
        keep_bytes(session, &c, 1);
    }
    return n;
}

static size_t take_chunk(struct nx_lmtp_session *session, const char *bytes, size_t n, GString *out)
{
    size_t take = (size_t)MIN(session->chunk, n);
    if (!session->chunk_refused)
        keep_bytes(session, bytes, take);
    session->chunk -= take;
    if (session->chunk == 0)
        end_chunk(session, out);
    return take;
}

bool nx_lmtp_session_feed(struct nx_lmtp_session *session, const char *bytes, size_t n, GString *out)
{
    while (n > 0 && !session->closing) {
        size_t took = session->state == COMMAND ? take_line(session, bytes, n, out)
                      : session->state == DATA  ? take_data(session, bytes, n, out)
                                                : take_chunk(session, bytes, n, out);
        bytes += took;
        n -= took;
        if (session->state == CHUNK && session->chunk == 0) /* BDAT 0 LAST */
            end_chunk(session, out);
    }
    return !session->closing;
}
