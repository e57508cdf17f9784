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
# A provider that blocks more than half is told of by name; one that blocks less is not.
cat >"$T/alerts_test.yaml" <<END
rule_files: ["$NIXIE_SOURCE/docs/alerts.yaml"]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - { series: 'nixie_event_providers_total{instance="a",provider="google",class="block"}', values: '0+2x600' }
      - { series: 'nixie_event_providers_total{instance="a",provider="google",class="hard"}', values: '0+1x600' }
      - { series: 'nixie_event_providers_total{instance="a",provider="other",class="block"}', values: '0+2x600' }
      - { series: 'nixie_event_providers_total{instance="a",provider="other",class="hard"}', values: '0+3x600' }
      - { series: 'nixie_event_providers_total{instance="a",provider="few",class="block"}', values: '0 0 0 0 5 5 5x600' }
    promql_expr_test:
      - { expr: 'count(ALERTS{alertname="NixieProviderBlocks",alertstate="firing",provider="google",severity="page"})', eval_time: 8h, exp_samples: [{ labels: '{}', value: 1 }] }
      - { expr: 'ALERTS{alertname="NixieProviderBlocks",provider!="google"}', eval_time: 8h, exp_samples: [] }
END
run 0 "$promtool" test rules "$T/alerts_test.yaml"; prints SUCCESS
finish
