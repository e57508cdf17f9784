# What no rule explains, over HTTP: listed, shown with its message, explained by a rule that is in force after the reload it asks for.
. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir "$T/rules"
mkdir -p "$T/box/new" "$T/box/cur" "$T/box/tmp"
printf '[patterns]\nlocal = %s/rules\n[watch]\nmaildirs = %s/box\n[webhook mine]\nprovider = generic\nbasic = u:p\nat_events = items\nat_recipient = to\nat_diagnostic = why\n' "$T" "$T" >"$T/n.conf"
post() { bounce "$1" 5.0.0 "$2" >"$T/m.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/m.eml"; }
serve
post a@example.net 'The zeppelin is moored elsewhere'
asks 200 /v1/triage; G=$(jq -r '.groups[0].group' "$T/out"); asks 200 "/v1/triage/$G/rule" -d '{"cause":"mailbox_moved"}'; has '.installed == false and .faults == []'
asks 409 "/v1/triage/$G/rule?dry_run=false" -d '{"cause":"mailbox_moved"}'; has '.detail | contains("[patterns] local is not set")'
ends
serve --config "$T/n.conf"
post b@example.org 'The zeppelin is moored elsewhere'; post c@example.net 'Zork frobnicated the blorb'; cp "$T/m.eml" "$T/zork.eml"
asks 200 /v1/triage; has '.events == 3 and .groups_in_all == 2 and .groups[0].events == 2 and .groups[0].domains == 2 and .groups[0].decided == "unknown"'
Z=$(jq -r '.groups[1].group' "$T/out")
asks 200 '/v1/triage?limit=1'; has '.groups_in_all == 2 and (.groups|length) == 1'; asks 200 '/v1/triage?since=2999-01-01T00:00:00Z'; has '.groups == []'
asks 400 '/v1/triage?since=x'; asks 400 '/v1/triage?limit=x'; asks 405 /v1/triage -X POST; head_has '^allow: GET, HEAD'
asks 200 "/v1/triage/$G"; has '.by_domain == {"example.net":1,"example.org":1} and .by_status == {"5.0.0":2}'
asks 200 "/v1/triage/$Z/message"; cmp -s "$T/out" "$T/zork.eml" || fail 'the message is not as it came'
asks 404 /v1/triage/0123456789ab; asks 404 "/v1/triage/$Z/else"; asks 405 "/v1/triage/$Z/rule"; head_has '^allow: POST'
for body in '[]' '{"cause":7}' '{"cause":"zork"}' '{"phrase":7}' '{"force":"yes"}' '{"caus":"x"}' '{'; do asks 400 "/v1/triage/$G/rule" -d "$body"; done
asks 400 "/v1/triage/$G/rule?dry_run=maybe" -d "{}"; asks 400 "/v1/triage/$G/rule?dry_run=false" -d "{}"; has '.detail | contains("say what these bounces mean")'
asks 200 "/v1/triage/$G/rule" -d '{"cause":"mailbox_moved"}'; has '.rule == "local.the_zeppelin_is_moored_elsewhere" and .explains == 2 and .newly_hard >= 0'
[ -e "$T/rules/triage.rules" ] && fail 'a trial wrote something'
asks 201 "/v1/triage/$G/rule?dry_run=false" -d '{"cause":"mailbox_moved"}'; has '.installed'
ask() { asks 200 /v1/classify -H "$json" -d '{"reply":"550 5.0.0 the zeppelin is moored elsewhere"}'; jq -r '.events[0].cause' "$T/out"; }
n=0; until [ "$(ask)" = mailbox_moved ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done; is "$(ask)" mailbox_moved 'in force after the reload'
asks 404 "/v1/triage/$G"; asks 200 /v1/triage; has '.events == 1'
# What pipe and Maildir and a webhook bring is kept whole as well.
raw_of() { n=0; until asks 200 /v1/triage && jq -e --arg t "$1" 'any(.groups[]; .text | test($t))' "$T/out" >/dev/null || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
    g=$(jq -r --arg t "$1" '.groups[] | select(.text | test($t)) | .group' "$T/out"); asks 200 "/v1/triage/$g/message"; }
bounce p@example.net 5.0.0 'Piped past the frobnicator' >"$T/p.eml"; "$NIXIE" pipe --config "$T/n.conf" <"$T/p.eml" || fail 'pipe'; raw_of 'piped past'; cmp -s "$T/out" "$T/p.eml" || fail 'pipe: not as it came'
bounce d@example.net 5.0.0 "Dropped by the frobnicator" >"$T/d.eml"; cp "$T/d.eml" "$T/box/tmp/1"; mv "$T/box/tmp/1" "$T/box/new/1"; raw_of 'dropped by'; cmp -s "$T/out" "$T/d.eml" || fail 'Maildir: not as it came'
printf '{"items":[{"to":"w@example.net","why":"550 5.0.0 hooked on the frobnicator"}]}' >"$T/w.json"
asks 200 /v1/webhooks/mine -u u:p -H "$json" --data-binary @"$T/w.json"; raw_of 'hooked on'; cmp -s "$T/out" "$T/w.json" || fail 'webhook: not as it came'
# Who may: everybody who reads sees the groups, only an administrator the messages and the rules.
run 0 "$NIXIE" token create reader --role read; R=$(grep -o 'nx_[A-Za-z0-9_-]*' "$T/out" | head -1)
n=0; until [ "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/triage")" = 401 ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
asks 200 /v1/triage -H "Authorization: Bearer $R"; asks 403 "/v1/triage/$Z/message" -H "Authorization: Bearer $R"; asks 403 "/v1/triage/$Z/rule" -H "Authorization: Bearer $R" -d '{}'
ends; finish
