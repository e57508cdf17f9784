/* SPDX-License-Identifier: Apache-2.0 */
/* Feedback reports, RFC 5965 and 6591, and the complaints of providers that send no feedback part. */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/internal.h"
#include "parse/reply.h"

/* A local part that was made unreadable is not an address to act on. */
static bool is_redacted(struct nx_str address)
{
    struct nx_str local = nx_str_sub(address, 0, nx_str_chr(address, '@'));
    if (nx_str_ihas(local, NX_STR("redacted")) || nx_str_ihas(local, NX_STR("undisclosed")) || nx_str_ieq(local, NX_STR("hidden")))
        return true;
    for (size_t i = 0; i < local.n; i++)
        if (strchr("xX*.-", local.p[i]) == NULL)
            return false;
    return true;
}

static void add(struct nx_reading *reading, const struct nx_report *pattern, struct nx_str address)
{
    for (size_t i = 0; i < reading->out.n; i++)
        if (address.n > 0 && nx_address_same(reading->out.p[i].recipient, address))
            return;
    struct nx_report *report = nx_reports_add(reading);
    if (report == NULL)
        return;
    *report = *pattern;
    if (address.n > 0 && is_redacted(address))
        report->notes |= NX_NOTE_REDACTED;
    else
        report->recipient = address;
}

static void add_field(struct nx_reading *reading, const struct nx_report *pattern, struct nx_fields fields, const char *name)
{
    for (size_t i = 0; i < fields.n; i++) {
        if (!nx_str_ieq(fields.p[i].name, nx_str_of(name)))
            continue;
        size_t at = 0;
        struct nx_str address;
        bool any = false;
        while (nx_address_find(fields.p[i].value, &at, &address)) {
            add(reading, pattern, address);
            any = true;
        }
        if (!any && nx_str_trim(fields.p[i].value).n > 0) {
            nx_notes notes = 0;
            address = nx_address_of_field(reading->arena, fields.p[i].value, NULL, &notes);
            add(reading, pattern, address.n > 0 ? address : NX_STR("redacted@redacted"));
        }
    }
}

static bool has_recipient(const struct nx_reading *reading)
{
    for (size_t i = 0; i < reading->out.n; i++)
        if (reading->out.p[i].recipient.n > 0)
            return true;
    return false;
}

/* Most telling first: what the reporter says, what he left in the returned head, our return path, and the To field of the
 * returned message. */
