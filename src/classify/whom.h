/* SPDX-License-Identifier: Apache-2.0 */
/* classify/whom.h - whom the words speak of that would make an address or a domain dead: the recipient, or who wrote.
 *
 * "550 <news@example.com>: user unknown" in answer to RCPT TO of somebody else is said by a server that looked at the sender.
 * Looked at are the names in the words that decided, beside them (marks, blanks and one short word between), and at the head of the
 * reply, behind its codes. Who wrote is told by the From and Sender of the returned message, its Return-Path and the addresses that
 * the report came to. A third address is no excuse: it is where the recipient's mail is forwarded to, and RFC 3464 2.3.2 to 2.3.4
 * say whom the report is about and that it did not reach him. Pure; no allocation. */
#pragma once
#include "event/event.h"

/* words: a slice of report->diagnostic or report->text, or of neither where a code decided. domain: they are about a domain, so
 * that its name alone counts. */
bool nx_whom_author(const struct nx_report *report, struct nx_str words, bool domain);
