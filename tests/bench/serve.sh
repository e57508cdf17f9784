#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh NIXIE BENCH_LMTP [SECONDS]: the daemon under load on this machine, loopback alone: durable posts, questions while posts go on, LMTP; memory. Needs wrk.
set -eu
nixie=$1 bench=$2 seconds=${3:-10} here=$(dirname "$0")
command -v wrk >/dev/null || { echo "wrk is not installed (apt-get install wrk)"; exit 77; }
T=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$T"' EXIT
printf '[lmtp]\nlisten = %s/lmtp.sock\n' "$T" >"$T/n.conf"
"$nixie" serve --config "$T/n.conf" --db "$T/n.db" --listen 127.0.0.1:0 2>"$T/log" & pid=$!
until grep -q ' listening ' "$T/log"; do sleep 0.1; done
url=http://127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$T/log")
curl -s -o /dev/null -X PUT "$url/v1/suppressions/known@example.net"
figures() { grep -E 'Requests/sec|99%|50%|Non-2xx' | tr -s ' ' | tr '\n' ';'; echo; }
memory() { sed -n 's/^VmRSS:[[:space:]]*//p' /proc/$pid/status; }
printf 'POST /v1/messages, durable, 64 connections: '; wrk -t1 -c64 -d"${seconds}s" --latency -s "$here/post.lua" "$url" | figures
echo "memory: $(memory)"
printf 'GET one address, 64 connections: '; wrk -t1 -c64 -d"${seconds}s" --latency "$url/v1/suppressions/known@example.net" | figures
wrk -t1 -c8 -d"$((seconds + 1))s" -s "$here/post.lua" "$url" >"$T/behind" & behind=$!
printf 'GET one address while posts go on: '; wrk -t1 -c64 -d"${seconds}s" --latency "$url/v1/suppressions/known@example.net" | figures
wait $behind; printf '  posts meanwhile: '; figures <"$T/behind"
printf 'LMTP: '; "$bench" "$T/lmtp.sock" 8 "$seconds"
echo "memory: $(memory)"