static void add_recipients(struct nx_reading *reading, struct nx_report *pattern, struct nx_fields feedback)
{
    static const char *const reported[] = {"Original-Rcpt-To", "Removal-Recipient", "Original-Recipient", "Recipient"};
    static const char *const returned[] = {
        "X-HmXmrOriginalRecipient", "X-Original-To", "X-Envelope-To", "Envelope-To", "Delivered-To", "X-Rcpt-To"};
    for (size_t i = 0; i < G_N_ELEMENTS(reported) && !has_recipient(reading); i++)
        add_field(reading, pattern, feedback, reported[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(returned) && !has_recipient(reading); i++)
        add_field(reading, pattern, reading->mail.returned, returned[i]);
    if (!has_recipient(reading)) {
        struct nx_str verp = nx_recipient_of_path(reading, nx_address_in(pattern->feedback.original_mail_from));
        if (verp.n == 0)
            verp = nx_recipient_of_path(reading, nx_address_in(nx_fields_get(reading->mail.returned, "Return-Path")));
        if (verp.n > 0) {
            pattern->notes |= NX_NOTE_VERP_RECIPIENT | (reading->out.n > 0 ? NX_NOTE_REDACTED : 0);
            reading->out.n = 0; /* the redacted one is known now */
            add(reading, pattern, verp);
        }
    }
    if (!has_recipient(reading)) {
        reading->out.n = 0;
        pattern->notes |= NX_NOTE_ORIGINAL_RECIPIENT;
        add_field(reading, pattern, reading->mail.returned, "To");
        if (reading->out.n > 1 && !has_recipient(reading))
            reading->out.n = 1;
    }
    if (reading->out.n == 0) {
        pattern->notes &= ~(nx_notes)NX_NOTE_ORIGINAL_RECIPIENT;
        pattern->notes |= NX_NOTE_NO_RECIPIENT;
        add(reading, pattern, NX_STR_NONE);
    }
}

bool nx_arf_read(struct nx_reading *reading, struct nx_str text)
{
    struct nx_fields fields = nx_fields_read(reading->arena, &text, &reading->out.notes);
    struct nx_str type = nx_fields_get(fields, "Feedback-Type");
    if (type.n == 0)
        return false;
    struct nx_report pattern = {
        .arrival_at = NX_WHEN_NONE, .last_attempt_at = NX_WHEN_NONE, .retry_until = NX_WHEN_NONE, .format = NX_STR("arf")};
    pattern.kind = nx_feedback_kind(type, &pattern.notes);
    pattern.feedback = (struct nx_feedback){
        .type = type,
        .user_agent = nx_fields_get(fields, "User-Agent"),
        .version = nx_fields_get(fields, "Version"),
        .source_ip = nx_fields_get(fields, "Source-IP"),
        .reported_domain = nx_fields_get(fields, "Reported-Domain"),
        .original_mail_from = nx_fields_get(fields, "Original-Mail-From"),
        .arrival_date = nx_fields_get(fields, "Arrival-Date"),
        .auth_failure = nx_fields_get(fields, "Auth-Failure"),
        .incidents = nx_fields_get(fields, "Incidents"),
    };
    pattern.arrival_at = nx_when_parse_mail(nx_fields_get(fields, "Arrival-Date").n > 0 ? nx_fields_get(fields, "Arrival-Date")
                                                                                        : nx_fields_get(fields, "Received-Date"));
    struct nx_str mta = nx_fields_get(fields, "Reporting-MTA");
    size_t semicolon = nx_str_chr(mta, ';');
    pattern.reporting_mta = nx_str_trim(semicolon < mta.n ? nx_str_from(mta, semicolon + 1) : mta);
    if (pattern.kind == NX_KIND_OTHER) {
        struct nx_report *report = nx_reports_add(reading);
        if (report != NULL)
            *report = pattern;
        return true;
    }
    add_recipients(reading, &pattern, fields);
    return true;
}

bool nx_arf_read_bare(struct nx_reading *reading)
{
    struct nx_str subject = nx_fields_get(reading->mail.fields, "Subject"),
                  from = nx_address_in(nx_fields_get(reading->mail.fields, "From"));
    bool hotmail = nx_fields_get(reading->mail.returned, "X-HmXmrOriginalRecipient").n > 0;
    /* "complaint about message from 192.0.2.1" (Hotmail JMRP), "Email Feedback Report for IP ..." (AOL and its users) */
    bool words = nx_str_istarts(subject, NX_STR("complaint about message from ")) ||
                 nx_str_ihas(subject, NX_STR("email feedback report for ip"));
    bool sender = nx_str_istarts(from, NX_STR("staff@")) || nx_str_istarts(from, NX_STR("fbl@")) ||
                  nx_str_istarts(from, NX_STR("fbl-no-reply@")) || nx_str_istarts(from, NX_STR("scomp@")) ||
                  nx_str_istarts(from, NX_STR("feedbackloop@"));
    if (reading->mail.returned.n == 0 || !(words || (hotmail && sender)))
        return false;
    struct nx_report pattern = {.arrival_at = NX_WHEN_NONE,
                                .last_attempt_at = NX_WHEN_NONE,
                                .retry_until = NX_WHEN_NONE,
                                .format = NX_STR("arf"),
                                .kind = NX_KIND_COMPLAINT,
                                .notes = NX_NOTE_NO_REPORT_PART};
    pattern.feedback.type = NX_STR("abuse");
    struct nx_fields none = {NULL, 0};
    add_recipients(reading, &pattern, none);
    return true;
}
