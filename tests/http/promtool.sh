# Prometheus's own word on what /metrics writes and on the alert rules.
. "$NIXIE_SOURCE/tests/http/lib.sh"
promtool=$(command -v promtool || echo "$NIXIE_SOURCE/build/programs/usr/bin/promtool")
[ -x "$promtool" ] || { echo "skipped: promtool is not there (sh tools/unpack.sh)"; exit 77; }
serve
bounce one@example.net >"$T/one.eml"; for file in one one; do asks 200 /v1/messages -H "$mail" --data-binary @"$T/$file.eml"; done
kill -HUP $PID; asks 404 /nowhere; sleep 1.2; asks 200 /metrics; cp "$T/out" "$T/metrics"; ends
"$promtool" check metrics <"$T/metrics" >"$T/out" 2>&1 || { fail "promtool check metrics"; cat "$T/out"; }
is "$(cat "$T/out")" "" "what promtool says of /metrics"
run 0 "$promtool" check rules "$NIXIE_SOURCE/docs/alerts.yaml"; prints 'SUCCESS: [1-9][0-9]* rules found'
finish
