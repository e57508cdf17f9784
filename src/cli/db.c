/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"

struct how {
    const struct nx_config *config;
    gboolean dry, believe;
};

static int check(struct nx_store *store, const struct how *how)
{
    (void)how;
    g_autoptr(GError) error = NULL;
    if (!nx_store_check(store, &error))
        return nx_cli_fail(error);
    puts("sound: the file is whole, and its suppressions follow from its log");
    return nx_cli_finish(NX_EXIT_OK);
}

static int rebuild(struct nx_store *store, const struct how *how)
{
    (void)how;
    g_autoptr(GError) error = NULL;
    struct nx_rebuilt rebuilt;
    if (!nx_store_rebuild(store, &rebuilt, &error))
        return nx_cli_fail(error);
    printf("%zu entries derived from the log, %zu differed%s\n", rebuilt.entries, rebuilt.changed,
           rebuilt.changed > 0 ? " and were put right" : "");
    return nx_cli_finish(NX_EXIT_OK);
}

static int migrate(struct nx_store *store, const struct how *how)
{
    (void)how;
    (void)store; /* opening for writing has done it */
    puts("the database is of this version");
    return nx_cli_finish(NX_EXIT_OK);
}

static int lose_erased(struct nx_store *store, const struct how *how)
{
    (void)how;
    g_autoptr(GError) error = NULL;
    uint64_t n;
    if (!nx_store_lose_erased(store, nx_cli_now(), &n, &error))
        return nx_cli_fail(error);
    printf("%" G_GUINT64_FORMAT " erased addresses were given up: they are suppressed no longer\n", n);
    return nx_cli_finish(NX_EXIT_OK);
}

static int retain(struct nx_store *store, const struct how *how)
{
    g_autoptr(GError) error = NULL;
    struct nx_retention retention;
    struct nx_retained retained;
    nx_config_retention(how->config, &retention.events, &retention.details, retention.causes);
    retention.sent = how->config->sent;
    retention.believe_clock = how->believe;
    gboolean good = nx_store_retain(store, &retention, nx_cli_now(), how->dry, NULL, NULL, &retained, &error);
    if (!good && g_error_matches(error, NX_ERROR, NX_ERROR_DENIED))
        return nx_cli_fail(error);
    printf("%zu events %s, %zu %s their details; of %zu addresses nothing %s known any more; %zu hashes of erased ones %s over\n",
           retained.events, how->dry ? "would be dropped" : "dropped", retained.details, how->dry ? "would lose" : "lost",
           retained.addresses, how->dry ? "would be" : "is", retained.hashes, how->dry ? "are" : "were");
    return good ? nx_cli_finish(NX_EXIT_OK) : nx_cli_fail(error);
}

static bool measure(struct nx_store *store, struct nx_size *ret, GError **error)
{
    g_autoptr(nx_reader) reader = nx_reader_new(store, error);
    return reader != NULL && nx_reader_size(reader, ret, error);
}

static int shrink(struct nx_store *store, const struct how *how)
{
    g_autoptr(GError) error = NULL;
    struct nx_size before, after;
    if (!measure(store, &before, &error))
        return nx_cli_fail(error);
    if (how->dry)
        printf("%.1f of %.1f MB hold nothing: they are used again, or given back without --dry-run\n", (double)before.spare / 1e6,
               (double)before.all / 1e6);
    if (!nx_store_shrink(store, how->dry, &error) || !measure(store, &after, &error))
        return nx_cli_fail(error);
    if (!how->dry)
        printf("%.1f MB given back, %.1f left\n", (double)(before.all - MIN(before.all, after.all)) / 1e6, (double)after.all / 1e6);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_db(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*fn)(struct nx_store *store, const struct how *how);
        enum { READS, WRITES, MAKES } mode;
    } verbs[] = {{"check", check, READS},    {"rebuild", rebuild, WRITES}, {"migrate", migrate, MAKES},
                 {"retain", retain, WRITES}, {"shrink", shrink, WRITES},   {"lose-erased", lose_erased, WRITES}};
    static const struct nx_cli_usage usage = {
        "check | rebuild | migrate | retain | shrink | lose-erased",
        "check        is the file whole, and do its suppressions follow from its log? Only reads\n"
        "rebuild      derives them again and puts right what differs\n"
        "migrate      makes a file of an older Nixie one of this version (any command that writes does so too), or makes a new "
        "one\n"
        "retain       drops what is past its time ([retention], [cause NAME] keep); `serve` does so once a day; not after a month "
        "in "
        "which nothing was written, because the clock may be ahead then and all of it look old: --believe-clock says that it is "
        "right\n"
        "shrink       gives back what room is left in the file, such as after retain; nobody else can write meanwhile, and it "
        "takes twice the room of what stays, which it looks for first (--dry-run too): beside the file, and in SQLITE_TMPDIR, "
        "TMPDIR "
        "or /var/tmp\n"
        "lose-erased  when the key of erased addresses (PATH.key) is lost for good: gives their hashes up, so that they are "
        "suppressed no longer and the rest goes on\n"
        "Exit: 0; 1 there is no database, or the clock is not believed; 65 damaged; 75 locked or no space.",
        1, 1};
    struct how how = {0};
    const GOptionEntry entries[] = {
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &how.dry, "retain, shrink: only tell what would go", NULL},
        {"believe-clock", 0, 0, G_OPTION_ARG_NONE, &how.believe,
         "retain: also after a month in which nothing was written, when the clock may be ahead", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    how.config = cli.config;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(cli.args[0], verbs[i].name) != 0)
            continue;
        g_autoptr(GError) error = NULL;
        g_autoptr(nx_store) store = verbs[i].mode == WRITES
                                        ? nx_cli_store_there(cli.config, &error)
                                        : nx_cli_store(cli.config, verbs[i].mode == READS ? NX_OPEN_READ : NX_OPEN_WRITE, &error);
        return store == NULL ? nx_cli_fail(error) : verbs[i].fn(store, &how);
    }
    return nx_cli_no_verb("db", cli.args[0], "check, rebuild, migrate, retain, shrink or lose-erased");
}
