# SPDX-License-Identifier: Apache-2.0
# Changed rules against history: what is unexplained, what would be judged otherwise, and nothing changed by looking.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
mkdir "$T/in" "$T/local"
bounce one@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/1"
bounce two@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/2"
bounce three@example.net 5.1.1 '5.1.1 User unknown' >"$T/in/3"
run 0 "$NIXIE" ingest --quiet "$T/in"
run 0 "$NIXIE" rules suggest --stored; prints '^# 3 reports of failure or delay; 2 that no rule explains, in 1 groups'; prints '^# 2 times'; prints 'any +zork frobnicated the blorb'
run 0 "$NIXIE" rules replay; prints '^3 reports of failure or delay, 0 would be judged otherwise'
cat >"$T/local/mine.rules" <<'RULES'
rule local.zork
  cause mailbox_disabled
  any   zork frobnicated the blorb
  hit   550 Zork frobnicated the blorb
RULES
printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
run 1 "$NIXIE" rules replay --config "$T/conf"; prints '2 would be judged otherwise'; prints '2 +unknown/soft -> mailbox_disabled/hard by local.zork'; prints 'called dead and were not: 2'
run 0 "$NIXIE" rules replay --config "$T/conf" --since 2999-01-01; prints '^0 reports'
run 0 "$NIXIE" rules suggest --stored --config "$T/conf"; prints '; 0 that no rule explains'
run 0 "$NIXIE" check one@example.net   # looking has changed nothing
run 64 "$NIXIE" rules replay --since yesterday; says "'yesterday' is no moment"
run 64 "$NIXIE" rules suggest; says 'give paths, or --stored'

# --apply: a preview first, then the entries that follow, each with its line; a second time there is nothing to do.
export TMPDIR="$T/tmp"; mkdir "$TMPDIR"
replay() { want=$1; shift; run "$want" "$NIXIE" rules replay --config "$T/conf" --apply "$@"; }
run 0 "$NIXIE" suppress byhand@example.net --reason 'asked by phone'
bounce byhand@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/4"; run 0 "$NIXIE" ingest --quiet "$T/in/4"
run 64 "$NIXIE" rules replay --yes; says 'go with --apply'
replay 1; prints '^0 entries of 2 in force would be lifted, 2 would be made'; prints 'one@example.net +suppress for mailbox_disabled'; prints 'again with --yes'
run 0 "$NIXIE" check one@example.net
replay 0 --yes; prints '^2 changes made'
run 1 "$NIXIE" check one@example.net two@example.net
run 0 "$NIXIE" history one@example.net; prints 'rejudge.*rules replay: local.zork says mailbox_disabled .hard. where nothing said unknown .soft.; rules [0-9a-f]{12}'
run 0 "$NIXIE" history byhand@example.net; grep -q rejudge "$T/out" && fail 'an entry by hand was touched'
replay 0 --yes; prints '^0 entries of 4 in force would be lifted, 0 would be made'
run 0 "$NIXIE" db check
# The rule gone: what it made is lifted; there again: made again; by hand released: left alone.
mv "$T/local/mine.rules" "$T/mine"; replay 0 --yes; prints '^2 entries of 4 in force would be lifted, 0 would be made'; run 0 "$NIXIE" check one@example.net two@example.net
replay 0 --yes; prints '^0 entries .* 0 would be made'
mv "$T/mine" "$T/local/mine.rules"; replay 0 --yes; prints ' 2 would be made'; run 1 "$NIXIE" check one@example.net
run 0 "$NIXIE" release one@example.net; replay 0 --yes; prints ' 0 would be made'; run 0 "$NIXIE" check one@example.net
# A hard verdict taken back: its entry goes, unless a complaint or a person put it there; a softer one comes in its place where it would have.
cat >"$T/local/soft.rules" <<'RULES'
rule local.soft
  cause mailbox_full
  any   user unknown
  hit   550 5.1.1 User unknown
