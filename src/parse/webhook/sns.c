/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope of Amazon SNS (and of Scaleway Topics and Events): the event is a text in `Message`.
 * docs.aws.amazon.com/sns: "Parsing Amazon SNS message formats". */
#include "parse/webhook/hook.h"

bool nx_hook_sns(struct nx_hook *hook, json_t *event, nx_hook_fn *reader)
{
    struct nx_str type = nx_hook_text(hook, event, "Type");
    json_t *message = nx_hook_at(event, "Message");
    if (type.n == 0 || message == NULL)
        return false;
    hook->body.topic = nx_hook_text(hook, event, "TopicArn");
    if (nx_hook_is(type, "SubscriptionConfirmation")) {
        hook->body.handshake = NX_WEBHOOK_SNS_CONFIRM;
        hook->body.url = nx_hook_text(hook, event, "SubscribeURL|SubscribeUrl");
        return true;
    }
    if (nx_hook_is(type, "UnsubscribeConfirmation")) {
        hook->body.handshake = NX_WEBHOOK_SNS_UNSUBSCRIBED;
        return true;
    }
    json_t *inner = json_is_string(message)
                        ? nx_hook_load(hook, nx_str_trim((struct nx_str){json_string_value(message), json_string_length(message)}))
                        : json_incref(message);
    if (json_is_object(inner)) /* "Successfully validated SNS topic ..." is a sentence */
        nx_hook_each(hook, inner, reader);
    json_decref(inner);
    return true;
}
