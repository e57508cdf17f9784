#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare what `nixie parse` reads in corpus/ with what a person reads in it.

    expect.py --nixie PATH --corpus DIRECTORY --known FILE

DIRECTORY/expect.tsv holds a row a recipient: file, kind, recipient, class, cause, status, reply. In a field `*` (or nothing) is not
judged, `-` must be absent, and `|` parts causes that are all right. The recipients of a file are a set: one that is missing and one too
many are differences of the field "recipient"; a row whose recipient is `*` stands for any one event.

FILE lists the differences that are known: file, field, why. Each difference that it does not list fails the test, and so does each
listed one that is no more: the list stays true. Exits 0, 1 on any of these, 77 when there is no corpus."""
import argparse
import collections
import json
import os
import subprocess
import sys

FIELDS = ("kind", "recipient", "class", "cause", "status", "reply")


def rows(path, width):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != width:
                sys.exit(f"{path}:{number}: {width} fields wanted, {len(fields)} found")
            yield fields


def low(address):
    return (address or "").lower()


def pair(wanted, events):
    """Each wanted row with its event or None; what is left of the events."""
    left, pairs = list(events), []
    for row in sorted(wanted, key=lambda row: row["recipient"] in ("", "*")):
        name = row["recipient"]
        if name in ("", "*"):
            hit = left[0] if left else None
        elif name == "-":
            hit = next((e for e in left if e["recipient"] is None), None)
        else:
            names = low(name).split("|")
            hit = next((e for n in names for e in left if low(e["recipient"]) == n), None)
        if hit:
            left.remove(hit)
        pairs.append((row, hit))
    return pairs, left


def compare(wanted, events):
    """(field, words) for each difference in one file."""
    pairs, left = pair(wanted, events)
    for row, event in pairs:
        if not event:
            yield "recipient", f"no event for {row['recipient']} ({row['kind']}, {row['cause']})"
            continue
        for field in FIELDS:
            found = "-" if event[field] is None else str(event[field])
            if field != "recipient" and row[field] not in ("", "*") and found not in row[field].split("|"):
                yield field, f"{event['recipient']}: wanted {row[field]}, got {found} (format {event['format']}, rule {event['rule']})"
    for event in left:
        yield "recipient", f"one too many: {event['recipient']} ({event['kind']}, {event['cause']})"


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--nixie", required=True)
    a.add_argument("--corpus", required=True)
    a.add_argument("--known", required=True)
    o = a.parse_args()
    judged = os.path.join(o.corpus, "expect.tsv")
    if not os.path.exists(judged):
        print(f"skipped: there is no {judged}")
        sys.exit(77)
    wanted = collections.defaultdict(list)
    for name, *fields in rows(judged, 1 + len(FIELDS)):
        wanted[name].append(dict(zip(FIELDS, fields)))
    known = {(name, field): why for name, field, why in rows(o.known, 3)}

    run = subprocess.run([o.nixie, "parse", o.corpus], stdout=subprocess.PIPE, check=True)
    events = collections.defaultdict(list)
    for line in run.stdout.decode("utf-8").splitlines():
        event = json.loads(line)
        name = os.path.relpath(event["file"], o.corpus)
        if event["id"] not in {e["id"] for e in events[name]}:      # a second copy of a report says nothing new
            events[name].append(event)

    faults, seen, right = [], set(), 0
    for name in sorted(set(events) - set(wanted)):
        if not name.endswith((".eml", ".mbox")) or name.startswith("formats/"):     # formats/ is judged in its own expected.tsv
            continue
        faults.append(f"{name}: not judged: expect.tsv has no row for it")
    for name in sorted(wanted):
        differences = list(compare(wanted[name], events.get(name, [])))
        right += not differences
        for field, words in differences:
            seen.add((name, field))
            if (name, field) not in known:
                faults.append(f"{name}: {field}: {words}")
    for name, field in sorted(set(known) - seen):
        faults.append(f"{name}: {field}: is right now: take it out of {o.known}")
    for fault in faults:
        print(fault)
    print(f"{len(wanted)} messages judged, {right} read as judged, {len(seen)} differences in {len(wanted) - right} others, {len(known)} of them known")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
