# SPDX-License-Identifier: Apache-2.0
"""The outgoing hook, verified by somebody else's code: the npm package `standardwebhooks`, as a receiver that is down for a while. Skips without node or the package:

    mkdir x && cd x && npm install standardwebhooks
    NODE_PATH=$PWD/node_modules NIXIE_HOOK_DOWN=60 NIXIE=.../nixie python3 tests/http/hook_standard.py

NIXIE_HOOK_DOWN: seconds that the receiver is away, 3 by default."""
import base64, json, os, shutil, socket, subprocess, sys, tempfile, time, urllib.request

NIXIE, DOWN = os.environ["NIXIE"], float(os.environ.get("NIXIE_HOOK_DOWN", "3"))
if shutil.which("node") is None or subprocess.run(["node", "-e", 'require("standardwebhooks")'], capture_output=True).returncode != 0:
    print("skipped: no node with the package standardwebhooks (npm install standardwebhooks, NODE_PATH)")
    sys.exit(77)
T = tempfile.mkdtemp()
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
RECEIVER = """
const { Webhook } = require("standardwebhooks"), fs = require("fs");
const wh = new Webhook(process.argv[2]), out = process.argv[3];
const server = require("http").createServer((request, answer) => {
  const parts = [];
  request.on("data", part => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts).toString(), line = { id: request.headers["webhook-id"], good: false, changed: "accepted" };
    try { line.type = wh.verify(body, request.headers).type; line.recipient = JSON.parse(body).data.recipient; line.good = true; } catch (e) { line.why = String(e); }
    try { wh.verify(body.replace("@", "%"), request.headers); } catch (e) { line.changed = "refused"; }
    fs.appendFileSync(out, JSON.stringify(line) + "\\n");
    answer.writeHead(line.good ? 204 : 400).end();
  });
});
server.listen(Number(process.argv[4]), "127.0.0.1", () => console.log("up"));
"""
failures = 0


def fail(text):
    global failures
    failures += 1
    print("FAIL:", text)


with socket.create_server(("127.0.0.1", 0)) as free:
    HOOK = free.getsockname()[1]
open(T + "/receiver.js", "w").write(RECEIVER)
open(T + "/got", "w").close()


def receiver():
    process = subprocess.Popen(["node", T + "/receiver.js", KEY, T + "/got", str(HOOK)], stdout=subprocess.PIPE)
    if process.stdout.readline() != b"up\n":
        sys.exit("the receiver does not start")
    return process


def got():
    return [json.loads(line) for line in open(T + "/got")]


def until(n, seconds):
    for _ in range(int(seconds * 10)):
        if len(got()) >= n:
            return
        time.sleep(0.1)
    fail(f"{len(got())} of {n} came")


def post(*names):
    batch = json.dumps([{"email": n + "@example.net", "event": "bounce", "reason": "550 5.1.1 user unknown", "sg_event_id": n, "timestamp": 1770000000} for n in names]).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/webhooks/sendgrid", data=batch, headers={"Authorization": "Basic " + base64.b64encode(b"u:password").decode()})
    return json.loads(urllib.request.urlopen(request, timeout=10).read())["new"]


open(T + "/conf", "w").write(f"[webhook sendgrid]\nbasic = u:password\n[hook app]\nurl = http://127.0.0.1:{HOOK}/\nkeys = {KEY}\nretry_max = 5s\n")
app = receiver()
server = subprocess.Popen([NIXIE, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/n.db"], stderr=open(T + "/log", "w"))
for _ in range(200):
    if " listening " in open(T + "/log").read():
        break
    time.sleep(0.05)
port = open(T + "/log").read().split("port=")[1].split()[0]
try:
    post("before0", "before1")
    until(2, 15)
    app.terminate()
    app.wait()
    gone, sent = time.time(), 0
    while time.time() < gone + DOWN:
        post(f"down{sent}")
        sent += 1
        time.sleep(DOWN / 20)
    app = receiver()
    until(2 + sent, 60)
    post("after")
    until(3 + sent, 15)
    want = ["before0", "before1"] + [f"down{i}" for i in range(sent)] + ["after"]
    have = [line.get("recipient", "").split("@")[0] for line in got()]
    if have != want:
        fail(f"{have}, not {want}")
    if not all(line["good"] and line["type"] == "event.failed" and line["changed"] == "refused" for line in got()):
        fail(f"not verified: {[line for line in got() if not line['good']][:3]}")
    if len({line["id"] for line in got()}) != len(want):
        fail("ids repeat")
    print(f"{len(want)} events verified, {sent} of them posted while the receiver was away for {DOWN:.0f} s")
finally:
    app.terminate()
    server.terminate()
    server.wait(10)
if failures:
    print(open(T + "/log").read()[-2000:])
subprocess.run(["rm", "-rf", T])
sys.exit(1 if failures else 0)
