# SPDX-License-Identifier: Apache-2.0
# Delivery logs: once and once only, over restarts, rotation, truncation, lines that are not finished, and a database that is locked.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
export TZ=UTC
day=$(date -u +'%b %e')
line() { # line N: a delivery that failed for address N
    printf '%s 00:00:%02d mx postfix/smtp[9]: 4F%04d: to=<u%d@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 <u%d@example.net>: User unknown (in reply to RCPT TO command))\n' "$day" "$(($1 % 60))" "$1" "$1" "$1"
}
listed() { "$NIXIE" export --format txt | sort | tr '\n' ' '; }
log=$T/mail.log

{ line 1; line 2; } >"$log"
run 0 "$NIXIE" ingest --log postfix "$log"; prints '2 lines: 2 events kept, 0 known already, 2 suppressions'
is "$(listed)" 'u1@example.net u2@example.net '
run 0 "$NIXIE" ingest --log postfix "$log"; prints '^0 lines'                                  # nothing twice
line 3 >>"$log"; run 0 "$NIXIE" ingest --log postfix "$log"; prints '^1 lines: 1 events kept'      # only what is new
line 4 | tr -d '\n' >>"$log"; run 0 "$NIXIE" ingest --log postfix "$log"; prints '^0 lines'; says 'no end yet'
echo >>"$log"; run 0 "$NIXIE" ingest --log postfix "$log"; prints '^1 lines: 1 events kept'
line 5 >>"$log"; mv "$log" "$log.1"; line 6 >"$log"                                              # rotated with a line still unread
run 0 "$NIXIE" ingest --log postfix "$log"; prints '^2 lines: 2 events kept'
rm -f "$NIXIE_DB.logs"; run 0 "$NIXIE" ingest --log postfix "$log.1" "$log"; prints '0 events kept, 6 known already' # a lost cursor costs time, not truth
: >"$log"; line 7 >>"$log"; run 0 "$NIXIE" ingest --log postfix "$log"; prints '1 events kept'      # truncated in place
is "$(listed)" 'u1@example.net u2@example.net u3@example.net u4@example.net u5@example.net u6@example.net u7@example.net '

# --follow: lines as they come, over rotation; SIGTERM ends it with all of them kept.
"$NIXIE" ingest --log postfix --follow "$log" >"$T/follow" 2>&1 & pid=$!
sleep 0.5; line 8 >>"$log"; sleep 1.5; mv "$log" "$log.2"; line 9 >"$log"; line 10 >>"$log"
tries=0; until "$NIXIE" check u10@example.net >/dev/null; [ $? = 1 ] || [ $tries = 80 ]; do tries=$((tries + 1)); sleep 0.1; done
kill -TERM $pid; wait $pid; is $? 0 'end of --follow'
for n in 8 9 10; do run 1 "$NIXIE" check "u$n@example.net"; done

# kill -9 between two commits: what was kept is not kept again, what was not comes.
n=100; while [ $n -lt 160 ]; do line $n; n=$((n + 1)); done >"$T/big.log"
"$NIXIE" ingest --log postfix --follow "$T/big.log" >/dev/null 2>&1 & pid=$!
sleep 0.2; kill -9 $pid; wait $pid 2>/dev/null
run 0 "$NIXIE" ingest --log postfix "$T/big.log"
is "$("$NIXIE" export --format txt | grep -c '^u1[0-9][0-9]@')" 60

# Lines count for their own days.
full() { printf '%s 00:00:%02d mx postfix/smtp[9]: 5F%04d: to=<%s@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=5.2.2, status=bounced (host mx.example.net[192.0.2.1] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command))\n' "$(LC_ALL=C date -u -d "-$2 days" +'%b %e')" "$2" "$2" "$1"; }
for who in then now; do for ago in 20 15 9; do full $who $ago; done >"$T/$who.log"; done
run 0 "$NIXIE" ingest --log postfix "$T/then.log"; prints '3 events kept, 0 known already, 1 suppressions'
run 0 "$NIXIE" ingest --received now --log postfix "$T/now.log"; prints '3 events kept, 0 known already, 0 suppressions'

run 64 "$NIXIE" ingest --log uucp "$log"; says "no log is called 'uucp' \(one of postfix"
run 64 "$NIXIE" ingest --follow "$log"; says 'only with --log'
run 1 "$NIXIE" ingest --log postfix "$T/none"; says 'none: cannot be read: No such file'
printf 'a line that is no log\n\0\377\n' >"$T/odd"; run 0 "$NIXIE" ingest --log exim "$T/odd"; prints '2 lines: 0 events'
finish
