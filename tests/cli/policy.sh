# allow, undo, policy explain; other vocabularies
. "$NIXIE_SOURCE/tests/cli/lib.sh"
for a in gone@example.com dead@example.com gone@example.org; do bounce $a >"$T/$a.eml"; done
bounce full@example.com 5.2.2 '5.2.2 mailbox full' >"$T/full.eml"
run 0 "$NIXIE" ingest -q "$T/gone@example.com.eml" "$T/dead@example.com.eml" "$T/gone@example.org.eml" "$T/full.eml"; prints '3 suppressions'
"$NIXIE" suppress hand@example.com >/dev/null; "$NIXIE" suppress --cause unsubscribe --stream news gone@example.com >/dev/null

run 0 "$NIXIE" policy explain full@example.com; prints '^now: not suppressed'; prints 'mailbox_full +counted on 1 days; one more today: none .mailbox_full: counted already on this day'; prints 'mailbox_unknown +counted on 0 days; one more today: suppress'
run 0 "$NIXIE" policy explain gone@example.com; prints '^now: suppressed since .* until for ever: mailbox_unknown, mailbox_unknown: one report suffices'
run 64 "$NIXIE" policy explain nothing; run 64 "$NIXIE" policy mend x@example.com

run 0 "$NIXIE" allow --reason 'the chief' dead@example.com; prints '^1 put on'
run 0 "$NIXIE" check dead@example.com; prints 'allowed'
run 0 "$NIXIE" policy explain dead@example.com; prints '^now: on the allow list'; prints 'on the allow list, so not suppressed'
printf 'dead@example.com\ngone@example.com\n' | "$NIXIE" clean -q - >"$T/out"; is "$(cat "$T/out")" dead@example.com
run 0 "$NIXIE" allow --remove dead@example.com; run 1 "$NIXIE" check dead@example.com
run 1 "$NIXIE" allow --remove dead@example.com; says 'is not on the allow list'
run 64 "$NIXIE" allow nothing; says 'is no address'

run 64 "$NIXIE" undo; says 'say from when'
run 64 "$NIXIE" undo --since 1h --until 2h; says 'lies before'
run 0 "$NIXIE" undo --since 1h --domain example.com; prints '^2 entries would be lifted'; prints '^  gone@example.com'
run 1 "$NIXIE" check gone@example.com
run 0 "$NIXIE" undo --since 1h --domain example.com --yes --reason outage --actor alice; prints '^2 entries lifted'
run 0 "$NIXIE" undo --since 1h --domain example.com --yes; prints '^0 entries lifted'
run 0 "$NIXIE" check gone@example.com dead@example.com
run 1 "$NIXIE" check hand@example.com; run 1 "$NIXIE" check gone@example.org
run 1 "$NIXIE" check --stream news gone@example.com # the recipient's own wish stays
run 0 "$NIXIE" history gone@example.com; prints 'release .* by alice: outage'
run 0 "$NIXIE" history full@example.com; prints 'failed +mailbox_full +count: mailbox_full: 1 of 3 within 30 d$'; prints ', rule full[.a-z_]+: 550 5.2.2 mailbox full$'
run 0 "$NIXIE" undo --since 1h --cause mailbox_unknown --yes; prints '^1 entries lifted'
run 0 "$NIXIE" db check

"$NIXIE" suppress --cause mailbox_full codes@example.com >/dev/null
run 0 "$NIXIE" export --codes sparkpost --cause mailbox_full; is "$(head -1 "$T/out" | sed 's/.*,//')" sparkpost; prints '^codes@example.com,mailbox_full,.*,22$'
run 0 "$NIXIE" export -f jsonl --codes ses --cause mailbox_full; is "$(jq -r .ses "$T/out")" Transient/MailboxFull
run 64 "$NIXIE" export --codes nobody; says 'there is no such table'
run 0 "$NIXIE" parse --format sisimai "$T/full.eml"; is "$(jq -r '[.reason,.recipient,.deliverystatus,.destination,.action,.hardbounce]|join(" ")' "$T/out")" 'mailboxfull full@example.com 5.2.2 example.com failed false'
run 64 "$NIXIE" parse --format xml "$T/full.eml"; says 'json or sisimai'
run 0 "$NIXIE" stats; prints '^mailbox_unknown +3$'; prints '^mailbox_full +1$'; prints '^4 events'
run 0 "$NIXIE" stats --by domain,action --limit 1; prints '^example.com +suppress +2$'
run 0 "$NIXIE" stats --json --by day --since 2d; is "$(jq -r '.day+" "+(.events|tostring)' "$T/out")" "$(date -u +%F) 4"
run 0 "$NIXIE" stats --domain example.org; prints '^1 events'
"$NIXIE" ingest -q "$T/full.eml" >/dev/null; run 0 "$NIXIE" stats; prints '^4 events' # a second arrival is not counted
run 64 "$NIXIE" stats --by weather; says 'day, kind, cause'; run 64 "$NIXIE" stats --by day,day; says 'one, or two that differ'
run 64 "$NIXIE" stats --kind lost; says 'no such kind'

# By the time of a report and by who answered: each alone tells who is lifted.
mkdir "$T/then"; now=$(date +%s)
for at in 7:a@gmail.com 5:b@gmail.com 5:c@example.net 3:d@gmail.com; do
    { echo "Received: from a by b; $(date -ud "@$((now - ${at%%:*} * 3600))" '+%a, %d %b %Y %H:%M:%S +0000')"; bounce "${at#*:}"; } >"$T/then/${at#*:}"
done
run 0 "$NIXIE" ingest -q --received message "$T/then"; prints '4 suppressions'
lifts() { those=$1; shift; run 0 "$NIXIE" undo "$@"; is "$(grep '^  ' "$T/out" | tr -d ' ' | sort | tr '\n' ' ')" "$those"; }
lifts 'a@gmail.com b@gmail.com c@example.net d@gmail.com ' --since 8h
lifts 'b@gmail.com c@example.net d@gmail.com ' --since 6h
lifts 'a@gmail.com b@gmail.com c@example.net ' --since 8h --until 4h
lifts 'a@gmail.com b@gmail.com d@gmail.com ' --since 8h --provider google
run 0 "$NIXIE" undo --since 6h --until 4h --provider google --yes; prints '^1 entries lifted'
run 0 "$NIXIE" check b@gmail.com; run 1 "$NIXIE" check a@gmail.com; run 1 "$NIXIE" check c@example.net; run 1 "$NIXIE" check d@gmail.com
run 0 "$NIXIE" undo --since 8h --yes; prints '^3 entries lifted'
finish
