. "$NIXIE_SOURCE/tests/http/lib.sh"
serve
S=/v1/suppressions
asks 404 $S/user@example.net; has '.detail | contains("user@example.net")'
asks 201 $S/User@Example.NET -X PUT -H "$json" -d '{"cause":"complaint","reason":"asked by phone","actor":"kim"}'
has '.address == "User@Example.NET" and .cause == "complaint" and .reason == "asked by phone" and .actor == "kim" and .manual and .until == null'
asks 200 $S/user@example.net; has '.cause == "complaint"'
asks 200 $S/USER@example.net -I; is "$(cat "$T/out" | grep -c '{')" 0 "HEAD has no body"
asks 204 "$S/user@example.net?reason=called%20again" -X DELETE; asks 404 $S/user@example.net; asks 404 $S/user@example.net -X DELETE
run 0 "$NIXIE" history user@example.net; prints 'release .*by http .http.: called again$'
asks 201 $S/a%2Bb%25c@example.net -X PUT; has '.address == "a+b%c@example.net" and .cause == "manual"'
asks 200 $S/a%2Bb%25c@example.net; asks 200 $S/a+b%25c@example.net
asks 201 "$S/x%2Fy@example.net" -X PUT; asks 200 "$S/x%2Fy@example.net"
asks 201 $S/@dead.example -X PUT -d '{"reason":"sold"}'; asks 200 $S/anyone@dead.example
asks 201 $S/term@example.net -X PUT -d '{"until":"2999-01-01T00:00:00Z","stream":"news"}'; has '.until == "2999-01-01T00:00:00Z" and .stream == "news"'
asks 404 $S/term@example.net; asks 200 "$S/term@example.net?stream=news"
# What another process writes is seen by the next question.
asks 404 $S/w@other.example; run 0 "$NIXIE" suppress w@other.example; asks 200 $S/w@other.example; run 0 "$NIXIE" release w@other.example; asks 404 $S/w@other.example
run 0 "$NIXIE" suppress @other.example; asks 200 $S/v@other.example; run 0 "$NIXIE" allow v@other.example; asks 404 $S/v@other.example; has '.detail | contains("allow list")'
# A stream is a name, wherever it stands: nobody could ask for another one.
bounce stream@example.net >"$T/stream.eml"
for way in "$S/a@example.net" "$S" /v1/events /v1/stats /v1/export "$S/a@example.net -X PUT" "$S/a@example.net -X DELETE" "$S/check -d a@example.net" "/v1/messages --data-binary @$T/stream.eml" "/v1/lists/clean -d a@example.net"; do
    set -- $way; path=$1; shift
    asks 400 "$path?stream=two%20words" "$@"; has '.detail | contains("two words") and contains("at most 64")'
done
asks 404 $S/stream@example.net; asks 400 "$S?stream=$(head -c 65 /dev/zero | tr '\0' s)"; asks 200 "$S?stream=*bulk"; asks 200 "$S?stream="
asks 400 $S/a@example.net -X PUT -d '{"stream":"a/b"}'; has '.detail | contains("a/b")'; asks 404 $S/a@example.net
asks 400 /v1/sent -H 'Content-Type: application/x-ndjson' -d '{"message_id":"n1@example.com","recipient":"a@example.net","stream":"a b"}'; has '.detail | contains("line 1: the stream is no name")'
# Bad input says what is wrong.
asks 400 $S/noaddress -X PUT; asks 400 $S/noaddress
asks 400 "$S/user@example.net%00x" -X PUT
asks 400 $S/b@example.net -X PUT -d '{"cause":"no_such"}'; has '.detail | contains("no_such")'
asks 400 $S/b@example.net -X PUT -d '{"untl":"x"}'; has '.detail | contains("untl") and contains("until")'
asks 400 $S/b@example.net -X PUT -d '{"until":"tomorrow"}'; asks 400 $S/b@example.net -X PUT -d '{"until":7}'; asks 400 $S/b@example.net -X PUT -d '{"reason":'
asks 400 $S/b@example.net -X PUT -d '[]'; asks 404 $S/b@example.net
asks 405 $S/b@example.net -X POST; head_has '^allow: GET, HEAD, PUT, DELETE'
asks 413 $S/b@example.net -X GET -d x
# Many at once.
asks 200 $S/check -H "$json" -d '{"addresses":["x/y@example.net","free@example.net","no address","who@dead.example"]}'
has '[.results[].suppressed] == [true,false,null,true] and .checked == 4 and .suppressed == 2 and .results[2].error == "no address"'
printf 'x/y@example.net\r\n\nfree@example.net\n' | asks 200 $S/check -H 'Content-Type: text/plain' -H 'Accept: application/x-ndjson' --data-binary @-
head_has '^content-type: application/x-ndjson'; is "$(jq -c .suppressed "$T/out" | tr '\n' ' ')" 'true false '
asks 406 $S/check -H "$json" -H 'Accept: image/png' -d '{"addresses":[]}'; asks 200 $S/check -H "$json" -d '{"addresses":[]}'; has '.results == [] and .checked == 0'
asks 415 $S/check -H 'Content-Type: text/csv' -d x; asks 405 $S/check -X PUT; head_has '^allow: POST'
for body in '' '{}' '{"addresses":"x"}' '{"addresses":[1]}' '{"addresses":['; do asks 400 $S/check -H "$json" -d "$body"; done
seq 100000 | sed 's/.*/n&@example.net/' >"$T/many"; asks 200 $S/check -H 'Content-Type: text/plain' --data-binary @"$T/many"; has '.checked == 100000 and .suppressed == 0'
# The list, by pages that do not overlap and leave nothing out.
for i in $(seq 25); do echo "p$i"; done | while read -r p; do curl -s -o /dev/null -X PUT "$URL$S/$p@pages.example"; done
next=; : >"$T/seen"; pages=0
while [ $pages -lt 10 ]; do
    asks 200 "$S?domain=pages.example&limit=10$next"; jq -r '.suppressions[].address' "$T/out" >>"$T/seen"; pages=$((pages + 1))
    cursor=$(jq -r '.next // empty | @uri' "$T/out"); [ -n "$cursor" ] || break; next="&cursor=$cursor"
done
is "$pages" 3; is "$(sort -u "$T/seen" | wc -l)" 25; is "$(wc -l <"$T/seen")" 25
asks 200 "$S?cause=complaint"; has '.suppressions == [] and .next == null'
# Each filter leaves out what is not asked for.
F=filter.example; put() { asks 201 "$S/$1@$F" -X PUT -d "$2"; }
put a '{"cause":"mailbox_unknown","since":"2026-01-01T00:00:00Z"}'; put b '{"cause":"mailbox_full"}'; put c '{"cause":"mailbox_disabled","stream":"news"}'
lists() { asks 200 "$S?domain=$F&$1"; has "[.suppressions[].address[:1]] | join(\"\") == \"$2\""; }
lists limit=10 abc; lists class=soft b; lists class=hard ac; lists class=block ''; lists cause=mailbox_full b; lists stream=news abc; lists stream=shop ab; lists since=2026-01-02T00:00:00Z bc
for query in cause=none_such class=tepid since=yesterday limit=0 limit=9999 limit=x; do asks 400 "$S?$query"; done
ends; finish
