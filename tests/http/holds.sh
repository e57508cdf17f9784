# An outage end to end: weeks of ordinary bounces, a provider that calls everybody unknown, what is held back, and every way out of it; and the statistics of it all.
. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir -p "$T/spool/tmp" "$T/spool/new"; now=$(date +%s); n=0
# spooled SECONDS_AGO ADDRESS: a bounce of that moment, as `pipe` would have left it
spooled() {
    n=$((n + 1)); bounce "$2" >"$T/message"; at=$(printf '%06d' $n)
    { printf 'nixie-spool 1\nsource pipe\nreceived %d\nsize %020d\n\n' $((now - $1)) "$(wc -c <"$T/message")"; cat "$T/message"; } >"$T/spool/tmp/$at"; mv "$T/spool/tmp/$at" "$T/spool/new/$at.msg"
}
drained() { i=0; until [ -z "$(ls "$T/spool/new")" ] || [ $i = 600 ]; do i=$((i + 1)); sleep 0.05; done; is "$(ls "$T/spool/new")" "" "the spool is empty"; }
for day in 20 18 16 14 12 10 8 6 4; do for who in a b; do spooled $((day * 86400)) dead$who$day@gmail.com; spooled $((day * 86400)) dead$who$day@example.net; done; done
serve; drained
"$NIXIE" holds >"$T/out"; prints 'nothing is held back'
asks 200 /v1/holds; has '.incidents == [] and .holds == [] and .next == null'
i=0; while [ $i -lt 45 ]; do spooled 60 good$i@gmail.com; i=$((i + 1)); done
drained; bounce real@example.net >"$T/real.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/real.eml"; has '.events[0].decision.action == "suppress"'

# Whatever order the workers took them in, 12 went through before the 13th made it an incident; they are held, too.
run 0 "$NIXIE" stats --remote google --since 2d --by action; prints '^suppress +12$'; prints '^hold +33$'
run 0 "$NIXIE" holds; prints '^google +open +since .*: 45 addresses held back, 45 of them still'; prints 'held back: google called 13 addresses dead since'
run 0 "$NIXIE" holds --json; is "$(jq -r '[.provider,.state,.held,.holding]|join(" ")' "$T/out")" 'google open 45 45'; is "$(jq -r '.since <= .opened' "$T/out")" true
early=$(sqlite3 "$NIXIE_DB" "SELECT substr(key, 11) || '@gmail.com' FROM log WHERE act='hold' ORDER BY seq LIMIT 1")
run 0 "$NIXIE" check $early; prints "^$early	ok	until .* held back: "
run 0 "$NIXIE" history $early; prints 'mailbox_unknown +suppress: '; prints 'hold +mailbox_unknown +by nixie: held back: an incident at google, seen at '; prints '^now: not suppressed; mailbox_unknown by google is held back until'
run 0 "$NIXIE" holds release $early --yes; run 1 "$NIXIE" check $early; prints 'suppressed.*550 5.1.1 User unknown'; "$NIXIE" release $early >/dev/null
run 0 "$NIXIE" holds --addresses; is "$(wc -l <"$T/out")" 44; prints '^good[0-9]+@gmail.com	google	mailbox_unknown	since .*	until .*	550 5.1.1 User unknown'
sqlite3 "$NIXIE_DB" "SELECT substr(key, 11) || '@gmail.com' FROM log WHERE act='event' AND action='hold' ORDER BY seq LIMIT 4" >"$T/out"
one=$(sed -n 1p "$T/out"); two=$(sed -n 2p "$T/out"); three=$(sed -n 3p "$T/out"); four=$(sed -n 4p "$T/out")
run 0 "$NIXIE" holds --provider yahoo; prints 'nothing is held back'
run 0 "$NIXIE" check $one; prints "^$one	ok	until .* held back: "
run 0 "$NIXIE" history $one; prints 'mailbox_unknown +hold: held back'; prints '^now: not suppressed; mailbox_unknown by google is held back until'
run 0 "$NIXIE" subject-access $one; is "$(jq -r '[.known, (.entries | length), (.holds | length), .holds[0].address, .holds[0].provider] | join(" ")' "$T/out")" "data 0 1 $one google"
run 0 "$NIXIE" policy explain $one; prints '^now: not suppressed; mailbox_unknown until .*: held back'
asks 404 /v1/suppressions/$one; has '.detail | test("is not suppressed: until .* held back")'
asks 200 '/v1/holds?provider=google&limit=10'; has '(.holds | length == 10) and .holds[0].provider == "google" and .holds[0].cause == "mailbox_unknown" and .incidents[0].holding == 44'
asks 200 /v1/holds -G --data-urlencode limit=100 --data-urlencode "cursor=$(jq -r .next "$T/out")"; has '(.holds | length == 34) and .next == null'
asks 400 '/v1/holds?limit=0'; asks 400 '/v1/holds?cursor=x'
asks 200 /metrics; grep -Fxq 'nixie_incidents 1' "$T/out" || fail "no incident among the metrics"; grep -Fxq 'nixie_held_addresses 44' "$T/out" || fail "no addresses among the metrics"
grep -Fxq 'nixie_held_total{cause="mailbox_unknown",provider="google"} 33' "$T/out" || fail "no held events among the metrics"

