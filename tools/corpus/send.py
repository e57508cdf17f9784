#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hand the messages of scenarios.tsv to an MTA and wait for what it sends back.

Usage: send.py TABLES/scenarios.tsv MTA OUT TREE [SECONDS]
       send.py --senders TABLES/scenarios.tsv MTA      print the sender table for world.py

A scenario goes in by SMTP on 127.0.0.1:25, or, when its options say `submit`, through the tree's own sendmail command.
Columns: MTA, name, sender, body, options (comma list: submit, utf8, RET=..., ENVID=...), recipients (blank-parted;
`address|NOTIFY=...|ORCPT=...`), number of messages that come back. Standard library only.
"""
import hashlib
import os
import re
import smtplib
import subprocess
import sys
import time

TEXT = {
    "newsletter": ("The November issue: winter routes, two recipes and a walk",
                   "Good morning,\n\nthree things in this issue: the winter routes are open, Ida has two recipes with quince,\n"
                   "and on the last Sunday of the month we walk round the lake.\n\nYou get this mail because you signed up on"
                   " our site. To leave the list, use the link below.\nhttps://news.example.com/leave\n"),
    "order": ("Your order 20417 is on its way",
              "Hello,\n\nyour parcel left our store today. It holds\n\n  2 x lamp oil, 1 litre\n  1 x wick, flat, 22 mm\n\n"
              "From our side all is done; the carrier will write to you before delivery.\n\nKind regards\nThe store\n"),
    "invoice": ("Invoice R-5501 for October", "Dear customer,\n\nthe invoice for October stands in your account.\n"
                "Amount due: 48.20 EUR, payable by 5 December.\n\nAccounts department\n"),
    "personal": ("Lunch on Thursday?", "Hi,\n\nshall we say half past twelve at the usual place?\n\nBest\nJ.\n"),
    "reset": ("Reset your password", "Somebody, hopefully you, asked for a new password.\n\n"
              "Open https://crm.example.com/reset/9b1f within one hour.\n\nIf it was not you, do nothing.\n"),
    "umlaut": ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=", "Guten Tag,\n\nviele Grüße aus München, wo es heute schneit.\n\nJörg\n"),
    "kanji": ("=?utf-8?B?5pyI5qyh44Os44Od44O844OI?=", "担当者様\n\n今月のレポートをお送りします。\n"),
    "attachment": ("Minutes of the meeting", "Please find the minutes attached.\n"),
    "gtube": ("A test of filters", "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"),
    "virus": ("Files", "In the body stands LAB-VIRUS-SIGNATURE, which the scanner of the lab knows.\n"),
    "badheader": ("Gr\u00fc\u00dfe, raw 8-bit in the head", "Best\nJ.\n"),
    "big": ("Yearly report", "The whole report follows.\n\n" + "".join(
        "%4d  Figures of the year, line by line, as the auditors asked for them; see the annex.\n" % n for n in range(400))),
}


def scenarios(path, mta):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = line.rstrip("\n").split("\t")
            if len(row) == 7 and row[0] == mta:
                yield row[1:]


def message(name, sender, kind, recipients):
    subject, text = TEXT[kind]
    domain = sender.rpartition("@")[2] or "example.com"
    token = hashlib.sha256((name + sender).encode()).hexdigest()
    author = {"newsletter": "\"Lake News\" <news@news.example.com>", "big": "Reports <reports@crm.example.com>"}.get(kind, "<%s>" % sender)
    if "=" in sender.rpartition("@")[0]:
        author = "\"Lake News\" <news@news.example.com>"
    head = ["Message-ID: <%s.%s@%s>" % (token[:8], token[8:16], domain),
            "Date: " + time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()),
            "From: " + author,
            "To: " + (", ".join(r.split("|")[0] for r in recipients) if len(recipients) < 4 else "undisclosed-recipients:;"),
            "Subject: " + subject, "MIME-Version: 1.0"]
    if kind == "newsletter" or "=" in sender.rpartition("@")[0]:
        head += ["List-Id: Lake News <lake-news.lists.example.com>",
                 "List-Unsubscribe: <https://news.example.com/leave>, <mailto:leave@news.example.com>",
                 "Feedback-ID: 2026-47:lake-news:example", "Precedence: bulk"]
    if kind == "newsletter":
        mark = "=_" + token[16:28]
        head.append('Content-Type: multipart/alternative; boundary="%s"' % mark)
        html = "<html><body>" + "".join("<p>%s</p>" % p.replace("\n", " ") for p in text.split("\n\n")) + "</body></html>\n"
        body = "--%s\nContent-Type: text/plain; charset=utf-8\n\n%s\n--%s\nContent-Type: text/html; charset=utf-8\n\n%s\n--%s--\n" % (
            mark, text, mark, html, mark)
    elif kind == "attachment":
        mark = "=_" + token[16:28]
        head.append('Content-Type: multipart/mixed; boundary="%s"' % mark)
        body = ("--%s\nContent-Type: text/plain; charset=us-ascii\n\n%s\n--%s\nContent-Type: application/octet-stream; name=\"minutes.exe\"\n"
                "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"minutes.exe\"\n\n"
                "VGhpcyBpcyBubyBwcm9ncmFtLCBvbmx5IGEgdGV4dCBuYW1lZCBsaWtlIG9uZS4=\n--%s--\n") % (mark, text, mark, mark)
    else:
        head += ["Content-Type: text/plain; charset=%s" % ("us-ascii" if text.isascii() else "utf-8"),
                 "Content-Transfer-Encoding: %s" % ("7bit" if text.isascii() else "8bit")]
        body = text
    return ("\n".join(head) + "\n\n" + body).encode("utf-8")


def wait_for_port(deadline):
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", 25, local_hostname="app.example.com", timeout=20)
        except (OSError, smtplib.SMTPException):
            if time.monotonic() > deadline:
                sys.exit("send.py: no MTA answers on 127.0.0.1:25")
            time.sleep(0.3)


def hand_over(row, tree):
    name, sender, kind, options, recipients, _ = row
    recipients, options = recipients.split(), [o for o in options.split(",") if o != "-"]
    data = message(name, sender, kind, recipients)
    if "submit" in options:
        done = subprocess.run(["chroot", tree, "/usr/sbin/sendmail", "-i", "-f", sender]
                              + [r.split("|")[0] for r in recipients], input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            print("%s: sendmail: exit %d: %s" % (name, done.returncode, done.stdout.decode("utf-8", "replace").strip()))
        return
    client = wait_for_port(time.monotonic() + 20)
    client.ehlo()
    wanted = [o for o in options if o.startswith(("RET=", "ENVID="))] + (["SMTPUTF8"] if "utf8" in options else [])
    if not data.isascii() or "utf8" in options:
        wanted.append("BODY=8BITMIME")
    if "utf8" in options:
        client.command_encoding = "utf-8"
    code, text = client.mail(sender, wanted)
    if code != 250:
        print("%s: MAIL refused: %d %s" % (name, code, text))
        return
    for recipient in recipients:
        address, *parameters = recipient.split("|")
        code, text = client.rcpt(address, parameters)
        if code not in (250, 251):
            print("%s: RCPT %s refused: %d %s" % (name, address, code, text))
    code, text = client.data(data.replace(b"\n", b"\r\n"))
    if code != 250:
        print("%s: DATA refused: %d %s" % (name, code, text))
    client.close()


def came_back(out, name):
    kept = re.compile(re.escape(name) + r"(-delayed|-delivered)?(-\d)?\.eml")
    return sum(1 for file in os.listdir(out) if kept.fullmatch(file))


def main():
    if sys.argv[1] == "--senders":
        for name, sender, *_ in scenarios(sys.argv[2], sys.argv[3]):
            print("%s\t%s" % (sender, name))
        return
    table, mta, out, tree = sys.argv[1:5]
    rows = list(scenarios(table, mta))
    if any("submit" not in row[3] for row in rows):
        wait_for_port(time.monotonic() + 30).close()
    for row in rows:
        try:
            hand_over(row, tree)
        except (OSError, smtplib.SMTPException) as error:
            print("%s: not handed over: %s" % (row[0], error))
    end = time.monotonic() + float(sys.argv[5] if len(sys.argv) > 5 else 60)
    while time.monotonic() < end and any(came_back(out, row[0]) < int(row[5]) for row in rows):
        time.sleep(0.5)
    for name, *_, count in rows:
        if came_back(out, name) != int(count):
            print("%s: %d came back, %s expected" % (name, came_back(out, name), count))


if __name__ == "__main__":
    main()
