# Rules on trial over HTTP: put there, counted with examples, promoted, dropped; each refusal, and a reload that fails leaves the rules of before.
. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir "$T/rules"; printf '[patterns]\nlocal = %s/rules\n' "$T" >"$T/n.conf"; P=/v1/rules/trial; plain='Content-Type: text/plain'
post() { bounce "$1" 5.0.0 "$2" >"$T/m.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/m.eml"; }
cause() { asks 200 /v1/classify -H "$json" -d "{\"reply\":\"550 5.0.0 $1\"}"; jq -r '.events[0].cause' "$T/out"; }
# until_has PATH FILTER: the reload takes a moment
until_has() { n=0; until asks 200 "$1" && jq -e "$2" "$T/out" >/dev/null || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done; has "$2"; }
reloads() { asks 200 /metrics; sed -n "s/^nixie_reloads_total{result=\"$1\"} //p" "$T/out" | grep . || echo 0; }
until_reloads() { n=0; until [ "$(reloads "$1")" = "$2" ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done; is "$(reloads "$1")" "$2" "reloads $1"; }
printf '# the lockers\nrule local.locker_gone\n  cause mailbox_unknown\n  any   parcel not deliverable\n  hit   550 5.0.0 Parcel not deliverable: locker is stuffed\n' >"$T/locker"
# Without a directory there is nowhere to put one, and nothing to list.
serve; asks 409 $P/locker.rules -H "$plain" --data-binary @"$T/locker"; has '.detail | contains("[patterns] local is not set")'
asks 200 $P; has '.files == [] and .changes == [] and .seen == 0 and .ruleset == null and .plan == null and .loaded'; ends
serve --config "$T/n.conf"
post a@example.net 'Parcel not deliverable: locker is stuffed'; post b@example.net 'User unknown'
asks 404 $P/locker.rules -X DELETE; has '.detail | contains("on trial")'; asks 404 $P/locker.rules/promote -X POST; asks 405 $P -X POST; head_has '^allow: GET, HEAD'; asks 405 $P/locker.rules; head_has '^allow: POST, DELETE'
for name in .rules x.txt .x.rules ..%2fx.rules sub/x.rules %20.rules; do asks 400 "$P/$name" -H "$plain" --data-binary @"$T/locker"; has '.detail | contains("is no name of a rule file")'; done
asks 415 $P/locker.rules -H "$json" --data-binary @"$T/locker"; asks 400 $P/locker.rules -H "$plain" -d '  '; has '.detail | contains("it is empty")'
asks 413 $P/locker.rules/promote -X POST -d x
# A broken rule is said with its place, and nothing is written; neither is one whose example does not hold.
asks 400 $P/locker.rules -H "$plain" -d 'rule local.x'; has '.detail | contains("locker.rules:2:")'
sed 's/hit .*/hit   550 5.0.0 something else/' "$T/locker" >"$T/wrong"; asks 400 $P/locker.rules -H "$plain" --data-binary @"$T/wrong"; is "$(ls "$T/rules")" ""
asks 400 "$P?since=x"
# Put on trial, once: the same key is answered the same, another request is told that it is there.
asks 201 $P/locker.rules -H "$plain" -H 'Idempotency-Key: one' --data-binary @"$T/locker"; has '. == {"file":"locker.rules"}'
is "$(head -2 "$T/rules/locker.rules")" 'trial
# the lockers'
asks 201 $P/locker.rules -H "$plain" -H 'Idempotency-Key: one' --data-binary @"$T/locker"; asks 422 $P/other.rules -H "$plain" -H 'Idempotency-Key: one' --data-binary @"$T/locker"
asks 409 $P/locker.rules -H "$plain" --data-binary @"$T/locker"; has '.detail | contains("it is on trial")'
asks 400 $P/other.rules -H "$plain" --data-binary @"$T/locker"; has '.detail | contains("local.locker_gone")'
until_has $P '.loaded and .ruleset != null'
has '.files == [{"file":"locker.rules","rules":["local.locker_gone"]}] and .faults == [] and .ruleset != .in_force'
has '.seen == 2 and .differ == 1 and .recorded == 0 and .newly_hard == 1 and .no_longer_hard == 0 and .rash == false and .plan == null'
has '.changes == [{"events":1,"was":{"cause":"unknown","class":"soft"},"now":{"cause":"mailbox_unknown","class":"hard","rule":"local.locker_gone"},"examples":[{"recipient":"a@example.net","text":"550 Parcel not deliverable: locker is stuffed"}]}]'
is "$(cause 'parcel not deliverable')" unknown 'it decides nothing'
post c@example.net 'Parcel not deliverable: locker is locked'; asks 200 "$P?plan=true"; has '.recorded == 1 and .differ == 2 and .plan == {"entries":1,"lifted":0,"made":2,"holds_dropped":0,"held_back":0,"rash":false}'
asks 200 "$P?since=2999-01-01T00:00:00Z"; has '.seen == 0 and .changes == [] and (.files|length) == 1'
# The command counts the same.
run 1 "$NIXIE" rules trial --config "$T/n.conf"; prints '^locker.rules: 1 rules$'; prints '^3 reports of failure or delay, 2 would be judged otherwise$'; prints '^recorded as they came: 1 '
grep -q 'rules put on trial file=locker.rules by=http' "$T/log" || { fail 'who put it on trial is not in the log'; grep rules "$T/log"; }
# Dropped: gone, and asked no more.
asks 404 $P/local.locker_gone -X DELETE; asks 204 $P/locker.rules -X DELETE -H 'Idempotency-Key: gone'; asks 204 $P/locker.rules -X DELETE -H 'Idempotency-Key: gone'; asks 404 $P/locker.rules -X DELETE
until_has $P '.loaded and .ruleset == null and .files == []'; [ -e "$T/rules/locker.rules" ] && fail 'the file is still there'
# A reload that fails leaves the rules of before, and what is listed says that it is not what is asked.
until_reloads done 2; echo 'nonsense = 1' >>"$T/n.conf"
asks 201 $P/locker.rules -H "$plain" --data-binary @"$T/locker"; until_reloads failed 1; is "$(reloads done)" 2
asks 200 $P; has '.loaded == false and .ruleset == null and .seen == 0 and (.files|length) == 1'
sed -i '/^nonsense/d' "$T/n.conf"; kill -HUP $PID; until_has $P '.loaded and .ruleset != null'
# A file that somebody broke since: nothing is written beside it, the faults are told, the old rules decide.
printf 'rule local.b\n' >"$T/rules/b.rules"; asks 400 $P/locker.rules/promote -X POST; has '.detail | contains("b.rules:1:")'; asks 200 $P; has '.loaded == false and (.faults|length) >= 1 and (.faults[0]|contains("b.rules:1:")) and .differ == 2'
is "$(head -1 "$T/rules/locker.rules")" trial; rm "$T/rules/b.rules"
# Promoted, by the file or by a rule in it.
asks 404 $P/local.nothing/promote -X POST; asks 200 $P/local.locker_gone/promote -X POST; has '. == {"file":"locker.rules"}'
until_has $P '.loaded and .ruleset == null and .files == []'; is "$(cause 'parcel not deliverable')" mailbox_unknown 'it decides'
asks 404 $P/locker.rules/promote -X POST; asks 404 $P/locker.rules -X DELETE; asks 409 $P/locker.rules -H "$plain" --data-binary @"$T/locker"; has '.detail | contains("it is in force")'
# Only an administrator.
for role in read write ingest; do run 0 "$NIXIE" token create $role --role $role; eval "$role=$(grep -o 'nx_[A-Za-z0-9_-]*' "$T/out" | head -1)"; done
# Until the last one is known.
n=0; until [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $ingest" "$URL$P")" = 403 ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
for t in "$read" "$write" "$ingest"; do asks 403 $P -H "Authorization: Bearer $t"; asks 403 $P/x.rules -H "Authorization: Bearer $t" -H "$plain" --data-binary @"$T/locker"; asks 403 $P/x.rules/promote -X POST -H "Authorization: Bearer $t"; asks 403 $P/x.rules -X DELETE -H "Authorization: Bearer $t"; done
ends; finish
