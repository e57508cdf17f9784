# SPDX-License-Identifier: Apache-2.0
# undo of many: in steps between which others write, killed in the middle, taken up again, and nothing lifted that it was not asked for.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
n=3500; for i in $(seq $n); do bounce "many$i@d$((i % 97)).example.org"; echo; done |
    awk '/^From: MAILER-DAEMON@/{print "From MAILER-DAEMON Mon Mar  2 10:00:00 2026"}{print}' >"$T/mbox"
run 0 "$NIXIE" ingest --quiet "$T/mbox"; run 0 "$NIXIE" suppress byhand@example.net
lifted() { sqlite3 "$NIXIE_DB" "SELECT count(*) FROM log WHERE act='release'"; }
run 0 "$NIXIE" undo --since 1d; prints "^$n entries would be lifted"; is "$(grep -c '^  many' "$T/out")" 10; prints '^  \.\.\. '; is "$(lifted)" 0
# Each line of the history takes a while, so that there is time to look.
sqlite3 "$NIXIE_DB" "CREATE TRIGGER slow AFTER INSERT ON log WHEN new.act='release' BEGIN
  SELECT (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2500) SELECT count(*) FROM c); END"
begin() { "$NIXIE" undo --since 1d --yes --actor alice >"$T/undone" 2>&1 & pid=$!; t=0; until [ "$(lifted)" -gt "$1" ] || [ $t = 1000 ]; do t=$((t + 1)); sleep 0.02; done; }
begin 0; kill -9 $pid; wait $pid 2>/dev/null; part=$(lifted)
[ "$part" -gt 0 ] && [ "$part" -lt $n ] && [ $((part % 1000)) = 0 ] || fail "a kill in the middle leaves $part lifted: no whole steps"
run 0 "$NIXIE" db check; run 0 "$NIXIE" undo --since 1d; prints "^$((n - part)) entries would be lifted"
# Others write while it runs; what a report says meanwhile stands, though its turn comes later.
bounce meanwhile@zzz.example.org >"$T/late.eml"; begin "$part"
patient() { tries=0; while "$@" >"$T/out" 2>"$T/err"; code=$?; [ $code = 75 ] && [ $tries -lt 20 ]; do tries=$((tries + 1)); done; is $code 0 "$*"; } # a machine with much to do may not wake who waits
patient "$NIXIE" suppress another@example.net; patient "$NIXIE" ingest --quiet "$T/late.eml"
wait $pid || fail "the second: $(cat "$T/undone")"; is "$(cat "$T/undone")" "$((n - part)) entries lifted"; is "$(lifted)" $n
is "$(sqlite3 "$NIXIE_DB" "SELECT count(*) > 0 FROM log WHERE act='release' AND seq > (SELECT seq FROM log WHERE key='example.net@another')")" 1 'who wrote beside it waited until all was lifted'
run 1 "$NIXIE" check meanwhile@zzz.example.org; run 1 "$NIXIE" check byhand@example.net; run 1 "$NIXIE" check another@example.net; run 0 "$NIXIE" check many7@d7.example.org
run 0 "$NIXIE" history many7@d7.example.org; prints 'release +mailbox_unknown +by alice: undo$'
run 0 "$NIXIE" undo --since 1d --yes --domain d7.example.org; prints '^0 entries lifted'; run 0 "$NIXIE" db check
# One that is another's by the time its turn comes is left: nobody asked for it.
sqlite3 "$NIXIE_DB" 'DROP TRIGGER slow'; for who in first second; do bounce $who@other.example.org >"$T/$who.eml"; done; run 0 "$NIXIE" ingest --quiet "$T/first.eml" "$T/second.eml"
sqlite3 "$NIXIE_DB" "CREATE TRIGGER faster AFTER INSERT ON log WHEN new.act='release' AND new.key='other.example.org@first' BEGIN
  UPDATE suppressions SET seq=(SELECT max(seq) FROM log WHERE act='suppress'), manual=1 WHERE key='other.example.org@second'; END"
run 0 "$NIXIE" undo --since 1d --domain other.example.org --yes; prints '^1 entries lifted'; run 1 "$NIXIE" check second@other.example.org
finish
