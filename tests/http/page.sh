# SPDX-License-Identifier: Apache-2.0
# The page: all that it names is there, it may load nothing else, and its list of causes is that of the program.
. "$NIXIE_SOURCE/tests/http/lib.sh"
serve
asks 200 /; head_has '^content-type: text/html'; head_has "^content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'"; cp "$T/out" "$T/page"
for file in $(sed -n 's/.*\(href\|src\)="\([a-z.]*\)".*/\2/p' "$T/page"); do asks 200 "/$file"; head_has '^x-content-type-options: nosniff'; [ -s "$T/out" ] || fail "$file is empty"; done
is "$(sed -n 's/.*\(href\|src\)="\([a-z.]*\)".*/\2/p' "$T/page" | sort | tr '\n' ' ')" 'page.css page.js ' "what the page loads"
grep -Eq '<[^>]* (style|on[a-z]+)=|<script>|https?://' "$T/page" && fail "the page has what its own policy forbids"
# Every cause that a failure can have.
sed -n 's/.*<option>\([a-z_]*\)<.*/\1/p' "$T/page" | sort >"$T/offered"
sed -n 's/^NX_CAUSE([A-Z_]*, "\([a-z_]*\)".*/\1/p' "$NIXIE_SOURCE/src/event/cause.def" | grep -Evx 'complaint|unsubscribe|auto_reply|delayed|delivered|unknown' | sort >"$T/causes"
cmp "$T/offered" "$T/causes" || fail "the page offers other causes than there are"
[ "$(wc -l <"$T/causes")" -gt 20 ] || fail "cause.def is not read"
# It asks with its own origin; a page of another may not.
asks 200 /v1/classify -H "Origin: $URL" -H "$json" -d '{"reply": "550 5.1.1 User unknown"}'; has '.events[0].cause == "mailbox_unknown"'
# What it shows of an event are fields that an event has, and why it was decided so is among them.
cp "$T/out" "$T/event"; asks 200 /page.js; sed -n '/^function card(/,/^}/p' "$T/out" | grep -o 'event\.[a-z_]*' | sed 's/event\.//' | sort -u >"$T/shown"
while read -r field; do jq -e --arg f "$field" '.events[0] | has($f)' "$T/event" >/dev/null || fail "the page shows event.$field, which no event has"; done <"$T/shown"
for field in cause class advice diagnostic matched rule decision status reply remote_mta; do grep -qx $field "$T/shown" || fail "the page does not show event.$field"; done
asks 403 /v1/classify -H 'Origin: http://example.org' -H "$json" -d '{"reply": "550"}'
asks 200 / -X HEAD -I; asks 405 / -X POST -d x
finish
