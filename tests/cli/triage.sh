# SPDX-License-Identifier: Apache-2.0
# Bounces that no rule explains: grouped, shown with their message, turned into a rule that is tried first, given away without names.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
mkdir "$T/in" "$T/local"
printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
for i in 1 2 3; do
    bounce "ann.other$i@host$i.example" 5.0.0 "5.0.0 Parcel of ann.other$i@host$i.example went home: locker is stuffed (id=4XyZ9abc$i, mx$i.host$i.example [192.0.2.$i])" >"$T/in/$i"
done
bounce bob@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/4"
bounce known@example.net 5.1.1 '5.1.1 User unknown' >"$T/in/5"
run 0 "$NIXIE" ingest --quiet "$T/in"
run 0 "$NIXIE" triage; prints '^4 events that no rule explains, in 2 groups'; prints '3 events +3 domains'
run 0 "$NIXIE" triage list --json --limit 1; is "$(jq -r '[.events,.domains,.decided] | join(" ")' "$T/out")" '3 3 unknown'; G=$(jq -r .group "$T/out")
run 0 "$NIXIE" triage --json; Z=$(jq -r 'select(.events == 1) | .group' "$T/out")
run 0 "$NIXIE" triage --since 2999-01-01; prints '^0 events'
run 64 "$NIXIE" triage --since never; says "'never' is no moment"
run 0 "$NIXIE" triage show "$G"; prints '^domains +1 +host1.example'; prints 'locker is stuffed .ID, HOST .IP'
run 0 "$NIXIE" triage show "$(echo "$G" | cut -c1-6)" --json; is "$(jq '.texts | length' "$T/out")" 3
run 0 "$NIXIE" triage show "$Z" --raw; cmp -s "$T/out" "$T/in/4" || fail 'the message is not as it came'
run 1 "$NIXIE" triage show 0123456789ab; says 'there is no such group'
run 64 "$NIXIE" triage show; says 'give one group'
run 64 "$NIXIE" triage shw "$G"; says "it is list, show"
# A proposal says what it would do, and does nothing.
run 0 "$NIXIE" triage propose "$G" --config "$T/conf" --cause mailbox_full
prints '^rule local.locker_is_stuffed$'; prints '^  any +locker is stuffed$'; prints 'hit .*user@example.com .*mx.example.net .192.0.2.1'; prints '^# checked'; prints 'explains 3 that nobody could'
grep -q 'ann.other\|host[0-9]\.example\|4XyZ' "$T/out" && fail 'the example names somebody'
run 0 "$NIXIE" triage propose "$Z" --cause mailbox_unknown --json; is "$(jq -r '[.newly_hard,.explains,(.faults|length)] | join(" ")' "$T/out")" '1 1 0'
run 0 "$NIXIE" triage propose "$Z"; prints 'cause +FILL_IN'; prints '^# cause: nothing known is like it'
[ -e "$T/local/triage.rules" ] && fail 'a proposal wrote something'
# What cannot be installed says so, and nothing is half-done.
run 65 "$NIXIE" triage install "$G" --cause mailbox_full; says '\[patterns\] local is not set'
run 64 "$NIXIE" triage install "$G" --config "$T/conf"; says 'say what these bounces mean'
run 64 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_fool; says "'mailbox_fool' is no cause"
run 65 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_full --phrase box; says 'triage.rules:.*4'
run 65 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_full --phrase 'no such words'; says 'does not match this hit'
run 65 "$NIXIE" triage propose "$G" --config "$T/conf" --cause mailbox_full --phrase 'no such words'; prints '^# fault: '
run 65 "$NIXIE" triage install "$Z" --config "$T/conf" --cause mailbox_full --phrase '550'; says .
printf 'rule local.mine\n  cause spam_content\n  any   locker is\n  hit   550 locker is on fire\n' >"$T/local/a.rules"
run 0 "$NIXIE" triage --config "$T/conf"; prints '^1 events'   # mine explains it
mv "$T/local/a.rules" "$T/a.rules"
bounce full@example.net 5.2.2 'mailbox is full, said the zork' >"$T/in/6"; bounce odd@example.net 5.0.0 'zork zork, said the zork' >"$T/in/7"
run 0 "$NIXIE" ingest --quiet "$T/in/6" "$T/in/7"
run 0 "$NIXIE" triage --json; O=$(jq -r 'select(.text | test("zork zork")) | .group' "$T/out")
run 0 "$NIXIE" triage propose "$O" --config "$T/conf" --cause spam_content --phrase 'said the zork'; prints 'would change 1 mailbox_full/soft -> spam_content/block'
run 65 "$NIXIE" triage install "$O" --config "$T/conf" --cause spam_content --phrase 'said the zork'; says 'would judge otherwise what other rules explain'
[ -e "$T/local/triage.rules" ] && fail 'something was installed'
chmod 500 "$T/local"
[ -w "$T/local" ] || { run 1 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_full; says 'local: .*writable'; }
chmod 700 "$T/local"
# Installed: the set checks, the group is gone, a second one stands beside it.
run 0 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_full; prints 'local.locker_is_stuffed stands in .*triage.rules'; prints 'reload'
run 0 "$NIXIE" triage install "$Z" --config "$T/conf" --cause mailbox_disabled
run 0 "$NIXIE" rules check --config "$T/conf"; prints '\(2 local\)'
run 0 "$NIXIE" rules test --config "$T/conf" '550 locker is stuffed'; prints 'mailbox_full, soft, by local.locker_is_stuffed'
run 0 "$NIXIE" triage --config "$T/conf"; prints '^1 events'
run 1 "$NIXIE" triage install "$G" --config "$T/conf" --cause mailbox_full; says 'may be explained by now'
# To be given away: nothing of the addresses and hosts is left.
run 64 "$NIXIE" triage export; says 'only as --redacted'
run 0 "$NIXIE" triage export --redacted; is "$(jq -s 'map(.events) | add' "$T/out")" 5
for secret in ann other host1 host2.example 192.0.2 4XyZ bob example.net mx.example; do grep -qi "$secret" "$T/out" && fail "the export has $secret"; done
grep -q 'Parcel of ADDRESS went home: locker is stuffed (id=ID, HOST \[IP\])' "$T/out" || fail 'the text is gone'
# A message of no report that looks like one is there too, and no rule of words can help.
run 0 "$NIXIE" ingest --quiet "$NIXIE_SOURCE/corpus/fake/phishing-html.eml"; run 0 "$NIXIE" triage --json; L=$(jq -r 'select(.text | test("no report")) | .group' "$T/out")
run 0 "$NIXIE" triage show "$L" --raw; cmp -s "$T/out" "$NIXIE_SOURCE/corpus/fake/phishing-html.eml" || fail 'its message is not there'
run 64 "$NIXIE" triage propose "$L"; says 'no report was found'
# A line of a log is kept as it stood.
printf 'Mar  2 10:00:01 mail postfix/smtp[1]: 4XyZ9: to=<log@example.net>, relay=mx.example.net[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced (quuxed by the frobnicator)\n' >"$T/mail.log"
run 0 "$NIXIE" ingest --log postfix "$T/mail.log"; run 0 "$NIXIE" triage --json; Q=$(jq -r 'select(.text | test("quuxed")) | .group' "$T/out")
run 0 "$NIXIE" triage show "$Q" --raw; grep -q 'status=bounced .*quuxed by the frobnicator' "$T/out" || fail 'the line is not kept'
# None is kept where that is not wanted, and what was kept goes.
printf '[triage]\nsize = 0\n' >"$T/off"; bounce no@example.net 5.0.0 'Neither here nor there, said the zork' >"$T/in/9"
run 0 "$NIXIE" ingest --quiet --config "$T/off" "$T/in/9"; run 0 "$NIXIE" triage --json; K=$(jq -r 'select(.text | test("neither here")) | .group' "$T/out")
run 1 "$NIXIE" triage show "$K" --raw; says 'its message is not kept'
finish
