/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/internal.h"

struct nx_str nx_address_in(struct nx_str field)
{
    size_t at = 0;
    struct nx_str address;
    size_t open = nx_str_chr(field, '<');
    if (open < field.n) { /* display names may hold an address too: the one in <> counts */
        at = open;
        if (nx_address_find(field, &at, &address))
            return address;
    }
    at = 0;
    if (nx_address_find(field, &at, &address))
        return address;
    field = nx_str_trim(field);
    return nx_address_is(field) ? field : NX_STR_NONE;
}

static struct nx_str without_angles(struct nx_str text)
{
    size_t open = nx_str_chr(text, '<');
    size_t close = nx_str_chr(text, '>');
    return open < close && close < text.n ? nx_str_sub(text, open + 1, close) : text;
}

void nx_original_read(struct nx_original *ret, struct nx_fields fields)
{
    *ret = (struct nx_original){
        .message_id = without_angles(nx_fields_get(fields, "Message-ID")),
        .from = nx_fields_get(fields, "From"),
        .to = nx_fields_get(fields, "To"),
        .subject = nx_fields_get(fields, "Subject"),
        .date = nx_fields_get(fields, "Date"),
        .list_id = nx_fields_get(fields, "List-Id"),
        .feedback_id = nx_fields_get(fields, "Feedback-ID"),
    };
}

/* Lines that are sure to be a head: three fields in a row, one of them of RFC 5322 3.6. */
static bool is_head(struct nx_str text)
{
    static const char *const known[] = {"received:", "return-path:",  "message-id:",   "from:",         "to:",      "subject:",
                                        "date:",     "mime-version:", "content-type:", "delivered-to:", "x-mailer:"};
    struct nx_str line;
    unsigned fields = 0, hits = 0;
    while (fields < 4 && nx_str_next_line(&text, &line)) {
        if (line.n == 0)
            break;
        if (nx_is_blank((unsigned char)line.p[0])) {
            if (fields == 0)
                break;
            continue;
        }
        size_t colon = nx_str_chr(line, ':');
        if (colon == line.n || nx_str_chr(nx_str_sub(line, 0, colon), ' ') < colon)
            break;
        fields++;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            hits += nx_str_istarts(line, nx_str_of(known[i]));
    }
    return hits >= 2;
}

struct nx_fields nx_original_in_text(struct nx_arena *arena, struct nx_str text)
{
    struct nx_str rest = text, line;
    bool after_blank = true;
    while (rest.n > 0) {
        if (after_blank && is_head(rest)) {
            nx_notes ignored = 0;
            return nx_fields_read(arena, &rest, &ignored);
        }
        (void)nx_str_next_line(&rest, &line);
        struct nx_str trimmed = nx_str_trim(line);
        after_blank =
            trimmed.n == 0 || trimmed.p[0] == '-' || trimmed.p[trimmed.n - 1] == ':' || trimmed.p[0] == '=' || trimmed.p[0] == '*';
    }
    return (struct nx_fields){NULL, 0};
}

struct nx_fields nx_original_fields(const struct nx_reading *reading)
{
    struct nx_fields fields = reading->mail.returned;
    struct nx_str rest = fields.n == 0 && reading->has_words ? reading->words.returned : NX_STR_NONE;
    for (int i = 0; i < 4 && fields.n < 2 && rest.n > 0; i++) { /* a remark may stand between the mark and the head */
        nx_notes ignored = 0;
        fields = nx_fields_read(reading->arena, &rest, &ignored);
    }
    return fields.n > 0 ? fields : nx_original_in_text(reading->arena, reading->text);
}

struct nx_str nx_original_addressee(const struct nx_reading *reading)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    struct nx_fields fields = nx_original_fields(reading);
    struct nx_str found = NX_STR_NONE, address;
    for (size_t i = 0; i < fields.n; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            size_t at = 0;
            if (!nx_str_ieq(fields.p[i].name, nx_str_of(names[k])))
                continue;
            while (nx_address_find(fields.p[i].value, &at, &address)) {
                if (found.n > 0 && !nx_address_same(found, address))
                    return NX_STR_NONE;
                found = address;
            }
        }
    return found;
}
