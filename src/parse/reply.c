/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/reply.h"

#include "base/ascii.h"
#include "base/buf.h"

/* Bytes of the blank, line end or control character (C0, DEL, C1 in UTF-8) at i, or 0. */
static size_t gap_at(struct nx_str text, size_t i)
{
    unsigned char c = (unsigned char)text.p[i], next = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0;
    if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
        return 2;
    return c <= ' ' || c == 0x7f;
}

struct nx_str nx_one_line(struct nx_arena *arena, struct nx_str text, size_t cap)
{
    text = nx_str_trim(text);
    bool clean = text.n <= cap;
    for (size_t i = 0; clean && i < text.n; i++)
        clean = gap_at(text, i) == 0 || (text.p[i] == ' ' && text.p[i + 1] != ' ');
    if (clean)
        return text;
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0, gap; i < text.n; i += MAX(gap, 1u)) {
        gap = gap_at(text, i);
        if (gap == 0)
            out[n++] = text.p[i];
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (n > cap) {
        n = cap;
        while (n > 0 && ((unsigned char)out[n] & 0xc0) == 0x80) /* not inside a character */
            n--;
    }
    return nx_str_trim((struct nx_str){out, n});
}

size_t nx_status_length(struct nx_str text)
{
    size_t n = 0;
    if (text.n < 5 || (text.p[0] != '2' && text.p[0] != '4' && text.p[0] != '5') || text.p[1] != '.')
        return 0;
    n = 2;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        while (n < text.n && digits < 4 && nx_is_digit((unsigned char)text.p[n])) {
            n++;
            digits++;
        }
        if (digits == 0 || digits > 3)
            return 0;
        if (part == 0 && (n >= text.n || text.p[n++] != '.'))
            return 0;
    }
    if (n + 1 < text.n && text.p[n] == '.' && nx_is_digit((unsigned char)text.p[n + 1])) /* an IP address or a version */
        return 0;
    if (n < text.n && (nx_is_alnum((unsigned char)text.p[n]) || text.p[n] == '@'))
        return 0;
    return n;
}

/* Not in the middle of a word, a number or an address. */
static bool starts_token(struct nx_str text, size_t i)
{
    if (i == 0)
        return true;
    unsigned char before = (unsigned char)text.p[i - 1];
    return !nx_is_alnum(before) && before != '.' && before != '_' && before != '@' && before != '/' && before != '=' &&
           before != '$' && before < 0x80;
}

/* "550" with what may follow a reply code: blank, hyphen, end, enhanced code. */
static bool is_code(struct nx_str text, size_t i)
{
    if (i + 3 > text.n || (text.p[i] != '4' && text.p[i] != '5') || text.p[i + 1] < '0' || text.p[i + 1] > '9' ||
        !nx_is_digit((unsigned char)text.p[i + 2]) || !starts_token(text, i))
        return false;
    if (i + 3 == text.n)
        return true;
    char after = text.p[i + 3];
    return after == ' ' || after == '-' || after == '\n' || after == '\r' || after == ':' || after == ',' || after == ';' ||
           after == ')' || after == '"' || after == '\'' || after == ']' || after == '<' ||
           (after == '.' && (i + 4 == text.n || text.p[i + 4] == ' '));
}

