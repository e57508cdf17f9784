# SPDX-License-Identifier: Apache-2.0
# A changed rule set and what an incident holds back: dropped where it is justified no more, held for another cause where that is what
# the report says now, and back again with the rule.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
export TMPDIR="$T/tmp"; mkdir "$TMPDIR" "$T/in" "$T/local"
now=$(date +%s); unknown='5.1.1 User unknown'
# report SECONDS_AGO ADDRESS WORDS
report() { { echo "Received: from a by b; $(date -ud "@$((now - $1))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce "$2" 5.1.1 "$3"; } >"$T/in/$2"; }
for day in 20 18 16 14 12 10 8 6 4; do for who in a b; do report $((day * 86400)) dead$who$day@gmail.com "$unknown"; report $((day * 86400)) dead$who$day@example.net "$unknown"; done; done
run 0 "$NIXIE" ingest --quiet --received message "$T/in"; rm "$T/in"/*
for i in $(seq 10 29); do report 60 good$i@gmail.com "$unknown"; done
run 0 "$NIXIE" ingest --quiet --received message "$T/in"; rm "$T/in"/*
for name in full closed soon race early; do report 50 $name@gmail.com "5.1.1 User unknown, says the $name clerk"; done
run 0 "$NIXIE" ingest --quiet --received message "$T/in"
run 0 "$NIXIE" holds; prints '^google +open .*: 25 addresses held back, 25 of them still'
hits() { sqlite3 "$NIXIE_DB" "SELECT sum(hits) FROM rates WHERE remote='$1' AND hour >= $((now - 7200)) / 3600"; }
held() { "$NIXIE" holds --addresses | grep -c .; }
is "$(hits google)" 25; is "$(hits '')" 25
rule() { printf 'rule local.%s\n  cause %s\n  any   says the %s clerk\n  hit   550 5.1.1 User unknown, says the %s clerk\n' "$1" "$2" "$1" "$1" >"$T/local/$1.rules"; }
printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
replay() { want=$1; shift; run "$want" "$NIXIE" rules replay --config "$T/conf" --apply "$@"; }

# No dead address at all by the rules of now: dropped, the breaker's hit taken back. Another dead address's cause: held for that.
rule full mailbox_full; rule closed mailbox_disabled
replay 1; prints '^0 entries of [0-9]+ in force would be lifted, 0 would be made'; prints '^Of what incidents hold back 1 would be dropped, 1 held back for another cause'
prints 'full@gmail.com +drop mailbox_unknown held back$'; prints 'closed@gmail.com +hold back for mailbox_disabled$'; is "$(held)" 25
replay 0 --yes; prints '^2 changes made'; is "$(held)" 24; is "$(hits google)" 24; is "$(hits '')" 24
run 0 "$NIXIE" history full@gmail.com; prints 'hold_drop +mailbox_unknown +by .*\(rules replay\): rules replay: local.full says mailbox_full .soft. where'; prints '^now: not suppressed$'
run 0 "$NIXIE" history closed@gmail.com; prints 'rehold +mailbox_disabled +by .*\(rules replay\): rules replay: local.closed says mailbox_disabled'; prints '^now: not suppressed; mailbox_disabled by google is held back until'
run 0 "$NIXIE" holds; prints '^google +open .*: 25 addresses held back, 24 of them still'
run 0 "$NIXIE" holds --addresses; prints '^closed@gmail.com	google	mailbox_disabled	since .*	until .*	550 5.1.1 User unknown, says the closed clerk'
replay 0; prints '0 would be made'; grep -q 'incidents hold back' "$T/out" && fail 'a second replay finds something'
run 0 "$NIXIE" db check
# The rules gone: as it was.
rm "$T/local"/*; replay 1; prints '^Of what incidents hold back 0 would be dropped, 2 held back for another cause'
replay 0 --yes; is "$(held)" 25; is "$(hits google)" 25; run 0 "$NIXIE" holds --addresses; prints '^full@gmail.com	google	mailbox_unknown	'; prints '^closed@gmail.com	google	mailbox_unknown	'
replay 0; run 0 "$NIXIE" db check
# What nobody could read when it came, at a provider with an incident, is held back like the rest where the rules of now call it dead, and not put on the list.
for name in odd odder; do { echo "Received: from a by b; $(date -ud "@$((now - 40))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce $name@gmail.com 5.0.0 "Zork, says the $name clerk"; } >"$T/in/$name"; done
{ echo "Received: from a by b; $(date -ud "@$((now - 40))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce odd@example.com 5.0.0 'Zork, says the odd clerk'; } >"$T/in/elsewhere"
run 0 "$NIXIE" ingest --quiet --received message "$T/in"; run 0 "$NIXIE" history odd@gmail.com; prints ' unknown +count'
printf 'rule local.odd\n  cause mailbox_unknown\n  any   says the odd clerk\n  hit   550 Zork, says the odd clerk\n' >"$T/local/odd.rules"
replay 1; prints 'odd@gmail.com +hold back for mailbox_unknown$'; prints 'odd@example.com +suppress for mailbox_unknown$'; grep -q odder "$T/out" && fail 'a report that is judged as before is touched'
replay 0 --yes; prints '^2 changes made'; run 0 "$NIXIE" check odd@gmail.com; prints '	ok	until .*rules replay: local.odd says'; run 1 "$NIXIE" check odd@example.com; is "$(held)" 26; replay 0; prints ' 0 would be made'
run 0 "$NIXIE" holds; prints '^google +open .*: 26 addresses held back, 26 of them still'; run 0 "$NIXIE" db check
rm "$T/local"/*; replay 0 --yes; prints '^2 changes made'; is "$(held)" 25; run 0 "$NIXIE" check odd@gmail.com odd@example.com; run 0 "$NIXIE" db check
# Somebody was faster: nothing is done to what he settled.
rule race mailbox_full; rule soon mailbox_full
sqlite3 "$NIXIE_DB" "CREATE TRIGGER faster AFTER INSERT ON log WHEN new.act='hold_drop' AND new.key='gmail.com@race' BEGIN
  UPDATE holds SET seq=seq+1000000 WHERE key='gmail.com@soon'; END"
replay 0 --yes; prints '^1 changes made'
sqlite3 "$NIXIE_DB" "DROP TRIGGER faster; UPDATE holds SET seq=seq-1000000 WHERE key='gmail.com@soon'"; run 0 "$NIXIE" history soon@gmail.com; prints 'mailbox_unknown by google is held back'
rule early mailbox_full; replay 0 --yes; prints '^2 changes made'; is "$(hits google)" 22
# What is released afterwards is what the report says now, and what was dropped is not among it. A rule taken back then brings nothing back: somebody has settled it.
rm "$T/local"/*; rule full mailbox_full; rule closed mailbox_disabled; rule soon mailbox_full; rule race mailbox_full; rule early mailbox_full; replay 0 --yes; is "$(held)" 21
run 0 "$NIXIE" holds release --provider google --yes; prints '^21 addresses suppressed'
run 1 "$NIXIE" check closed@gmail.com; prints mailbox_disabled; run 0 "$NIXIE" check full@gmail.com soon@gmail.com race@gmail.com early@gmail.com
rm "$T/local"/*; replay 1; prints '^1 entries of [0-9]+ in force would be lifted, 1 would be made'; prints 'closed@gmail.com +lift mailbox_disabled, suppress for mailbox_unknown'
replay 0 --yes; prints '^1 changes made'; run 0 "$NIXIE" check full@gmail.com; run 1 "$NIXIE" check closed@gmail.com; prints mailbox_unknown
run 0 "$NIXIE" db check; run 0 "$NIXIE" forget closed@gmail.com full@gmail.com --yes; run 0 "$NIXIE" db check
is "$(ls "$TMPDIR")" '' 'files left behind'
finish
