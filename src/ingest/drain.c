/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/drain.h"

#include "base/error.h"
#include "ingest/round.h"

#define LISTED 1024u /* files at a time */

struct drop { /* one file on its way */
    struct nx_job job;
    struct nx_input input;
    struct nx_origin origin;
    struct nx_spooled spooled;
    char *name;
    struct nx_spool *spool;
    struct nx_round *round;
};

static void done(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct drop *drop = job->data;
    struct nx_round *round = drop->round;
    GError *error = outcome->error != NULL ? g_error_copy(outcome->error) : NULL;
    if (error == NULL && !nx_spool_remove(drop->spool, drop->name, &error)) /* it comes again, and is told to be a duplicate */
        g_assert(error != NULL);
    g_free(drop->spooled.text);
    g_free(drop->name);
    g_free(drop);
    nx_round_end(round, outcome, error);
}

/* True: it was set aside. */
static bool send(struct nx_spool *spool, struct nx_round *round, struct nx_intake *intake, const char *name, size_t limit)
{
    struct nx_spooled spooled;
    GError *error = NULL;
    if (!nx_spool_read(spool, name, &spooled, &error)) {
        bool aside = g_error_matches(error, NX_ERROR, NX_ERROR_SYNTAX) && nx_spool_set_aside(spool, name, NULL);
        nx_round_stay(round, error);
        return aside;
    }
    struct drop *drop = g_new0(struct drop, 1);
    bool cut = spooled.size > spooled.bytes.n || spooled.bytes.n > limit;
    *drop = (struct drop){.job = {.inputs = &drop->input, .n_inputs = 1, .done = done, .data = drop},
                          .input = {.kind = NX_INPUT_MAIL,
                                    .bytes = nx_str_sub(spooled.bytes, 0, limit),
                                    .notes = cut ? NX_NOTE_TRUNCATED : 0,
                                    .origin = &drop->origin},
                          .origin = {.source = spooled.source,
                                     .envelope_from = spooled.from,
                                     .envelope_to = spooled.to,
                                     .received_at = spooled.received_at},
                          .spooled = spooled,
                          .name = g_strdup(name),
                          .spool = spool,
                          .round = round};
    nx_round_begin(round);
    nx_intake_put(intake, &drop->job);
    return false;
}

gboolean nx_spool_drain(struct nx_spool *spool, struct nx_intake *intake, size_t limit, struct nx_drained *ret_drained,
                        GError **error)
{
    struct nx_round round;
    size_t set_aside = 0;
    bool more = true;
    nx_round_init(&round);
    nx_spool_tidy(spool);
    while (more) {
        size_t before = round.messages + set_aside;
        GError *cannot = NULL;
        g_autoptr(GPtrArray) names = nx_spool_list(spool, LISTED, &cannot);
        if (names == NULL)
            nx_round_stay(&round, cannot);
        for (guint i = 0; names != NULL && i < names->len; i++)
            set_aside += send(spool, &round, intake, names->pdata[i], limit);
        nx_round_wait(&round);
        more = names != NULL && names->len > 0 && round.messages + set_aside > before;
    }
    *ret_drained = (struct nx_drained){round.messages, round.events, round.duplicates, set_aside};
    return nx_round_finish(&round, error);
}