/* How sure it is that these three digits are a reply code: 0 not at all. */
static int code_weight(struct nx_str text, size_t i)
{
    if (!is_code(text, i))
        return 0;
    struct nx_str after = nx_str_from(text, i + 4 < text.n ? i + 4 : text.n);
    struct nx_str before = nx_str_trim(nx_str_sub(text, 0, i));
    if (nx_status_length(after) > 0 || (after.n > 0 && after.p[0] == '#' && nx_status_length(nx_str_from(after, 1)) > 0))
        return 5;
    if (before.n == 0 || nx_str_iends(before, NX_STR("said:")) || nx_str_iends(before, NX_STR("<<<")) ||
        nx_str_iends(before, NX_STR("smtp;")) || nx_str_iends(before, NX_STR("response:")) ||
        nx_str_iends(before, NX_STR("reason:")) || nx_str_iends(before, NX_STR("error:")) || nx_str_iends(before, NX_STR("was:")) ||
        nx_str_iends(before, NX_STR("(state")) || nx_str_iends(before, NX_STR("returned:")))
        return 4;
    if (nx_str_iends(before, NX_STR("code")) || nx_str_iends(before, NX_STR("error")) || nx_str_iends(before, NX_STR("status")) ||
        nx_str_iends(before, NX_STR("code:")) || nx_str_iends(before, NX_STR("smtp error:")) || nx_str_iends(before, NX_STR("#")) ||
        before.p[before.n - 1] == ':' || before.p[before.n - 1] == '>')
        return 3;
    if (text.p[i + 3 < text.n ? i + 3 : i] == '-' && after.n > 0 && !nx_is_digit((unsigned char)after.p[0]))
        return 3;
    if (nx_str_iends(before, NX_STR("port")) || nx_str_iends(before, NX_STR("line")) || nx_str_iends(before, NX_STR("than")) ||
        nx_str_iends(before, NX_STR("of")) || nx_str_iends(before, NX_STR("tel")) || nx_str_iends(before, NX_STR("after")) ||
        nx_str_iends(before, NX_STR("every")) || nx_str_iends(before, NX_STR("for")))
        return 0;
    static const char *const units[] = {"bytes", "kb",     "mb", "messages", "recipients", "seconds",    "minutes", "hours",
                                        "days",  "octets", "k ", "m ",       "times",      "characters", "users",   "connections"};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (nx_str_istarts(after, nx_str_of(units[k])))
            return 0;
    return after.n > 0 && (nx_is_alpha((unsigned char)after.p[0]) || strchr("<\"'#[(", after.p[0]) != NULL ||
                           (unsigned char)after.p[0] >= 0x80)
               ? 2
               : 1;
}

static size_t find_code(struct nx_str text)
{
    size_t best = text.n;
    int weight = 0;
    for (size_t i = 0; i + 3 <= text.n; i++) {
        if (text.p[i] != '4' && text.p[i] != '5')
            continue;
        int w = code_weight(text, i);
        if (w > weight) {
            weight = w;
            best = i;
        }
    }
    return best;
}

static struct nx_str find_status(struct nx_str text, size_t code)
{
    if (code < text.n) { /* the one that goes with the reply */
        size_t i = code + 3;
        while (i < text.n && i < code + 6 && strchr(" -#'\"(", text.p[i]) != NULL && text.p[i] != 0) /* 550-'5.1.1 ...' */
            i++;
        size_t n = nx_status_length(nx_str_from(text, i));
        if (n > 0)
            return nx_str_sub(text, i, i + n);
    }
    struct nx_str vague = NX_STR_NONE;
    for (size_t i = 0; i + 5 <= text.n; i++) {
        if ((text.p[i] != '4' && text.p[i] != '5') || !starts_token(text, i))
            continue;
        size_t n = nx_status_length(nx_str_from(text, i));
        struct nx_str status = nx_str_sub(text, i, i + n);
        if (n == 0)
            continue;
        if (!nx_str_iends(status, NX_STR(".0.0")))
            return status;
        if (vague.n == 0)
            vague = status;
    }
    return vague;
}

enum nx_stage nx_stage_of(struct nx_str text)
{
    static const struct {
        const char *words;
        enum nx_stage stage;
    } stages[] = {
        {"rcpt to", NX_STAGE_RCPT},
        {"rcpt-to", NX_STAGE_RCPT},
        {"end of data", NX_STAGE_DATA},
        {"end-of-data", NX_STAGE_DATA},
        {"mail from", NX_STAGE_MAIL},
        {"bdat", NX_STAGE_DATA},
        {"starttls", NX_STAGE_HELO},
        {"sent_rcpt", NX_STAGE_RCPT},
        {"sent_mail", NX_STAGE_MAIL},
        {"sent_helo", NX_STAGE_HELO},
        {"sent_ehlo", NX_STAGE_HELO},
        {"sent_data", NX_STAGE_DATA},
        {"initial server greeting", NX_STAGE_CONNECT},
        {"initial connection", NX_STAGE_CONNECT},
        {"ehlo", NX_STAGE_HELO},
        {"helo", NX_STAGE_HELO},
        {"auth ", NX_STAGE_AUTH},
        {"data", NX_STAGE_DATA},
        {"rcpt", NX_STAGE_RCPT},
        {"mail", NX_STAGE_MAIL},
    };
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (nx_str_ihas(text, nx_str_of(stages[i].words)))
            return stages[i].stage;
    return NX_STAGE_NONE;
}

