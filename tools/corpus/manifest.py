#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keep corpus/ and its manifest together.

Usage: manifest.py check CORPUS     every message listed, every listed message there, README's table up to date, addresses
                                    and host names of example domains only (written messages: and of the
                                    mail system that is shown); exit 1 and a line for each fault
       manifest.py table CORPUS     write the table in CORPUS/README.md anew

CORPUS/manifest.tsv: file, origin (real, written), system, version or source of the shape, what it shows.
"""
import os
import re
import sys

# Names that a mail system writes into every report of its own; only in written messages.
SYSTEMS = ("163.com", "aliyun.com", "amazonaws.com", "amazonses.com", "aol.com", "ezweb.ne.jp", "gmx.de", "gmx.net", "google.com", "googlegroups.com",
           "googlemail.com", "hotmail.com", "mail.ru", "messagelabs.com", "mxlogic.net", "qq.com", "sina.com", "yahoo.com", "yandex.net", "yandex.ru")

MARK = "<!-- table: tools/corpus/manifest.py table corpus -->\n"


def read(corpus):
    with open(os.path.join(corpus, "manifest.tsv"), encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#")]


def readme(corpus, rows):
    with open(os.path.join(corpus, "README.md"), encoding="utf-8") as file:
        text = file.read()
    out = []
    for origin, title in (("real", "Real"), ("written", "Written")):
        chosen = [row for row in rows if row[1] == origin]
        out.append("### %s: %d messages\n\n| file | system | %s | shows |\n|---|---|---|---|\n" % (
            title, len(chosen), "version" if origin == "real" else "source of the shape"))
        out += ["| `%s` | %s | %s | %s |\n" % (f, s, v, w.replace("|", "\\|")) for f, _, s, v, w in chosen]
        out.append("\n")
    return text.partition(MARK)[0] + MARK + "\n" + "".join(out).rstrip("\n") + "\n"


def messages(corpus):
    for folder, _, files in os.walk(corpus):
        for name in files:
            if name.endswith((".eml", ".mbox")):
                yield os.path.relpath(os.path.join(folder, name), corpus)


def allowed(domain, origin):
    if re.search(r"(^|\.)example(\.(com|net|org))?$|\.(test|invalid)$", domain):
        return True
    return origin == "written" and any(domain == name or domain.endswith("." + name) for name in SYSTEMS)


def faults(corpus, rows):
    origins = {row[0]: row[1] for row in rows}
    listed = [row[0] for row in rows]
    for row in rows:
        if len(row) != 5 or row[1] not in ("real", "written"):
            yield "manifest.tsv: %s: five fields wanted, the second real or written" % row[0]
    for name in sorted(set(messages(corpus)) - set(listed)):
        yield "%s: not in manifest.tsv" % name
    for name in sorted(set(listed) - set(messages(corpus))):
        yield "%s: listed, but not there" % name
    for name in sorted({n for n in listed if listed.count(n) > 1}):
        yield "%s: listed twice" % name
    for name in sorted(messages(corpus)):
        with open(os.path.join(corpus, name), "rb") as file:
            data = file.read()
        for found in set(re.findall(rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", data)):
            if found in (b"4.16.55.1", b"8.17.1.9"):     # a number in one provider's 421; a version of Sendmail
                continue
            if not re.match(rb"(192\.0\.2|198\.51\.100|203\.0\.113|127\.0\.0|0\.0\.0)\.", found):
                yield "%s: address %s is outside RFC 5737" % (name, found.decode())
        for found in set(re.findall(rb"(?<!mailer-daemon)(?<!postmaster)@([A-Za-z0-9.-]+\.[A-Za-z]{2,})", data, re.I)):     # providers' own daemons may be named
            if not allowed(found.decode().lower(), origins.get(name)):
                yield "%s: domain %s is no example domain" % (name, found.decode())
    with open(os.path.join(corpus, "README.md"), encoding="utf-8") as file:
        if len(rows) and file.read() != readme(corpus, rows):
            yield "README.md: its table is old (run tools/corpus/manifest.py table corpus)"


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "table"):
        sys.exit(__doc__)
    corpus, rows = sys.argv[2], read(sys.argv[2])
    if sys.argv[1] == "table":
        text = readme(corpus, rows)
        with open(os.path.join(corpus, "README.md"), "w", encoding="utf-8") as file:
            file.write(text)
        return
    found = list(faults(corpus, rows))
    for fault in found:
        print(fault, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
