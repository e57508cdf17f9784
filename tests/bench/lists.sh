#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists at scale: import, clean, questions and export, beside `sort | join` and, where there is one, DuckDB, over the same files in the same run.
#   sh tests/bench/lists.sh [--dir DIR] [--duckdb NODE_MODULES] [ENTRIES...]      (default: 1000000 10000000; 100000000 takes an hour and 40 GB)
# NIXIE and BENCH_LOOKUP name the programs (default: build/release). DuckDB: `npm install @duckdb/node-api` somewhere outside the tree, and name its node_modules
# here or in NODE_PATH. The data comes from a seeded generator: ENTRIES suppressed addresses, and as many lines to clean, of which 40 % are among them.
# Wall clock and processor time are both told: on a machine with other work only the latter, and the ratio to sort | join of the same run, say something.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
NIXIE=${NIXIE:-$root/build/release/nixie}
BENCH_LOOKUP=${BENCH_LOOKUP:-$root/build/release/tests/bench/bench_lookup}
dir= duckdb=${NODE_PATH:-} sizes= server=
while [ $# -gt 0 ]; do
    case $1 in
    --dir) dir=$2; shift 2 ;;
    --duckdb) duckdb=$2; shift 2 ;;
    *) sizes="$sizes $1"; shift ;;
    esac
done
if [ -n "$dir" ]; then mkdir -p "$dir"; d=$dir; else d=$(mktemp -d); fi
trap '[ -z "$server" ] || kill $server 2>/dev/null; [ -n "$dir" ] || rm -rf "$d"' EXIT
export NIXIE_DB="$d/n.db" NIXIE_CONFIG=/dev/null LC_ALL=C

generate() { # LINES SHARE SEED: addresses out of the first n with the given share, else out of those behind them
    awk -v n="$n" -v lines="$1" -v share="$2" -v seed="$3" '
    function address(i) { return part[i % 61] "." part[i % 53] i % 100003 part[i % 47] int(i / 100003) "@" domain[(i * 7919) % 40] }
    BEGIN {
        srand(seed)
        split("an be co da el fi ga ho in jo ka li ma no ol pa qu ro sa ti ul va wi xa yo za bra cle dro fre gri kla mor nel pru sta tro vel wen zor ari ben cor dan eli fro gus hal iva jon kim lou mia nor oli pia rex sue tom una", part, " ")
        for (i = 0; i < 61; i++) part[i] = part[i + 1]
        for (i = 0; i < 40; i++) domain[i] = i < 10 ? "gmail.example" : i < 16 ? "yahoo.example" : i < 22 ? "outlook.example" : "mail" i ".example"
        for (i = 0; i < lines; i++)
            print address(share == 1 ? i : rand() < share ? int(rand() * n) : n + int(rand() * n))
    }'
}

row() { # NAME SECONDS PROCESSOR KB LINES
    awk -v name="$1" -v s="$2" -v c="$3" -v kb="$4" -v n="$5" 'BEGIN { printf "  %-38s %8.2f s %8.2f s %6d MB %10.0f/s %10.0f/s\n", name, s, c, kb / 1024, (s > 0 ? n / s : 0), (c > 0 ? n / c : 0) }'
}

measure() { # NAME COMMAND...: seconds by the wall, of processor, peak memory
    name=$1; shift
    /usr/bin/env time -f "%e %U %S %M" -o "$d/time" "$@" >"$d/out" 2>"$d/err" || { cat "$d/err"; exit 1; }
    read -r seconds user system memory <"$d/time"
    row "$name" "$seconds" "$(echo "$user $system" | awk '{ print $1 + $2 }')" "$memory" "$n"
}

ask_http() { # how many addresses of the list in one request, ten times at most a million
    head -n "$1" "$d/list" >"$d/question"
    ticks() { awk '{ print $14 + $15 }' /proc/$server/stat; }
    before=$(ticks)
    seconds=$(curl -s -o "$d/answer" -w '%{time_total}' -H 'Expect:' -H 'Content-Type: text/plain' -H 'Accept: application/x-ndjson' --data-binary @"$d/question" "$url/v1/suppressions/check")
    [ "$(wc -l <"$d/answer")" = "$(wc -l <"$d/question")" ] || { echo "not every address was answered"; head -c 300 "$d/answer"; exit 1; }
    row "HTTP check, $1 in one request" "$seconds" "$(echo "$before $(ticks) $(getconf CLK_TCK)" | awk '{ print ($2 - $1) / $3 }')" "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$server/status)" "$1"
}

