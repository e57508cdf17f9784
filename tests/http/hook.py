# SPDX-License-Identifier: Apache-2.0
"""Applications that are told: a receiver that verifies by Standard Webhooks, that is down for a while, that is slow, that refuses. Standard library alone."""
import base64, hashlib, hmac, http.server, json, os, signal, subprocess, sys, tempfile, threading, time, urllib.request

NIXIE = os.environ["NIXIE"]
T = tempfile.mkdtemp()
KEYS = [b"0123456789abcdef01234567", b"another key of 24 bytes."]
failures, lock = 0, threading.Lock()
got, mode = {"/all": [], "/hard": [], "/late": []}, {"answer": 200, "slow": 0, "deaf": ""}


def fail(text):
    global failures
    failures += 1
    print("FAIL:", text)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        identity, at, signatures = (self.headers[h] for h in ("webhook-id", "webhook-timestamp", "webhook-signature"))
        key = KEYS[1] if self.path == "/all" else KEYS[0]
        want = "v1," + base64.b64encode(hmac.new(key, f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
        if want not in signatures.split() or abs(time.time() - int(at)) > 300:
            fail(f"{self.path}: the signature does not fit: {signatures}")
        time.sleep(mode["slow"])
        with lock:
            answer = mode["answer"] if self.path == "/all" else 503 if self.path == mode["deaf"] else 200
            if answer == 200:
                got[self.path].append((identity, json.loads(body)))
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True


def receiver(port=0):
    server = Server(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def start(database="/n.db"):
    log = open(T + "/log", "a")
    before = os.path.getsize(T + "/log")
    process = subprocess.Popen([NIXIE, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + database], stderr=log)
    for _ in range(200):
        text = open(T + "/log").read()[before:]
        if " listening " in text:
            return process, text.split("port=")[1].split()[0]
        time.sleep(0.05)
    print(text)
    sys.exit("the server does not start")


def post(port, *addresses, reason="550 5.1.1 user unknown"):
    batch = json.dumps([{"email": a, "event": "bounce", "reason": reason, "sg_event_id": a, "timestamp": 1770000000} for a in addresses]).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/webhooks/sendgrid", data=batch, headers={"Authorization": "Basic " + base64.b64encode(b"u:password").decode()})
    began = time.time()
    urllib.request.urlopen(request, timeout=10).read()
    return time.time() - began


def until(what, path, *addresses, seconds=15):
    for _ in range(seconds * 20):
        with lock:
            seen = [e["data"].get("recipient") for _, e in got[path]]
        if all(a in seen for a in addresses):
            return
        time.sleep(0.05)
    fail(f"{what}: {path} has {seen}, not {addresses}")


def reload(settings, want="reloaded"):
    before = len(open(T + "/log").read())
    open(T + "/conf", "w").write(settings)
    server.send_signal(signal.SIGHUP)
    for _ in range(200):
        text = open(T + "/log").read()[before:]
        if " reload" in text:
            break
        time.sleep(0.05)
    if want not in text:
        fail(f"{want!r} is not in {text!r}")


def recipients_of(path):  # under the lock
    return [e["data"]["recipient"].split("@")[0] for _, e in got[path] if "recipient" in e["data"]]


def recipients(path):
    with lock:
        return recipients_of(path)


app = receiver()
port_of_app = app.server_address[1]
keys = [f"whsec_{base64.b64encode(k).decode()}" for k in KEYS]
open(T + "/conf", "w").write(f"[webhook sendgrid]\nbasic = u:password\n[hook all]\nurl = http://127.0.0.1:{port_of_app}/all\nkeys = {keys[0]};{keys[1]}\nretry_max = 2s\n"
                             f"[hook hard]\nurl = http://127.0.0.1:{port_of_app}/hard\nkeys = {keys[0]}\nclasses = hard\nactions = suppress\nkinds = failed\n")
server, port = start()
try:
    post(port, "a@example.net")
    post(port, "b@example.net", reason="452 4.2.2 mailbox full")
    until("told at once", "/all", "a@example.net", "b@example.net", seconds=3)
    until("filtered", "/hard", "a@example.net", seconds=3)
    # Down: nothing is lost, intake goes on, the other hook is not held up.
    app.shutdown()
    app.server_close()
    slow = max(post(port, f"down{i}@example.net") for i in range(5))
    if slow > 8:
        fail(f"intake took {slow:.1f} s while the receiver was down")
    time.sleep(2)
    # The daemon too.
    server.terminate()
    if server.wait(10) != 0:
        fail("exit of the server")
    server, port = start()
    app = receiver(port_of_app)
    until("after the receiver was down and the daemon ended", "/all", *[f"down{i}@example.net" for i in range(5)])
    # It refuses for a while.
    with lock:
        mode["answer"] = 500
    post(port, "refused@example.net")
    time.sleep(1.5)
    with lock:
        mode["answer"] = 200
    until("after it refused", "/all", "refused@example.net")
    until("the other in the meantime", "/hard", "refused@example.net")
    time.sleep(0.5)
    with lock:
        order = [e["data"]["recipient"] for _, e in got["/all"]]
        if order != ["a@example.net", "b@example.net"] + [f"down{i}@example.net" for i in range(5)] + ["refused@example.net"]:
            fail(f"order: {order}")
        first = got["/all"][0]
        if first[0] != first[1]["data"]["id"] or first[1]["type"] != "event.failed" or first[1]["data"]["decision"]["action"] != "suppress":
            fail(f"body: {first}")
        if any(e["data"]["class"] != "hard" for _, e in got["/hard"]):
            fail("a filter let something through")
    # Other settings by SIGHUP. One that is new starts with what comes from then on.
    first = open(T + "/conf").read()
    all_, hard = first[:first.index("[hook hard]")], first[first.index("[hook hard]"):]
    late = f"[hook late]\nurl = http://127.0.0.1:{port_of_app}/late\nkeys = {keys[0]}\n"
    reload(first + late)
    post(port, "n1@example.net")
    for path in got:
        until("after a reload", path, "n1@example.net")
    # A fault in one: nothing changes, not even what is right.
    reload(first + late.replace("hook late", "hook other").replace("/late", "/hard") + "[hook broken]\nurl = ftp://x\n", "reload failed")
    post(port, "n2@example.net")
    for path in got:
        until("after a reload that failed", path, "n2@example.net")
    # Taken out, changed again and again while events come and go slowly: nothing is lost, nothing comes twice, all in order.
    mode["slow"] = 0.02
    names = [f"r{i}" for i in range(40)]
    for i, name in enumerate(names):
        post(port, name + "@example.net")
        if i % 4 == 0:
            reload(all_.replace("retry_max = 2s", f"retry_max = {2 + i % 3}s") + (late if i % 8 == 0 else ""))
    reload(first + late)
    mode["slow"] = 0
    until("while it was reloaded", "/all", names[-1] + "@example.net")
    until("the one that was out comes back", "/late", names[-1] + "@example.net")
    until("the other too", "/hard", names[-1] + "@example.net")
    time.sleep(0.5)
    for path in got:
        have = [r for r in recipients(path) if r in names]
        if have != names:
            fail(f"{path} while it was reloaded: {have}")
    # Out for good: the rest goes on. A receiver that is down does not hold up the reload.
    app.shutdown()
    app.server_close()
    post(port, "gone@example.net")
    time.sleep(0.3)
    reload(all_)
    app = receiver(port_of_app)
    until("after the others went", "/all", "gone@example.net")
    if "gone" in recipients("/late") + recipients("/hard"):
        fail("a hook that is gone was told")
finally:
    server.terminate()
    server.wait(10)
# What an incident holds back reaches the receiver that asks for it, and no other: the reports, and what was on the list before it was seen.
got.update({"/held": [], "/listed": []})
wants = "".join(f"[hook {name}]\nurl = http://127.0.0.1:{port_of_app}/{name}\nkeys = {keys[0]}\nactions = {actions}\n" for name, actions in (("held", "hold"), ("listed", "suppress")))
open(T + "/conf", "w").write("[webhook sendgrid]\nbasic = u:password\n[breaker]\nminimum = 3\nhistory = never\n" + wants)
server, port = start("/held.db")
try:
    post(port, *[f"many{i}@gmail.com" for i in range(8)])
    until("held back", "/held", "many7@gmail.com")
    until("before it was an incident", "/listed", "many0@gmail.com")
    post(port, "other@example.net")
    until("another provider", "/listed", "other@example.net")
    with lock:
        told = {path: [e["data"]["decision"]["action"] for _, e in got[path] if e["type"] != "act.hold"] for path in ("/held", "/listed")}
        taken_in = {path: [e["data"]["address"] for _, e in got[path] if e["type"] == "act.hold"] for path in ("/held", "/listed")}
        everybody = sorted(recipients_of("/held") + recipients_of("/listed"))
    if set(told["/held"]) != {"hold"} or set(told["/listed"]) != {"suppress"} or everybody != sorted([f"many{i}" for i in range(8)] + ["other"]) or taken_in != {"/held": ["many0@gmail.com", "many1@gmail.com"], "/listed": []}:
        fail(f"holds: {told} {everybody} {taken_in}")
finally:
    server.terminate()
    server.wait(10)
# What is done by hand, by undo, import, replay and erasure changes the list too: a mirror that hears of it has the list.
def nixie(*arguments, stdin=""):
    done = subprocess.run([NIXIE, *arguments, "--config", T + "/conf", "--db", T + "/acts.db"], input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{arguments}: {done.returncode} {done.stderr}")
    return done.stdout


def heard(path, *types):  # under no lock
    with lock:
        return [m["data"] for _, m in got[path] if m["type"] in types]


def wait_for(what, path, condition, seconds=30):
    for _ in range(seconds * 20):
        with lock:
            if condition([m for _, m in got[path]]):
                return
        time.sleep(0.05)
    with lock:
        fail(f"{what}: {path} has {json.dumps([m for _, m in got[path]])[-1500:]}")


def mirror(messages):  # what an application does with them
    listed = set()
    for message in messages:
        kind, data = message["type"], message["data"]
        if kind.startswith("event."):
            action, addresses = data["decision"]["action"], [data["recipient"]]
        elif kind == "act.import":
            action, addresses = "suppress", [line["address"] for line in data["lines"]]
        else:
            action = {"act.suppress": "suppress", "act.rejudge": "suppress", "act.hold_release": "suppress", "act.release": "clear", "act.allow": "clear", "act.hold": "clear"}.get(kind)
            addresses = [data["address"]]
        if action == "suppress":
            listed.update(a for a in addresses if a)
        elif action == "clear":
            listed.difference_update(addresses)
    return listed


names = {"/mirror": "", "/listed": "actions = suppress\n", "/acts": "kinds = act\n", "/news": "streams = news\nkinds = act\n", "/dead": "causes = bad_domain\n", "/later": ""}
got.update({path: [] for path in names})
os.mkdir(T + "/rules")
open(T + "/conf", "w").write(f"[patterns]\nlocal = {T}/rules\n[webhook sendgrid]\nbasic = u:password\n[breaker]\nminimum = 3\nhistory = never\n" + "".join(
    f"[hook {path[1:]}]\nurl = http://127.0.0.1:{port_of_app}{path}\nkeys = {keys[0]}\nretry_max = 1s\n{more}" for path, more in names.items()))
server, port = start("/acts.db")
try:
    post(port, *[f"many{i}@gmail.com" for i in range(8)])
    post(port, "zork@example.net", reason="550 5.0.0 zork frobnicated the blorb")
    post(port, "closed@gmail.com", reason="550 5.1.1 user unknown, says the closed clerk")
    post(port, "bounce@example.net", "lifted@example.net")
    nixie("suppress", "hand@example.net", "gone@example.net", "--reason", "asked", "--actor", "alice")
    nixie("suppress", "news@example.net", "--stream", "news")
    nixie("suppress", "other@example.net", "--stream", "other")
    nixie("release", "gone@example.net", "--actor", "bob")
    nixie("allow", "lifted@example.net")
    nixie("import", "-", stdin="".join(f"in{i:04d}@example.org\n" for i in range(1200)))
    nixie("domains", "--confirm", "dead.example")
    nixie("domains", "--dismiss", "alive.example", "--reason", "it is not")
    nixie("holds", "release", "--yes", "many5@gmail.com")
    nixie("holds", "drop", "--yes", "many6@gmail.com")
    open(T + "/rules/own.rules", "w").write("rule local.zork\n  cause mailbox_disabled\n  any   zork frobnicated the blorb\n  hit   550 Zork frobnicated the blorb\n"
                                                 "rule local.closed\n  cause mailbox_disabled\n  any   says the closed clerk\n  hit   550 says the closed clerk\n")
    nixie("rules", "replay", "--apply", "--yes")
    nixie("undo", "--since", "1h", "--domain", "example.net", "--cause", "mailbox_unknown", "--yes")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/suppressions/last@example.net", data=b"{}", method="PUT")
    urllib.request.urlopen(request, timeout=10).read()
    last = lambda messages: any(m["data"].get("address") == "last@example.net" for m in messages)
    for path in ("/mirror", "/listed", "/acts"):
        wait_for("acts", path, last)
    exported = {line.split("\t")[0] for line in nixie("export", "--format", "txt").split()}
    with lock:
        mirrored = mirror([m for _, m in got["/mirror"]])
        ids = [i for i, _ in got["/mirror"]]
    if mirrored != exported or len(exported) < 1200:
        fail(f"the mirror has {sorted(mirrored - exported)[:5]} too many and {sorted(exported - mirrored)[:5]} too few of {len(exported)}")
    if len(set(ids)) != len(ids):
        fail("ids that are not unique")
    by = heard("/mirror", "act.suppress")[0]
    if (by["address"], by["actor"], by["reason"], by["source"], by["event"]) != ("hand@example.net", "alice", "asked", "cli", None):
        fail(f"act: {by}")
    kinds = {m["type"] for _, m in got["/mirror"]}
    if not {"act.suppress", "act.release", "act.allow", "act.import", "act.hold", "act.hold_release", "act.hold_drop", "act.rehold", "act.dismiss", "act.rejudge"} <= kinds:
        fail(f"acts: {kinds}")
    if any(m["type"].startswith("event.") for _, m in got["/acts"]):
        fail("an event among the acts alone")
    if {m["type"] for _, m in got["/listed"]} & {"act.release", "act.allow", "act.hold", "act.hold_drop", "act.rehold", "act.dismiss"}:
        fail("what takes off was told to who asked for what puts on")
    if {d["stream"] for d in heard("/news", "act.suppress")} - {"news", None} or not any(d["stream"] == "news" for d in heard("/news", "act.suppress")):
        fail(f"streams: {heard('/news', 'act.suppress')}")
    dead = heard("/dead", "act.suppress")
    if [d["address"] for d in dead] != ["@dead.example"] or heard("/dead", "act.import") or not heard("/dead", "act.release"):
        fail(f"causes: {dead}")
    # An erasure: what was not told yet is told no more, and the act names nobody.
    with lock:
        mode["deaf"] = "/later"
    post(port, "secret@example.net")
    until("the others hear", "/mirror", "secret@example.net")
    for _ in range(600):
        if "hook=later" in open(T + "/log").read():
            break
        time.sleep(0.05)
    nixie("forget", "--yes", "secret@example.net")
    with lock:
        mode["deaf"] = ""
    for path in ("/later", "/mirror"):
        wait_for("erased", path, lambda messages: any(m["type"] == "act.forget" for m in messages))
    if "secret" in json.dumps(got["/later"]):
        fail("an erased address was told")
    if any(d["address"] is not None for d in heard("/mirror", "act.forget")):
        fail("an erasure names the address")
finally:
    server.terminate()
    server.wait(10)
text = open(T + "/log").read()
if not all(w in text for w in ("receiver does not take events", "well again")):
    fail("the log does not tell of the receiver")
if any(k in text for k in keys):
    fail("a key is in the log")
bad = subprocess.run([NIXIE, "config", "check", "--config", "/dev/stdin"], input="[hook x]\nurl = ftp://x\nkinds = failled\nkeys = no\n", capture_output=True, text=True)
if bad.returncode != 65 or not all(w in bad.stderr for w in ("ftp://x", "failled", "whsec_")) or "'no'" in bad.stderr:
    fail(f"check: {bad.stderr}")
if failures:
    print(text[-2000:])
subprocess.run(["rm", "-rf", T])
sys.exit(1 if failures else 0)
