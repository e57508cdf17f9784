/* SPDX-License-Identifier: Apache-2.0 */
/* Sendmail: "QID: to=<a>,<b>, ..., relay=..., dsn=5.1.1, stat=User unknown"; msgid and sender in the "from=" line.
 * With "reply=", "stat=" is but Sendmail's name for the code: any 550 is "User unknown". "QID: NEWID: sender notify: Cannot send
 * message for 5 days" gives up those that were deferred last. */
#include "parse/log/inner.h"

#include "parse/address.h"

static enum nx_kind kind_of(struct nx_str dsn, struct nx_str stat)
{
    if (nx_str_istarts(stat, NX_STR("queued")))
        return NX_KIND_OTHER;
    if (nx_str_istarts(stat, NX_STR("sent")) || (dsn.n > 0 && dsn.p[0] == '2'))
        return NX_KIND_DELIVERED;
    if (nx_str_istarts(stat, NX_STR("deferred")) || (dsn.n > 0 && dsn.p[0] == '4'))
        return NX_KIND_DELAYED;
    return NX_KIND_FAILED;
}

static struct nx_str to_end(struct nx_str text, const char *name)
{
    struct nx_str value = nx_str_from(text, nx_str_find(text, nx_str_of(name)));
    return nx_str_from(value, strlen(name));
}

void nx_log_sendmail(struct nx_log_reading *reading)
{
    if (!nx_log_syslog(reading))
        return;
    size_t colon = nx_str_find(reading->rest, NX_STR(": "));
    struct nx_str id = nx_str_sub(reading->rest, 0, colon), rest = nx_str_from(reading->rest, colon + 2);
    if (id.n < 8 || nx_str_chr(id, ' ') < id.n)
        return;
    struct nx_log_message *message = nx_log_message(reading->log, id);
    if (message == NULL)
        return;
    if (nx_str_istarts(rest, NX_STR("from="))) {
        nx_log_set(&message->from, nx_log_value(rest, "from="));
        nx_log_set(&message->message_id, nx_log_value(rest, "msgid="));
        return;
    }
    if (nx_str_find(rest, NX_STR(": Cannot send message ")) < rest.n && !nx_str_istarts(rest, NX_STR("to="))) {
        nx_log_expire(reading, message);
        return;
    }
    struct nx_str stat = to_end(rest, ", stat=");
    if (!nx_str_istarts(rest, NX_STR("to=")) || stat.n == 0)
        return;
    struct nx_str dsn = nx_log_value(rest, "dsn="), reply = to_end(nx_str_sub(rest, 0, (size_t)(stat.p - rest.p) - 7), ", reply=");
    enum nx_kind kind = kind_of(dsn, stat);
    struct nx_str relay = nx_log_value(rest, "relay=");
    relay = nx_str_sub(relay, 0, nx_str_chr(relay, ' '));
    while (relay.n > 0 && relay.p[relay.n - 1] == '.')
        relay.n--;
    struct nx_str text = nx_log_unescaped(reading->arena, nx_str_chr(reply, ' ') < reply.n ? reply : stat);
    struct nx_str recipients = nx_str_sub(rest, 3, nx_str_find(rest, NX_STR(", "))), address;
    size_t at = 0;
    while (kind != NX_KIND_OTHER && nx_address_find(recipients, &at, &address)) {
        struct nx_report *report = nx_log_report(reading, message, kind, address, dsn, text);
        if (report != NULL && relay.n > 0 && relay.p[0] != '[')
            report->remote_mta = relay;
        if (kind == NX_KIND_DELAYED)
            nx_log_defer(message, address, text, dsn);
        else
            nx_log_settle(message, address);
    }
}
