/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/sent.h"

#define AT_ONCE 5000u /* in one transaction */
#define TOLD 5u       /* bad lines, told one by one */

struct recording {
    const struct nx_config *config;
    struct nx_store *store;
    struct nx_arena *arena;
    GArray *rows; /* struct nx_sent */
    const char *stream;
    uint64_t lines, bad;
    struct nx_recorded done;
    GError *error;
};

static bool write_out(struct recording *recording)
{
    struct nx_recorded done;
    if (!nx_store_sent(recording->store, (const struct nx_sent *)(const void *)recording->rows->data, recording->rows->len,
                       &recording->config->sent, NULL, nx_cli_now(), &done, &recording->error))
        return false;
    recording->done.kept += done.kept;
    recording->done.known += done.known;
    recording->done.erased += done.erased;
    g_array_set_size(recording->rows, 0);
    nx_arena_reset(recording->arena);
    return true;
}

static bool one(struct nx_str line, void *data)
{
    struct recording *recording = data;
    struct nx_sent row;
    const char *why;
    recording->lines++;
    if (!nx_sent_read(recording->arena, line, &row, &why)) {
        if (recording->bad++ < TOLD)
            nx_cli_say("line %" G_GUINT64_FORMAT ": %s", recording->lines, why);
        return true;
    }
    if (row.stream.n == 0)
        row.stream = nx_str_of(recording->stream);
    g_array_append_val(recording->rows, row);
    return recording->rows->len < AT_ONCE || write_out(recording);
}

int nx_cmd_sent(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "LINE... | -",
        "A line is {\"message_id\": \"n1@example.com\", \"recipient\": \"user@example.net\", \"stream\": \"news\"}, the stream "
        "only where "
        "there is one. A bounce that names nobody is then about the one recipient of the message that it returns, for [sent] age. "
        "`ingest --log MTA --sent` records what the log of a mail server tells.\n"
        "Exit: 0; 1 a line could not be read (the others are kept); 75 the database could not take it.",
        1, -1};
    g_autofree char *stream = NULL;
    const GOptionEntry entries[] = {
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "The stream of those that name none", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct nx_sent));
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_WRITE, &error);
    struct recording recording = {.config = cli.config, .store = store, .arena = arena, .rows = rows, .stream = stream};
    if (store == NULL || !nx_cli_each(&cli, one, &recording, &error))
        return nx_cli_fail(error);
    if (recording.error == NULL && rows->len > 0)
        write_out(&recording);
    printf("%" G_GUINT64_FORMAT " lines: %zu recorded, %zu known already, %zu of erased addresses, %" G_GUINT64_FORMAT
           " could not be read\n",
           recording.lines, recording.done.kept, recording.done.known, recording.done.erased, recording.bad);
    if (recording.error == NULL)
        return nx_cli_finish(recording.bad > 0 ? NX_EXIT_FINDING : NX_EXIT_OK);
    code = nx_cli_fail(recording.error);
    g_clear_error(&recording.error);
    return code;
}
