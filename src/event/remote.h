/* SPDX-License-Identifier: Apache-2.0 */
/* event/remote.h - who answered: one name for all that comes from one receiving provider.
 *
 * The provider that the rule files know by its hosts or domains ("google"); else the organisation of the remote server
 * ("example.net" of mx2.mail.example.net); else that of the recipient's domain. In: any bytes; a name that is no host name of the
 * internet (an IP, one label, .local and the like, over 253 bytes, 8-bit) is passed over. Out: lower case, at most 253 bytes, in
 * the arena or `known` itself; n == 0: nobody can be named. Pure but for struct nx_hosts, any thread. */
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include "event/event.h"

/* Hosts that were looked up last, some hundred: the public suffix of the same few need not be looked for with every report. Of one
 * thread; NULL, wherever it is asked for: nothing is remembered. */
struct nx_hosts;
struct nx_hosts *nx_hosts_new(void);
void nx_hosts_free(struct nx_hosts *hosts);

struct nx_str nx_remote_name(struct nx_hosts *hosts, struct nx_arena *arena, struct nx_str known, struct nx_str remote_mta,
                             struct nx_str domain);

/* The organisation's domain of a host or domain: one label below its public suffix (RFC 7489 3.2), by the list that libpsl was
 * built with, so no file is read. Suffixes of the private section count too: below github.io each name is somebody else's. A name
 * that is a suffix itself is given back; below a top domain that the list does not know, the last two labels are. */
struct nx_str nx_organisation(struct nx_hosts *hosts, struct nx_arena *arena, struct nx_str name);

/* Who brings a report, as it says itself: "source:" and the organisation of the server that wrote it, or the way it came in by
 * ("source:pipe") where it names none. So no remote is called like a source. */
struct nx_str nx_reporter_name(struct nx_hosts *hosts, struct nx_arena *arena, const struct nx_event *event);
#define NX_SOURCE "source:"                 /* all of them */
#define NX_SOURCE_NEW NX_SOURCE "new"       /* those that were never heard of before, together */
#define NX_SOURCE_UNSENT NX_SOURCE "unsent" /* reports about addresses that nobody wrote to */
bool nx_reporter_is(struct nx_str name);
/* Has nobody vouched for this report: no signed return path, no provider's webhook, not our own log? Who brings it is judged then. */
bool nx_reporter_is_unvouched(const struct nx_event *event);
/* In words: "reports in the name of example.net, which nobody vouches for,". */
struct nx_str nx_reporter_words(struct nx_arena *arena, struct nx_str name);
