#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scores `nixie parse` over labelled mail that is kept outside of this repository, when it is there: scoreboard.sh [--failures]
# NIXIE: the program. The labelled mail is looked for in ../shared beside the source tree.
set -u
source=${NIXIE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
nixie=${NIXIE:-$source/build/dev/nixie}
shared=$source/../shared
[ -x "$shared/tools/score.py" ] || { echo "scoreboard: no labelled mail at hand: skipped"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
for folder in bounces various crlf cr negatives; do
    labels=$shared/corpus-dev/$folder.jsonl
    [ -f "$labels" ] || continue
    "$nixie" parse "$shared/corpus-dev/$folder" > "$work/$folder.jsonl" || status=1
    "$shared/tools/score.py" "$labels" "$work/$folder.jsonl" --name "$folder" --json "$work/$folder.score" "$@"
done
# What must never slip again: the floor, a little under the figures in docs/accuracy.md.
python3 - "$work" <<'PY' || status=1
import json, os, sys
floors = {"bounces": 98.0, "various": 98.0, "negatives": 100.0}
bad = 0
for name, floor in floors.items():
    path = f"{sys.argv[1]}/{name}.score"
    if not os.path.exists(path):
        continue
    r = json.load(open(path))
    for what, value, least in (("record", r["record"], floor), ("kind", r["kind"], 99.0), ("no false alarms", 100.0 - 100.0 * r["detection"]["false_alarms"], 100.0)):
        if value is not None and value < least:
            print(f"scoreboard: {name}: {what} {value} is under {least}")
            bad = 1
sys.exit(bad)
PY
exit $status
