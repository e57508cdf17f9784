#!/bin/sh
# Lists at scale: import, clean and questions, beside `sort | join` over the same two files in the same run.
#   sh tests/bench/lists.sh [ENTRIES] [DIRECTORY]     (default 1000000 in a directory of its own; NIXIE and BENCH_LOOKUP name the programs)
# The data comes from a seeded generator: ENTRIES suppressed addresses, and as many lines to clean, of which 40 % are among them.
set -eu
n=${1:-1000000}
root=$(cd "$(dirname "$0")/../.." && pwd)
NIXIE=${NIXIE:-$root/build/release/nixie}
BENCH_LOOKUP=${BENCH_LOOKUP:-$root/build/release/tests/bench/bench_lookup}
if [ $# -gt 1 ]; then d=$2; mkdir -p "$d"; else d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; fi
export NIXIE_DB="$d/n.db" NIXIE_CONFIG=/dev/null LC_ALL=C
rm -f "$d/n.db"*

generate() { # LINES SHARE SEED: addresses out of the first ENTRIES with the given share, else out of those behind them
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
[ -s "$d/entries" ] || generate "$n" 1 1 | shuf --random-source=/dev/zero >"$d/entries"
[ -s "$d/list" ] || generate "$n" 0.4 2 >"$d/list"
echo "$n entries, $(wc -l <"$d/list") lines to clean, $(stat -c %s "$d/list") bytes; $(nproc) processors"

measure() { # NAME COMMAND...: seconds by the wall, of processor, peak memory
    name=$1; shift
    /usr/bin/env time -f "%e %U %S %M" -o "$d/time" "$@" >"$d/out" 2>"$d/err" || { cat "$d/err"; exit 1; }
    read -r seconds user system memory <"$d/time"
    printf '%-34s %8.2f s  (processor %6.2f s)  %6d MB  %s\n' "$name" "$seconds" "$(echo "$user $system" | awk '{ print $1 + $2 }')" $((memory / 1024)) "$(awk -v n="$n" -v s="$seconds" 'BEGIN { if (s > 0) printf "%.0f lines/s", n / s }')"
}
measure "nixie import" "$NIXIE" import -q --cause mailbox_unknown "$d/entries"
printf '%-34s %8d MB (and %d MB of lookup table)\n' "database" $(($(stat -c %s "$d/n.db") / 1048576)) $(($(stat -c %s "$d/n.db.lookup" 2>/dev/null || echo 0) / 1048576))
measure "nixie import, again" "$NIXIE" import -q --cause mailbox_unknown "$d/entries"
measure "nixie clean" "$NIXIE" clean -q -o "$d/kept" "$d/list"
measure "nixie clean, removed and report" "$NIXIE" clean -q --report --removed "$d/removed" -o "$d/kept2" "$d/list"
measure "sort | join" sh -c "sort -u '$d/entries' >'$d/a'; sort '$d/list' | join -v 2 '$d/a' - >'$d/joined'"
[ "$(wc -l <"$d/kept")" = "$(wc -l <"$d/joined")" ] && cmp -s "$d/kept" "$d/kept2" || { echo "the answers differ"; exit 1; }
measure "nixie export, addresses" "$NIXIE" export -f txt -o "$d/exported"
measure "nixie export, csv" "$NIXIE" export -o "$d/exported.csv"
"$BENCH_LOOKUP" "$NIXIE_DB" "$d/list"
