/* SPDX-License-Identifier: Apache-2.0 */
/* decide/preset.h - sets of numbers that go together: how soon a report is believed, and for how long.
 *
 * balanced is event/cause.def as it stands. strict takes the first report of whatever speaks of the address or its domain, and
 * holds for a year: the fewest letters to dead addresses, for more good ones silenced. thrifty lets a full mailbox rest for a
 * month at its first report, and asks twice where it may be the words or the domain: few letters to dead addresses, for fewer
 * good ones silenced than by strict. lenient wants to see everything three
 * times over a week (a dead domain twice), and a full mailbox for six weeks without a gap: hardly a good address is silenced,
 * for more letters to dead ones. A preset sets suppress, threshold, span, window, ttl and ttl_max, and nothing else; what never
 * suppresses, complaints and unsubscribes are the same in all. Pure, any thread. */
#pragma once
#include "decide/decide.h"

enum nx_preset { NX_PRESET_NONE, NX_PRESET_BALANCED, NX_PRESET_STRICT, NX_PRESET_THRIFTY, NX_PRESET_LENIENT };
const char *nx_preset_name(enum nx_preset preset); /* "", "balanced", "strict", "thrifty", "lenient" */
/* causes: NX_CAUSE_COUNT of them, of a policy or of a stream; scope and keep stay. NONE changes nothing. */
void nx_preset_apply(enum nx_preset preset, struct nx_policy_cause *causes);
