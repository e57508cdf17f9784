# The numbers that docs/policy.md (Incidents) tells: how many make an incident where, and what its ends mean.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
now=$(date +%s); mkdir "$T/in"
# report SECONDS_AGO ADDRESS [REPORTING-MTA]
report() { { echo "Received: from a by b; $(date -ud "@$((now - $1))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce "$2" | sed "s/^Reporting-MTA: .*/Reporting-MTA: dns; ${3:-mx.example.org}/"; } >"$T/in/$2.$1"; }
take() { run 0 "$NIXIE" ingest --quiet --received message "$T/in"; rm -f "$T/in"/*; }
begin() { rm -f "$NIXIE_DB"*; for day in $1; do for who in a b; do report $((day * 86400)) $who$day@d$day$who.example; done; done; }
quiet() { run 0 "$NIXIE" holds; prints '^nothing is held back$'; }
history='20 18 16 14 12 10 8 6 4'
# A provider that never had one: three are none, nor are nine; ten are one, and those before the tenth are taken off the list.
begin "$history"; take; for i in 1 2 3; do report 60 n$i@never.example; done; take; quiet; run 1 "$NIXIE" check n1@never.example
for i in 4 5 6 7 8 9; do report 60 n$i@never.example; done; take; quiet
report 50 n10@never.example; take; run 0 "$NIXIE" holds; prints '^never\.example +open .*: 10 addresses held back, 10 of them still'; run 0 "$NIXIE" check n1@never.example; prints 'held back: an incident at never\.example, seen at'
# Where two at once have been seen, thirteen. Released, they are suppressed and the provider is judged no more for as long as it would have lasted.
begin "$history"; for i in 1 2; do report $((9 * 86400)) old$i@two.example; done; take
for i in $(seq 12); do report 60 t$i@two.example; done; take; quiet; report 50 t13@two.example; take; run 0 "$NIXIE" holds; prints '^two\.example +open .*: 13 addresses held back, 13 of them still'
run 0 "$NIXIE" holds release --provider two.example --yes; prints '^13 addresses suppressed'; for i in $(seq 20 40); do report 40 t$i@two.example; done; take; run 1 "$NIXIE" check t1@two.example; run 1 "$NIXIE" check t30@two.example
# Names that were never met: nine are none, ten are one. Of the source that brings half or more nothing is judged. Dropped, it goes on.
begin "$history"; take; for i in $(seq 9); do report 60 s$i@v$i.example mx.n$i.example; done; take; quiet
report 50 s10@v10.example mx.n10.example; take; run 0 "$NIXIE" holds; prints '^source:new +open .*: 10 addresses held back, 10 of them still'
for i in $(seq 11 40); do report 40 o$i@w$i.example; done; take; run 1 "$NIXIE" check o30@w30.example
run 0 "$NIXIE" holds drop --provider source:new --yes; prints '^10 addresses dropped'; report 30 s41@v41.example mx.n41.example; take; run 0 "$NIXIE" check s1@v1.example s41@v41.example; prints '^s1@v1\.example	ok$'; prints '^s41@.*held back'
# Before a week of events nothing is held.
begin '6 5 4 3 2'; take; for i in $(seq 30); do report 60 h$i@young.example; done; take; quiet
# What undo lifts counts as usual no more, and what was put there by hand stays.
begin "$history"; for i in 1 2 3; do report 7000 l$i@lift.example; done; take; hits() { sqlite3 "$NIXIE_DB" "SELECT coalesce(sum(hits), 0) FROM rates WHERE remote = 'lift.example'"; }
run 0 "$NIXIE" suppress hand@lift.example; is "$(hits)" 3; run 0 "$NIXIE" undo --since 1d --provider lift.example --yes; prints '^3 entries lifted'; is "$(hits)" 0; run 1 "$NIXIE" check hand@lift.example; run 0 "$NIXIE" check l1@lift.example
run 0 "$NIXIE" db check; finish