# One by one: a preview first, then all or nothing.
run 0 "$NIXIE" holds release $one; prints '^1 addresses would be suppressed after all'; prints "^  $one"; run 0 "$NIXIE" check $one
run 1 "$NIXIE" holds release $one stranger@gmail.com; says 'stranger@gmail.com: is not held back'
run 1 "$NIXIE" holds release --yes $one stranger@gmail.com; says 'stranger@gmail.com: is not held back'; run 0 "$NIXIE" check $one
run 0 "$NIXIE" holds release --yes --reason 'known to be gone' --actor alice $one $one; prints '^1 addresses suppressed'
run 1 "$NIXIE" check $one; prints 'suppressed.*550 5.1.1 User unknown'
run 0 "$NIXIE" history $one; prints 'hold_release mailbox_unknown +by alice \(cli\): known to be gone'
run 1 "$NIXIE" holds release --yes $one; says 'is not held back'
run 64 "$NIXIE" holds release; says 'say which'; run 64 "$NIXIE" holds drop --provider google $two; says 'say which'; run 64 "$NIXIE" holds keep; says 'holds keep: it is release, drop or nothing'
run 64 "$NIXIE" holds drop --yes nothing; says 'no address'
asks 200 /v1/holds/drop -H "$json" -d "{\"addresses\": [\"$two\"], \"reason\": \"they wrote\"}"; has '.settled == 1'
run 0 "$NIXIE" history $two; prints 'hold_drop +mailbox_unknown +by http \(http\): they wrote'; prints '^now: not suppressed$'
asks 404 /v1/holds/drop -H "$json" -d "{\"addresses\": [\"$two\", \"$three\"]}"; has '.detail | test("is not held back")'
asks 400 /v1/holds/drop -H "$json" -d '{}'; asks 400 /v1/holds/drop -H "$json" -d '[]'; asks 400 /v1/holds/release -H "$json" -d '{"provider": "google", "force": true}'
asks 400 /v1/holds/release -H "$json" -d '{"addresses": [7]}'; asks 400 /v1/holds/release -H "$json" -d '{"addresses": ["nothing"]}'; asks 404 /v1/holds/release -H "$json" -d '{"provider": "yahoo"}'
"$NIXIE" allow $three >/dev/null; run 0 "$NIXIE" holds --addresses; is "$(wc -l <"$T/out")" 41
"$NIXIE" suppress $four >/dev/null; run 0 "$NIXIE" holds --addresses; is "$(wc -l <"$T/out")" 40

# They were wrong: what is held is dropped; of what went through nothing is left but the one that was released, which is undone, once.
run 0 "$NIXIE" undo --provider google --since 3h; prints '^1 entries would be lifted'; prints '^more of google is held back .nixie holds drop --provider google.'
run 0 "$NIXIE" undo --provider google --since 3h --yes --reason outage --actor alice; prints '^1 entries lifted'
run 0 "$NIXIE" undo --provider google --since 3h --cause mailbox_unknown --yes; prints '^0 entries lifted'
run 0 "$NIXIE" holds drop --provider Google; prints '^40 addresses would be dropped'
asks 200 /v1/holds/drop -H "$json" -d '{"provider": "google", "reason": "they say so"}'; has '.settled == 40'
run 0 "$NIXIE" holds; prints '^google +dropped +.*: 45 addresses held back, 0 of them still'
run 1 "$NIXIE" holds drop --provider google --yes; says 'nothing of it is held back'
"$NIXIE" check $(seq -f 'good%.0f@gmail.com' 0 44) >"$T/out"; is "$(grep -vc '	ok' "$T/out")" 2 "only the one by hand and the allowed one are left: $(grep -v '	ok' "$T/out")"
run 1 "$NIXIE" check real@example.net; run 1 "$NIXIE" check deada8@gmail.com
# The outage goes on, so it is held back still; then they say that these are right.
bounce more@gmail.com >"$T/more.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/more.eml"; has '.events[0].decision.action == "hold"'
asks 200 /v1/messages -H "$mail" --data-binary @"$T/more.eml"; has '.events[0].duplicate and .events[0].decision.action == "hold"'
run 0 "$NIXIE" holds release --provider google --yes; prints '^1 addresses suppressed'
bounce last@gmail.com >"$T/last.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/last.eml"; has '.events[0].decision.action == "suppress"'
asks 200 /metrics; grep -Fxq 'nixie_incidents 0' "$T/out" || fail "still an incident among the metrics"
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ', 0 differed'

# What was counted meanwhile.
asks 200 /v1/stats; has '.counts == [{"cause": "mailbox_unknown", "events": 84}] and .events == 84 and .more == false'
asks 200 '/v1/stats?by=remote,action&since=2000-01-01'; has '[.counts[] | select(.remote == "google" and .action == "hold")][0].events == 34'
has '[.counts[] | select(.remote == "example.net")][0].events == 19'
asks 200 '/v1/stats?by=day&domain=gmail.com&kind=failed&cause=mailbox_unknown&class=hard&action=suppress&source=pipe&remote=google'; has '(.counts | length == 10 or length == 11) and .events == 30'
asks 200 '/v1/stats?by=domain&limit=1'; has '.counts == [{"domain": "gmail.com", "events": 65}] and .more'
asks 200 '/v1/stats?stream=none'; has '.counts == [] and .events == 0'
for bad in by=weather by=day,weather kind=x cause=x class=x action=x since=x before=x limit=0 limit=10001; do asks 400 "/v1/stats?$bad"; done
ends; finish
