#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many SendGrid events a second are taken and kept (each batch is answered after its commit), and what memory the server has over time.

    webhook.py NIXIE [SECONDS [EVENTS_A_BATCH [CONNECTIONS]]]

Client and server share the machine. A tenth of the events bounce hard, each with another address; the rest are mailbox full, deferred, delivered and
blocked, as a large sender sees them. Standard library alone."""
import base64, http.client, json, os, subprocess, sys, tempfile, threading, time

nixie = sys.argv[1]
seconds, size, connections = (int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((2, 20), (3, 1000), (4, 4)))
T = tempfile.mkdtemp()
open(T + "/conf", "w").write("[webhook sendgrid]\nbasic = u:password\n")
KINDS = [("bounce", "bounce", "550 5.1.1 The email account that you tried to reach does not exist."), ("bounce", "blocked", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using example list"),
         ("deferred", None, "452 4.2.2 The email account that you tried to reach is over quota."), ("delivered", None, "250 2.0.0 OK 1770000000 abc - gsmtp")]


def event(i):
    kind, typ, text = KINDS[0 if i % 10 == 0 else 1 + i % 3]
    e = {"email": f"user{{0}}x{i}@example{i % 97}.net", "timestamp": 1770000000 + i, "smtp-id": f"<{{0}}.{i}@example.com>", "event": kind, "category": ["news", "march"], "sg_event_id": f"{{0}}-{i}",
         "sg_message_id": f"{{0}}{i}.filter0001.16648.5515E0B88.0", "ip": "192.0.2.7", "tls": 1, "campaign": "spring", "response" if kind in ("deferred", "delivered") else "reason": text}
    if typ:
        e["type"] = typ
    return e


template = json.dumps([event(i) for i in range(size)])
log = open(T + "/log", "w")
server = subprocess.Popen([nixie, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/n.db"], stderr=log)
while " listening " not in open(T + "/log").read():
    time.sleep(0.05)
port = int(open(T + "/log").read().split("port=")[1].split()[0])
kept, stop, lock = [0], time.time() + seconds, threading.Lock()
bodies = threading.local()


def rss():
    return int(next(l for l in open(f"/proc/{server.pid}/status") if l.startswith("VmRSS")).split()[1]) // 1024


def client(number):
    connection, n = http.client.HTTPConnection("127.0.0.1", port), 0
    headers = {"Authorization": "Basic " + base64.b64encode(b"u:password").decode(), "Content-Type": "application/json"}
    while time.time() < stop:
        n += 1
        connection.request("POST", "/v1/webhooks/sendgrid", template.replace("{0}", f"{number}x{n}").encode(), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body)["new"] != size:
            raise SystemExit(f"{answer.status} {body[:200]}")
        with lock:
            kept[0] += size


threads = [threading.Thread(target=client, args=(i,)) for i in range(connections)]
began = time.time()
for t in threads:
    t.start()
memory = []
while any(t.is_alive() for t in threads):
    time.sleep(min(2, max(0.1, seconds / 10)))
    memory.append(rss())
took = time.time() - began
server.terminate()
server.wait()
size_mb = os.path.getsize(T + "/n.db") / 1e6
subprocess.run(["rm", "-rf", T])
print(f"{kept[0] / took:,.0f} events/s ({kept[0]:,} in {took:.1f} s, {size} a batch, {connections} connections); memory of the server {memory[0]} to {max(memory)} MB, at the end {memory[-1]} MB; database {size_mb:.0f} MB")
