/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/webhook.h"

#include "base/error.h"
#include "serve/log.h"
#include "store/store.h"

#define WINDOW 86400        /* providers go on trying for a day with one signature */
#define WINDOW_STANDARD 300 /* Standard Webhooks signs each try anew */

static bool some(char *const *list)
{
    return list != NULL && list[0] != NULL;
}

bool nx_endpoint_find(struct nx_request *request, struct nx_endpoint *ret_endpoint)
{
    struct nx_str param = nx_request_param(request);
    size_t slash = nx_str_chr(param, '/');
    const struct nx_config_webhook *settings = nx_config_webhook(nx_request_setup(request)->config, nx_str_sub(param, 0, slash));
    if (settings == NULL) {
        nx_request_problem(request, 404, "no such webhook is configured (add [webhook NAME], see docs/webhooks.md)");
        return false;
    }
    *ret_endpoint = (struct nx_endpoint){.settings = settings,
                                         .provider = nx_webhook_provider(nx_str_of(settings->provider)),
                                         .secret = nx_str_from(param, MIN(slash + 1, param.n))};
    return true;
}

static bool refuse(struct nx_request *request, const struct nx_endpoint *endpoint, const char *why)
{
    nx_log(NX_LOG_WARN, "webhook", "refused", "endpoint", endpoint->settings->name, "provider", endpoint->provider->name, "why",
           why, NULL);
    g_autofree char *labels = g_strdup_printf("endpoint=\"%s\"", endpoint->settings->name);
    nx_metrics_count(nx_request_service(request)->metrics, NX_METRIC_WEBHOOK_REFUSED, labels, 1);
    if (endpoint->provider->refused == 401 || some(endpoint->settings->basic))
        nx_request_add_header(request, "WWW-Authenticate", "Basic realm=\"nixie webhooks\"");
    nx_request_problem(request, endpoint->provider->refused, "%s", why);
    return false;
}

/* Why these are not who they say, or NULL. */
static const char *stranger(struct nx_request *request, const struct nx_endpoint *endpoint)
{
    const struct nx_config_webhook *settings = endpoint->settings;
    if (some(settings->path_secrets) && !nx_secret_fits(endpoint->secret, (const char *const *)settings->path_secrets))
        return "the secret in the path is missing or wrong";
    if (some(settings->basic) && !nx_basic_fits(nx_request_header(request, "Authorization"), (const char *const *)settings->basic))
        return "user or password are missing or wrong";
    return NULL;
}

bool nx_endpoint_knows(struct nx_request *request, const struct nx_endpoint *endpoint)
{
    const char *why = stranger(request, endpoint);
    return why == NULL || refuse(request, endpoint, why);
}

static struct nx_str header(void *data, const char *name)
{
    return nx_request_header(data, name);
}

bool nx_endpoint_believes(const struct nx_endpoint *endpoint, struct nx_str topic)
{
    for (char *const *one = endpoint->settings->topics; one != NULL && *one != NULL; one++)
        if (nx_str_eq(nx_str_of(*one), topic))
            return true;
    return false;
}

/* The certificate is asked for by one request at a time; others that have none yet are told to come again. */
static GBytes *certificate(struct nx_request *request, struct nx_str url, GError **error)
{
    struct nx_service *service = nx_request_service(request);
    GBytes *known;
    if (nx_fetch_known(service->fetch, url, &known, error))
        return known;
    if (pthread_mutex_trylock(&service->fetching) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "the certificate is being fetched (send it again in a moment)");
        return NULL;
    }
    GBytes *bytes = nx_fetch_kept(service->fetch, url, error);
    pthread_mutex_unlock(&service->fetching);
    return bytes;
}

static bool by_sns(struct nx_request *request, const struct nx_endpoint *endpoint)
{
    const struct nx_config_webhook *settings = endpoint->settings;
    const char *const *hosts = (const char *const *)settings->certificate_hosts;
    struct nx_sns sns;
    g_autoptr(GError) error = NULL;
    if (!nx_sns_read(nx_request_arena(request), nx_request_body(request), &sns))
        return (settings->raw_delivery && sns.type.n == 0) ||
               refuse(request, endpoint,
                      settings->raw_delivery ? "the SNS signature is missing or broken"
                                             : "there is no SNS signature (raw delivery is off here)");
    /* a valid signature only proves that SNS sent it: anyone can have SNS send something */
    if (!nx_endpoint_believes(endpoint, sns.topic))
        return refuse(request, endpoint, "the topic is not one of `topics`");
    if (!nx_fetch_allows(sns.cert_url, hosts, ".pem"))
        return refuse(request, endpoint, "the certificate's address is not one of SNS");
    g_autoptr(GBytes) pem = certificate(request, sns.cert_url, &error);
    if (pem == NULL) { /* 4xx would lose the message */
        nx_log(NX_LOG_WARN, "webhook", "certificate not fetched", "endpoint", settings->name, "why", error->message, NULL);
        nx_request_fail(request, error);
        return false;
    }
    gsize n;
    const char *p = g_bytes_get_data(pem, &n);
    nx_when now = nx_request_now(request);
    if (nx_sns_verify(&sns, (struct nx_str){p, n}, now) != NX_PROOF_GOOD)
        return refuse(request, endpoint, nx_proof_text(NX_PROOF_BAD));
    if (settings->window > 0 && (sns.made == NX_WHEN_NONE || ABS(now - sns.made) > settings->window))
        return refuse(request, endpoint, nx_proof_text(NX_PROOF_OLD));
    return true;
}

