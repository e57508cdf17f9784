/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/maildir.h"

#include "base/error.h"
#include "ingest/round.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct letter { /* one file on its way */
    struct nx_job job;
    struct nx_input input;
    struct nx_origin origin;
    char *from, *to; /* paths, before and after */
    char *text;
    struct nx_round *round;
};

static GError *io_error(const char *path)
{
    return g_error_new(NX_ERROR, errno == ENOSPC ? NX_ERROR_FULL : NX_ERROR_IO, "%s: %s (check the Maildir's rights and disk)",
                       path, g_strerror(errno));
}

static void done(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct letter *letter = job->data;
    GError *error = outcome->error != NULL ? g_error_copy(outcome->error)
                    : rename(letter->from, letter->to) != 0
                        ? io_error(letter->from) /* it comes again, and is told to be a duplicate */
                        : NULL;
    struct nx_round *round = letter->round;
    g_free(letter->from);
    g_free(letter->to);
    g_free(letter->text);
    g_free(letter);
    nx_round_end(round, outcome, error);
}

/* Up to the limit; *ret_size is what there is. */
static char *read_file(const char *path, size_t limit, size_t *ret_n, uint64_t *ret_size)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        errno = EINVAL;
        return NULL;
    }
    size_t size = (size_t)MIN((uint64_t)about.st_size, limit), n = 0;
    char *text = g_malloc(size + 1);
    ssize_t got = 1;
    while (n < size && (got = read(fd, text + n, size - n)) > 0)
        n += (size_t)got;
    close(fd);
    if (got < 0)
        g_clear_pointer(&text, g_free);
    *ret_n = n;
    *ret_size = (uint64_t)about.st_size;
    return text;
}

static void send(const char *path, const char *under, const char *name, struct nx_intake *intake, size_t limit,
                 struct nx_round *round)
{
    struct letter *letter = g_new0(struct letter, 1);
    size_t n = 0;
    uint64_t size = 0;
    letter->from = g_build_filename(path, under, name, NULL);
    letter->to = g_build_filename(path, ".nixie-done", "cur", name, NULL);
    letter->text = read_file(letter->from, limit, &n, &size);
    letter->round = round;
    nx_round_begin(round);
    if (letter->text == NULL) {
        GError *error = errno == ENOENT ? NULL : io_error(letter->from); /* somebody else took it */
        const struct nx_outcome nothing = {.error = error};
        g_free(letter->from);
        g_free(letter->to);
        g_free(letter);
        nx_round_end(round, &nothing, error);
        return;
    }
    letter->origin = (struct nx_origin){
        .source = NX_STR("maildir"), .file = nx_str_of(letter->from), .received_at = g_get_real_time() / G_USEC_PER_SEC};
    letter->input = (struct nx_input){
        .kind = NX_INPUT_MAIL, .bytes = {letter->text, n}, .notes = size > n ? NX_NOTE_TRUNCATED : 0, .origin = &letter->origin};
    letter->job = (struct nx_job){.inputs = &letter->input, .n_inputs = 1, .done = done, .data = letter};
    nx_intake_put(intake, &letter->job);
}

static GError *make_done(const char *path)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *directory = g_build_filename(path, ".nixie-done", parts[i], NULL);
        if (g_mkdir_with_parents(directory, 0700) != 0)
            return io_error(directory);
    }
    return NULL;
}

gboolean nx_maildir_drain(const char *path, struct nx_intake *intake, size_t limit, struct nx_maildir_drained *ret_drained,
                          GError **error)
{
    static const char *const parts[] = {"new", "cur"};
    struct nx_round round;
    nx_round_init(&round);
    GError *cannot = make_done(path);
    for (size_t i = 0; i < G_N_ELEMENTS(parts) && cannot == NULL; i++) {
        g_autofree char *full = g_build_filename(path, parts[i], NULL);
        g_autoptr(GDir) directory = g_dir_open(full, 0, NULL);
        const char *name;
        if (directory == NULL)
            cannot = io_error(full);
        while (directory != NULL && (name = g_dir_read_name(directory)) != NULL)
            if (name[0] != '.')
                send(path, parts[i], name, intake, limit, &round);
    }
    nx_round_wait(&round);
    if (cannot != NULL)
        nx_round_stay(&round, cannot);
    *ret_drained = (struct nx_maildir_drained){round.messages, round.events, round.duplicates};
    return nx_round_finish(&round, error);
}
