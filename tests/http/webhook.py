# SPDX-License-Identifier: Apache-2.0
"""Mail providers against a running server: every body of tests/webhook, every signature, and what must not get in. Standard library and openssl alone."""
import base64, hashlib, hmac, http.server, json, os, resource, signal, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.error, urllib.parse, urllib.request

SOURCE, NIXIE = os.environ["NIXIE_SOURCE"], os.environ["NIXIE"]
T = tempfile.mkdtemp()
failures = 0
SECRETS = ["pass-word-one", "pass-word-two", "path-secret-of-16-signs", "mailgun-signing-key", "mailomat-webhook-secret"]


def fail(text):
    global failures
    failures += 1
    print("FAIL:", text)


def is_(got, want, what):
    if got != want:
        fail(f"{what}: {got!r}, not {want!r}")


def peak_memory():  # of the server so far, MB
    with open(f"/proc/{server.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) >> 10


# ---- a host that plays SNS: certificates and confirmations, also redirects
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", T + "/tls.key", "-out", T + "/tls.pem", "-days", "2", "-subj", "/CN=sns.eu-west-1.amazonaws.com",
                "-addext", "subjectAltName=DNS:sns.eu-west-1.amazonaws.com"], check=True, capture_output=True)
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", T + "/sns.key", "-out", T + "/sns.pem", "-days", "2", "-subj", "/CN=sns.amazonaws.com"], check=True, capture_output=True)
visits = []


class Sns(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        visits.append(self.path)
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/SimpleNotificationService-0.pem")
            self.end_headers()
            return
        body = open(T + "/sns.pem", "rb").read() if self.path.startswith("/SimpleNotificationService-") else b"<ConfirmSubscriptionResponse/>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


sns_host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sns)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(T + "/tls.pem", T + "/tls.key")
sns_host.socket = context.wrap_socket(sns_host.socket, server_side=True)
threading.Thread(target=sns_host.serve_forever, daemon=True).start()

# ---- settings: an endpoint a provider, one a signature, and the special ones
TOPIC = "arn:aws:sns:eu-west-1:111122223333:bounces"
conf = [f"[fetch]\nca_file = {T}/tls.pem\nconnect_to = sns.eu-west-1.amazonaws.com:443:127.0.0.1:{sns_host.server_address[1]}\n[serve]\nwebhook_size = 2m\n[log]\nlevel = debug\n"]
lists = [SOURCE + "/tests/webhook"] + [d for d in [SOURCE + "/../shared/webhooks"] if os.path.isdir(d)]
bodies, vectors = [], []
NOT_COVERED = ("mailgun", "mailomat")  # their signatures do not cover the body: no window may be longer than tokens are remembered
for d in lists:
    for line in open(d + "/expect.jsonl"):
        bodies.append((d + "/fixtures/", json.loads(line)))
    for line in open(d + "/signatures.jsonl"):
        vectors.append((d + "/fixtures/", json.loads(line)))
for provider in sorted({b["provider"] for _, b in bodies} - {"generic"}):
    conf.append(f"[webhook open-{provider}]\nprovider = {provider}\nbasic = u:{SECRETS[0]};u:{SECRETS[1]}\nkeep_other = true\n" + (f"raw_delivery = true\ntopics = {TOPIC}\n" if provider in ("ses", "scaleway") else ""))
conf.append(f"[webhook generic]\nbasic = u:{SECRETS[0]}\nkeep_other = true\nat_events = items\nat_kind = what\nat_recipient = address.mail\nat_id = uid\nat_diagnostic = smtp[0].text\nat_status = smtp[0].dsn\nat_reply = smtp[0].code\n"
            "is_failed = bounce\nis_failed_hard = perm,dead\nis_delayed = later\nis_delivered = ok\nis_complaint = abuse\nis_unsubscribe = out\nis_autoreply = ooo\n")
for i, (_, v) in enumerate(vectors):
    if v["scheme"] != "sns":
        key = v["key"].replace("\n", "\\n")  # PEM in one line
        conf.append(f"[webhook v{i}]\nprovider = {v['provider']}\nkeys = {key}\nwindow = {'4d' if v['provider'] in NOT_COVERED else '36500d'}\n" + (f"url = {v['url']}\n" if "url" in v else ""))
