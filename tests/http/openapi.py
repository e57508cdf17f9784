# SPDX-License-Identifier: Apache-2.0
"""Walks docs/openapi.yaml against a running server: `openapi.py YAML URL BOUNCE ROUTES`. Every operation is asked, each answer's status, media type and body are held to the
document; each status that an operation names is provoked (the table below), and each route of the server is in the document and the reverse."""
import json, re, sys, time, urllib.error, urllib.request
import jsonschema, yaml

document = yaml.safe_load(open(sys.argv[1])); url = sys.argv[2]; bounce = open(sys.argv[3], "rb").read()
jsonschema.Draft202012Validator.check_schema({"$defs": document["components"]["schemas"]})
failures, seen = [], set()

# What OpenAPI 3.1 (4.8) has no word for stands there by mistake: a comma in a flow mapping that wants quotes makes a key of what follows it.
FIELDS = {"operation": "tags summary description externalDocs operationId parameters requestBody responses callbacks deprecated security servers",
          "response": "description headers content links", "parameter": "name in description required deprecated allowEmptyValue style explode allowReserved schema example examples content",
          "media type": "schema example examples encoding", "request body": "description content required"}
def known(kind, node, where):
    if "$ref" not in node:
        failures.extend(f"{where}: {key!r} is no field of a {kind}" for key in node if key not in FIELDS[kind].split() and not str(key).startswith("x-"))
        for name, media in (node.get("content") or {}).items(): known("media type", media, f"{where} {name}")
for path, methods in document["paths"].items():
    for method, operation in methods.items():
        if method == "parameters": operation = {"parameters": operation}
        known("operation", operation, f"{method} {path}")
        for parameter in operation.get("parameters", []): known("parameter", parameter, f"{method} {path}")
        if "requestBody" in operation: known("request body", operation["requestBody"], f"{method} {path}")
        for status, response in operation.get("responses", {}).items(): known("response", response, f"{method} {path} {status}")
for kind, group in (("response", "responses"), ("parameter", "parameters")):
    for name, node in document["components"].get(group, {}).items(): known(kind, node, f"{group}/{name}")

def resolve(node):
    while "$ref" in node:
        at = document
        for key in node["$ref"][2:].split("/"): at = at[key]
        node = {**at, **{k: v for k, v in node.items() if k != "$ref"}}
    return node

def validate(schema, value, where):
    whole = {"$ref": schema["$ref"], "components": document["components"]} if "$ref" in schema else {**schema, "components": document["components"]}
    for error in jsonschema.Draft202012Validator(whole).iter_errors(value):
        failures.append(f"{where}: {error.json_path}: {error.message[:200]}")

def ask(method, path, template, body=None, headers=None, want=200):
    request = urllib.request.Request(url + path, method=method, data=body, headers=headers or {})
    if body is not None and not headers: request.add_header("Content-Type", "application/json")
    try: answer = urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as error: answer = error
    text = answer.read(); status = str(answer.status); where = f"{method} {path} {status}"
    seen.add((method.lower(), template, status))
    if answer.status != want: failures.append(f"{where}: not {want}: {text[:200]!r}")
    operation = document["paths"][template].get(method.lower())
    if operation is None or status not in operation["responses"]: return failures.append(f"{where}: not in the document")
    response = resolve(operation["responses"][status])
    if "content" not in response:
        if text: failures.append(f"{where}: a body that the document does not name")
        return
    media = (answer.headers.get_content_type())
    if media not in response["content"]: return failures.append(f"{where}: {media} is not in the document")
    schema = response["content"][media]["schema"]
    if media in ("application/json", "application/problem+json"): validate(schema, json.loads(text), where)
    elif media == "application/x-ndjson":
        for line in text.splitlines(): validate(schema, json.loads(line), where)
    elif not text and method != "HEAD": failures.append(f"{where}: an empty body")
    for name in response.get("headers", {}):
        if name not in answer.headers: failures.append(f"{where}: no header {name}")
    return answer

