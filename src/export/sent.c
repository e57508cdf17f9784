/* SPDX-License-Identifier: Apache-2.0 */
#include "export/sent.h"

#include "decide/stream.h"

#include <jansson.h>

struct nx_str nx_sent_id(struct nx_str text)
{
    text = nx_str_trim(text);
    bool angles = text.n > 1 && text.p[0] == '<' && text.p[text.n - 1] == '>';
    return angles ? nx_str_trim(nx_str_sub(text, 1, text.n - 1)) : text;
}

static struct nx_str member(struct nx_arena *arena, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return nx_arena_dup(arena, (struct nx_str){json_string_value(value), json_string_length(value)});
}

bool nx_sent_read(struct nx_arena *arena, struct nx_str line, struct nx_sent *ret, const char **ret_why)
{
    json_t *object = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    *ret_why = object == NULL ? "it is no JSON" : NULL;
    ret->message_id = nx_sent_id(member(arena, object, "message_id"));
    ret->recipient = member(arena, object, "recipient");
    ret->stream = nx_str_trim(member(arena, object, "stream"));
    struct nx_address address;
    if (object != NULL && ret->message_id.n == 0)
        *ret_why = "message_id is missing";
    else if (object != NULL && ret->recipient.n == 0)
        *ret_why = "recipient is missing";
    else if (object != NULL && ret->stream.n > 0 && !nx_stream_is_name(ret->stream))
        *ret_why = "the stream is no name of one (" NX_STREAM_NAMES ")";
    else if (object != NULL && nx_address_fold(arena, ret->recipient, NULL, &address, ret_why) && address.local.n == 0)
        *ret_why = "it is a whole domain";
    json_decref(object);
    return *ret_why == NULL;
}
