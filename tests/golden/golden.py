#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare all events of corpus/ with those kept in tests/golden/events, or keep them anew.

    golden.py check|update --nixie PATH --corpus DIRECTORY

The events of corpus/NAME stand in events/NAME.jsonl, in the order of `nixie parse`, a line an event: not among the messages, since
a directory of mail is read whole. `file` is the path in the corpus. `ruleset` is left out, since it changes with every rule, and so are `advice` and `fault`, which the cause
brings. `check` exits 1 and prints what differs; `update` writes, and git diff is the review. After a merge conflict
take either side and run update."""
import argparse
import collections
import difflib
import json
import os
import subprocess
import sys

EVENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events")
LEFT_OUT = ("ruleset", "advice", "fault")


def read(nixie, corpus):
    run = subprocess.run([nixie, "parse", "."], cwd=corpus, stdout=subprocess.PIPE, check=True)
    kept = collections.defaultdict(list)
    for line in run.stdout.decode("utf-8").splitlines():
        event = json.loads(line)
        event["file"] = os.path.normpath(event["file"])
        if not event["file"].endswith((".eml", ".mbox")):
            continue
        for key in LEFT_OUT:
            event.pop(key, None)
        kept[event["file"].split(os.sep)[0]].append(json.dumps(event, ensure_ascii=False) + "\n")
    return kept


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("what", choices=("check", "update"))
    a.add_argument("--nixie", required=True)
    a.add_argument("--corpus", required=True)
    o = a.parse_args()
    found = read(os.path.abspath(o.nixie), o.corpus)
    os.makedirs(EVENTS, exist_ok=True)
    known = [file[:-len(".jsonl")] for file in os.listdir(EVENTS)]
    different = 0
    for name in sorted(set(found) | set(known)):
        path = os.path.join(EVENTS, name + ".jsonl")
        before = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                before = file.readlines()
        if before == found[name]:
            continue
        different += 1
        if o.what == "update":
            if found[name]:
                with open(path, "w", encoding="utf-8") as file:
                    file.writelines(found[name])
            else:
                os.remove(path)
        else:
            sys.stdout.writelines(difflib.unified_diff(before, found[name], path, "nixie parse", n=0))
    print("%d of %d files of events %s" % (different, len(found), "written" if o.what == "update" else
                                       "differ (golden-update writes them anew; read git diff)" if different else "differ"))
    sys.exit(1 if different and o.what == "check" else 0)


if __name__ == "__main__":
    main()