mail = {"Content-Type": "message/rfc822"}; plain = {"Content-Type": "text/plain"}
S, A = "/v1/suppressions", "/v1/suppressions/{address}"
M, C, E, K, X, L, W = "/v1/messages", "/v1/classify", "/v1/events", S + "/check", "/v1/export", "/v1/lists/clean", "/v1/webhooks/{provider}"
ask("POST", M, M, bounce, mail); ask("POST", M, M, bounce, mail); ask("POST", M, M, b"Subject: x\n\nhello\n", mail)
ask("POST", M, M, b"From x@example.org Mon Mar  2 10:00:00 2026\n" + bounce, {"Content-Type": "application/mbox"})
ask("POST", M, M, b"{}", want=415)
ask("POST", M, M, bounce, {**mail, "Idempotency-Key": "k"}); ask("POST", M, M, b"x", {**mail, "Idempotency-Key": "k"}, want=422)
N, lines = "/v1/sent", {"Content-Type": "application/x-ndjson"}; row = b'{"message_id": "<n1@example.com>", "recipient": "user@example.net"}\n'
ask("POST", N, N, row + row, lines); ask("POST", N, N, row); ask("POST", N, N, row + b"{}\n", lines, want=400); ask("POST", N, N, row, mail, want=415); ask("POST", N, N, row, {**lines, "Idempotency-Key": "s"}); ask("POST", N, N, row + row, {**lines, "Idempotency-Key": "s"}, want=422)
ask("POST", C, C, bounce, mail); ask("POST", C, C, b'{"reply": "452 4.2.2 full"}'); ask("POST", C, C, b"{}", want=400); ask("POST", C, C, b"x", {"Content-Type": "image/png"}, want=415)
ask("GET", "/v1/domains", "/v1/domains");
D = "/v1/domains/{domain}"; ask("POST", "/v1/domains/dead.example/confirm", D + "/confirm", b'{"reason": "dead"}', want=201); time.sleep(1.1); ask("POST", "/v1/domains/dead.example/confirm", D + "/confirm", b""); ask("POST", "/v1/domains/.../confirm", D + "/confirm", b"{}", want=400)
ask("POST", "/v1/domains/odd.example/dismiss", D + "/dismiss", b'{"actor": "bob"}', want=204); ask("POST", "/v1/domains/odd.example/dismiss", D + "/dismiss", b"", want=404); ask("POST", "/v1/domains/odd.example/dismiss", D + "/dismiss", b'{"x": 1}', want=400)
ask("GET", E, E); ask("GET", E + "?limit=1&kind=failed", E); ask("GET", E + "?kind=x", E, want=400)
ask("PUT", S + "/a@example.net", A, b'{"reason": "asked"}', want=201); ask("PUT", S + "/a@example.net", A, b'{"reason": "asked"}'); ask("PUT", S + "/none", A, b"{}", want=400)
ask("PUT", S + "/past@example.net", A, b'{"until": "2001-01-01T00:00:00Z"}', want=409)
ask("GET", S + "/a@example.net", A); ask("GET", S + "/b@example.net", A, want=404); ask("GET", S + "/none", A, want=400)
ask("GET", S, S); ask("GET", S + "?limit=1", S); ask("GET", S + "?limit=0", S, want=400)
check = b'{"addresses": ["a@example.net", "b@example.net", "none"]}'
ask("POST", K, K, check); ask("POST", K, K, check, {"Content-Type": "application/json", "Accept": "application/x-ndjson"}); ask("POST", K, K, b"[]", want=400)
ask("POST", K, K, check, {"Content-Type": "application/json", "Accept": "image/png"}, want=406); ask("POST", K, K, b"x", {"Content-Type": "text/css"}, want=415)
for media in "text/csv", "application/x-ndjson", "text/plain": tag = ask("GET", X, X, headers={"Accept": media}).headers["ETag"]
ask("GET", X, X, headers={"Accept": media, "If-None-Match": tag}, want=304); ask("GET", X + "?format=xml", X, want=400); ask("GET", X, X, headers={"Accept": "image/png"}, want=406)
ask("POST", L, L, b"b@example.net\n", plain); ask("POST", L + "?answer=report", L, b"info@gmial.com\nb@example.net\n", plain); ask("POST", L + "?answer=removed&delimiter=tab&header=no", L, b"b@example.net\nnone\n", plain); ask("POST", L + "?column=9", L, b"b@example.net\n", plain, want=400); ask("POST", L, L, b"{}", want=415)
ask("DELETE", S + "/a@example.net", A, want=204); ask("DELETE", S + "/a@example.net", A, want=404); ask("DELETE", S + "/none", A, want=400)
H, F = A + "/history", A + "/forget"
ask("PUT", S + "/h@example.net", A, b"{}", want=201); ask("GET", S + "/h@example.net/history?limit=1", H); ask("GET", S + "/one@example.net/history", H); ask("GET", S + "/none/history", H, want=400); ask("GET", S + "/h@example.net/history?limit=0", H, want=400)
ask("POST", S + "/h@example.net/forget", F, b'{"reason": "asked", "suppress": true}'); ask("POST", S + "/h@example.net/forget", F); ask("GET", S + "/h@example.net/history", H); ask("GET", S + "/h@example.net", A); ask("GET", S, S)
ask("POST", S + "/@example.net/forget", F, want=400); ask("POST", S + "/h@example.net/forget", F, b'{"suppress": 1}', want=400)
N, H = "/v1/stats", "/v1/holds"
ask("GET", N, N); ask("GET", N + "?by=day,remote&limit=1", N); ask("GET", N + "?by=x", N, want=400)
ask("GET", H, H); ask("GET", H + "?over=true", H); ask("GET", H + "?limit=0", H, want=400)
for i in range(40): ask("POST", M, M, bounce.replace(b"one@example.net", b"held%d@held.example.org" % i), mail)
ask("GET", H, H); ask("GET", H + "?limit=1", H)
for verb, who in ("/drop", b'{"addresses": ["held37@held.example.org"], "reason": "asked"}'), ("/release", b'{"provider": "example.org"}'): ask("POST", H + verb, H + verb, who)
for verb in "/release", "/drop": ask("POST", H + verb, H + verb, b'{"provider": "none.example"}', want=404); ask("POST", H + verb, H + verb, b"{}", want=400)
T, G = "/v1/triage", "/v1/triage/{group}"
odd = lambda who, words: bounce.replace(b"one@", who + b"@").replace(b"5.1.1", b"5.0.0").replace(b"User unknown", words)
ask("POST", M, M, odd(b"odd", b"Zork frobnicated the blorb"), mail); ask("POST", M, M, odd(b"old", b"user unknown to the zork"), mail)
listed = json.loads(urllib.request.urlopen(url + T).read())["groups"]; group = next(g["group"] for g in listed if "blorb" in g["text"])
ask("GET", T, T); ask("GET", T + "?codes=true&limit=1", T); ask("GET", T + "?limit=0", T, want=400)
ask("GET", f"{T}/{group}", G); ask("GET", T + "/0123456789ab", G, want=404); ask("GET", f"{T}/{group}/message", G + "/message"); ask("GET", T + "/0123456789ab/message", G + "/message", want=404)
R = G + "/rule"; ask("POST", f"{T}/{group}/rule", R); ask("POST", f"{T}/{group}/rule", R, b'{"cause": "zork"}', want=400); ask("POST", T + "/0123456789ab/rule", R, want=404)
ask("POST", f"{T}/{group}/rule?dry_run=false", R, b'{"cause": "mailbox_full", "phrase": "550"}', want=400)
ask("POST", M, M, bounce.replace(b"one@", b"tak@").replace(b"User unknown", b"User unknown, for Zork frobnicated the blorb"), mail)
ask("POST", f"{T}/{group}/rule?dry_run=false", R, b'{"cause": "mailbox_full"}', want=409); ask("POST", f"{T}/{group}/rule?dry_run=false", R, b'{"cause": "mailbox_full", "force": true}', want=201)
P = "/v1/rules/trial"; F2 = P + "/{file}"; rule = lambda name, more="": f"rule local.{name}\n  cause mailbox_full\n  any {name} zeppelin landed\n{more}  hit 550 the {name} zeppelin landed\n".encode()
ask("GET", P, P); ask("GET", P + "?since=x", P, want=400)
ask("POST", P + "/a.rules", F2, rule("aa"), plain, 201); ask("POST", P + "/a.rules", F2, rule("aa"), plain, 409); ask("POST", P + "/b.rules", F2, b"rule", plain, 400); ask("POST", P + "/b.rules", F2, rule("bb"), want=415)
ask("POST", P + "/b.rules", F2, rule("bb", "  beats local.aa\n"), plain, 201); ask("DELETE", P + "/a.rules", F2, want=400); ask("POST", P + "/b.rules/promote", F2 + "/promote", want=400)
for i in range(100):
    if json.loads(urllib.request.urlopen(url + P).read())["loaded"]: break
    time.sleep(0.1)