/* Where words name the command that was refused. */
static enum nx_stage find_stage(struct nx_str text)
{
    static const char *const marks[] = {"in reply to ",
                                        "in response to ",
                                        "after ",
                                        "during ",
                                        "while sending ",
                                        "command: ",
                                        ">>> ",
                                        "(state ",
                                        "error from remote mail server at ",
                                        "error from remote server for ",
                                        "rejected during "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct nx_str rest = text;
        struct nx_str mark = nx_str_of(marks[i]);
        for (;;) {
            size_t at = nx_str_ifind(rest, mark);
            if (at == rest.n)
                break;
            rest = nx_str_from(rest, at + mark.n);
            static const char *const commands[] = {"rcpt to",  "end of data", "end-of-data", "mail from", "bdat",
                                                   "starttls", "initial",     "ehlo",        "helo",      "lhlo",
                                                   "data",     "auth",        "rcpt",        "mail "};
            struct nx_str head = rest;
            if (nx_str_istarts(head, NX_STR("the ")))
                head = nx_str_from(head, 4);
            if (nx_str_istarts(head, NX_STR("pipelined ")))
                head = nx_str_from(head, 10);
            if (nx_str_istarts(head, NX_STR("sending ")))
                head = nx_str_from(head, 8);
            for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
                if (nx_str_istarts(head, nx_str_of(commands[k])))
                    return nx_stage_of(nx_str_sub(head, 0, 24));
            if (nx_str_istarts(head, NX_STR("message content")) || nx_str_istarts(head, NX_STR("data dot")))
                return NX_STAGE_DATA;
            if (nx_str_istarts(head, NX_STR("greeting")) || nx_str_istarts(head, NX_STR("connect")))
                return NX_STAGE_CONNECT;
        }
    }
    static const struct {
        const char *words;
        enum nx_stage stage;
    } sent[] = {{"(SENT_RCPT", NX_STAGE_RCPT}, {"(SENT_MAIL", NX_STAGE_MAIL}, {"(SENT_HELO", NX_STAGE_HELO},
                {"(SENT_EHLO", NX_STAGE_HELO}, {"(SENT_DATA", NX_STAGE_DATA}, {"(SENT_MESSAGE", NX_STAGE_DATA}};
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        if (nx_str_ihas(text, nx_str_of(sent[i].words)))
            return sent[i].stage;
    if (nx_str_istarts(text, NX_STR("connect to ")))
        return NX_STAGE_CONNECT;
    return NX_STAGE_NONE;
}

static bool is_host(struct nx_str text)
{
    bool dot = false;
    if (text.n < 4)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (!nx_is_alnum(c) && c != '-' && c != '.' && c != '_')
            return false;
        dot |= c == '.';
    }
    return dot;
}

static struct nx_str find_host(struct nx_str text)
{
    static const char *const marks[] = {"host ", "connect to ", "while talking to ", "remote server ", "server ", "relay ", "mx "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct nx_str rest = text, mark = nx_str_of(marks[i]);
        for (;;) {
            size_t at = nx_str_ifind(rest, mark);
            if (at == rest.n)
                break;
            bool bounded = starts_token(rest, at);
            rest = nx_str_from(rest, at + mark.n);
            size_t end = 0;
            while (end < rest.n && strchr(" \t[(:,;<>", rest.p[end]) == NULL)
                end++;
            struct nx_str host = nx_str_sub(rest, 0, end);
            while (host.n > 0 && host.p[host.n - 1] == '.')
                host.n--;
            if (bounded && is_host(host))
                return host;
        }
    }
    return NX_STR_NONE;
}

