# reconcile: what differs between a provider's list and ours, taken and pushed; run as in docs/operations.md against a stand-in for the provider
. "$NIXIE_SOURCE/tests/cli/lib.sh"
"$NIXIE" import --from list --cause mailbox_unknown - >/dev/null <<'L'
both@example.net
here@example.net
Here.Too@Example.ORG
changed@example.net
erased@example.net
L
"$NIXIE" suppress --cause complaint angry@example.net >/dev/null
"$NIXIE" suppress --reason asked hand@example.net >/dev/null
"$NIXIE" suppress --cause mailbox_full --until 90d full@example.net >/dev/null
"$NIXIE" suppress --cause unsubscribe --stream news left@example.net >/dev/null
"$NIXIE" suppress --cause bad_domain @dead.example >/dev/null
"$NIXIE" allow fine@example.net >/dev/null
"$NIXIE" forget --yes erased@example.net >/dev/null
cat >"$T/bounces.csv" <<'L'
email,reason,created
BOTH@example.net,550 no such user,1700000000
there@example.net,550 "gone",1700000000
changed@example.net,550 gone,1700000000
hand@example.net,550,1700000000
anybody@dead.example,550,1700000000
erased@example.net,550,1700000000
fine@example.net,550,1700000000
there@example.net,550 again,1700000001
L
printf 'email,created\nangry@example.net,1700000000\nchanged@example.net,1700000000\nnew@example.org,1700000000\n' >"$T/spam.csv"
"$NIXIE" export >"$T/before"
run 1 "$NIXIE" reconcile --with sendgrid "$T/bounces.csv" complaint="$T/spam.csv"
prints '^there +mailbox_unknown +there@example.net$'; prints '^there +complaint +new@example.org$'; prints '^here +mailbox_unknown +here@example.net$'; prints '^here +mailbox_unknown +Here.Too@Example.ORG$'
prints '^here +mailbox_full +full@example.net$'; prints '^here +bad_domain +@dead.example$'; prints '^allowed +mailbox_unknown +allowed +fine@example.net$'
prints '^ground +complaint +mailbox_unknown +changed@example.net$' # of two that they have the stronger
is "$(grep -c . "$T/out")" 9 "a head and eight differences"
says '^2 only there, 4 only here, 1 for something else, 1 allowed here, 5 the same$'
# a bounce on one side, a complaint on the other
run 1 "$NIXIE" reconcile --with sendgrid complaint="$T/bounces.csv" -f jsonl
jq -e -s 'map(select(.address == "BOTH@example.net"))[0] | .drift == "ground" and .there == "complaint" and .here == "mailbox_unknown" and .there_since == "2023-11-14T22:13:20Z" and .here_until == null' "$T/out" >/dev/null || fail "jsonl"
run 1 "$NIXIE" reconcile --with sendgrid --grounds bounce "$T/bounces.csv" -f csv -o "$T/drift.csv"
is "$(head -n 1 "$T/drift.csv")" drift,address,stream,there,there_since,here,here_since,here_until; grep -q '^here,angry' "$T/drift.csv" && fail "complaints are not compared"
run 1 "$NIXIE" reconcile --with sendgrid --stream news "$T/bounces.csv"; prints '^here +unsubscribe +left@example.net$'
"$NIXIE" export | cmp -s - "$T/before" || fail "looking changed something"
# pushed: what holds for ever, in the shape that each takes
for product in sendgrid postmark; do
    run 1 "$NIXIE" reconcile --with $product --push "$T/$product" "$T/bounces.csv" complaint="$T/spam.csv"; says '^2 written for there, 2 not'
