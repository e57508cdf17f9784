# SPDX-License-Identifier: Apache-2.0
# Large questions are answered by the lookup table, small ones by the database: the same answers, also right after a change.
. "$NIXIE_SOURCE/tests/http/lib.sh"
printf '[address]\nplus_tag_domains = tags.example\n' >"$T/n.conf"; export NIXIE_CONFIG=$T/n.conf
seq -f 'user%.0f@example.net' 1 3 3000 | "$NIXIE" import -q --cause mailbox_unknown - >/dev/null
"$NIXIE" suppress --cause complaint --until 2090-01-01 user2@example.net >/dev/null; "$NIXIE" suppress @dead.example >/dev/null; "$NIXIE" allow user4@example.net >/dev/null; "$NIXIE" suppress who+first@tags.example >/dev/null
{ seq -f 'User%.0f@Example.net' 1 3000; echo 'no address'; echo any@dead.example; echo Who+Second@tags.example; echo user7+tag@example.net; } >"$T/all"
serve
plain='Content-Type: text/plain'
compare() {
    asks 200 /v1/suppressions/check -H "$plain" -H 'Accept: application/x-ndjson' --data-binary @"$T/all"; cp "$T/out" "$T/large"; : >"$T/small"
    split -l 500 "$T/all" "$T/piece."
    for piece in "$T"/piece.*; do asks 200 /v1/suppressions/check -H "$plain" -H 'Accept: application/x-ndjson' --data-binary @"$piece"; cat "$T/out" >>"$T/small"; done
    cmp -s "$T/large" "$T/small" || { fail "table and database differ"; diff "$T/large" "$T/small" | head; }
    is "$(wc -l <"$T/large")" 3004
}
compare
is "$(jq -c 'select(.address=="User2@Example.net")|[.suppressed,.cause,.until]' "$T/large")" '[true,"complaint","2090-01-01T00:00:00Z"]'
is "$(jq -c 'select(.address=="User4@Example.net")|[.suppressed,.allowed]' "$T/large")" '[false,true]'
is "$(jq -c 'select(.address=="no address")|.error' "$T/large")" '"no address"'
is "$(jq -c 'select(.address=="Who+Second@tags.example" or .address=="user7+tag@example.net")|.suppressed' "$T/large" | paste -sd,)" 'true,false' # a tag counts, but where the settings say otherwise
"$NIXIE" release user1@example.net >/dev/null; "$NIXIE" suppress user3@example.net >/dev/null
compare
is "$(jq -c 'select(.address=="User1@Example.net" or .address=="User3@Example.net")|.suppressed' "$T/large" | paste -sd,)" 'false,true'
jq -Rsc '{addresses: split("\n")|map(select(length>0))}' "$T/all" >"$T/json"
asks 200 /v1/suppressions/check -H "$json" --data-binary @"$T/json"; has '(.results|length)==3004 and .checked==3004 and .suppressed==(.results|map(select(.suppressed==true))|length)'
ends
finish