conf.append(f"[webhook ses]\ntopics = {TOPIC}\n[webhook path]\nprovider = postmark\npath_secrets = {SECRETS[2]}\n[webhook mailgun]\nkeys = old-key;{SECRETS[3]}\n[webhook resend]\nkeys = whsec_{base64.b64encode(b'0123456789abcdef').decode()}\n"
            f"[webhook sendgrid]\nbasic = u:{SECRETS[0]}\n[webhook mailomat]\nkeys = {SECRETS[4]}\n[webhook unisender]\nkeys = {SECRETS[4]}\n[webhook sns-window]\nprovider = ses\ntopics = {TOPIC}\nwindow = 1h\n")
with open(T + "/conf", "w") as f:
    f.write("\n".join(conf))

log = open(T + "/log", "w+")
server = subprocess.Popen([NIXIE, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/n.db"], stderr=log)
PORT = None
for _ in range(200):
    text = open(T + "/log").read()
    if " listening " in text:
        PORT = text.split("port=")[1].split()[0]
        break
    time.sleep(0.05)
if PORT is None:
    print(open(T + "/log").read())
    sys.exit("the server does not start")
URL = f"http://127.0.0.1:{PORT}/v1/webhooks/"


def ask(path, body=None, headers=None, method=None, user=None):
    request = urllib.request.Request(URL + path, data=body, headers=dict(headers or {}), method=method or ("POST" if body is not None else "GET"))
    if "Content-type" not in request.headers:
        request.add_header("Content-Type", "application/octet-stream")
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"u:{user}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as e:
        return e.code, e.read(), dict(e.headers)


answers = []  # what was told to anybody: no secret is in it


def post(want, path, body, **more):
    status, answer, headers = ask(path, body, **more)
    answers.append(answer + str(headers).encode())
    if status != want:
        fail(f"{path}: {status}, not {want}: {answer[:300]!r}")
    return (json.loads(answer) if answer else {}), headers


def read(path):
    with open(path, "rb") as f:
        return f.read()


try:
    # Every body: read and kept, or 400 where it is broken. Also with the headers that belong to it.
    extra = {}
    for d in lists[1:]:
        extra = {h["file"]: h["headers"] for h in map(json.loads, open(d + "/headers.jsonl"))}
    done = 0
    for directory, b in bodies:
        path = ("open-" if b["provider"] != "generic" else "") + b["provider"]
        envelope = b["provider"] in ("ses", "scaleway") and read(directory + b["file"]).startswith(b"{") and b'"TopicArn"' in read(directory + b["file"]).replace(b'"Type": "Notification"', b'"TopicArn"')
        answer, _ = post(400 if "error" in b else 403 if envelope and b["provider"] == "ses" else 401 if envelope else 200, path, read(directory + b["file"]), headers=extra.get(b["file"]), user=SECRETS[done % 2] if b["provider"] != "generic" else SECRETS[0])
        if "error" not in b and not envelope and "validation" not in b["file"]:
            is_(answer.get("events"), len(b["events"]), b["file"])
        done += 1
    print(f"{done} bodies")

    # Every signature that has no certificate. Static vectors: the window of these endpoints is wide, old ones belong to the unit test.
    done = 0
    for i, (directory, v) in enumerate(vectors):
        if v["scheme"] == "sns" or any(w in v.get("why", "") for w in ("old", "future")) or not all(h.isascii() for h in v.get("headers", {}).values()):
            continue
        refused = {"mailgun": 406}.get(v["provider"], 401)
        post(200 if v["expect"] == "valid" and v["provider"] not in NOT_COVERED else refused, f"v{i}", read(directory + v["file"]), headers=v.get("headers"))
        done += 1
    print(f"{done} signatures")

    post(415, "open-sendgrid", b"\x1f\x8b\x08=&=1", headers={"Content-Encoding": "gzip"}, user=SECRETS[0])  # what nobody can read is not taken
    post(200, "open-sendgrid", b"[]", headers={"Content-Encoding": "identity"}, user=SECRETS[0])

    # A header that stands twice: the first counts, whatever the second says.
    twin = next((i, d, v) for i, (d, v) in enumerate(vectors) if v["provider"] == "mailersend" and v["expect"] == "valid")
    good, body = twin[2]["headers"]["Signature"], read(twin[1] + twin[2]["file"])
    for first, second, want in ((good, "00" * 32, b" 200 "), ("00" * 32, good, b" 401 "), ("", good, b" 401 ")):
        with socket.create_connection(("127.0.0.1", int(PORT)), 20) as s:
            s.sendall(f"POST /v1/webhooks/v{twin[0]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSignature: {first}\r\nSignature: {second}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            head = s.recv(100)
        if want not in head:
            fail(f"two signatures: {head!r}, not {want!r}")

    # SNS: signed with a key of today, the certificate fetched once.
    def sns(message, topic=TOPIC, typ="Notification", cert="/SimpleNotificationService-0.pem", host="sns.eu-west-1.amazonaws.com", version="2", **more):
        d = {"Type": typ, "MessageId": "m1", "TopicArn": topic, "Message": message, "Timestamp": "2026-03-01T10:00:00.000Z", **more}
        names = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"] if typ == "Notification" else ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        with open(T + "/m", "wb") as f:
            f.write("".join(f"{n}\n{d[n]}\n" for n in names).encode())
        d["Signature"] = base64.b64encode(subprocess.run(["openssl", "dgst", "-sha256" if version == "2" else "-sha1", "-sign", T + "/sns.key", T + "/m"], check=True, capture_output=True).stdout).decode()
        d.update({"SignatureVersion": version, "SigningCertURL": f"https://{host}{cert}"})
        return json.dumps(d).encode()

    bounce = json.dumps({"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "fb-http", "bouncedRecipients": [{"emailAddress": "sns@example.net", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]}, "mail": {"messageId": "x"}})
    is_(post(200, "ses", sns(bounce))[0].get("new"), 1, "a signed bounce")
    is_(post(200, "ses", sns(bounce))[0].get("new"), 0, "the same again")
    post(200, "ses", sns(bounce, version="1"))
    post(403, "ses", sns(bounce, version="1").replace(b'"SignatureVersion": "1"', b'"SignatureVersion": "2"'))
    post(403, "ses", sns(bounce).replace(b'"SignatureVersion": "2"', b'"SignatureVersion": "3"'))
    is_(visits, ["/SimpleNotificationService-0.pem"], "fetched once")
    stamp = lambda off: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + off))
    post(200, "sns-window", sns(bounce, Timestamp=stamp(-1800)))
    post(403, "sns-window", sns(bounce, Timestamp=stamp(-7200)))
    post(403, "sns-window", sns(bounce, Timestamp=stamp(7200)))
    post(403, "sns-window", sns(bounce, Timestamp="yesterday"))
    # Many at once while the certificate is known: none is told to come again.
    body, codes = sns(bounce), []
    threads = [threading.Thread(target=lambda: codes.extend(ask("ses", body)[0] for _ in range(20))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    is_(set(codes), {200}, "many SNS posts at once")
    post(403, "ses", sns(bounce).replace(b"sns@example.net", b"you@example.net"))
    post(403, "ses", sns(bounce, topic="arn:aws:sns:eu-west-1:999999999999:mine"))
    post(403, "ses", bounce.encode(), headers={"x-amz-sns-rawdelivery": "true"})
    post(403, "ses", sns(bounce, host="sns.eu-west-1.amazonaws.com.evil.example"))
    post(503, "ses", sns(bounce, cert="/moved.pem"))
    is_(visits.count("/SimpleNotificationService-0.pem"), 1, "redirects are not followed")
    _, headers = post(503, "ses", sns(bounce, cert="/SimpleNotificationService-1.pem", host="sns.eu-central-1.amazonaws.com"))
    if "Retry-After" not in headers:
        fail("503 without Retry-After")
    confirm = dict(typ="SubscriptionConfirmation", Token="t", SubscribeURL="https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t")
    post(403, "ses", sns("You have chosen", topic="arn:aws:sns:eu-west-1:999999999999:mine", **confirm))
    is_([v for v in visits if "Confirm" in v], [], "a topic of others is not confirmed")
    post(200, "ses", sns("You have chosen", **confirm))
    is_([v for v in visits if "Confirm" in v], ["/?Action=ConfirmSubscription&Token=t"], "confirmed")
    post(503, "ses", sns("You have chosen", **{**confirm, "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/moved"}))
    post(403, "ses", sns("You have chosen", **{**confirm, "SubscribeURL": "https://sns.eu-west-1.amazonaws.com:8443/?Action=ConfirmSubscription"}))
    post(403, "open-ses", json.dumps([{"Type": "SubscriptionConfirmation", "TopicArn": TOPIC[:-1], "Message": "x", **{k: confirm[k] for k in ("Token", "SubscribeURL")}}]).encode(), user=SECRETS[0])
    post(403, "ses", sns("You have chosen", **{**confirm, "SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"}))
    post(200, "ses", sns("You have been unsubscribed", **{**confirm, "typ": "UnsubscribeConfirmation"}))
    is_(len([v for v in visits if "Confirm" in v]), 1, "an unsubscription fetches nothing")

    # Who may post.
    pm = read(SOURCE + "/tests/webhook/fixtures/postmark/bounces.json")
    post(404, "nobody", pm)
    _, headers = post(401, "open-brevo", b"{}")
    if "Basic" not in headers.get("WWW-Authenticate", ""):
        fail("no challenge")
    post(401, "open-brevo", b"{}", user="wrong")
    post(403, "open-postmark", pm)
    post(200, "open-postmark", pm, user=SECRETS[0])
    post(200, "open-postmark", pm, user=SECRETS[1])
    post(403, "path", pm)
    post(403, "path/wrong-secret-of-16", pm)
    post(200, "path/" + SECRETS[2], pm)

    # Mailgun's signature does not cover the body: a token comes again with the same one alone.
    def mailgun(token, recipient, at=None):
        at = str(int(at or time.time()))
        return json.dumps({"signature": {"timestamp": at, "token": token, "signature": hmac.new(SECRETS[3].encode(), (at + token).encode(), hashlib.sha256).hexdigest()},
                           "event-data": {"event": "complained", "id": "i" + token, "timestamp": 1.5, "recipient": recipient}}).encode()

    first = mailgun("a" * 50, "one@example.net")
    is_(post(200, "mailgun", first)[0].get("new"), 1, "a complaint")
    is_(post(200, "mailgun", first)[0].get("new"), 0, "sent again by Mailgun")
    post(406, "mailgun", first.replace(b"one@example.net", b"boss@example.net"))
    post(406, "mailgun", mailgun("b" * 50, "old@example.net", time.time() - 90000))
    post(406, "mailgun", mailgun("c" * 50, "two@example.net").replace(b"c" * 50, b"d" * 50))

    # The same at Mailomat, whose signature is over three headers.
    def mailomat(ident, recipient, off=0):
        at = str(int(time.time()) + off)
        mac = hmac.new(SECRETS[4].encode(), f"{ident}.delivered.{at}".encode(), hashlib.sha256).hexdigest()
        return json.dumps({"id": ident, "eventType": "failure_perm", "recipient": recipient, "payload": {}}).encode(), {"X-MOM-Webhook-Id": ident, "X-MOM-Webhook-Event": "delivered", "X-MOM-Webhook-Timestamp": at, "X-MOM-Webhook-Signature": "sha256=" + mac}

    body, headers = mailomat("mo1", "mo@example.net")
    is_(post(200, "mailomat", body, headers=headers)[0].get("new"), 1, "Mailomat")
    is_(post(200, "mailomat", body, headers=headers)[0].get("new"), 0, "Mailomat again")
    post(401, "mailomat", body.replace(b"mo@example", b"boss@example"), headers=headers)
    body, headers = mailomat("mo2", "old@example.net", -90000)
    post(401, "mailomat", body, headers=headers)

    # Standard Webhooks: five minutes.
    def standard(at):
        body = b'{"type":"email.complained","created_at":"2026-03-01T10:00:00Z","data":{"email_id":"e1","to":["rs@example.net"]}}'
        mac = base64.b64encode(hmac.new(b"0123456789abcdef", f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()).decode()
        return body, {"svix-id": "msg_1", "svix-timestamp": str(at), "svix-signature": "v1," + mac}

    for off, want in ((0, 200), (-280, 200), (-330, 401), (330, 401)):
        body, headers = standard(int(time.time()) + off)
        post(want, "resend", body, headers=headers)

    # The same event in two batches counts once.
    def batch(*ids):
        return json.dumps([{"email": f"{i}@example.net", "event": "bounce", "type": "bounce", "reason": "550 5.1.1 user unknown", "sg_event_id": i, "timestamp": 1770000000} for i in ids]).encode()

    is_(post(200, "sendgrid", batch("x1", "x2"), user=SECRETS[0])[0], {"events": 2, "new": 2}, "first batch")
    is_(post(200, "sendgrid", batch("x2", "x3"), user=SECRETS[0])[0], {"events": 2, "new": 1}, "second batch")
    is_(post(200, "sendgrid", json.dumps([{"email": "o@example.net", "event": "open", "sg_event_id": "o1"}]).encode(), user=SECRETS[0])[0], {"events": 0, "new": 0}, "opens are let go")

    # The same where the provider gives its events no id: the object is the id.
    def keyless(*campaigns):
        return json.dumps([{"reason": "550 5.1.1 user unknown", "event": "hard_bounce", "email": "kl@example.net", "camp_id": c, "ts_event": 1770000000 + c} for c in campaigns]).encode()

    is_(post(200, "open-brevo", keyless(1, 2), user=SECRETS[0])[0], {"events": 2, "new": 2}, "first batch without ids")
    is_(post(200, "open-brevo", keyless(2, 3), user=SECRETS[0])[0], {"events": 2, "new": 1}, "second batch without ids")
    is_(post(200, "open-brevo", json.dumps(json.loads(keyless(3))[0], indent=2).encode(), user=SECRETS[0])[0], {"events": 1, "new": 0}, "alone, written otherwise")

    # Bodies that are none.
    for body in (b'[{"event":"bounce","event":"bounce"}]', b'[{"event":"bou', b"[" * 5000, b"", b"\xff\xfe{}", b"17"):
        post(400, "sendgrid", body, user=SECRETS[0])
    deep = b'{"signature":' + b"[" * 1000000
    for path, want in (("mailgun", 406), ("unisender", 401), ("ses", 403), ("mailomat", 401), ("resend", 401)):
        post(want, path, deep)  # proved before it is read, so that what is broken is refused
    post(200, "sendgrid", b'[{"event":"something_new","email":"n@example.net","sg_event_id":"n1"}]', user=SECRETS[0])
    post(400, "sendgrid", b"[" + b'{"event":"bounce","email":"a@b.example"},' * 30000 + b'{"event":"bounce","email":"a@b.example"}]', user=SECRETS[0])
    before = peak_memory()
    try:
        status = ask("sendgrid", b" " * (50 << 20), user=SECRETS[0])[0]
    except (urllib.error.URLError, OSError):  # it answered before all was sent
        status = 413
    is_(status, 413, "50 MB")
    with socket.create_connection(("127.0.0.1", int(PORT)), 20) as s:  # and without a length
        s.sendall(b"POST /v1/webhooks/sendgrid HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(50):
                s.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
            s.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        try:
            head = s.recv(100)
        except OSError:  # it may have hung up with bytes of ours unread
            head = b""
    if head and b" 413 " not in head:
        fail(f"50 MB in chunks: {head!r}")
    if peak_memory() > before + 40:  # less than one of them
        fail(f"two bodies of 50 MB: the server took {before} MB, then {peak_memory()}")

    # Many large bodies at once: beyond a bound they are told to come again, and afterwards all is as before.
    held = []
    for i in range(40):
        s = socket.create_connection(("127.0.0.1", int(PORT)), 5)
        s.sendall(b"POST /v1/webhooks/sendgrid HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n[")
        held.append(s)
    time.sleep(0.3)
    refused = 0  # which ones depends on the threads that took them
    for s in held:
        s.settimeout(0.05)
        try:
            refused += s.recv(100).startswith(b"HTTP/1.1 503")
        except TimeoutError:
            pass
    if not 1 <= refused <= 39:
        fail(f"of 40 bodies of 2 MB at once {refused} are told to come again")
    for s in held:
        s.close()
    time.sleep(0.3)
    post(200, "sendgrid", batch("late"), user=SECRETS[0])

    # Probes and handshakes.
    for method in ("HEAD", "GET", "OPTIONS"):
        is_(ask("mailgun", method=method)[0], 200, method)
    is_(ask("nobody", method="HEAD")[0], 404, "HEAD of nobody")
    is_(ask("open-azure", method="OPTIONS", headers={"WebHook-Request-Origin": "eventgrid.azure.net"}, user=SECRETS[0])[2].get("WebHook-Allowed-Origin"), "eventgrid.azure.net", "CloudEvents")
    is_(ask("open-azure", method="OPTIONS", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})[0], 401, "CloudEvents of strangers")
    hello = json.dumps([{"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}]).encode()
    post(401, "open-azure", hello)
    is_(post(200, "open-azure", hello, user=SECRETS[0])[0], {"validationResponse": "512d38b6"}, "Event Grid")
    is_(post(200, "open-sparkpost", b'[{"msys":{}}]', user=SECRETS[0])[0], {"events": 0, "new": 0}, "SparkPost's ping")
    query = urllib.parse.urlencode({"to": "ee@example.net", "status": "AbuseReport", "transaction": "t9", "date": "2026-03-01T10:00:00Z"})
    is_(ask("open-elasticemail?" + query)[0], 401, "Elastic Email by strangers")
    status, answer, _ = ask("open-elasticemail?" + query, user=SECRETS[0])
    is_((status, json.loads(answer)["new"]), (200, 1), "Elastic Email")
finally:
    server.terminate()
    try:
        is_(server.wait(20), 0, "exit of the server")
    except subprocess.TimeoutExpired:
        server.kill()
        fail("the server does not stop")
# The disk is full: what is not kept is not acknowledged, and the provider is told to come again.
def full_disk():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600 << 10, 600 << 10))


log2 = open(T + "/log2", "w+")
server = subprocess.Popen([NIXIE, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/full.db"], stderr=log2, preexec_fn=full_disk)
for _ in range(200):
    if " listening " in open(T + "/log2").read():
        break
    time.sleep(0.05)
URL = f"http://127.0.0.1:{open(T + '/log2').read().split('port=')[1].split()[0]}/v1/webhooks/"
kept, refused = [], []
try:
    for n in range(60):
        names = [f"f{n}x{i}" for i in range(100)]
        status, answer, headers = ask("sendgrid", batch(*names), user=SECRETS[0])
        if status == 200:
            kept += names
        elif status == 503 and "Retry-After" in headers:
            refused += names
        else:
            fail(f"disk full: {status} {answer[:200]!r}")
finally:
    server.terminate()
    server.wait(20)
if not kept or not refused:
    fail(f"disk full: {len(kept)} kept, {len(refused)} refused")
suppressed = subprocess.run([NIXIE, "export", "--db", T + "/full.db", "--format", "txt"], capture_output=True, text=True).stdout.split()
if sorted(suppressed) != sorted(n + "@example.net" for n in kept):
    fail(f"disk full: {len(suppressed)} suppressed, {len(kept)} acknowledged")
text = open(T + "/log").read()
told = b"".join(answers).decode(errors="replace")
secrets = SECRETS + [v["key"] for _, v in vectors if len(v.get("key", "")) > 12]
secrets += [base64.b64encode(f"u:{s}".encode()).decode() for s in SECRETS]
for where, all_ in (("the log", text + open(T + "/log2").read()), ("an answer", told)):
    for secret in secrets:
        if secret in all_:
            fail(f"a secret is in {where}: {secret[:4]}...")
# Nor does the check of the settings tell one, or take an empty one.
wrong = "[webhook a]\nprovider = nobody\nkeys = secret-number-one\n[webhook resend]\nkeys = secret*number*two\n[webhook brevo]\nbasic = u:\n[webhook postmark]\npath_secrets = short-secret\n[webhook mailgun]\nkeys = secret-number-three\nwindow = 5d\n[webhook sendgrid]\nkeys = secret-number-four\n"
check = subprocess.run([NIXIE, "config", "check", "--config", "/dev/stdin"], input=wrong, capture_output=True, text=True)
is_(check.returncode, 65, "exit of the check")
for word in ("[webhook a] provider", "[webhook resend] keys", "[webhook brevo] basic", "[webhook postmark] path_secrets", "[webhook mailgun] window", "[webhook sendgrid] keys"):
    if word not in check.stderr:
        fail(f"the check does not tell of {word}: {check.stderr}")
if "secret-n" in check.stderr + check.stdout or "secret*" in check.stderr or "short-secret" in check.stderr:
    fail(f"the check tells a secret: {check.stderr}")
for address, cause in (("sns@example.net", "mailbox_unknown"), ("one@example.net", "complaint"), ("rs@example.net", "complaint"), ("x3@example.net", "mailbox_unknown"), ("ee@example.net", "complaint")):
    out = subprocess.run([NIXIE, "check", "--db", T + "/n.db", address], capture_output=True, text=True).stdout
    if cause not in out:
        fail(f"{address}: {out!r}, not {cause}")
for address in ("you@example.net", "boss@example.net", "old@example.net", "forged@example.net", "shift@example.net"):
    if subprocess.run([NIXIE, "check", "--db", T + "/n.db", address], capture_output=True).returncode != 0:
        fail(f"{address} is suppressed")
if failures:
    print(text[-3000:])
subprocess.run(["rm", "-rf", T])
sys.exit(1 if failures else 0)