RULES
bounce gone@example.net 5.1.1 '5.1.1 User unknown' >"$T/in/5"; run 0 "$NIXIE" ingest --quiet "$T/in/5"
run 0 "$NIXIE" suppress gone@example.net --cause complaint
run 1 "$NIXIE" check three@example.net; replay 0 --yes; prints 'three@example.net +lift mailbox_unknown'; run 0 "$NIXIE" check three@example.net
run 1 "$NIXIE" check gone@example.net; prints complaint
run 0 "$NIXIE" history three@example.net; prints 'release.*rules replay: local.soft says mailbox_full'
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; run 1 "$NIXIE" check two@example.net
# Whoever came on the allow list meanwhile is not suppressed.
rm "$T/local/soft.rules"; run 0 "$NIXIE" allow three@example.net; replay 0 --yes; run 0 "$NIXIE" check three@example.net
# A rule set that would call half the list dead is refused without a word more.
for i in $(seq 30); do bounce "many$i@example.org" 5.0.0 'Greetings from the frobnicator' >"$T/in/m$i"; done
run 0 "$NIXIE" ingest --quiet "$T/in"
printf 'rule local.rash\n  cause mailbox_unknown\n  any   greetings from the frobnicator\n  hit   550 greetings from the frobnicator\n' >"$T/local/rash.rules"
replay 65 --yes; says 'so nothing is done'; run 0 "$NIXIE" check many1@example.org
replay 0 --yes --force; prints '^30 changes made'; run 1 "$NIXIE" check many1@example.org
rm "$T/local/rash.rules"; replay 65 --yes; says 'more than half of the list'; replay 0 --yes --force; run 0 "$NIXIE" check many1@example.org
# An error in the middle says how far it came; the same command makes the rest, but for three@, who is allowed.
mkdir "$T/bulk"; for i in $(seq 1000); do bounce "bulk$i@example.org" 5.0.0 'Greetings from the frobnicator' >"$T/bulk/$i"; done
run 0 "$NIXIE" ingest --quiet "$T/bulk"
printf 'rule local.rash\n  cause mailbox_unknown\n  any   greetings from the frobnicator\n  hit   550 greetings from the frobnicator\n' >"$T/local/rash.rules"
sqlite3 "$NIXIE_DB" "CREATE TRIGGER stop BEFORE INSERT ON log WHEN new.key='example.org@many9' BEGIN SELECT raise(ABORT, 'stop'); END"
replay 1 --yes --force; says '999 of 1031 made; the same command makes the rest: '; run 1 "$NIXIE" check bulk1@example.org; run 0 "$NIXIE" check many9@example.org
sqlite3 "$NIXIE_DB" 'DROP TRIGGER stop'; replay 0 --yes --force; prints '^31 changes made'; run 1 "$NIXIE" check many9@example.org
run 0 "$NIXIE" db check
# Killed in the middle: whole steps stand, and the same command makes the rest, which is as without the kill.
mkdir "$T/more"; for i in $(seq 3000); do bounce "more$i@d$((i % 7)).example.com" 5.0.0 'Salutations from the frobnicator'; echo; done |
    awk '/^From: MAILER-DAEMON@/{print "From MAILER-DAEMON Mon Mar  2 10:00:00 2026"}{print}' >"$T/more/mbox"; run 0 "$NIXIE" ingest --quiet "$T/more"
printf 'rule local.more\n  cause mailbox_unknown\n  any   salutations from the frobnicator\n  hit   550 salutations from the frobnicator\n' >"$T/local/more.rules"
made() { sqlite3 "$NIXIE_DB" "SELECT count(*) FROM log WHERE act='rejudge' AND key LIKE '%.example.com@more%'"; }
sqlite3 "$NIXIE_DB" "CREATE TRIGGER slow AFTER INSERT ON log WHEN new.act='rejudge' BEGIN
  SELECT (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2500) SELECT count(*) FROM c); END"
"$NIXIE" rules replay --config "$T/conf" --apply --yes --force >"$T/killed" 2>&1 & pid=$!; t=0; until [ "$(made)" -gt 0 ] || [ $t = 3000 ]; do t=$((t + 1)); sleep 0.02; done
kill -9 $pid; wait $pid 2>/dev/null; part=$(made); sqlite3 "$NIXIE_DB" 'DROP TRIGGER slow'
[ "$part" -gt 0 ] && [ "$part" -lt 3000 ] && [ $((part % 1000)) = 0 ] || fail "a kill in the middle leaves $part made: no whole steps"
run 0 "$NIXIE" db check; replay 0 --yes --force; prints "^$((3000 - part)) changes made"; is "$(made)" 3000; replay 0 --yes --force; prints '^0 changes made'; run 0 "$NIXIE" db check; rm -rf "$TMPDIR"/*
is "$(ls "$TMPDIR")" '' 'files left behind'
finish
