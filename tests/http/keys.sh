# Idempotency-Key on every write: done once, answered the same, also after kill -9; another request under the key is refused; one under way too.
. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir "$T/rules"
printf '[patterns]\nlocal = %s/rules\n[breaker]\nminimum = 3\nhistory = never\n' "$T" >"$T/n.conf"
serve --config "$T/n.conf"
S=/v1/suppressions; rows() { sqlite3 "$NIXIE_DB" "SELECT count(*) FROM log WHERE act<>'event'"; }
# once KEY STATUS PATH [curl option...]: asked three times, the last of them after a crash: the same answer, and no row more than the first has written
once() {
    key=$1; status=$2; path=$3; shift 3
    asks "$status" "$path" -H "Idempotency-Key: $key" "$@"; cp "$T/out" "$T/first"; before=$(rows)
    asks "$status" "$path" -H "Idempotency-Key: $key" "$@"; cmp -s "$T/first" "$T/out" || { fail "$key: another answer"; cat "$T/first" "$T/out"; }
    printf '%s\n' "$key" "$status" "$path" "$@" >"$T/repeat.$key"; cp "$T/first" "$T/first.$key"; is "$(rows)" "$before" "$key: rows"
}
again() { # KEY: the same once more
    set --; while IFS= read -r word; do set -- "$@" "$word"; done <"$T/repeat.$key"
    shift; status=$1; path=$2; shift 2; before=$(rows)
    asks "$status" "$path" -H "Idempotency-Key: $key" "$@"; cmp -s "$T/first.$key" "$T/out" || { fail "$key: another answer after the crash"; cat "$T/first.$key" "$T/out"; }; is "$(rows)" "$before" "$key: rows after the crash"
}
bounce one@example.net >"$T/one.eml"
once message 200 /v1/messages -H "$mail" --data-binary "@$T/one.eml"; has '.events[0].duplicate == false and .events[0].decision.action == "suppress"'
asks 200 /v1/messages -H "$mail" -H 'Idempotency-Key: known' --data-binary "@$T/one.eml"; has '.events[0].duplicate'   # another key: known by its id
for i in $(seq 40); do printf 'From x Thu Jan  1 00:00:00 2026\n'; bounce "box$i@example.com" 5.2.2 'Mailbox full'; echo; done >"$T/box"
once box 200 /v1/messages -H 'Content-Type: application/mbox' --data-binary "@$T/box"; has '.messages == 40 and (.events | length) == 40 and all(.events[]; .duplicate == false and .decision.action == "count")'
once put 201 $S/put@example.net -X PUT -d '{"reason":"asked"}'
asks 204 $S/put@example.net -X DELETE   # somebody else takes it off: a late repeat does not put it on again
once put 201 $S/put@example.net -X PUT -d '{"reason":"asked"}'; asks 404 $S/put@example.net
asks 201 $S/del@example.net -X PUT; once del 204 $S/del@example.net -X DELETE
once past 409 $S/past@example.net -X PUT -d '{"until":"2001-01-01T00:00:00Z"}'
once confirm 201 /v1/domains/dead.example/confirm -d '{"reason":"dead"}'; has '.address == "@dead.example" and .cause == "bad_domain" and .reason == "dead" and .actor == "http"'
once dismiss 204 /v1/domains/odd.example/dismiss -d '{"actor":"bob"}'; run 0 "$NIXIE" history @odd.example; prints 'dismiss.*bob'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do bounce "many$i@held.example.org" >"$T/m.eml"; asks 200 /v1/messages -H "$mail" --data-binary "@$T/m.eml"; done
asks 200 /v1/holds; held=$(jq -r '.holds[0].address' "$T/out"); other=$(jq -r '.holds[1].address' "$T/out")
once release 200 /v1/holds/release -H "$json" -d "{\"addresses\":[\"$held\"]}"; has '.settled == 1'
once drop 200 /v1/holds/drop -H "$json" -d "{\"addresses\":[\"$other\"]}"; has '.settled == 1'
asks 201 $S/forget@example.net -X PUT; once forget 200 $S/forget@example.net/forget -d '{"reason":"asked"}'; has '.acts == 1 and .erased_before == false'
bounce odd@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/odd.eml"; asks 200 /v1/messages -H "$mail" --data-binary "@$T/odd.eml"
asks 200 /v1/triage; group=$(jq -r '.groups[0].group' "$T/out")
once rule 201 "/v1/triage/$group/rule?dry_run=false" -H "$json" -d '{"cause":"mailbox_full"}'; has .installed; is "$(grep -c '^rule ' "$T/rules/triage.rules")" 1
kill -9 $PID; wait $PID 2>/dev/null; PID=; serve --config "$T/n.conf"
for key in message box put del past confirm dismiss release drop forget rule; do again; done
is "$(grep -c '^rule ' "$T/rules/triage.rules")" 1
# With anything else it is refused; refusals are not kept; no key, too long a key.
asks 422 $S/put@example.net -X PUT -d '{"reason":"other"}' -H 'Idempotency-Key: put'; has '.detail | contains("Idempotency-Key")'
asks 422 $S/else@example.net -X PUT -d '{"reason":"asked"}' -H 'Idempotency-Key: put'; asks 422 "$S/put@example.net?stream=x" -X PUT -d '{"reason":"asked"}' -H 'Idempotency-Key: put'
asks 422 $S/put@example.net -X DELETE -H 'Idempotency-Key: put'; asks 422 /v1/messages -H "$mail" --data-binary @"$T/odd.eml" -H 'Idempotency-Key: message'
asks 201 $S/verb@example.net -X PUT -H 'Idempotency-Key: verb'; asks 422 $S/verb@example.net -X DELETE -H 'Idempotency-Key: verb'; asks 200 $S/verb@example.net
asks 404 $S/late@example.net -X DELETE -H 'Idempotency-Key: late'; asks 201 $S/late@example.net -X PUT; asks 204 $S/late@example.net -X DELETE -H 'Idempotency-Key: late'
asks 400 $S/x@example.net -X PUT -H "Idempotency-Key: $(head -c 256 /dev/zero | tr '\0' k)"
asks 404 $S/none@example.net -H 'Idempotency-Key: put'   # a question has no use for it
# A key belongs to its token; roles hold for a repeat too.
"$NIXIE" token create alice --role admin --config "$T/n.conf" >"$T/alice"; "$NIXIE" token create bob --role admin --config "$T/n.conf" >"$T/bob"; "$NIXIE" token create eve --role read --config "$T/n.conf" >"$T/eve"
as() { echo "Authorization: Bearer $(grep -o 'nx_[A-Za-z0-9_-]*' "$T/$1" | head -1)"; }
# Until the last one is known: who brings none is refused from the first one on.
n=0; until [ "$(curl -s -o /dev/null -w '%{http_code}' "$URL$S")$(curl -s -o /dev/null -w '%{http_code}' -H "$(as eve)" "$URL$S")" = 401200 ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done
asks 201 $S/two@example.net -X PUT -H "$(as alice)" -H 'Idempotency-Key: same'; asks 200 $S/two@example.net -X PUT -H "$(as bob)" -H 'Idempotency-Key: same'; asks 201 $S/two@example.net -X PUT -H "$(as alice)" -H 'Idempotency-Key: same'
asks 403 $S/two@example.net -X PUT -H "$(as eve)" -H 'Idempotency-Key: same'
# While the first is under way the second is told so: the writer waits for somebody who holds the database.
(sqlite3 "$NIXIE_DB" "begin exclusive; select 1;" ".shell touch $T/held; while [ ! -e $T/go ]; do sleep 0.1; done" >/dev/null 2>&1 & echo $! >"$T/holder")
n=0; until [ -e "$T/held" ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done
for which in a b; do (curl -s -m 50 -D "$T/$which.head" -o "$T/$which.out" -X POST -H "$(as alice)" -H 'Idempotency-Key: slow' "$URL$S/slow@example.net/forget"; touch "$T/$which.done") & eval "$which=\$!"; done
n=0; until [ -e "$T/a.done" ] || [ -e "$T/b.done" ] || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; done; second=a; first=b; [ -e "$T/a.done" ] || { second=b; first=a; }
cp "$T/$second.head" "$T/head"; head_has '^HTTP/1.1 409'; head_has '^retry-after: 1'; [ -e "$T/$first.done" ] && fail "both were answered"; touch "$T/go"; wait $a $b; cp "$T/$first.head" "$T/head"; head_has '^HTTP/1.1 200'; asks 200 $S/slow@example.net/forget -X POST -H "$(as alice)" -H 'Idempotency-Key: slow'
# What is kept: hashes, no key; bounded in number; not past four days; an erased address is named no more.
sqlite3 "$NIXIE_DB" 'SELECT token, digest FROM answers' | grep -q -e slow -e put && fail "a key stands in the database"
asks 201 $S/secret@example.net -X PUT -H "$(as alice)" -H 'Idempotency-Key: secret'; asks 200 $S/secret@example.net/forget -X POST -H "$(as alice)"
asks 201 $S/secret@example.net -X PUT -H "$(as alice)" -H 'Idempotency-Key: secret'; has '.address == "[erased]"'
ends; grep -qa secret@example.net "$NIXIE_DB" "$NIXIE_DB-wal" 2>/dev/null && fail "an erased address is in the file"
sqlite3 "$NIXIE_DB" "UPDATE answers SET made = made - 345700 WHERE answer LIKE '%two@%'; INSERT INTO answers(id, token, digest, made, answer) VALUES(100003, x'00', x'00', strftime('%s', 'now'), '')"
serve --config "$T/n.conf"; asks 200 $S/two@example.net -X PUT -H "$(as alice)" -H 'Idempotency-Key: same'
is "$(sqlite3 "$NIXIE_DB" 'SELECT min(id) > 4 FROM answers')" 1 "the oldest went"; is "$(sqlite3 "$NIXIE_DB" 'SELECT count(*) FROM answers WHERE id <= max(4, (SELECT max(id) FROM answers) - 100000)')" 0
ends; run 0 "$NIXIE" db check; finish
