. "$NIXIE_SOURCE/tests/http/lib.sh"
serve
bounce one@example.net >"$T/one.eml"; bounce odd@example.net 5.0.0 'frobnicated zzyzx' | sed 's/smtp; 550/smtp;/' >"$T/odd.eml"
bounce known@example.net 5.1.1 '5.1.1 The email account that you tried to reach does not exist' | sed 's/^Reporting-MTA/Remote-MTA: dns; gmail-smtp-in.l.google.com\n&/; s/^Action: failed/&\nRemote-MTA: dns; gmail-smtp-in.l.google.com/' >"$T/google.eml"
bounce block@example.net 5.7.1 '5.7.1 Our system has detected that this message is likely unsolicited mail' | sed 's/^Action: failed/&\nRemote-MTA: dns; gmail-smtp-in.l.google.com/' >"$T/block.eml"
for file in one one odd google block; do asks 200 /v1/messages -H "$mail" --data-binary @"$T/$file.eml"; done
"$NIXIE" pipe <"$T/one.eml"; n=0; until curl -s "$URL/metrics" | grep -q 'duplicates_total{source="pipe"} 1' || [ $n = 60 ]; do n=$((n + 1)); sleep 0.05; done
kill -HUP $PID; n=0; until grep -q " reloaded " "$T/log" || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done; asks 404 /nowhere
asks 200 /metrics; head_has '^content-type: text/plain; version=0.0.4'
for line in 'nixie_events_total{source="http",kind="failed"} 4' 'nixie_event_causes_total{class="hard",cause="mailbox_unknown"} 2' 'nixie_duplicates_total{source="http"} 1' \
    'nixie_duplicates_total{source="pipe"} 1' 'nixie_suppressed_total{cause="mailbox_unknown"} 2' 'nixie_unclassified_total 1' 'nixie_ready 1' 'nixie_queue_messages 0' \
    'nixie_spool_messages 0' 'nixie_http_requests_total{route="/v1/messages",method="POST",status="200"} 5' 'nixie_http_requests_total{route="none",method="none",status="404"} 1' \
    'nixie_reloads_total{result="done"} 1' 'nixie_commit_seconds_bucket{le="+Inf"} 6' 'nixie_commit_seconds_count 6' 'nixie_event_providers_total{provider="google",class="hard"} 1' \
    'nixie_event_providers_total{provider="google",class="block"} 1' 'nixie_event_providers_total{provider="other",class="hard"} 1' 'nixie_event_providers_total{provider="other",class="soft"} 1'; do
    grep -Fxq "$line" "$T/out" || fail "no line: $line"
done
grep -Eq '^nixie_store_bytes [1-9]' "$T/out" || fail "store_bytes"; grep -Eq '^nixie_build_info\{version="[^"]+",rules="[0-9a-f]{12}"\} 1$' "$T/out" || fail "build_info"
# Every metric that the alert rules and the dashboard name is there; every one that is there is in the manual.
grep -oh 'nixie_[a-z_]*' "$NIXIE_SOURCE/docs/alerts.yaml" "$NIXIE_SOURCE/docs/dashboard.json" | sed 's/_bucket$//' | sort -u | while read -r name; do grep -q "^# TYPE $name " "$T/out" || echo "$name"; done >"$T/missing"
is "$(cat "$T/missing")" "" "metrics that alerts or dashboard name and nobody counts"
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$T/out" | while read -r name; do grep -q "$name" "$NIXIE_SOURCE/docs/http.md" || echo "$name"; done >"$T/missing"
is "$(cat "$T/missing")" "" "metrics that docs/http.md does not name"
grep -q example.net "$T/out" && fail "an address among the metrics"
jq -e '.panels | length > 10' "$NIXIE_SOURCE/docs/dashboard.json" >/dev/null || fail dashboard
ends; finish
