#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh NIXIE BENCH_DIRECTORY [SECONDS [ROUNDS [ENTRIES [CONNECTIONS]]]]: the daemon under load on this machine, loopback alone, against bench_bare, a
# server that does the least that could be done with the same libraries. Each load runs ROUNDS times (default 5) for SECONDS (default 3) on one and on the
# other in turn, so that a change of the machine's pace meets both alike; medians are shown, and the median of the rounds' ratios. The list has ENTRIES
# (default 100000); CONNECTIONS (default 64) ask at once. BENCH_DIRECTORY holds bench_lmtp and bench_bare. Needs wrk; on a machine that does nothing else,
# with a release build.
set -eu
nixie=$1 bench=$2 seconds=${3:-3} rounds=${4:-5} entries=${5:-100000} connections=${6:-64} here=$(cd "$(dirname "$0")" && pwd)
command -v wrk >/dev/null || { echo "wrk is not installed (apt-get install wrk)"; exit 77; }
T=$(mktemp -d); nixie_pid= bare_pid=; trap 'kill $nixie_pid $bare_pid 2>/dev/null || :; rm -rf "$T"' EXIT
printf '[lmtp]\nlisten = %s/nixie.sock\n' "$T" >"$T/n.conf"
export NIXIE_CONFIG="$T/n.conf" NIXIE_DB="$T/n.db"
# Every second address of twice as many is listed.
awk -v n="$entries" 'BEGIN { for (i = 0; i < 2 * n; i += 2) printf "user%d@d%d.example.net\n", i, i % 1000 }' >"$T/list"
"$nixie" import "$T/list" >"$T/out" 2>&1 || { cat "$T/out"; exit 1; }
rm "$T/list"
"$nixie" serve --listen 127.0.0.1:0 2>"$T/nixie.log" & nixie_pid=$!
"$bench/bench_bare" "$T/bare.sock" "$T/bare.file" >"$T/bare.log" & bare_pid=$!
url_of() { # nixie or bare
    for tenth in $(seq 300); do ! grep -q ' listening ' "$T/$1.log" || break; sleep 0.1; done
    grep -q ' listening ' "$T/$1.log" || { head "$T/$1.log" >&2; exit 1; }
    sed -n 's/.* listening .*port=\([0-9]*\).*/http:\/\/127.0.0.1:\1/p; s/^ listening port=\(.*\)/http:\/\/127.0.0.1:\1/p' "$T/$1.log"
}
nixie_url=$(url_of nixie)
bare_url=$(url_of bare)
echo "$(nproc) processors, $entries entries, database $(($(stat -c %s "$T/n.db") >> 20)) MiB, $rounds rounds of $seconds s, $connections connections"

spent() { eval "cut -d' ' -f14,15 /proc/\$$1_pid/stat" | tr ' ' '+'; }
ask() { # WHO [wrk option...]: wrk's words
    eval "url=\$$1_url"; shift; wrk -t1 -d"${seconds}s" --latency "$@" "$url$path" -- "$entries"
}
figures() { # of wrk's words on stdin, with the ticks of the server: a second, p50 and p99 in milliseconds, microseconds of processor time each, other answers
    awk -v cpu="$1" 'function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
        /50%/ { p50 = ms($2) } /99%/ { p99 = ms($2) } /requests in/ { n = $1 } /Requests\/sec/ { rate = $2 } /Non-2xx/ { other = $NF }
        END { print rate, p50, p99, cpu * 10000 / n, other + 0 }'
}
get() { # WHO [wrk option...]
    who=$1; shift; before=$(spent "$who"); ask "$who" -c"$connections" "$@" >"$T/wrk"; figures $(($(spent "$who") - ($before))) <"$T/wrk"
}
same() { path=/v1/suppressions/user0@d0.example.net; get "$1"; }
all() { path=; get "$1" -s "$here/get.lua"; }
post() { path=; get "$1" -s "$here/post.lua"; }
behind() { # WHO LOAD: the load while 8 connections post; whose processor time is whose cannot be told
    path=; (ask "$1" -c8 -s "$here/post.lua" >"$T/behind") & behind=$!; "$2" "$1" | sed 's/[^ ]* 0$/0 0/'; wait $behind; figures 0 <"$T/behind" >>"$T/posts.$1"
}
same_behind() { behind "$1" same; }
all_behind() { behind "$1" all; }
lmtp() {
    before=$(spent "$1"); "$bench/bench_lmtp" "$T/$1.sock" 8 "$seconds" >"$T/out"
    awk -v cpu=$(($(spent "$1") - ($before))) '{ print $9, $13, $16, cpu * 10000 / $1, 0 }' "$T/out"
}
measure() { # LOAD WORDS
    for round in $(seq "$rounds"); do
        for who in $([ $((round % 2)) = 0 ] && echo nixie bare || echo bare nixie); do "$1" $who >>"$T/$1.$who"; done
    done
    paste -d' ' "$T/$1.nixie" "$T/$1.bare" | awk -v words="$2" '
        function median(of, i, j, t) { for (i = 2; i <= NR; i++) for (j = i; j > 1 && of[j] < of[j - 1]; j--) { t = of[j]; of[j] = of[j - 1]; of[j - 1] = t }
            return NR % 2 ? of[(NR + 1) / 2] : (of[NR / 2] + of[NR / 2 + 1]) / 2 }
        { rate[NR] = $1; p50[NR] = $2; p99[NR] = $3; us[NR] = $4; its[NR] = $6; its99[NR] = $8; itsus[NR] = $9; share[NR] = 100 * $1 / $6 }
        $9 > 0 { time[NR] = $4 / $9 }
        END { printf "%s: %.0f %% of the bare server\x27s", words, median(share)
            if ($9 > 0) printf ", for %.1f times its processor time", median(time)
            printf "\n  %d a second, p50 %.1f ms, p99 %.1f ms", median(rate), median(p50), median(p99)
            if ($9 > 0) printf ", %.1f us each", median(us)
            printf "; bare %d, p99 %.1f ms", median(its), median(its99)
            if ($9 > 0) printf ", %.1f us", median(itsus)
            print "" }'
}
path=; for who in nixie bare; do get $who -s "$here/get.lua" >/dev/null; done # to be warm
measure all 'GET an address of all, half are listed'
measure same 'GET the same listed address'
measure all_behind 'GET an address of all, while 8 connections post'
measure same_behind 'GET the same listed address, while they post'
awk '{ print $1 }' "$T/posts.nixie" | sort -n | awk '{ rate[NR] = $1 } END { printf "  posts meanwhile: %d a second\n", rate[int((NR + 1) / 2)] }'
measure post "POST /v1/messages, durable, $connections connections"
measure lmtp 'LMTP, 8 sessions, durable'
echo "memory: $(sed -n 's/^VmRSS:[[:space:]]*//p' /proc/$nixie_pid/status)"
