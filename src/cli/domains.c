/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "store/store.h"

struct listing {
    struct nx_arena *arena;
    size_t n;
    bool all;
};

static bool tell(const struct nx_domain *domain, void *data)
{
    struct listing *listing = data;
    if (!listing->all && domain->state != NX_DOMAIN_PROPOSED)
        return true;
    struct nx_str since = nx_str_sub(nx_when_format(listing->arena, domain->since), 0, 10);
    struct nx_str alive =
        domain->alive == NX_WHEN_NONE ? NX_STR_NONE : nx_str_sub(nx_when_format(listing->arena, domain->alive), 0, 10);
    bool big = nx_domain_is_big(domain->domain);
    listing->n++;
    printf("%-30.*s %-8s %llu addresses since %.*s", NX_FMT(domain->domain), nx_domain_state_name(domain->state),
           (unsigned long long)domain->addresses, NX_FMT(since));
    if (alive.n > 0)
        printf(", but somebody answered for it on %.*s", NX_FMT(alive));
    printf("%s\n", big ? ", a provider with many mailboxes: look twice" : "");
    return true;
}

static int list(struct nx_cli *cli, gboolean all)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    struct listing listing = {.arena = arena, .all = all};
    if (reader == NULL || !nx_reader_domains(reader, &cli->config->policy, nx_cli_now(), tell, &listing, &error))
        return nx_cli_fail(error);
    if (cli->config->policy.domain_entries == NX_DOMAIN_ENTRIES_OFF)
        nx_cli_say("domains: [policy] domain_entries is off, so nothing is proposed");
    return nx_cli_finish(NX_EXIT_OK);
}

static int confirm(struct nx_cli *cli, const char *domain, const char *reason, const char *actor)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store = nx_cli_store_there(cli->config, &error);
    const struct nx_policy *policy = &cli->config->policy;
    const struct nx_manual by = {.reason = nx_str_of(reason), .actor = nx_str_of(nx_cli_actor(actor)), .source = NX_STR("cli")};
    if (store == NULL || !nx_store_confirm(store, policy, nx_str_of(domain), &by, nx_cli_now(), &error))
        return nx_cli_fail(error);
    printf("@%s is suppressed%s\n", domain, policy->causes[NX_CAUSE_BAD_DOMAIN].ttl > 0 ? ", for the term of bad_domain" : "");
    return nx_cli_finish(NX_EXIT_OK);
}

static int dismiss(struct nx_cli *cli, const char *domain, const char *reason, const char *actor)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store = nx_cli_store_there(cli->config, &error);
    if (store == NULL ||
        !nx_store_dismiss(store, nx_str_of(domain), nx_str_of(reason), nx_str_of(nx_cli_actor(actor)), NULL, nx_cli_now(), &error))
        return nx_cli_fail(error);
    printf("%s is proposed no more\n", domain);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_domains(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Domains of which several addresses are suppressed because the domain is dead (no such domain, no mail server, a null MX): "
        "proposed "
        "as entries for the whole domain ([policy] domain_entries, domain_threshold). --confirm suppresses @DOMAIN, --dismiss "
        "refuses, "
        "and that sticks; both stand in `nixie history @DOMAIN`.\nExit: 0; 1 refused already; 64 it is no domain.",
        0, 0};
    gboolean all = FALSE;
    g_autofree char *yes = NULL, *no = NULL, *reason = NULL, *actor = NULL;
    const GOptionEntry entries[] = {
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, "Also those refused and those suppressed", NULL},
        {"confirm", 0, 0, G_OPTION_ARG_STRING, &yes, "Suppress every address of this domain", "DOMAIN"},
        {"dismiss", 0, 0, G_OPTION_ARG_STRING, &no, "Propose it no more", "DOMAIN"},
        NX_CLI_REASON(&reason),
        NX_CLI_ACTOR(&actor),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    if (yes != NULL && no != NULL) {
        nx_cli_say("domains: either --confirm or --dismiss");
        return NX_EXIT_USAGE;
    }
    return yes != NULL ? confirm(&cli, yes, reason, actor) : no != NULL ? dismiss(&cli, no, reason, actor) : list(&cli, all);
}
