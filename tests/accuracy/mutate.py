#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cut reports up in ways that lists, gateways and disk errors do, and see that the verdict stands.

    mutate.py --nixie PATH DIRECTORY... [--only NAME] [--show]

Every *.eml below the directories is read by `nixie parse`, as it is and mutated. A mutation that keeps the evidence must keep the verdict (kind, recipient, class,
cause) in at least the share of messages given below; one that destroys it must never make anything hard that was not, or a report of what was none. Prints a line a
mutation; exits 1 when a share is missed, 77 when there is nothing to read."""
import argparse, base64, collections, html, json, os, pathlib, quopri, random, re, subprocess, sys, tempfile


def split(raw):
    """Head and body, and the line end in use."""
    for end in (b"\r\n", b"\n"):
        head, sep, body = raw.partition(end + end)
        if sep and (end == b"\r\n" or b"\r\n\r\n" not in raw[: len(head) + 4]):
            return head, body, end
    return raw, b"", b"\n"


def field(head, name):
    m = re.search(rb"(?im)^" + name + rb"[ \t]*:((?:.*)(?:\r?\n[ \t].*)*)", head)
    return m.group(1) if m else None


def without(head, *names):
    for name in names:
        head = re.sub(rb"(?im)^" + name + rb"[ \t]*:(?:.*)(?:\r?\n[ \t].*)*(?:\r?\n|$)", b"", head)
    return head.rstrip(b"\r\n")


CONTENT = (rb"Content-Type", rb"Content-Transfer-Encoding", rb"MIME-Version", rb"Content-Disposition", rb"Content-Description")


def content_fields(head, end):
    found = []
    for name in CONTENT:
        if name != rb"MIME-Version" and field(head, name) is not None:
            found.append(name + b":" + field(head, name))
    return end.join(found)


def rewrap(raw, _):
    """A gateway puts the whole report into a multipart/mixed."""
    head, body, end = split(raw)
    inner = content_fields(head, end)
    return end.join([without(head, *CONTENT), b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="=-outer-42"', b"", b"--=-outer-42", inner, b"", body, b"--=-outer-42--", b""])


def footer(raw, _):
    """List software or a disclaimer adds a text part behind."""
    head, body, end = split(raw)
    inner = content_fields(head, end)
    tail = end.join([b"_______________________________________________", b"news mailing list", b"news@lists.example.com", b"https://lists.example.com/mailman/listinfo/news"])
    return end.join([without(head, *CONTENT), b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="=-outer-43"', b"", b"--=-outer-43", inner, b"", body,
                     b"--=-outer-43", b"Content-Type: text/plain", b"", tail, b"--=-outer-43--", b""])


def single_text(head):
    kind = (field(head, rb"Content-Type") or b"text/plain").strip().lower()
    return kind.startswith(b"text/plain") and (field(head, rb"Content-Transfer-Encoding") or b"7bit").strip().lower() in (b"7bit", b"8bit", b"binary")


def encode(raw, _):
    """A relay sends the text as base64."""
    head, body, end = split(raw)
    if single_text(head):
        return end.join([without(head, rb"Content-Transfer-Encoding"), b"Content-Transfer-Encoding: base64", b"", base64.encodebytes(body).replace(b"\n", end)])
    done = 0

    def part(m):
        nonlocal done
        if done or b"encoding" in m.group(2).lower():
            return m.group(0)
        done = 1
        return m.group(1) + m.group(2) + b"Content-Transfer-Encoding: base64" + end + end + base64.encodebytes(m.group(3)).replace(b"\n", end) + m.group(4)
    new = re.sub(rb"(?is)(--[^\r\n]+\r?\n)((?:Content-(?:Description|Type):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n)*?Content-Type:[ \t]*text/plain[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n(?:Content-[^\r\n]+\r?\n)*)\r?\n(.*?)(\r?\n--)",
                 part, body, count=1)
    return head + end + end + new if done else None


PART = re.compile(rb"(?is)(--[^\r\n]+\r?\n)((?:Content-[^\r\n]+(?:\r?\n[ \t][^\r\n]*)*\r?\n)*?Content-Type:[ \t]*text/plain[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n(?:Content-[^\r\n]+\r?\n)*)\r?\n(.*?)(\r?\n--)")


def on_text(raw, change, fields=()):
    """The first text without an encoding, changed; fields: what its MIME fields are then, None keeps them."""
    head, body, end = split(raw)

    def mime(old):
        if not fields:
            return old
        return without(old, rb"Content-Type", rb"Content-Transfer-Encoding") + (end if old.strip() else b"") + end.join(fields)
    if single_text(head):
        new = change(body, end)
        old = head if field(head, rb"MIME-Version") is not None or not fields else head + end + b"MIME-Version: 1.0"
        return None if new is None else mime(old) + end + end + new
    m = PART.search(raw)
    if not m or b"encoding" in m.group(2).lower():
        return None
    new = change(m.group(3), end)
    if new is None:
        return None
    return raw[: m.start()] + m.group(1) + (mime(m.group(2)).strip() + end if fields else m.group(2)) + end + new + m.group(4) + raw[m.end():]


def wrap(raw, _):
    """A gateway breaks lines of the text at 72 signs."""
    def change(text, end):
        lines = []
        for line in re.split(rb"\r?\n", text):
            while len(line) > 72 and b" " in line[1:72].rstrip():
                at = line.rindex(b" ", 1, 72)
                if not line[:at].strip():
                    break
                lines.append(line[:at])
                line = line[at + 1:]
            lines.append(line)
        new = end.join(lines)
        return new if new != text else None
    return on_text(raw, change)


def text_of(raw, text):
    """In characters, as far as the label tells; None: it cannot be told."""
    m = re.search(rb"(?i)content-type:[^\r\n]*text/plain[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", raw)
    label = re.search(rb"(?i)charset[ \t]*=[ \t]*\"?([\w-]+)", m.group(0)) if m else None
    try:
        return text.decode(label.group(1).decode() if label else "ascii")
    except (LookupError, UnicodeError):
        return None


def quoted(raw, _):
    """A relay converts the text to UTF-8 in quoted-printable."""
    def change(text, end):
        words = text_of(raw, text)
        return None if words is None else quopri.encodestring(words.encode()).replace(b"\r\n", b"\n").replace(b"\n", end)
    return on_text(raw, change, (b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: quoted-printable"))


def markup(raw, _):
    """A mail program leaves nothing but HTML of the text."""
    def change(text, end):
        words = text_of(raw, text)
        if words is None:
            return None
        lines = [html.escape(line, quote=False).replace("  ", "&nbsp; ") + "<br>" for line in words.splitlines()]
        return end.join([b"<html><body><div>", *(line.encode() for line in lines), b"</div></body></html>"])
    return on_text(raw, change, (b"Content-Type: text/html; charset=utf-8",))


NOTICE = (b"This e-mail is confidential and for the named recipient alone. If you are not the intended recipient, please tell the sender",
          b"and delete it. Any copy or use of it is not allowed. Our company is not liable for viruses.")


def disclaimer(raw, _):
    """A gateway writes its disclaimer under the text."""
    return on_text(raw, lambda text, end: text.rstrip() + end.join([b"", b"", b"-- ", *NOTICE, b""])) if split(raw)[1] else None


def banner(raw, _):
    """A filter writes a warning above the text."""
    lines = (b"CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the", b"sender and know the content is safe.", b"", b"")
    return on_text(raw, lambda text, end: end.join(lines) + text.lstrip(b"\r\n")) if split(raw)[1] else None


def tagged(raw, rng):
    """A filter puts its tag before the subject."""
    tag = rng.choice([b"[EXTERNAL] ", b"[EXT] ", b"*** SPAM *** ", b"[Extern] ", b"{Spam?} ", b"EXTERNAL: "])
    head, body, end = split(raw)
    new = re.sub(rb"(?im)^(Subject[ \t]*:[ \t]*)", lambda m: m.group(1) + tag, head, count=1)
    return new + end + end + body if new != head else None


def head_only(raw, _):
    """Of the returned message only the head is left."""
    new = re.sub(rb"(?is)(--[^\r\n]+\r?\n)((?:Content-[^\r\n]+(?:\r?\n[ \t][^\r\n]*)*\r?\n)*?Content-Type:[ \t]*(?P<type>message/rfc822)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n(?:Content-[^\r\n]+\r?\n)*\r?\n)(.+?)(\r?\n--)",
                 lambda m: m.group(1) + m.group(2).replace(m.group("type"), b"text/rfc822-headers") + re.split(rb"\r?\n\r?\n", m.group(4), maxsplit=1)[0] + m.group(5), raw, count=1)
    return new if new != raw else None


def forwarded(raw, rng):
    """A person forwards the text of it, and asks: no report any more."""
    head, body, end = split(raw)
    found = []
    on_text(raw, lambda text, _: found.append(text))
    if not found:
        return None
    old = [b"%s: %s" % (name, (field(head, name) or b" none").strip()) for name in (b"From", b"Date", b"Subject", b"To")]
    line, asks = rng.choice([(b"---------- Forwarded message ---------", b"Hi, what does this mean? Is the address wrong?"),
                             (b"-----Original Message-----", b"Can you please look into this. I wrote to him yesterday and it worked."),
                             (b"Begin forwarded message:", b"fyi"),
                             (b"-------- Weitergeleitete Nachricht --------", "Hallo, das kam gerade zur\u00fcck. Was ist da los?".encode())])
    quote = rng.choice([b"", b"> "])
    text = re.split(rb"\r?\n", found[0])
    subject = (field(head, b"Subject") or b" report").strip()
    return b"\n".join([b"From: Petra Muster <petra@example.com>", b"To: it@example.com", b"Subject: " + rng.choice([b"Fwd: ", b"FW: ", b"WG: "]) + subject, b"Date: Tue, 3 Mar 2026 09:00:00 +0100",
                       b"Message-ID: <p1@example.com>", b"Return-Path: <petra@example.com>", b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8", b"", asks, b"", b"Petra", b"", line,
                       *(quote + field for field in old), b"", *(quote + row for row in text), b""])


def crlf(raw, _):
    return re.sub(rb"\r?\n", b"\r\n", raw) if b"\n" in raw else None


def cr(raw, _):
    return re.sub(rb"\r?\n", b"\r", raw) if b"\n" in raw else None


def mbox(raw, _):
    _, _, end = split(raw)
    return b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026" + end + re.sub(rb"(?m)^(>*From )", rb">\1", raw) if not raw.startswith(b"From ") else None


def fold(raw, _):
    """A relay folds long field lines of the status part."""
    _, _, end = split(raw)
    new = re.sub(rb"(?im)^(Diagnostic-Code[ \t]*:[^\r\n]{30,60}?) (?=[^\r\n])", lambda m: m.group(1) + end + b"    ", raw)
    return new if new != raw else None


def drop_status(raw, _):
    """A relay strips the machine-readable part: the words are all that is left."""
    new = re.sub(rb"(?is)(--[^\r\n]+\r?\n)(?:Content-[^\r\n]+(?:\r?\n[ \t][^\r\n]*)*\r?\n)*?Content-Type:[ \t]*message/(?:global-)?delivery-status.*?(?=\r?\n--)", rb"\1Content-Type: application/octet-stream\n\n", raw, count=1)
    return new if new != raw else None


def drop_type(raw, _):
    """The head loses its MIME fields."""
    head, body, end = split(raw)
    return without(head, *CONTENT) + end + end + body if field(head, rb"Content-Type") else None


def wrong_boundary(raw, _):
    head, body, end = split(raw)
    new = re.sub(rb'(?i)boundary[ \t]*=[ \t]*"?[^";\r\n]+"?', b'boundary="never-there"', head, count=1)
    return new + end + end + body if new != head else None


def drop_tail(raw, _):
    """The closing delimiter is lost."""
    return re.sub(rb"--\s*$", b"", raw.rstrip()) if raw.rstrip().endswith(b"--") else None


def shuffle(raw, rng):
    head, body, end = split(raw)
    fields = re.split(rb"\r?\n(?![ \t])", head)
    if fields and fields[0].startswith(b"From "):
        return None
    rng.shuffle(fields)
    return end.join(fields) + end + end + body


def mislabel(raw, rng):
    return re.sub(rb'(?i)charset[ \t]*=[ \t]*"?[\w-]+"?', lambda m: b"charset=" + rng.choice([b"utf-16", b"x-unknown", b"koi8-r", b"utf-7"]), raw) if b"charset" in raw.lower() else None


def flip(raw, rng):
    new = bytearray(raw)
    for _ in range(max(1, len(new) // 400)):
        new[rng.randrange(len(new))] = rng.randrange(256)
    return bytes(new)


def prefix(raw, rng):
    return raw[: rng.randrange(len(raw) + 1)]


QUIET = {"forwarded"}  # what is left is no report, whatever was there before

# name: function, share of messages whose verdict must stand (None: the evidence may be gone; only "nothing new that is hard" is asked)
MUTATIONS = {
    "crlf": (crlf, 1.0), "cr": (cr, 0.99), "mbox": (mbox, 0.99), "fold": (fold, 0.99), "rewrap": (rewrap, 0.97), "footer": (footer, 0.97), "encode": (encode, 0.97),
    "drop_tail": (drop_tail, 0.99), "wrong_boundary": (wrong_boundary, 0.93), "drop_type": (drop_type, 0.90), "shuffle": (shuffle, 0.97), "mislabel": (mislabel, 0.95),
    "wrap": (wrap, 0.97), "quoted": (quoted, 0.99), "markup": (markup, 0.99), "disclaimer": (disclaimer, 0.99), "banner": (banner, 0.98), "head_only": (head_only, 0.99),
    "drop_status": (drop_status, 0.85), "flip": (flip, None), "prefix": (prefix, None),
    "tagged": (tagged, 0.99), "forwarded": (forwarded, None),
}


def events(nixie, directory):
    run = subprocess.run([nixie, "parse", directory], capture_output=True, timeout=300)
    if run.returncode not in (0, 1):
        sys.exit(f"nixie parse {directory}: exit {run.returncode}\n{run.stderr.decode(errors='replace')}")
    verdicts = collections.defaultdict(set)
    for line in run.stdout.splitlines():
        e = json.loads(line)
        verdicts[os.path.basename(e["file"])].add((e["kind"], (e["recipient"] or "").lower(), e["class"], e["cause"]))
    return verdicts


def main():
    a = argparse.ArgumentParser()
    a.add_argument("directories", nargs="+")
    a.add_argument("--nixie", required=True)
    a.add_argument("--only")
    a.add_argument("--show", action="store_true", help="each message whose verdict changed")
    o = a.parse_args()
    mails = [p for d in o.directories for p in sorted(pathlib.Path(d).rglob("*.eml")) if "broken" not in p.parts]
    if not mails:
        print("mutate: no messages below " + ", ".join(o.directories) + ": skipped")
        return 77
    rng = random.Random(20260101)
    bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        def lay(name, function):
            os.mkdir(f"{tmp}/{name}")
            n = 0
            for i, path in enumerate(mails):
                raw = path.read_bytes()
                new = function(raw, rng) if raw else None
                if new is not None:
                    pathlib.Path(f"{tmp}/{name}/{i:05}.eml").write_bytes(new)
                    n += 1
            return n
        lay("plain", lambda raw, _: raw)
        plain = events(o.nixie, f"{tmp}/plain")
        for name, (function, share) in MUTATIONS.items():
            if o.only and name != o.only:
                continue
            n = lay(name, function)
            got = events(o.nixie, f"{tmp}/{name}") if n else {}
            changed = [f for f in sorted(os.listdir(f"{tmp}/{name}")) if got.get(f) != plain.get(f)]
            known = {f: {r for _, r, _, _ in v} | {""} for f, v in plain.items()}
            hard = [f for f, v in got.items() if any(c == "hard" for _, _, c, _ in v) and not any(c == "hard" for _, _, c, _ in plain[f])]
            alarm = [f for f, v in got.items() if any(k in ("failed", "delayed") for k, _, _, _ in v) and (name in QUIET or not any(k in ("failed", "delayed") for k, _, _, _ in plain[f]))]
            stands = (n - len(changed)) / n if n else 1
            wrong = (share is not None and stands < share) or len(alarm) > n // 100 or len(hard) > max(1, n // (100 if share is not None else 50))
            bad += wrong
            print(f"{'FAIL' if wrong else 'ok':<5}{name:<16}{n:>5} messages  verdict stands in {100 * stands:5.1f} %  (asked {'-' if share is None else format(100 * share, '.0f')})  newly hard {len(hard)}  false alarms {len(alarm)}")
            if o.show:
                for f in changed if share is not None else hard + alarm:
                    print(f"      {mails[int(f[:5])]}: {sorted(plain.get(f, []))} -> {sorted(got.get(f, []))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
