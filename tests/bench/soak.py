# SPDX-License-Identifier: Apache-2.0
"""The daemon under load while it is killed again and again: what was acknowledged is there, once.

    python3 tests/bench/soak.py build/release/nixie --seconds 600                  kill -9 every few seconds
    python3 tests/bench/soak.py build/release/nixie --seconds 600 --kill-every 0   never: does its memory stay?

Clients send reports by HTTP, LMTP and `nixie pipe`, each about another address, and send a report again until it is acknowledged, as mail servers do. In the end the log must hold
each one, once, and every address must be suppressed. Prints memory over time. Exit 0: so it was; 1: something was lost or doubled."""
import argparse
import http.client
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

REPORT = """From: MAILER-DAEMON@mx.example.org
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <WHO.r@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; WHO@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: message/rfc822

From: news@example.com
Message-ID: <WHO.o@example.com>
Subject: News

WORDS
--b--
""".replace("WORDS", "Hello, this is the news of the day.\n" * 60)

arguments = argparse.ArgumentParser()
arguments.add_argument("nixie")
arguments.add_argument("--seconds", type=int, default=60)
arguments.add_argument("--kill-every", type=float, default=5, help="seconds, about; 0: never")
arguments.add_argument("--clients", type=int, default=4, help="of HTTP and of LMTP each")
options = arguments.parse_args()

home = tempfile.mkdtemp(prefix="nixie-soak-")
database, lmtp, settings = (os.path.join(home, name) for name in ("nixie.db", "lmtp.sock", "nixie.conf"))
with open(settings, "w") as out:
    out.write("[lmtp]\nlisten = %s\n" % lmtp)
environment = dict(os.environ, NIXIE_CONFIG=settings, NIXIE_DB=database)
acknowledged, tries = {}, {}
ending = threading.Event()
server, port = None, 0


def start():
    global server, port
    with open(os.path.join(home, "log"), "ab") as log:
        before = log.tell()
        server = subprocess.Popen([options.nixie, "serve", "--listen", "127.0.0.1:0"], env=environment, stderr=log)
    for _ in range(600):
        time.sleep(0.05)
        with open(os.path.join(home, "log"), "rb") as log:
            log.seek(before)
            found = re.search(rb" listening .*port=(\d+)", log.read())
        if found:
            port = int(found.group(1))
            return
        if server.poll() is not None:
            break
    sys.exit("soak: the server does not start: see %s/log" % home)


def by_http(state, text):
    if state.get("port") != port or "http" not in state:
        state.update(port=port, http=http.client.HTTPConnection("127.0.0.1", port, timeout=30))
    state["http"].request("POST", "/v1/messages", text, {"Content-Type": "message/rfc822"})
    answer = state["http"].getresponse()
    answer.read()
    return answer.status == 200


def by_lmtp(state, text):
    def replies(n):
        for _ in range(n):
            line = state["file"].readline()
            while line[3:4] == b"-":
                line = state["file"].readline()
            if line[:1] not in (b"2", b"3"):
                raise OSError(line)
    if "lmtp" not in state:
        state["lmtp"] = socket.socket(socket.AF_UNIX)
        state["lmtp"].settimeout(30)
        state["lmtp"].connect(lmtp)
        state["file"] = state["lmtp"].makefile("rb")
        state["lmtp"].sendall(b"LHLO soak\r\n")
        replies(2)
    state["lmtp"].sendall(b"MAIL FROM:<>\r\nRCPT TO:<bounces@example.com>\r\nDATA\r\n")
    replies(3)
    state["lmtp"].sendall(text.replace("\n", "\r\n").encode() + b".\r\n")
    replies(1)
    return True


def by_pipe(state, text):
    return subprocess.run([options.nixie, "pipe"], env=environment, input=text.encode(), stderr=subprocess.DEVNULL).returncode == 0


def client(name, way):
    state = {}
    while not ending.is_set() or state.get("again"):
        who = "%sx%d" % (name, acknowledged[name])
        tries[name] += 1
        state["again"] = False
        try:
            kept = way(state, REPORT.replace("WHO", who))
        except (OSError, http.client.HTTPException):
            kept = False
        if kept:
            acknowledged[name] += 1
        else:
            state.clear()
            state["again"] = True
            time.sleep(0.05)


def memory():
    try:
        with open("/proc/%d/status" % server.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024
    except (OSError, AttributeError):
        return 0


def verdict():
    """What is wrong, or None."""
    db = sqlite3.connect(database)
    lost = doubled = 0
    for name, n in sorted(acknowledged.items()):
        if n == 0:
            return "nothing was acknowledged to %s" % name
        numbers = {int(address.split("@")[0].rpartition("x")[2]) for (address,) in
                   db.execute("SELECT address FROM suppressions WHERE address GLOB ?", (name + "x*",))}
        numbers |= {int(key.rpartition("@")[2].rpartition("x")[2]) for (key,) in
                    db.execute("SELECT key FROM suppressions WHERE address IS NULL AND key GLOB ?", ("example.net@" + name + "x*",))}
        rows, different = db.execute("SELECT count(*), count(DISTINCT key) FROM log WHERE act='event' AND key GLOB ?", ("example.net@" + name + "x*",)).fetchone()
        lost += len(set(range(n)) - numbers)
        doubled += rows - different
    if lost or doubled:
        return "%d acknowledged reports are lost, %d are there twice" % (lost, doubled)
    return None


start()
names = [("h%d" % i, by_http) for i in range(options.clients)] + [("l%d" % i, by_lmtp) for i in range(options.clients)] + [("p0", by_pipe)]
for name, _ in names:
    acknowledged[name] = tries[name] = 0
threads = [threading.Thread(target=client, args=each) for each in names]
for thread in threads:
    thread.start()
began, kills, said, peak = time.time(), 0, 0, 0
every = max(options.seconds / 20, 2)
next_kill = began + options.kill_every if options.kill_every else float("inf")
while time.time() - began < options.seconds:
    time.sleep(0.2)
    now, size = time.time(), memory()
    peak = max(peak, size)
    if server.poll() is not None:
        print("the server ended by itself: %s" % server.returncode)
        break
    if now - began >= said:
        print("%4d s  %6.1f MiB  %8d acknowledged  %3d kills" % (now - began, size, sum(acknowledged.values()), kills), flush=True)
        said += every
    if now >= next_kill:
        server.send_signal(signal.SIGKILL)
        server.wait()
        kills += 1
        start()
        next_kill = time.time() + options.kill_every * random.uniform(0.5, 1.5)
ending.set()
for thread in threads:
    thread.join()
last = memory()
if server.poll() is None:
    # what the pipe kept is drained, then the end
    for _ in range(300):
        if not os.listdir(os.path.join(home, "spool", "new")):
            break
        time.sleep(0.1)
    server.send_signal(signal.SIGTERM)
code = server.wait()
wrong = verdict() or (None if code == 0 else "the server ended with %d" % code)
total = sum(acknowledged.values())
print("%d acknowledged (%s) in %d s with %d kills, %d of them sent more than once; memory at most %.1f MiB, in the end %.1f MiB: %s" % (
    total, ", ".join("%s %d" % (way, sum(n for name, n in acknowledged.items() if name.startswith(way[0]))) for way in ("http", "lmtp", "pipe")),
    time.time() - began, kills, sum(tries.values()) - total, peak, last, wrong or "each is there, once"))
if wrong:
    print("all of it stays in %s" % home)
    sys.exit(1)
shutil.rmtree(home)
