# SPDX-License-Identifier: Apache-2.0
"""Sessions that policy.sh's servers refuse: a line each, what was done and the reply."""
import smtplib
import socket

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def session(what, port, helo, sender, recipient, body=None, options=()):
    try:
        client = smtplib.SMTP(timeout=30, source_address=("192.0.2.25", 0))
        code, text = client.connect("192.0.2.25", port)
        for step in (lambda: client.ehlo(helo), lambda: client.mail(sender, list(options)), lambda: client.rcpt(recipient),
                     lambda: client.data(body) if body else (250, b"")):
            if code >= 400:
                break
            code, text = step()
        print("%s\t%d %s" % (what, code, text.decode("utf-8", "replace").replace("\n", "\\n")))
        client.close()
    except (OSError, smtplib.SMTPException) as error:
        print("%s\t! %s" % (what, error))


def message(sender, body, more=""):
    return "From: %s\r\nTo: alice@example.org\r\nSubject: A test\r\nMessage-ID: <1@example.com>\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\n%s\r\n%s\r\n" % (
        sender, more, body)


socket.setdefaulttimeout(30)
news = "news@example.com"
session("postgrey", 25, "app.example.com", news, "grey@example.org")
session("policyd-spf, mail from", 25, "app.example.com", "x@strict.example.com", "spf@example.org")
session("policyd-spf, softfail", 25, "app.example.com", "x@soft.example.com", "spf@example.org")
session("policyd-spf, permanent error", 25, "app.example.com", "x@broken-spf.example.com", "spf@example.org")
session("policyd-spf, helo", 25, "strict.example.com", "x@example.com", "spf@example.org")
session("postfix, helo no name", 25, "192.0.2.1.", news, "names@example.org")
session("postfix, helo not qualified", 25, "localhost", news, "names@example.org")
session("postfix, helo not found", 25, "nosuch.example.org", news, "names@example.org")
session("postfix, sender not qualified", 25, "app.example.com", "root", "addresses@example.org")
session("postfix, sender domain", 25, "app.example.com", "x@nosuch.example.org", "addresses@example.org")
session("postfix, sender domain fails", 25, "app.example.com", "x@servfail.example.org", "addresses@example.org")
session("postfix, client name", 25, "app.example.com", news, "addresses@example.org")
session("postfix, block list", 25, "app.example.com", news, "blocks@example.org")
session("postfix, sender block list", 25, "app.example.com", "x@listed.example.com", "blocks@example.org")
session("postfix, defer_if_permit", 25, "app.example.com", news, "later@example.org")
session("postfix, REJECT", 25, "app.example.com", news, "no@example.org")
session("postfix, own text", 25, "app.example.com", news, "no2@example.org")
session("postfix, user unknown", 25, "app.example.com", news, "nobody@example.org")
session("postfix, relay", 25, "app.example.com", news, "x@example.net")
session("postfix, recipient not qualified", 25, "app.example.com", news, "alice@localhost")
session("postfix, size", 25, "app.example.com", news, "alice@example.org", None, ["SIZE=999999"])
session("postfix, syntax", 25, "app.example.com", news, "a b@example.org")
session("postfix, bare lines", 25, "app.example.com", "a@@b", "alice@example.org")
session("opendkim, no signature", 2526, "app.example.com", news, "alice@example.org", message(news, "text"))
session("opendmarc", 2526, "app.example.com", "x@strict.example.com", "alice@example.org", message("x@strict.example.com", "text"))
session("rspamd, gtube", 2527, "app.example.com", news, "alice@example.org", message(news, GTUBE))
session("spamass-milter, gtube", 2528, "app.example.com", news, "alice@example.org", message(news, GTUBE))