run_duckdb() {
    NODE_PATH=$duckdb measure "DuckDB, anti-join of the two files" node -e '
    const { DuckDBInstance } = require("@duckdb/node-api"); const [entries, list, out] = process.argv.slice(1);
    (async () => {
        const c = await (await DuckDBInstance.create(":memory:")).connect();
        const file = f => `read_csv(${"\x27" + f + "\x27"}, header = false, delim = "\x27,\x27", columns = {"\x27a\x27": "\x27VARCHAR\x27"})`.replaceAll("\"", "");
        await c.run(`COPY (SELECT l.a FROM ${file(list)} l ANTI JOIN ${file(entries)} e ON l.a = e.a) TO ${"\x27" + out + "\x27"} (HEADER false)`);
    })().catch(e => { console.error(e.message); process.exit(1); });' "$d/entries" "$d/list" "$d/duck"
    [ "$(wc -l <"$d/duck")" = "$(wc -l <"$d/kept")" ] || { echo "DuckDB's answer differs"; exit 1; }
}

one_size() {
    n=$1
    rm -f "$d"/n.db* "$d/entries" "$d/list"
    generate "$n" 1 1 | shuf --random-source=/dev/zero >"$d/entries"
    generate "$n" 0.4 2 >"$d/list"
    echo; echo "$n entries, $(wc -l <"$d/list") lines to clean, $(($(stat -c %s "$d/list") / 1000000)) MB; $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
    printf '  %-38s %10s %10s %9s %12s %12s\n' '' wall processor memory 'by the wall' 'by processor'
    measure "nixie import, and the lookup table" "$NIXIE" import -q --cause mailbox_unknown "$d/entries"
    printf '  %-38s %d MB (and %d MB of lookup table)\n' "database" $(($(stat -c %s "$d/n.db") / 1000000)) $(($(stat -c %s "$d/n.db.lookup" 2>/dev/null || echo 0) / 1000000))
    measure "nixie import, the same again" "$NIXIE" import -q --cause mailbox_unknown "$d/entries"
    measure "nixie import --dry-run" "$NIXIE" import -n -q --cause mailbox_unknown "$d/entries"
    measure "nixie clean" "$NIXIE" clean -q -o "$d/kept" "$d/list"
    measure "nixie clean --removed --report" "$NIXIE" clean -q --report --removed "$d/removed" -o "$d/kept2" "$d/list"
    measure "sort | join" sh -c "sort -u '$d/entries' >'$d/a'; sort '$d/list' | join -v 2 '$d/a' - >'$d/joined'"
    [ "$(wc -l <"$d/kept")" = "$(wc -l <"$d/joined")" ] && cmp -s "$d/kept" "$d/kept2" || { echo "the answers differ"; exit 1; }
    if [ -n "$duckdb" ] && NODE_PATH=$duckdb node -e 'require("@duckdb/node-api")' 2>/dev/null; then run_duckdb; else echo "  DuckDB is not here (--duckdb NODE_MODULES)"; fi
    measure "nixie export, addresses" "$NIXIE" export -f txt -o "$d/exported"
    measure "nixie export, csv" "$NIXIE" export -o "$d/exported.csv"
    "$BENCH_LOOKUP" "$NIXIE_DB" "$d/list" | sed 's/^/  /'
    "$NIXIE" serve --db "$NIXIE_DB" --listen 127.0.0.1:0 2>"$d/log" & server=$!
    until grep -q ' listening ' "$d/log"; do sleep 0.1; kill -0 $server || exit 1; done
    url=http://127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$d/log")
    for many in 100000 1000000 1000000; do [ "$many" -gt "$n" ] || ask_http "$many"; done
    kill $server; wait $server || true; server=
}
for size in ${sizes:-1000000 10000000}; do one_size "$size"; done