done
is "$(jq -c . "$T/sendgrid")" '{"recipient_emails":["here@example.net","Here.Too@Example.ORG"]}'
is "$(jq -c . "$T/postmark")" '{"Suppressions":[{"EmailAddress":"here@example.net"},{"EmailAddress":"Here.Too@Example.ORG"}]}'
run 1 "$NIXIE" reconcile --with ses --push "$T/ses" - </dev/null; is "$(cat "$T/ses" | tr '\n' ' ')" 'angry@example.net,COMPLAINT both@example.net,BOUNCE changed@example.net,BOUNCE here@example.net,BOUNCE Here.Too@Example.ORG,BOUNCE '; says '^5 written for there, 3 not'
run 64 "$NIXIE" reconcile --with mailgun --push "$T/mailgun" - </dev/null; says 'each ground in a file of its own'
run 1 "$NIXIE" reconcile --with mailgun --grounds complaint --push "$T/mailgun" - </dev/null; is "$(tr '\n' ' ' <"$T/mailgun")" 'address,created_at angry@example.net, '
seq -f 'many%.0f@example.com' 120 | "$NIXIE" import - --cause complaint --db "$T/many.db" >/dev/null; run 1 "$NIXIE" reconcile --db "$T/many.db" --with postmark --push "$T/many" - </dev/null
is "$(jq -c '.Suppressions | length' "$T/many" | tr '\n' ' ')" '50 50 20 ' "fifty a body"
# taken: once, as an import, with who and why; allowed and erased ones stay as they are
run 1 "$NIXIE" reconcile --apply --actor ops --with sendgrid "$T/bounces.csv" complaint="$T/spam.csv"; says '^3 taken from there$'
run 0 "$NIXIE" history there@example.net; prints 'mailbox_unknown +by ops \(import:sendgrid\)'; prints '550 "gone"|550 again'
run 0 "$NIXIE" check fine@example.net; run 1 "$NIXIE" check new@example.org; prints complaint
run 1 "$NIXIE" reconcile --apply --with sendgrid "$T/bounces.csv" complaint="$T/spam.csv"; says '^0 only there'; says '^0 taken'
run 0 "$NIXIE" db check
# a complaint there of what is a bounce here is taken; what a provider calls unsubscribed may be our own push, and is not
printf 'email\nboth@example.net\n' >"$T/one"; run 0 "$NIXIE" reconcile --apply --with sendgrid --grounds complaint complaint="$T/one" complaint="$T/spam.csv"; says '^1 taken'
run 1 "$NIXIE" check both@example.net; prints complaint
printf 'email\nhere@example.net\n' >"$T/one"; run 1 "$NIXIE" reconcile --apply --with sendgrid --grounds unsubscribe unsubscribe="$T/one"; says '^0 taken'; says '1 for something else'
# faults
printf 'name,email\nx,a@example.net\n"y,b@example.net\n' >"$T/one"; run 65 "$NIXIE" reconcile --apply --with sendgrid "$T/one"; says 'never closed'
printf 'email,reason\nno address,x\n' >"$T/one"; run 1 "$NIXIE" reconcile --with sendgrid "$T/one"; says "one:2: 'no address' is no address"; says '^1 of 1 lines have no address'
run 64 "$NIXIE" reconcile "$T/one"; says 'whose list is it'; run 64 "$NIXIE" reconcile --with nobody "$T/one"; says 'no such product'
run 64 "$NIXIE" reconcile --with sendgrid --grounds x "$T/one"; says 'some of bounce, complaint'; run 64 "$NIXIE" reconcile --with brevo --push x "$T/one"; says 'not known'
run 64 "$NIXIE" reconcile --with sendgrid -f txt "$T/one"; says 'table, csv or jsonl'
# more than is held in memory at once: any order, any spelling, both sides found by another way
seq 1 3 150000 | sed 's/.*/U&@Example.COM/' | shuf --random-source="$NIXIE" >"$T/theirs"; seq 1 2 150000 | sed 's/.*/u&@example.com/' | "$NIXIE" import -q --db "$T/big.db" - >/dev/null
run 1 "$NIXIE" reconcile --db "$T/big.db" --with list -f csv "$T/theirs"
for side in there here; do grep "^$side," "$T/out" | cut -d, -f2 | tr A-Z a-z | sort >"$T/$side"; done
seq 1 3 150000 | sed 's/.*/u&@example.com/' | sort >"$T/t"; seq 1 2 150000 | sed 's/.*/u&@example.com/' | sort >"$T/h"
comm -23 "$T/t" "$T/h" | cmp -s - "$T/there" || fail "only there"; comm -13 "$T/t" "$T/h" | cmp -s - "$T/here" || fail "only here"
# the night's run of docs/operations.md, against a stand-in that gives pages and takes what is pushed
export NIXIE_DB="$T/nightly.db" CREDENTIALS_DIRECTORY="$T" STATE_DIRECTORY="$T/state"; mkdir "$STATE_DIRECTORY"
printf 'Authorization: Bearer SG.test\n' >"$T/key"; mkdir "$T/bin"; ln -s "$NIXIE" "$T/bin/nixie"
sed -n '/^    # .usr.local.bin.reconcile-sendgrid/,/^    # end/s/^    //p' "$NIXIE_SOURCE/docs/operations.md" >"$T/nightly"; [ -s "$T/nightly" ] || fail "no script in operations.md"
cat >"$T/provider.py" <<'P'
import http.server, json, os, sys, urllib.parse
lists = {"bounces": [{"email": f"b{i}@example.net", "reason": "550", "created": 1700000000} for i in range(750)], "invalid_emails": [],
         "spam_reports": [{"email": "angry@example.net", "created": 1700000000}], "unsubscribes": [{"email": "left@example.net", "created": 1700000000}]}
class Provider(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body):
        self.send_response(code); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path); q = urllib.parse.parse_qs(url.query); offset = int(q["offset"][0])
        if self.headers["Authorization"] != "Bearer SG.test" or os.path.exists(sys.argv[1] + "/broken") and offset > 0:
            return self.answer(403, b"")
        self.answer(200, json.dumps(lists[url.path.rsplit("/", 1)[1]][offset:offset + int(q["limit"][0])]).encode())
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v3/asm/suppressions/global" and self.headers["Content-Type"] == "application/json"
        lists["unsubscribes"] += [{"email": e, "created": 1700000000} for e in body["recipient_emails"]]
        self.answer(201, b"{}")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Provider)
open(sys.argv[1] + "/port.new", "w").write(str(server.server_port)); os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
P
timeout 120 python3 "$T/provider.py" "$T" & provider=$!
n=0; until [ -e "$T/port" ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done
nightly() { env PATH="$T/bin:$PATH" SENDGRID="http://127.0.0.1:$(cat "$T/port")" sh "$T/nightly"; }
"$NIXIE" import -q --cause mailbox_unknown - <<'L' >/dev/null
b0@example.net
own@example.org
L
touch "$T/broken"; run 75 nightly; is "$("$NIXIE" export -f txt | wc -l)" 2 "half a list was taken"; rm "$T/broken"
run 0 nightly; says '^751 only there, 1 only here'; says '^751 taken'; says '^1 written for there'
is "$("$NIXIE" export -f txt | wc -l)" 753; grep -q '^here,own@example.org,' "$STATE_DIRECTORY/drift.csv" || fail "what was pushed is not told"
run 1 "$NIXIE" check left@example.net; prints unsubscribe
run 0 nightly; says '^0 only there, 0 only here, 1 for something else'; run 1 "$NIXIE" check own@example.org; prints mailbox_unknown
kill $provider
finish
