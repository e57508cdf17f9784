. "$NIXIE_SOURCE/tests/http/lib.sh"
serve
bounce one@example.net >"$T/one.eml"
asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"; head_has '^content-type: application/json'
has '.messages == 1 and (.events|length == 1)'
has '.events[0] | .recipient == "one@example.net" and .cause == "mailbox_unknown" and .source == "http" and .duplicate == false and .decision.action == "suppress"'
asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"; has '.events[0].duplicate == true'
asks 200 '/v1/messages?stream=news&to=bounces%2Btwo%3Dexample.net@example.com' -H "$mail" --data-binary @"$T/one.eml"
bounce st@example.net >"$T/st.eml"; asks 200 '/v1/messages?stream=news' -H "$mail" --data-binary @"$T/st.eml"; has '.events[0].stream == "news"'
for i in 1 2 3; do printf 'From x@example.org Mon Mar  2 10:00:00 2026\n'; bounce "m$i@example.net"; echo; done >"$T/mbox"
asks 200 /v1/messages -H 'Content-Type: application/mbox' --data-binary @"$T/mbox"; has '.messages == 3 and ([.events[].recipient] == ["m1@example.net","m2@example.net","m3@example.net"])'
asks 200 /v1/messages -H 'Content-Type:' --data-binary @"$T/st.eml"; has '.events[0].duplicate'
asks 200 /v1/messages -H "$mail" -H 'Transfer-Encoding: chunked' --data-binary @"$T/st.eml"; has '.events[0].duplicate'
# An Idempotency-Key stands for one body.
bounce key@example.net >"$T/key.eml"; bounce other@example.net >"$T/other.eml"
asks 200 /v1/messages -H "$mail" -H 'Idempotency-Key: k1' --data-binary @"$T/key.eml"; has '.events[0].duplicate == false'
asks 200 /v1/messages -H "$mail" -H 'Idempotency-Key: k1' --data-binary @"$T/key.eml"; has '.events[0].duplicate == false'
asks 422 /v1/messages -H "$mail" -H 'Idempotency-Key: k1' --data-binary @"$T/other.eml"; has '.detail | contains("Idempotency-Key")'; asks 404 /v1/suppressions/other@example.net
# No report, noise, nothing: events of kind other.
printf 'From: a@example.org\nSubject: hi\n\nhello\n' >"$T/plain"; head -c 3000 /dev/urandom >"$T/noise"; : >"$T/nothing"
for file in plain noise nothing; do asks 200 /v1/messages -H "$mail" --data-binary @"$T/$file"; has '.events == [.events[0]] and .events[0].kind == "other"'; done
asks 415 /v1/messages -H "$json" -d '{}'; has '.detail | contains("application/json") and contains("message/rfc822")'
asks 415 /v1/messages -d 'a=b'
asks 405 /v1/messages; head_has '^allow: POST'
asks 404 /v1/message -d x; asks 404 /none; asks 200 /; asks 404 /v1/messages/
# Nothing is stored by a question.
asks 200 /v1/classify -H "$json" -d '{"reply":"550 5.1.1 <q@example.net>: user unknown","recipient":"q@example.net"}'
has '.events[0] | .cause == "mailbox_unknown" and .reply == 550 and .status == "5.1.1" and .recipient == "q@example.net" and .decision == null'
asks 200 /v1/classify -H "$json" -d '{"reply":"452 4.2.2 mailbox full"}'; has '.events[0] | .kind == "delayed" and .cause == "mailbox_full"'
bounce never@example.net >"$T/never.eml"; asks 200 /v1/classify -H "$mail" --data-binary @"$T/never.eml"; has '.events[0].recipient == "never@example.net"'
asks 404 /v1/suppressions/never@example.net
for body in '' '{' '[]' '{"reply":5}' '{"text":"x"}'; do asks 400 /v1/classify -H "$json" -d "$body"; has '.detail | contains("reply")'; done
asks 415 /v1/classify -H 'Content-Type: image/png' -d x
ends
is "$(sqlite3 "$NIXIE_DB" 'select count(*) from suppressions')" 6
finish
