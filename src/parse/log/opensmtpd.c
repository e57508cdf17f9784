/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSMTPD: "SESSION mta delivery evpid=EVPID from=<...> to=<...> ... result="PermFail" stat="550 ..."" since 6.0 ("mda delivery",
 * unquoted, of local ones), "relay: PermFail for EVPID: ..., to=<...>, ..., stat=550 ..." before, and in all of them
 * "relay: Expire for EVPID: ... stat=Envelope expired", whose reason stood in the last deferral. */
#include "parse/log/inner.h"

/* The envelope's id: "evpid=..." or "PermFail for ...: ". */
static struct nx_str envelope(struct nx_str rest)
{
    struct nx_str id = nx_log_value(rest, "evpid=");
    if (id.n > 0)
        return nx_str_sub(id, 0, nx_str_chr(id, ' '));
    id = nx_str_from(rest, nx_str_find(rest, NX_STR(" for ")) + 5);
    return nx_str_sub(id, 0, nx_str_chr(id, ':'));
}

void nx_log_opensmtpd(struct nx_log_reading *reading)
{
    if (!nx_log_syslog(reading))
        return;
    struct nx_str rest = reading->rest;
    static const struct {
        const char *word;
        enum nx_kind kind;
    } words[] = {{"PermFail", NX_KIND_FAILED},
                 {"TempFail", NX_KIND_DELAYED},
                 {"Ok", NX_KIND_DELIVERED},
                 {"Loop", NX_KIND_FAILED},
                 {"Expire", NX_KIND_FAILED}};
    struct nx_str result = nx_log_value(rest, "result=");
    result = nx_str_sub(result, 0, nx_str_chr(result, ' '));
    size_t old = nx_str_find(rest, NX_STR(": "));
    if (result.n == 0) {
        struct nx_str what = nx_str_sub(rest, 0, old);
        if (!nx_str_eq(what, NX_STR("relay")) && !nx_str_eq(what, NX_STR("delivery")))
            return;
        struct nx_str after = nx_str_from(rest, old + 2);
        result = nx_str_sub(after, 0, nx_str_chr(after, ' '));
    }
    size_t stat = nx_str_find(rest, NX_STR("stat="));
    struct nx_str text = nx_str_from(rest, stat + 5);
    if (stat == rest.n)
        return;
    if (text.n > 0 && text.p[0] == '"') { /* quoted: a line without its closing quote was cut */
        if (text.n < 2 || text.p[text.n - 1] != '"')
            return;
        text = nx_str_sub(text, 1, text.n - 1);
    }
    struct nx_str to = nx_log_value(rest, "to="), original = nx_log_value(rest, "rcpt="), relay = nx_log_value(rest, "relay=");
    struct nx_str id = envelope(rest), status = NX_STR_NONE;
    struct nx_log_message *message = nx_log_message(reading->log, id);
    if (message == NULL)
        return;
    nx_log_set(&message->from, nx_log_value(rest, "from="));
    if (nx_str_eq(result, NX_STR("TempFail"))) {
        nx_log_defer(message, to, text, NX_STR_NONE);
    } else if (nx_str_eq(result, NX_STR("Expire")) && message->pending != NULL) {
        text = nx_log_expired(reading, g_ptr_array_index(message->pending, 0), &status);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!nx_str_eq(result, nx_str_of(words[i].word)))
            continue;
        struct nx_report *report = nx_log_report(reading, message, words[i].kind, to, status, text);
        if (report == NULL)
            continue;
        size_t open = nx_str_chr(relay, '(');
        if (open < relay.n)
            report->remote_mta = nx_str_sub(relay, open + 1, nx_str_chr(relay, ')'));
        if (original.n > 1 && !nx_str_ieq(original, to))
            report->original_recipient = original;
    }
    if (!nx_str_eq(result, NX_STR("TempFail")))
        nx_log_forget(reading->log, id);
}
