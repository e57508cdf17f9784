/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/webhook/webhook.h"

#include "base/buf.h"
#include "base/ascii.h"
#include "parse/webhook/hook.h"

#include <stdlib.h>

static const struct nx_webhook_provider providers[] = {
    {"azure", "Azure Communication Services (Event Grid)", NX_SCHEME_SECRET, NULL, 401},
    {"brevo", "Brevo", NX_SCHEME_SECRET, NULL, 401},
    {"elasticemail", "Elastic Email", NX_SCHEME_SECRET, NULL, 401},
    {"generic", "any other provider", NX_SCHEME_SECRET, NULL, 401},
    {"kumomta", "KumoMTA log hook", NX_SCHEME_SECRET, NULL, 401},
    {"mailersend", "MailerSend", NX_SCHEME_HMAC_HEX, "Signature", 401},
    {"mailgun", "Mailgun", NX_SCHEME_MAILGUN, NULL, 406},
    {"mailjet", "Mailjet", NX_SCHEME_SECRET, NULL, 401},
    {"mailomat", "Mailomat", NX_SCHEME_MAILOMAT, "X-MOM-Webhook-Signature", 401},
    {"mailtrap", "Mailtrap", NX_SCHEME_HMAC_HEX, "Mailtrap-Signature", 401},
    {"mandrill", "Mailchimp Transactional (Mandrill)", NX_SCHEME_MANDRILL, "X-Mandrill-Signature", 401},
    {"postal", "Postal", NX_SCHEME_POSTAL, "X-Postal-Signature-256", 401},
    {"postmark", "Postmark", NX_SCHEME_SECRET, NULL, 403},
    {"resend", "Resend", NX_SCHEME_STANDARD, NULL, 401},
    {"scaleway", "Scaleway Transactional Email", NX_SCHEME_SNS, NULL, 401},
    {"sendgrid", "SendGrid", NX_SCHEME_SENDGRID, "X-Twilio-Email-Event-Webhook-Signature", 401},
    {"ses", "Amazon SES (SNS)", NX_SCHEME_SNS, NULL, 403},
    {"smtp2go", "SMTP2GO", NX_SCHEME_SECRET, NULL, 401},
    {"sparkpost", "SparkPost (Bird)", NX_SCHEME_SECRET, NULL, 401},
    {"sweego", "Sweego", NX_SCHEME_STANDARD, NULL, 401},
    {"unisender", "Unisender Go", NX_SCHEME_UNISENDER, NULL, 401},
    {"zeptomail", "ZeptoMail", NX_SCHEME_ZEPTOMAIL, "producer-signature", 401},
};
/* In the order of the table above. */
static nx_hook_fn *const readers[G_N_ELEMENTS(providers)] = {
    nx_hook_azure,     nx_hook_brevo,   nx_hook_elasticemail, nx_hook_generic,   nx_hook_kumomta,  nx_hook_mailersend,
    nx_hook_mailgun,   nx_hook_mailjet, nx_hook_mailomat,     nx_hook_mailtrap,  nx_hook_mandrill, nx_hook_postal,
    nx_hook_postmark,  nx_hook_resend,  nx_hook_scaleway,     nx_hook_sendgrid,  nx_hook_ses,      nx_hook_smtp2go,
    nx_hook_sparkpost, nx_hook_sweego,  nx_hook_unisender,    nx_hook_zeptomail,
};

const struct nx_webhook_provider *nx_webhook_providers(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(providers);
    return providers;
}

static int by_name(const void *key, const void *entry)
{
    return nx_str_cmp(*(const struct nx_str *)key, nx_str_of(((const struct nx_webhook_provider *)entry)->name));
}

const struct nx_webhook_provider *nx_webhook_provider(struct nx_str name)
{
    return bsearch(&name, providers, G_N_ELEMENTS(providers), sizeof *providers, by_name);
}

/* jansson goes as deep as 2048, on the stack; this is cheap and comes first. */
static bool too_deep(struct nx_str text, unsigned most)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > most)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* The next JSON value of *text, which is cut by it. The depth has been looked at. */
static json_t *load_next(struct nx_str *text)
{
    json_error_t error;
    json_t *root = json_loadb(text->p, text->n, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);
    if (root != NULL)
        *text = nx_str_trim(nx_str_from(*text, (size_t)error.position));
    return root;
}

json_t *nx_hook_load(const struct nx_hook *hook, struct nx_str text)
{
    json_t *root = too_deep(text, hook->limits->json_depth) ? NULL : load_next(&text);
    if (root != NULL && text.n > 0) {
        json_decref(root);
        return NULL;
    }
    return root;
}

/* One document, or several one after the other (JSON Lines). */
static bool read_json(struct nx_hook *hook, nx_hook_fn *reader, struct nx_str text)
{
    if (too_deep(text, hook->limits->json_depth)) {
        hook->why = "its JSON is nested deeper than the limit";
        return false;
    }
    do {
        json_t *root = load_next(&text);
        if (root == NULL) {
            hook->why = "it is no valid JSON (cut short, a repeated key, or not UTF-8)";
            return false;
        }
        if (json_is_object(root) || json_is_array(root))
            nx_hook_each(hook, root, reader);
        else
            hook->why = "it is JSON, but neither an object nor a list of them";
        json_decref(root);
    } while (hook->why == NULL && text.n > 0);
    return hook->why == NULL;
}

