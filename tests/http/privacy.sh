# history and forget over HTTP, and every way in and out of an erased address
. "$NIXIE_SOURCE/tests/http/lib.sh"
absent() { for file in "$NIXIE_DB" "$NIXIE_DB-wal" "$NIXIE_DB.lookup" "$T/log"; do [ -e "$file" ] && grep -aqi -- "$1" "$file" && fail "$file still holds $1"; done; }
printf '[log]\nhash_addresses=true\nlevel=debug\n' >"$T/conf"; export NIXIE_CONFIG="$T/conf"
serve
S=/v1/suppressions
bounce jane@example.net >"$T/one.eml"
asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"
asks 201 "$S/jane@example.net?stream=news" -X PUT -d '{"reason":"asked"}'
asks 200 "$S/jane@example.net/history?limit=1"; has '(.history|length) == 1 and .history[0].act == "event" and .history[0].event.recipient == "jane@example.net" and .next != null'
asks 200 "$S/jane@example.net/history?cursor=$(jq -r .next "$T/out")"; has '.history[0].act == "suppress" and .history[0].actor == "http" and .next == null'
asks 200 $S/nobody@example.net/history; has '.history == []'; asks 400 "$S/jane@example.net/history?cursor=x"
asks 400 $S/@example.net/forget -X POST; has '.detail | contains("nobody")'; asks 400 $S/none/forget -X POST; asks 405 $S/jane@example.net/forget
seq 1500 | sed 's/.*/n&@example.net/' >"$T/many"; echo jane@example.net >>"$T/many"
asks 200 $S/check -H 'Content-Type: text/plain' --data-binary @"$T/many"; has '.suppressed == 1'
asks 200 $S/jane@example.net/forget -X POST -H "$json" -d '{"reason":"her wish","actor":"kim"}'; has '.suppressed and .events == 1 and .acts == 1 and (.erased_before|not)'
absent jane
# Out: alone, many, very many, listed, cleaned.
asks 200 $S/JANE@example.net; has '.source == "forget" and .cause == "manual" and (.reason|contains("hash"))'
asks 200 $S/check -H "$json" -d '{"addresses":["jane@example.net","free@example.net"]}'; has '[.results[].suppressed] == [true,false]'
asks 200 $S/check -H 'Content-Type: text/plain' --data-binary @"$T/many"; has '.suppressed == 1'
asks 200 $S; has '.suppressions == [] and .erased == 1'
asks 200 /v1/lists/clean -H 'Content-Type: text/plain' --data-binary @"$T/many"; is "$(grep -c jane "$T/out")" 0 "clean"
asks 200 "/v1/events?address=jane@example.net"; has '.events == []'; asks 200 /v1/events; has '[.events[].recipient] == [null]'
asks 200 $S/jane@example.net/history; has '[.history[].act] | unique == ["forget"]'
# In: the same report, a new one, by hand.
asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"; sed 's/report@/report2@/; s/original@/original2@/' "$T/one.eml" >"$T/two.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/two.eml"
asks 200 $S/jane@example.net -X PUT -d '{"reason":"again"}'; has '.source == "forget"'
absent jane
# Twice, and lifted.
asks 200 $S/jane@example.net/forget -X POST; has '.erased_before and .suppressed and .events == 0'
asks 204 "$S/jane@example.net?reason=back" -X DELETE; asks 404 $S/jane@example.net; asks 404 $S/jane@example.net -X DELETE
asks 200 $S; has '.erased == 0'
asks 200 $S/object@example.net/forget -X POST -d '{"suppress":true}'; has .suppressed; asks 200 "$S/object@example.net?stream=any"
absent object@
ends
run 0 "$NIXIE" db check
finish
