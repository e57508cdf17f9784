# SPDX-License-Identifier: Apache-2.0
"""export --codes: every cause has a row, words have the shape of their product, and each is among those that the collected vocabularies name for
the cause. Arguments: codes.def cause.def [CROSSWALK.tsv]"""
import csv, os, re, sys

names = ["sisimai", "kumomta", "powermta", "sparkpost", "ses", "postmark", "zonemta", "mautic"]
columns = {"sisimai": 1, "kumomta": 2, "powermta": 3, "sparkpost": 4, "ses": 5, "postmark": 7, "zonemta": 9, "mautic": 11}
shapes = {"sisimai": r"[A-Z][A-Za-z]+", "kumomta": r"[A-Z][A-Za-z]+", "powermta": r"[a-z-]+", "sparkpost": r"\d{1,2}", "ses": r"(Permanent|Transient|Undetermined|Complaint)/\w+",
          "postmark": r"\d+", "zonemta": r"[a-z]+", "mautic": r"\w+"}
failures = []
rows = {m[1].lower(): re.findall(r'"([^"]*)"', m[2]) for m in re.finditer(r'^NX_CODES\((\w+), (.*)\)$', open(sys.argv[1]).read(), re.M)}
causes = [m.lower() for m in re.findall(r'^NX_CAUSE\((\w+),', open(sys.argv[2]).read(), re.M)]
for cause in causes:
    if cause != "none" and cause not in rows: failures.append(f"{cause}: no row")
for cause, words in rows.items():
    if cause not in causes: failures.append(f"{cause}: there is no such cause")
    if len(words) != len(names): failures.append(f"{cause}: {len(words)} words, not {len(names)}"); continue
    for name, word in zip(names, words):
        if word and not re.fullmatch(shapes[name], word): failures.append(f"{cause}: '{word}' is no word of {name}")
known = {}
if len(sys.argv) > 3 and os.path.exists(sys.argv[3]):
    # Cells that name an event or a record of the product and not a word for a cause.
    event = re.compile(r"\b(event|record|action|drop)\b|^\(|^[Dd]elivery$")
    titles = {"1": "HardBounce", "4096": "SoftBounce"}
    known = {row[0]: row for row in csv.reader(open(sys.argv[3]), delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) > 1}
    for cause, words in rows.items():
        for name, word in zip(names, words):
            cell = known[cause][columns[name]] if cause in known and len(known[cause]) > columns[name] else ""
            said = {word} if "<" in cell and word.startswith(cell[: cell.index("<")]) else set(re.findall(r"[\w/-]+", cell)) | set(re.split(r"[ ,;/()]+", cell))
            said |= {number for number, title in titles.items() if title in said}
            if word and word not in said: failures.append(f"{cause}: {name} '{word}' is not among '{cell}'")
            if not word and re.search(r"\w", cell) and not event.search(cell): failures.append(f"{cause}: {name} has a word, '{cell}', the table none")
print("\n".join(failures) or f"{len(rows)} causes, {len(known) or 'no'} of them compared"); sys.exit(bool(failures))
