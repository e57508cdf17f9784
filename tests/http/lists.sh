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
# The other answers, and the options of the command.
csv='Content-Type: text/csv'
asks 200 '/v1/lists/clean?answer=removed' -H "$csv" --data-binary @"$T/list.csv"; is "$(sed "s/$(date -u +%F)/DAY/" "$T/out" | tr '\n' '|')" 'name,email,nixie_cause,nixie_since,nixie_detail|B,B@example.net,complaint,DAY,|broken,no address,invalid,,it has no @|D,d@example.net,complaint,DAY,|'
asks 200 '/v1/lists/clean?answer=report' -H "$csv" --data-binary @"$T/list.csv"; has '.lines == 6 and .kept == 3 and .causes.complaint == 2 and .duplicates == 1 and .domains["example.net"] == 5'; head_has '^content-type: application/json'
printf 'x;y\nb@example.net;a@example.net\n' >"$T/two"
asks 400 /v1/lists/clean -H "$csv" --data-binary "$(printf 'x;b@example.net;a@example.net')"; has '.detail | contains("columns 2 and 3")'
asks 200 '/v1/lists/clean?column=2&delimiter=semicolon&header=no' -H "$csv" --data-binary @"$T/two"; is "$(cat "$T/out")" 'b@example.net;a@example.net'
asks 200 '/v1/lists/clean?column=1&delimiter=%3B&header=yes&annotate=true' -H "$csv" --data-binary @"$T/two"; is "$(sed -n 1p "$T/out")" 'x;y;nixie_cause;nixie_since;nixie_detail'
for query in answer=all delimiter=ab header=maybe unique=1 'annotate=true&unique=true' 'annotate=true&answer=removed'; do asks 400 "/v1/lists/clean?$query" -H "$csv" --data-binary @"$T/two"; done
# Compressed, in and out; cut short; unknown.
gzip -k "$T/many"; zstd -q -f "$T/many" -o "$T/many.zst"
for coding in gzip zstd; do
    suffix=gz; [ $coding = zstd ] && suffix=zst
    asks 200 /v1/lists/clean -H 'Content-Type: text/plain' -H "Content-Encoding: $coding" -H "Accept-Encoding: $coding" --data-binary @"$T/many.$suffix"
    head_has "^content-encoding: $coding"; head_has '^vary: accept-encoding'
    if [ $coding = zstd ]; then zstd -q -d -c "$T/out"; else gzip -dc "$T/out"; fi >"$T/plain"; is "$(wc -l <"$T/plain")" 300000 "$coding"
done
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Accept-Encoding: zstd;q=0, gzip;q=0.5, *;q=0' --data-binary @"$T/many.gz"; head_has '^content-encoding: gzip'
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Accept-Encoding: br' --data-binary @"$T/many.gz"; is "$(wc -l <"$T/out")" 300000
head -c 2000 "$T/many.gz" >"$T/cut.gz"; asks 400 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Content-Encoding: gzip' --data-binary @"$T/cut.gz"; has '.detail | contains("cut short")'
asks 415 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Content-Encoding: br' --data-binary @"$T/many.gz"; head_has '^accept-encoding: gzip, zstd'
is "$(ls "$T/spool/tmp" | wc -l)" 0 "nothing is left in the spool"
rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$PID/status); [ "$rss" -lt 300000 ] || fail "memory: $rss kB"
asks 200 '/v1/export?codes=sparkpost&format=csv'; is "$(head -1 "$T/out" | sed 's/.*,//')" sparkpost; asks 200 '/v1/export?codes=ses&format=jsonl'; has '.ses == "Complaint/abuse"'; asks 400 '/v1/export?codes=none'; asks 400 '/v1/export?codes=ses&format=txt'; has '.detail | contains("no columns")'
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
{ head -c 3000000 /dev/zero | tr '\0' x; } | gzip >"$T/bomb.gz"; asks 413 /v1/lists/clean -H 'Content-Type: text/plain' -H 'Content-Encoding: gzip' --data-binary @"$T/bomb.gz"
ends; finish