ask("POST", M, M, odd(b"aa", b"the aa zeppelin landed"), mail); ask("GET", P + "?plan=true", P)
ask("POST", P + "/a.rules/promote", F2 + "/promote"); ask("POST", P + "/a.rules/promote", F2 + "/promote", want=404); ask("DELETE", P + "/b.rules", F2, want=204); ask("DELETE", P + "/b.rules", F2, want=404)
ask("GET", "/v1/webhooks/none", W, want=404); ask("POST", "/v1/webhooks/none", W, b"{}", want=404); ask("OPTIONS", "/v1/webhooks/none", W, want=404)
for path in "/", "/page.css", "/page.js", "/healthz", "/readyz", "/metrics": ask("GET", path, path)

# What cannot be provoked here has a test of its own: webhooks (tests/http/webhook.py), a full queue (tests/http/faults.sh).
elsewhere = {(m, W, s) for m in ("post", "get", "options") for s in ("200", "400", "406", "415")} | {("get", "/readyz", "503"), ("post", F, "503")}
named = {(m, p, s) for p, item in document["paths"].items() for m, o in item.items() if m != "parameters" for s in o["responses"]}
for m, p, s in sorted(named - seen - elsewhere): failures.append(f"{m.upper()} {p}: {s} is named and was never seen")
for p, item in document["paths"].items():
    for m, o in item.items():
        if m in ("post", "put", "delete") and p not in (C, K, L, W) and "key" not in str(o.get("parameters")): failures.append(f"{m.upper()} {p}: takes no Idempotency-Key")
routes = set(re.findall(r'^    \{"([A-Z]+)", "([^"]+)"', open(sys.argv[4]).read(), re.M))
here = {(m.upper(), p) for m, p, _ in named}
for m, p in sorted(routes ^ here): failures.append(f"{m} {p}: " + ("in the server, not in the document" if (m, p) in routes else "in the document, not in the server"))
print("\n".join(failures) or f"{len(here)} operations, {len(seen)} answers as they should be"); sys.exit(bool(failures))
