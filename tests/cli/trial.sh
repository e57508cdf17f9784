#!/bin/sh
# Rules on trial: asked about each report, written down with it, and deciding nothing until they are promoted.
. "$(dirname "$0")/lib.sh"
export NIXIE_DB="$T/n.db" NIXIE_CONFIG="$T/n.conf"
mkdir "$T/local"; printf '[patterns]\nlocal = %s\n' "$T/local" >"$T/n.conf"
bounce() {
    printf 'From: MAILER-DAEMON@mx.example.net\nTo: bounces@example.org\nSubject: failed\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <%s@mx.example.net>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nsorry\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; %s@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.0.0 %s\n\n--b--\n' "$1" "$1" "$2" >"$T/$1.eml"
    run 0 "$NIXIE" ingest "$T/$1.eml"
}
run 0 "$NIXIE" rules trial; prints 'no rules are on trial'
bounce ann 'Parcel not deliverable: locker is stuffed'
run 0 "$NIXIE" parse "$T/ann.eml"; is "$(jq 'has("trial")' "$T/out")" false
cat >"$T/local/locker.rules" <<'END'
# what the lockers say
trial
rule local.locker_gone
  cause mailbox_unknown
  any   parcel not deliverable
  hit   550 5.0.0 Parcel not deliverable: locker is stuffed
END
run 0 "$NIXIE" rules check; prints 'with what is on trial: '
run 0 "$NIXIE" rules list; is "$(grep -c locker_gone "$T/out")" 0 "it is not in force"
bounce bob 'Parcel not deliverable: locker is stuffed'
run 0 "$NIXIE" parse "$T/bob.eml"
is "$(jq -c '[.cause, .trial.cause, .trial.class, .trial.rule]' "$T/out")" '["unknown","mailbox_unknown","hard","local.locker_gone"]'
bounce eve 'User unknown'; run 0 "$NIXIE" parse "$T/eve.eml"; is "$(jq 'has("trial")' "$T/out")" false "where both say the same there is nothing to tell"
run 0 "$NIXIE" check bob@example.net
run 0 "$NIXIE" history --json bob@example.net; is "$(jq -r '.event.trial.rule' "$T/out")" local.locker_gone "it stands in the history"
run 1 "$NIXIE" rules trial
prints '^locker.rules: 1 rules$'; prints '^3 reports of failure or delay, 2 would be judged otherwise$'; prints 'unknown/soft -> mailbox_unknown/hard by local.locker_gone'
prints 'recorded as they came: 1 '; prints '^0 entries of 1 in force would be lifted, 2 would be made$'; prints 'bob@example.net +suppress for mailbox_unknown'
run 0 "$NIXIE" check bob@example.net
# A fault in it is a fault of the set; only the head of a file of one's own can say it.
printf 'rule local.b\n  cause unknown\n  any   some other words\n  hit   550 some other words\ntrial\n' >"$T/local/b.rules"
run 65 "$NIXIE" rules check; says "b.rules:5:.*'trial' is for the first line of a file of your own"; rm "$T/local/b.rules"
run 1 "$NIXIE" rules promote local.nothing; says 'no file or rule of that name is on trial'
run 0 "$NIXIE" rules promote local.locker_gone; prints '^locker.rules is on trial no more'
is "$(cat "$T/local/locker.rules" | head -2)" '# what the lockers say
rule local.locker_gone'
run 0 "$NIXIE" rules trial; prints 'no rules are on trial'
bounce joe 'Parcel not deliverable: locker is stuffed'; run 1 "$NIXIE" check joe@example.net
# From triage: into a file of its own, on trial.
bounce kim 'The heron has left the pond for good'
run 0 "$NIXIE" triage; group=$(grep -B1 -i 'heron has left' "$T/out" | head -1 | cut -d' ' -f1)
run 0 "$NIXIE" triage install "$group" --cause mailbox_disabled --trial; prints 'trial-.*\.rules'
run 1 "$NIXIE" rules trial; prints '^trial-.*\.rules: 1 rules$'; prints 'mailbox_disabled/hard'
run 0 "$NIXIE" check kim@example.net
run 0 "$NIXIE" rules promote "$(basename "$T"/local/trial-*.rules)"; run 0 "$NIXIE" rules trial; prints 'no rules are on trial'
finish