bool nx_endpoint_admits(struct nx_request *request, const struct nx_endpoint *endpoint, struct nx_str *ret_token)
{
    const struct nx_config_webhook *settings = endpoint->settings;
    enum nx_webhook_scheme scheme = endpoint->provider->scheme;
    *ret_token = NX_STR_NONE;
    if (!nx_endpoint_knows(request, endpoint))
        return false;
    if (scheme == NX_SCHEME_SNS)
        return by_sns(request, endpoint);
    if (scheme == NX_SCHEME_SECRET || !some(settings->keys))
        return true; /* the check of the settings saw to it that there is a secret */
    const struct nx_verify_request proof = {
        .body = nx_request_body(request),
        .url = nx_str_of(settings->url),
        .now = nx_request_now(request),
        .window = settings->window > 0           ? settings->window
                  : scheme == NX_SCHEME_STANDARD ? WINDOW_STANDARD
                                                 : WINDOW,
        .header = header,
        .data = request,
    };
    enum nx_proof result =
        nx_verify(nx_request_arena(request), endpoint->provider, (const char *const *)settings->keys, &proof, ret_token);
    return result == NX_PROOF_GOOD || refuse(request, endpoint, nx_proof_text(result));
}

static void fault(GString *all, const struct nx_config *config, const struct nx_config_webhook *settings, const char *key,
                  const char *what)
{
    g_autofree char *group = g_strconcat("webhook ", settings->name, NULL);
    const char *origin = nx_config_origin(config, group, key);
    g_string_append_printf(all, "%s%s: [%s] %s: %s", all->len > 0 ? "\n" : "",
                           strcmp(origin, "default") == 0 ? config->path : origin, group, key, what);
}

static void check_one(GString *all, const struct nx_config *config, const struct nx_config_webhook *settings)
{
    const struct nx_webhook_provider *provider = nx_webhook_provider(nx_str_of(settings->provider));
    bool secret = some(settings->basic) || some(settings->path_secrets);
    const char *why;
    if (provider == NULL) {
        fault(all, config, settings, "provider", "there is no such provider (docs/webhooks.md lists them; any other is `generic`)");
        return;
    }
    if (strchr(settings->name, '/') != NULL)
        fault(all, config, settings, "provider", "a name holds no '/'");
    for (char *const *pair = settings->basic; pair != NULL && *pair != NULL; pair++)
        if (**pair == ':' || strchr(*pair, ':') == NULL || strchr(*pair, ':')[1] == '\0')
            fault(all, config, settings, "basic", "a pair is user:password, and neither is empty");
    for (char *const *one = settings->path_secrets; one != NULL && *one != NULL; one++)
        if (strlen(*one) < 16 || strpbrk(*one, "/?#% ") != NULL)
            fault(all, config, settings, "path_secrets", "a secret has 16 or more letters and digits");
    if (provider->scheme == NX_SCHEME_SECRET) {
        if (!secret)
            fault(all, config, settings, "basic", "this provider signs nothing: set basic or path_secrets");
        if (some(settings->keys))
            fault(all, config, settings, "keys", "this provider signs nothing: use basic or path_secrets");
    } else if (provider->scheme == NX_SCHEME_SNS) {
        if (!some(settings->topics))
            fault(all, config, settings, "topics", "name the topics that are to be believed");
        if (settings->raw_delivery && !secret)
            fault(all, config, settings, "raw_delivery", "nobody signs raw bodies: set basic or path_secrets");
    } else if (!some(settings->keys) && !secret) {
        fault(all, config, settings, "keys", "set the provider's signing key (or basic, or path_secrets)");
    } else {
        for (char *const *key = settings->keys; key != NULL && *key != NULL; key++)
            if (!nx_verify_key(provider, *key, &why))
                fault(all, config, settings, "keys", why);
    }
    if (settings->window > NX_CLAIM_DAYS * 86400 &&
        (provider->scheme == NX_SCHEME_MAILGUN || provider->scheme == NX_SCHEME_MAILOMAT))
        fault(all, config, settings, "window",
              "at most 4d here: tokens are remembered for so long, and nothing else keeps a body from being replaced");
    if (provider->scheme == NX_SCHEME_MANDRILL && some(settings->keys) && *settings->url == '\0')
        fault(all, config, settings, "url", "the address, exactly as it is entered at the provider, is part of what is signed");
    if (strcmp(provider->name, "generic") == 0 && *settings->at_recipient == '\0')
        fault(all, config, settings, "at_recipient", "say where in an event the address is");
}

gboolean nx_endpoints_check(const struct nx_config *config, GError **error)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < config->webhooks->len; i++)
        check_one(all, config, config->webhooks->pdata[i]);
    bool good = all->len == 0;
    if (!good)
        g_set_error_literal(error, NX_ERROR, NX_ERROR_CONFIG, all->str);
    g_string_free(all, TRUE);
    return good;
}
