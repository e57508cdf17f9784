/* SPDX-License-Identifier: Apache-2.0 */
/* Postfix: "QID: to=<...>, relay=..., dsn=5.1.1, status=bounced (host ... said: ...)" of its delivery agents; message-id of
 * cleanup, sender and expiry of qmgr. */
#include "parse/log/inner.h"

#include "base/ascii.h"

static struct nx_str relay_host(struct nx_str relay)
{
    struct nx_str host = nx_str_sub(relay, 0, nx_str_chr(relay, '['));
    return nx_str_eq(host, NX_STR("none")) || nx_str_eq(host, NX_STR("local")) || nx_str_eq(host, NX_STR("virtual")) ? NX_STR_NONE
                                                                                                                     : host;
}

static void deliver(struct nx_log_reading *reading, struct nx_log_message *message, struct nx_str rest)
{
    size_t at = nx_str_find(rest, NX_STR(" status="));
    if (at == rest.n)
        return;
    struct nx_str tail = nx_str_from(rest, at + 8), head = nx_str_sub(rest, 0, at);
    size_t open = nx_str_chr(tail, '(');
    struct nx_str word = nx_str_trim(nx_str_sub(tail, 0, open)), text = nx_str_from(tail, open + 1);
    if (text.n == 0 || text.p[text.n - 1] != ')') /* cut in the middle: the last word is what must not be guessed */
        return;
    text.n--;
    static const struct {
        const char *word;
        enum nx_kind kind;
    } words[] = {
        {"bounced", NX_KIND_FAILED}, {"deferred", NX_KIND_DELAYED}, {"sent", NX_KIND_DELIVERED}, {"expired", NX_KIND_FAILED}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!nx_str_eq(word, nx_str_of(words[i].word)))
            continue;
        struct nx_str recipient = nx_log_value(head, "to="), status = nx_log_value(head, "dsn=");
        struct nx_report *report = nx_log_report(reading, message, words[i].kind, recipient, status, text);
        if (report != NULL) {
            struct nx_str original = nx_log_value(head, "orig_to="), host = relay_host(nx_log_value(head, "relay="));
            if (original.n > 0 && !nx_str_ieq(original, recipient))
                report->original_recipient = original;
            if (host.n > 0)
                report->remote_mta = host;
        }
        if (words[i].kind == NX_KIND_DELAYED)
            nx_log_defer(message, recipient, text, status);
        else
            nx_log_settle(message, recipient);
    }
}

void nx_log_postfix(struct nx_log_reading *reading)
{
    if (!nx_log_syslog(reading))
        return;
    size_t colon = nx_str_find(reading->rest, NX_STR(": "));
    struct nx_str id = nx_str_sub(reading->rest, 0, colon), rest = nx_str_from(reading->rest, colon + 2);
    for (size_t i = 0; i < id.n; i++)
        if (!nx_is_alnum((unsigned char)id.p[i]))
            return; /* "warning: ...", "NOQUEUE: reject" is another's mail */
    if (nx_str_eq(id, NX_STR("NOQUEUE")) || rest.n == 0)
        return;
    if (nx_str_istarts(rest, NX_STR("message-id="))) {
        struct nx_log_message *message = nx_log_message(reading->log, id);
        if (message != NULL)
            nx_log_set(&message->message_id, nx_log_value(rest, "message-id="));
    } else if (nx_str_istarts(rest, NX_STR("from=<"))) {
        struct nx_log_message *message = nx_log_message(reading->log, id);
        if (message == NULL)
            return;
        nx_log_set(&message->from, nx_log_value(rest, "from="));
        if (nx_str_find(rest, NX_STR("status=expired")) < rest.n || nx_str_find(rest, NX_STR("status=force-expired")) < rest.n)
            nx_log_expire(reading, message);
    } else if (nx_str_istarts(rest, NX_STR("to=<"))) {
        deliver(reading, nx_log_message(reading->log, id), rest);
    } else if (nx_str_istarts(rest, NX_STR("removed"))) {
        nx_log_forget(reading->log, id);
    }
}
