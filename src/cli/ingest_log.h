/* SPDX-License-Identifier: Apache-2.0 */
/* cli/ingest_log.h - `ingest --log`: the delivery logs of mail servers. Main thread only. */
#pragma once
#include "cli/cli.h"

struct nx_ingest_log {
    const char *kind;   /* "postfix", ... */
    const char *stream; /* or NULL */
    bool follow;        /* wait for more until SIGTERM or SIGINT */
    bool deliveries;    /* keep what was delivered too */
    bool sent;          /* record what was sent to whom, for the ledger */
    bool as_now;        /* events count for now, not for the time of their line */
};
/* Reads every file of cli->args; returns the exit code, all has been said. */
int nx_ingest_logs(struct nx_cli *cli, const struct nx_ingest_log *options);
