/* SPDX-License-Identifier: Apache-2.0 */
/* ZeptoMail webhooks: JSON, or JSON in the one field of a form. www.zoho.com/zeptomail/help/webhooks.html. */
#include "parse/webhook/hook.h"

static const struct nx_hook_word events[] = {
    {"hardbounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_HARD},
    {"softbounce", NX_KIND_FAILED, NX_CAUSE_NONE, NX_CLASS_SOFT},
    {"feedback_loop", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE},
    {"delivered", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE},
    {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE},
};

static void one(struct nx_hook *hook, json_t *root, json_t *message, json_t *detail, struct nx_str name)
{
    const struct nx_hook_word *word = NX_HOOK_WORD(events, name);
    struct nx_str recipient = nx_hook_whom(hook, detail, "bounced_recipient|email_address.address|recipient");
    if (recipient.n == 0 && json_array_size(nx_hook_at(message, "email_info.to")) <= 1)
        recipient = nx_hook_text(hook, message, "email_info.to[0].email_address.address");
    struct nx_report *report = nx_hook_add(hook, word, recipient);
    struct nx_str diagnostic = nx_hook_text(hook, detail, "diagnostic_message"), reason = nx_hook_text(hook, detail, "reason"),
                  reference = nx_hook_text(hook, message, "email_info.email_reference");
    if (report->kind == NX_KIND_FAILED) {
        nx_hook_diagnostic(hook, report, diagnostic.n > 0 ? diagnostic : reason);
        if (diagnostic.n > 0)
            nx_hook_words(hook, report, reason);
    }
    report->arrival_at = nx_hook_when(hook, message, "email_info.processed_time");
    report->last_attempt_at = nx_hook_when(hook, detail, "time");
    report->original.from = nx_hook_text(hook, message, "email_info.from.address");
    report->original.subject = nx_hook_text(hook, message, "email_info.subject");
    struct nx_str id = nx_hook_text(hook, root, "webhook_request_id");
    nx_hook_key(hook, report, id.n > 0 ? id : reference, name, nx_hook_text(hook, detail, "time"));
    nx_hook_tag(hook, report, "event_name", name);
    nx_hook_tag(hook, report, "email_reference", reference);
    nx_hook_tag(hook, report, "client_reference", nx_hook_text(hook, message, "email_info.client_reference"));
}

void nx_hook_zeptomail(struct nx_hook *hook, json_t *root)
{
    struct nx_str name = nx_hook_text(hook, root, "event_name");
    json_t *messages = nx_hook_at(root, "event_message");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        json_t *message = json_array_get(messages, i), *list = nx_hook_at(message, "event_data");
        size_t before = hook->body.n;
        for (size_t k = 0; k < json_array_size(list); k++) {
            json_t *data = json_array_get(list, k), *all = nx_hook_at(data, "details");
            struct nx_str object = nx_hook_text(hook, data, "object");
            for (size_t d = 0; d < json_array_size(all); d++)
                one(hook, root, message, json_array_get(all, d), name.n > 0 ? name : object);
        }
        if (hook->body.n == before && name.n > 0)
            one(hook, root, message, NULL, name);
    }
}
