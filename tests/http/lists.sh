. "$NIXIE_SOURCE/tests/http/lib.sh"
serve
for name in b d; do asks 201 /v1/suppressions/$name@example.net -X PUT -d '{"cause":"complaint"}'; done
printf 'name,email\nA,a@example.net\nB,B@example.net\nC,c@example.net\nbroken,no address\nD,d@example.net\nC again,c@example.net\n' >"$T/list.csv"
asks 200 /v1/lists/clean -H 'Content-Type: text/csv' --data-binary @"$T/list.csv"; is "$(tr '\n' '|' <"$T/out")" 'name,email|A,a@example.net|C,c@example.net|C again,c@example.net|'
head_has '^nixie-suppressed: 2'; head_has '^nixie-invalid: 1'; head_has '^nixie-kept: 3'
asks 200 '/v1/lists/clean?unique=true&column=email' -H 'Content-Type: text/csv' --data-binary @"$T/list.csv"; is "$(wc -l <"$T/out")" 3
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' --data-binary "$(printf 'a@example.net\nd@example.net\n')"; is "$(cat "$T/out")" a@example.net
seq 300000 | sed 's/.*/n&@example.net/' >"$T/many"; echo b@example.net >>"$T/many"
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Expect:' --data-binary @"$T/many"; is "$(wc -l <"$T/out")" 300000
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Transfer-Encoding: chunked' --data-binary @"$T/many"; is "$(wc -l <"$T/out")" 300000
asks 415 /v1/lists/clean -H "$json" -d '{}'; asks 405 /v1/lists/clean
asks 400 '/v1/lists/clean?column=nosuch' -H 'Content-Type: text/csv' --data-binary @"$T/list.csv"; has '.detail | contains("nosuch")'
is "$(ls "$T/spool/tmp" | wc -l)" 0 "nothing is left in the spool"
rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$PID/status); [ "$rss" -lt 300000 ] || fail "memory: $rss kB"
# Events, by pages, and of one address.
for i in 1 2 3 4 5; do bounce "e$i@example.net" >"$T/e.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/e.eml"; done
asks 200 '/v1/events?limit=3'; has '[.events[].recipient] == ["e1@example.net","e2@example.net","e3@example.net"] and .next != null'; next=$(jq -r .next "$T/out")
asks 200 "/v1/events?limit=3&cursor=$next"; has '[.events[].recipient] == ["e4@example.net","e5@example.net"] and .next == null'; has '.events[0].decision.action == "suppress"'
asks 200 '/v1/events?address=E2@example.net'; has '.events | length == 1'; asks 200 '/v1/events?kind=complaint'; has '.events == []'; asks 200 '/v1/events?cause=mailbox_unknown'; has '.events | length == 5'
for query in kind=x cause=x since=x cursor=x limit=0 limit=1001 limit=x; do asks 400 "/v1/events?$query"; done
ends
printf '[serve]\nlist_size = 100k\ntimeout = 2s\n' >"$T/n.conf"; serve --config "$T/n.conf"
asks 413 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Expect:' --data-binary @"$T/many"
asks 413 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @"$T/many"
ends; finish