/* "450 4.1.1 unverified address: host mx.example.net said: 550 5.1.1 no such user": the answer to us is the first, and it is
 * not final. */
static bool deferred_by_quote(struct nx_str text, size_t quoted)
{
    size_t at = nx_str_istarts(text, NX_STR("smtp;")) ? 5 : 0;
    while (at < text.n && text.p[at] == ' ')
        at++;
    return is_code(text, at) && text.p[at] == '4' && is_code(text, quoted) && text.p[quoted] == '5';
}

/* From the words of the reporter to those of the server. */
static struct nx_str server_words(struct nx_str text)
{
    static const char *const before[] = {"said: ", "said ", "responded: ", "replied: ", "response was: ", "error was: "};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct nx_str mark = nx_str_of(before[i]);
        size_t at = nx_str_ifind(text, mark);
        if (at < text.n && at + mark.n + 3 <= text.n && (i == 0 || is_code(text, at + mark.n))) {
            if (deferred_by_quote(text, at + mark.n))
                break;
            text = nx_str_from(text, at + mark.n);
            break;
        }
    }
    static const char *const after[] = {"(in reply to ", " (in reply to "};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        size_t at = nx_str_ifind(text, nx_str_of(after[i]));
        if (at > 0 && at < text.n)
            text = nx_str_sub(text, 0, at);
    }
    return nx_str_trim(text);
}

/* "550-5.7.1 a 550-5.7.1 b 550 5.7.1 c": the prefix once. Only where the first is a continuation ("550-"). */
static struct nx_str join_lines(struct nx_arena *arena, struct nx_str words)
{
    size_t first = find_code(words);
    if (first + 4 > words.n || words.p[first + 3] != '-')
        return words;
    struct nx_str code = nx_str_sub(words, first, first + 3);
    size_t status = nx_status_length(nx_str_from(words, first + 4));
    struct nx_str enhanced = nx_str_sub(words, first + 4, first + 4 + status);
    struct nx_buf out;
    nx_buf_init(&out, arena, words.n);
    nx_buf_add(&out, nx_str_sub(words, 0, first + 3));
    nx_buf_addc(&out, ' ');
    size_t i = first + 4;
    while (i < words.n) {
        if (i + 4 <= words.n && starts_token(words, i) && nx_str_eq(nx_str_sub(words, i, i + 3), code) &&
            (words.p[i + 3] == '-' || words.p[i + 3] == ' ')) {
            i += 4;
            if (status > 0 && nx_str_eq(nx_str_sub(words, i, i + status), enhanced))
                i += status;
            while (i < words.n && words.p[i] == ' ')
                i++;
            continue;
        }
        nx_buf_addc(&out, words.p[i++]);
    }
    return nx_one_line(arena, nx_buf_str(&out), out.n);
}

/* "554 4.4.7 Message expired: ... <421 4.4.2 Connection timed out>": the deferral that was quoted last is what happened. */
static size_t last_deferral(struct nx_str words, size_t code)
{
    static const char *const given_up[] = {"expired", "unable to deliver in", "last transfail", "last error", "giving up"};
    size_t from = words.n;
    for (size_t i = 0; i < sizeof given_up / sizeof *given_up && from == words.n; i++)
        from = nx_str_ifind(words, nx_str_of(given_up[i]));
    for (size_t i = from; i + 3 <= words.n; i++)
        if (i != code && words.p[i] == '4' && code_weight(words, i) >= 2)
            return i;
    return code;
}

void nx_reply_read(struct nx_arena *arena, struct nx_str text, struct nx_reply *ret_reply)
{
    struct nx_str line = nx_one_line(arena, text, text.n);
    struct nx_str words = server_words(line);
    size_t code = last_deferral(words, find_code(words));
    *ret_reply = (struct nx_reply){.stage = find_stage(line), .host = find_host(line)};
    if (code < words.n)
        ret_reply->code = (unsigned)((words.p[code] - '0') * 100 + (words.p[code + 1] - '0') * 10 + (words.p[code + 2] - '0'));
    ret_reply->status = find_status(words, code);
    ret_reply->words = join_lines(arena, words);
}