static json_t *text_value(struct nx_str text)
{
    json_t *value = text.n == 0 ? json_string("") : json_stringn(text.p, text.n);
    if (value != NULL)
        return value;
    g_autofree char *valid = g_utf8_make_valid(text.p, (gssize)text.n);
    return json_string(valid);
}

/* The fields of a form as an object: the first value of each name; a repeated name, or one that ends in [], is a list. */
static json_t *object_of(const struct nx_form *form)
{
    json_t *object = json_object();
    for (size_t i = 0; i < form->n; i++) {
        struct nx_str name = form->fields[i].name;
        bool list = nx_str_iends(name, NX_STR("[]"));
        if (list)
            name.n -= 2;
        if (name.n == 0 || !g_utf8_validate_len(name.p, name.n, NULL))
            continue;
        json_t *value = text_value(form->fields[i].value), *known = json_object_getn(object, name.p, name.n);
        if (known == NULL && list) {
            json_t *array = json_array();
            json_array_append_new(array, value);
            json_object_setn_new(object, name.p, name.n, array);
        } else if (known == NULL) {
            json_object_setn_new(object, name.p, name.n, value);
        } else if (json_is_array(known)) {
            json_array_append_new(known, value);
        } else {
            json_t *array = json_array();
            json_array_append(array, known);
            json_array_append_new(array, value);
            json_object_setn_new(object, name.p, name.n, array);
        }
    }
    return object;
}

static bool read_form(struct nx_hook *hook, nx_hook_fn *reader, struct nx_str text)
{
    struct nx_form form;
    nx_form_read(hook->arena, text, &form);
    /* JSON in the one field: Mandrill (mandrill_events), ZeptoMail */
    const struct nx_str *field = form.n == 1 ? &form.fields[0].value : nx_form_first(&form, NX_STR("mandrill_events"));
    if (field != NULL && field->n > 0 && (field->p[0] == '[' || field->p[0] == '{'))
        return read_json(hook, reader, *field);
    bool named = false;
    for (size_t i = 0; i < form.n; i++)
        named |= form.fields[i].value.n > 0;
    if (!named) {
        hook->why = "it is neither JSON nor a form";
        return false;
    }
    json_t *object = object_of(&form);
    nx_hook_each(hook, object, reader);
    json_decref(object);
    return hook->why == NULL;
}

struct nx_str nx_webhook_text(struct nx_str body)
{
    struct nx_str text = nx_str_trim(body);
    return text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0 ? nx_str_trim(nx_str_from(text, 3)) : text;
}

bool nx_webhook_is_form(struct nx_str text)
{
    return text.n > 0 && text.p[0] != '{' && text.p[0] != '[';
}

bool nx_webhook_parse(struct nx_arena *arena, const struct nx_limits *limits, const struct nx_input *input,
                      const struct nx_webhook_paths *paths, struct nx_webhook_body *ret_body, const char **ret_why)
{
    const struct nx_webhook_provider *provider = nx_webhook_provider(input->provider);
    if (provider == NULL) {
        *ret_why = "there is no such provider";
        return false;
    }
    struct nx_hook hook = {.arena = arena, .limits = limits, .input = input, .paths = paths, .provider = provider->name};
    hook.format = nx_arena_printf(arena, "webhook:%s", provider->name);
    struct nx_str text = nx_webhook_text(input->bytes);
    nx_hook_fn *reader = readers[provider - providers];
    bool good;
    if (text.n == 0) {
        hook.why = "it is empty";
        good = false;
    } else if (!nx_webhook_is_form(text) || nx_str_istarts(input->media_type, NX_STR("application/json"))) {
        good = read_json(&hook, reader, text);
    } else {
        good = read_form(&hook, reader, text);
    }
    if (!good) {
        *ret_why = hook.why;
        return false;
    }
    *ret_body = hook.body;
    return true;
}

/* A mail server that breaks lines over 998 bytes (RFC 5321 4.5.3.1.6) puts a line end into a JSON string, mostly with a blank
 * behind, some with "!" before. */
static struct nx_str join_lines(struct nx_arena *arena, struct nx_str text)
{
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool blank = i + 1 < text.n && text.p[i + 1] == ' ';
        if (text.p[i] != '\n') {
            out[n++] = text.p[i];
            continue;
        }
        while (n > 0 && (out[n - 1] == '\r' || (blank && out[n - 1] == '!')))
            n--;
        i += blank;
    }
    return (struct nx_str){out, n};
}

bool nx_webhook_parse_text(struct nx_arena *arena, const struct nx_limits *limits, struct nx_str text,
                           struct nx_webhook_body *ret_body)
{
    text = nx_webhook_text(text);
    if (text.n < 2 || text.p[0] != '{' ||
        !(nx_str_find(text, NX_STR("notificationType")) < text.n || nx_str_find(text, NX_STR("eventType")) < text.n))
        return false;
    struct nx_input input = {.kind = NX_INPUT_EVENT, .provider = NX_STR("ses")};
    struct nx_hook hook = {.arena = arena, .limits = limits, .input = &input, .provider = "ses", .format = NX_STR("webhook:ses")};
    struct nx_str rest = text;
    json_t *root = too_deep(text, limits->json_depth) ? NULL : load_next(&rest); /* what follows is how to unsubscribe */
    if (root == NULL) {
        rest = join_lines(arena, text);
        root = too_deep(rest, limits->json_depth) ? NULL : load_next(&rest);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return false;
    }
    nx_hook_each(&hook, root, nx_hook_ses);
    json_decref(root);
    if (hook.body.n == 0)
        return false;
    *ret_body = hook.body;
    return true;
}
