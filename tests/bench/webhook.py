#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many SendGrid events a second are taken and kept (each batch is answered after its commit), and what memory the server has over time.

    webhook.py NIXIE [--seconds N] [--batch EVENTS] [--connections N] [--addresses N] [--every SECONDS] [--directory DIR]

Client and server share the machine. A tenth of the events bounce hard; the rest are mailbox full, deferred, delivered and blocked, as a large sender sees them. Each event is
another one; --addresses says of how many recipients they are (0: each of another, so that the list of suppressions grows with every batch). One line for each
--every seconds, then the whole; the last line tells how memory changed from the first half to the second. Standard library alone."""
import argparse, base64, http.client, json, os, subprocess, sys, tempfile, threading, time

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("nixie")
for name, value in (("seconds", 20), ("batch", 1000), ("connections", 4), ("addresses", 0), ("every", 2)):
    options.add_argument("--" + name, type=int, default=value)
options.add_argument("--directory", help="where the database goes (some 400 bytes an event); the temporary directory")
options = options.parse_args()
T = tempfile.mkdtemp(dir=options.directory)
open(T + "/conf", "w").write("[webhook sendgrid]\nbasic = u:password\n")
KINDS = [("bounce", "bounce", "550 5.1.1 The email account that you tried to reach does not exist."), ("bounce", "blocked", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using example list"),
         ("deferred", None, "452 4.2.2 The email account that you tried to reach is over quota."), ("delivered", None, "250 2.0.0 OK 1770000000 abc - gsmtp")]


def event(i):
    kind, typ, text = KINDS[0 if i % 10 == 0 else 1 + i % 3]
    e = {"email": f"user{{1}}x{i}@example{i % 97}.net", "timestamp": 1770000000 + i, "smtp-id": f"<{{0}}.{i}@example.com>", "event": kind, "category": ["news", "march"], "sg_event_id": f"{{0}}-{i}",
         "sg_message_id": f"{{0}}{i}.filter0001.16648.5515E0B88.0", "ip": "192.0.2.7", "tls": 1, "campaign": "spring", "response" if kind in ("deferred", "delivered") else "reason": text}
    if typ:
        e["type"] = typ
    return e


template = json.dumps([event(i) for i in range(options.batch)])
recipients = max(1, options.addresses // options.batch) if options.addresses > 0 else 0  # batches until they repeat
log = open(T + "/log", "w")
server = subprocess.Popen([options.nixie, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/n.db"], stderr=log)
while " listening " not in open(T + "/log").read():
    if server.poll() is not None:
        sys.exit(open(T + "/log").read())
    time.sleep(0.05)
port = int(open(T + "/log").read().split("port=")[1].split()[0])
kept, faults, stop, lock = [0], [], time.time() + options.seconds, threading.Lock()


def rss():
    return int(next(l for l in open(f"/proc/{server.pid}/status") if l.startswith("VmRSS")).split()[1]) / 1024


def client(number):
    connection, n = http.client.HTTPConnection("127.0.0.1", port), 0
    headers = {"Authorization": "Basic " + base64.b64encode(b"u:password").decode(), "Content-Type": "application/json"}
    while time.time() < stop and not faults:
        n += 1
        whose = f"{number}x{n}" if recipients == 0 else str((n * options.connections + number) % recipients)
        connection.request("POST", "/v1/webhooks/sendgrid", template.replace("{0}", f"{number}x{n}").replace("{1}", whose).encode(), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body)["new"] != options.batch:
            faults.append(f"{answer.status} {body[:200]}")
        with lock:
            kept[0] += options.batch


threads = [threading.Thread(target=client, args=(i,)) for i in range(options.connections)]
began = last = time.time()
before, memory = 0, []
for t in threads:
    t.start()
while any(t.is_alive() for t in threads):
    for t in threads:
        t.join(max(0.05, (last + options.every - time.time()) / options.connections))
    now = time.time()
    if now < last + options.every and any(t.is_alive() for t in threads):
        continue
    if now < last + options.every / 2 and memory:  # the last moments say little
        break
    memory.append(rss())
    print(f"{now - began:6.0f} s  {(kept[0] - before) / (now - last):9,.0f} events/s  {memory[-1]:6.1f} MB resident  {sum(os.path.getsize(T + '/' + f) for f in os.listdir(T) if f.startswith('n.db')) / 1e6:8.0f} MB on disk", flush=True)
    last, before = now, kept[0]
took = time.time() - began
server.terminate()
server.wait()
subprocess.run(["rm", "-rf", T])
if faults:
    sys.exit(f"broken off: {faults[0]}")
half = len(memory) // 2
print(f"{kept[0] / took:,.0f} events/s ({kept[0]:,} in {took:.1f} s, {options.batch} a batch, {options.connections} connections); memory of the server {memory[0]:.0f} to {max(memory):.0f} MB, at the end {memory[-1]:.0f} MB")
if half > 0:
    print(f"memory, highest of the first half {max(memory[:half]):.1f} MB, of the second {max(memory[half:]):.1f} MB")
