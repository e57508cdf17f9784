# A changed rule set while an incident holds back what some source brings that nobody vouches for: what the rules of now make of its
# reports is held back as well, whatever it is, and what others bring is not.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
mkdir "$T/in" "$T/local"; printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
now=$(date +%s); unknown='5.1.1 User unknown'
# report SECONDS_AGO REPORTER ADDRESS WORDS
report() { { echo "Received: from a by b; $(date -ud "@$((now - $1))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce "$3" 5.0.0 "$4" | sed "s/^Reporting-MTA: .*/Reporting-MTA: dns; $2/"; } >"$T/in/$3"; }
take() { run 0 "$NIXIE" ingest --quiet --received message "$T/in"; rm "$T/in"/*; }
for day in 20 18 16 14 12 10 8 6 4; do for who in a b; do report $((day * 86400)) mx.example.org dead$who@d$day.example "$unknown"; done; report $((day * 86400)) mx.met.example met@d$day.example "$unknown"; done
take; run 0 "$NIXIE" holds; prints '^nothing is held back$'
for i in $(seq 10 24); do report 60 mx$i.forged$i.example victim@v$i.example "$unknown"; done
take; run 0 "$NIXIE" holds; prints '^source:new +open .*: 15 addresses held back'
# Nobody can read these when they come.
for who in new:mx.strange.example met:mx.met.example own:mx.example.org; do
    for what in gone full; do report 40 "${who#*:}" "$what.${who%%:*}@u.example" "Zork, says the $what clerk"; done
done
report 40 mx.odd.example gone.odd@u.example 'Blorb'; take
run 0 "$NIXIE" history gone.new@u.example; prints ' unknown +count'
rule() { printf 'rule local.%s\n  cause %s\n  any   says the %s clerk\n  hit   550 Zork, says the %s clerk\n' "$1" "$2" "$1" "$1" >"$T/local/$1.rules"; }
replay() { want=$1; shift; run "$want" "$NIXIE" rules replay --config "$T/conf" --apply "$@"; }
rule gone mailbox_unknown; rule full upstream_suppressed
replay 1; prints '^0 entries of [0-9]+ in force would be lifted, 4 would be made$'; prints '^Of what incidents hold back 0 would be dropped, 2 held back for another cause'
prints 'gone\.new@u\.example +hold back for mailbox_unknown$'; prints 'full\.new@u\.example +hold back for upstream_suppressed$'
for who in met own; do prints "gone\.$who@u\.example +suppress for mailbox_unknown$"; prints "full\.$who@u\.example +suppress for upstream_suppressed$"; done
replay 0 --yes; prints '^6 changes made'; run 0 "$NIXIE" check gone.new@u.example full.new@u.example; run 1 "$NIXIE" check gone.met@u.example
run 0 "$NIXIE" holds --addresses; prints '^gone\.new@u\.example	source:new	mailbox_unknown	'; prints '^full\.new@u\.example	source:new	upstream_suppressed	'
replay 0; prints ' 0 would be made'; run 0 "$NIXIE" db check
# What is held of it is held for the other cause where the report now means that, dead address or not; and again as before.
rule full mailbox_unknown; rule gone upstream_suppressed; replay 0 --yes; prints '^6 changes made'
run 0 "$NIXIE" holds --addresses; prints '^gone\.new@u\.example	source:new	upstream_suppressed	'; prints '^full\.new@u\.example	source:new	mailbox_unknown	'; run 0 "$NIXIE" check gone.new@u.example full.new@u.example
rm "$T/local"/*; replay 0 --yes; prints '^6 changes made'; run 0 "$NIXIE" holds --addresses; is "$(grep -c . "$T/out")" 15; run 0 "$NIXIE" check gone.met@u.example; run 0 "$NIXIE" db check
# Settled: they were right, so what it brought is put on the list.
run 0 "$NIXIE" holds release --provider source:new --yes; prints '^15 addresses suppressed'; rule gone mailbox_unknown
replay 0 --yes; prints '^3 changes made'; run 1 "$NIXIE" check gone.new@u.example; run 0 "$NIXIE" db check
finish
