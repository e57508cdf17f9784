/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/rivals.h - what other products do by default, as published.
 *
 * Where a source says nothing they get our classes, which is in their favour; nobody counts delay notices or automatic replies. */
#pragma once
#include "run.h"

/* Any 5xx is a HardFail and lists at once; one whose attempts are used up is listed too; 30 days. */
report_fn postal;
/* One hard bounce blocklists for ever; soft ones do nothing. */
report_fn listmonk;
/* Do not contact after the first bounce of any kind, until somebody lifts it. */
report_fn mautic;
/* One a day for every report that a letter failed, whatever the reason (a full mailbox, spam sent back); only delay notices are
 * temporary to it. Five disable, stale after seven days: the next weekly letter is taken to come in time. Then three warnings, a week
 * apart, to the same address. A living member is taken to come back at the first that arrives, which is the best case. */
report_fn mailman;
