/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/rivals.h - what other products do by default, as published.
 *
 * Where a source says nothing they get our classes, which is in their favour; nobody counts delay notices or automatic replies. */
#pragma once
#include "run.h"

/* Any 5xx is a HardFail and lists at once; one whose attempts are used up is listed too; 30 days. */
report_fn postal;
/* One hard bounce blocklists for ever; soft ones do nothing. The classes come from a provider's webhook. */
report_fn listmonk;
/* The same by its mailbox, where the first status in the message is the class: 5 is hard, 4 is soft. */
report_fn listmonk_mailbox;
/* Do not contact after the first bounce of any kind, until somebody lifts it. What no rule of it knows is no bounce to it: here the
 * words that nobody knows. */
report_fn mautic;
/* The same, were there no words that it does not know. */
report_fn mautic_knowing_all;
/* One a day for every report that a letter failed, whatever the reason (a full mailbox, spam sent back); only delay notices are
 * temporary to it. Five disable, stale after seven days: the next weekly letter is taken to come in time. Then three warnings to
 * the same address, the first at once, the others a week apart. A living member is taken to come back at the first that arrives,
 * which is the best case. */
report_fn mailman;
