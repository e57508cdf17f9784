#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh NIXIE BENCH_LMTP [SECONDS [ENTRIES]]: the daemon under load on this machine, loopback alone: questions about one address of ENTRIES (default 100000) that are
# listed, idle and while posts go on; durable posts; LMTP; memory. SECONDS (default 10) for each. Needs wrk and curl; on a machine that does nothing else, with a release build.
set -eu
nixie=$1 bench=$2 seconds=${3:-10} entries=${4:-100000} here=$(cd "$(dirname "$0")" && pwd)
command -v wrk >/dev/null || { echo "wrk is not installed (apt-get install wrk)"; exit 77; }
T=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$T"' EXIT
printf '[lmtp]\nlisten = %s/lmtp.sock\n' "$T" >"$T/n.conf"
export NIXIE_CONFIG="$T/n.conf" NIXIE_DB="$T/n.db"
# Every second address of twice as many is listed.
awk -v n="$entries" 'BEGIN { for (i = 0; i < 2 * n; i += 2) printf "user%d@d%d.example.net\n", i, i % 1000 }' >"$T/list"
"$nixie" import "$T/list" >"$T/out" 2>&1 || { cat "$T/out"; exit 1; }
rm "$T/list"; echo "$(nproc) processors, $entries entries, database $(($(stat -c %s "$T/n.db") >> 20)) MiB, ${seconds} s each"
"$nixie" serve --listen 127.0.0.1:0 2>"$T/log" & pid=$!
until grep -q ' listening ' "$T/log"; do sleep 0.1; kill -0 $pid || { cat "$T/log"; exit 1; }; done
url=http://127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$T/log")
memory() { sed -n 's/^VmRSS:[[:space:]]*//p' /proc/$pid/status; }
spent() { cut -d' ' -f14,15 /proc/$pid/stat | tr ' ' '+'; }
figures() { # of wrk's words in $T/wrk
    awk -v cpu="$((($2) - ($1)))" '/50%/ { p50 = $2 } /99%/ { p99 = $2 } /requests in/ { n = $1 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { other = $NF }
        END { printf "%d a second, p50 %s, p99 %s, %.1f us of processor time each%s\n", rate, p50, p99, cpu * 10000 / n, other ? ", " other " not 2xx" : "" }' "$T/wrk"
}
load() { # WORDS [wrk option...]
    printf '%s: ' "$1"; shift; before=$(spent); wrk -t1 -d"${seconds}s" --latency "$@" >"$T/wrk"; figures "$before" "$(spent)"
}
load 'warm-up (not counted)' -c64 -s "$here/get.lua" "$url" -- "$entries"
load 'GET an address of all, half are listed (404: is not)' -c64 -s "$here/get.lua" "$url" -- "$entries"
load 'GET the same listed address' -c64 "$url/v1/suppressions/user0@d0.example.net"
wrk -t1 -c8 -d"$((2 * seconds + 3))s" --latency -s "$here/post.lua" "$url" >"$T/behind" & behind=$!
load 'GET an address of all, while 8 connections post' -c64 -s "$here/get.lua" "$url" -- "$entries"
load 'GET the same listed address, while they post' -c64 "$url/v1/suppressions/user0@d0.example.net"
wait $behind; cp "$T/behind" "$T/wrk"; printf '  posts meanwhile: '; figures 0 0 | sed 's/, [0-9.]* us.*//'
load 'POST /v1/messages, durable, 64 connections' -c64 -s "$here/post.lua" "$url"
printf 'LMTP: '; before=$(spent); "$bench" "$T/lmtp.sock" 8 "$seconds"
echo "memory: $(memory)"
