# SPDX-License-Identifier: Apache-2.0
"""A dialogue over LMTP: `lmtp.py PATH-or-PORT < script`. A line "C: text" sends text and CRLF, "L: text" sends it with LF alone, "R: text" sends it raw
(\\r \\n \\0 are undone), "F: FILE" sends a file with CRLF line ends and stuffed dots, "W: seconds" waits, "M: FILE" makes a file, "S: regex" takes one reply (all its lines) that has to match."""
import re, socket, sys, time
to = sys.argv[1]
s = socket.socket(socket.AF_UNIX) if to.startswith("/") else socket.socket()
s.settimeout(15); s.connect(to if to.startswith("/") else ("127.0.0.1", int(to)))
f = s.makefile("rb"); failed = 0
def reply():
    lines = []
    while True:
        line = f.readline().decode("utf-8", "replace")
        lines.append(line.rstrip("\r\n"))
        if not line or line[3:4] != "-": return "\n".join(lines)
for number, line in enumerate(sys.stdin, 1):
    kind, _, text = line.rstrip("\n").partition(": ")
    try:
        if kind == "C": s.sendall(text.encode() + b"\r\n")
        elif kind == "L": s.sendall(text.encode() + b"\n")
        elif kind == "R": s.sendall(text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0").encode())
        elif kind == "F":
            for each in open(text, "rb").read().splitlines(): s.sendall((b"." if each.startswith(b".") else b"") + each + b"\r\n")
        elif kind == "W": time.sleep(float(text))
        elif kind == "M": open(text, "w").close()
        elif kind == "S":
            got = reply()
            if not re.search(text, got): failed = 1; print(f"FAIL line {number}: {got!r} is not {text!r}")
    except OSError as why: failed = 1; print(f"FAIL line {number}: {why}"); break
sys.exit(failed)
