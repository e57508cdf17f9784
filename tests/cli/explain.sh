# SPDX-License-Identifier: Apache-2.0
. "$NIXIE_SOURCE/tests/cli/lib.sh"
run 0 "$NIXIE" explain '550 5.7.26 Unauthenticated email from example.com is not accepted'
prints '^SMTP reply   550: Mailbox unavailable'
prints '^Status code  5.7.26: Multiple authentication checks failed \(RFC 7372\)'
prints '^Cause        sender_auth$'
prints '^Class        block: '
prints '^What to do   '
run 0 "$NIXIE" explain 421; prints '^SMTP reply   421: Service not available'; prints 'a temporary refusal'
run 0 "$NIXIE" explain 599; prints 'in no standard'
run 0 "$NIXIE" explain X.7.26; prints '^As 4.x.x'; prints '^As 5.x.x     sender_auth, block$'
run 0 "$NIXIE" explain 5.7.999; prints 'not in the IANA registry'
run 0 "$NIXIE" explain '450 4.1.1 user unknown'; prints '^Class        soft'; prints 'this refusal is temporary'
run 0 "$NIXIE" explain 'Automatic reply: out of office'; prints '^Cause        auto_reply$'
run 0 "$NIXIE" explain 'qwertz uiop'; prints '^Decided by   nothing'
bounce u@example.net 5.2.2 '5.2.2 mailbox full' >"$T/b.eml"
run 0 "$NIXIE" explain "$T/b.eml"
prints '^What it is   delivery failed \(read as rfc3464\)$'
prints '^Recipient    u@example.net$'
prints '^Cause        mailbox_full$'
run 0 "$NIXIE" explain - <"$T/b.eml"; prints '^Cause        mailbox_full$'
printf 'From: a@example.com\nSubject: hello\n\nhello\n' >"$T/plain.eml"
run 0 "$NIXIE" explain "$T/plain.eml"; prints 'no report about a delivery'
run 1 "$NIXIE" explain "$T/absent.eml"; says 'there is no such file'
mkdir "$T/empty"; run 1 "$NIXIE" explain "$T/empty"; says 'empty: there is no message in it'
run 64 "$NIXIE" explain; says 'an argument is missing'
run 64 "$NIXIE" explain ''; says 'the text is empty'
finish
