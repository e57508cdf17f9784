# Somebody holds the database for longer than anybody waits: writes are told to come again, questions are answered all the time, and then all goes on.
. "$NIXIE_SOURCE/tests/http/lib.sh"
printf '[serve]\nthreads = 2\n' >"$T/n.conf"; serve --config "$T/n.conf"
asks 201 /v1/suppressions/before@example.net -X PUT
(sqlite3 "$NIXIE_DB" ".timeout 20000" "begin immediate; select 1;" ".shell touch $T/held; n=0; while [ ! -e $T/go ] && [ \$n -lt 1500 ]; do n=\$((n + 1)); sleep 0.1; done" >/dev/null 2>&1 &)
n=0; until [ -e "$T/held" ] || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; done; [ -e "$T/held" ] || fail "the database is not held"
pids=
for i in $(seq 20); do curl -s -m 150 -D "$T/w$i.head" -o "$T/w$i.out" -X PUT "$URL/v1/suppressions/w$i@example.net" & pids="$pids $!"; done
# More writers than threads: each of them waits for five seconds, so questions behind them would wait for all of these.
sleep 1; for i in $(seq 10); do asks 200 /healthz -m 20; asks 200 /v1/suppressions/before@example.net -m 20; done
# shellcheck disable=SC2086 # a list
wait $pids
for i in $(seq 20); do cp "$T/w$i.head" "$T/head"; head_has '^HTTP/1.1 503'; head_has '^retry-after: 1'; cp "$T/w$i.out" "$T/out"; has '.detail | test("locked by another process")'; done
touch "$T/go"; n=0; until [ "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$URL/v1/suppressions/after@example.net")" = 201 ] || [ $n = 60 ]; do n=$((n + 1)); sleep 0.2; done
asks 200 /v1/suppressions/after@example.net; asks 404 /v1/suppressions/w1@example.net; asks 200 /v1/suppressions/w1@example.net/history; has '.history == []'
ends; run 0 "$NIXIE" db check; finish
