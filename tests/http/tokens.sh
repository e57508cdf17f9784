. "$NIXIE_SOURCE/tests/http/lib.sh"
said() { n=0; until grep -q "$1" "$T/log"; do n=$((n + 1)); [ $n -lt 200 ] || return 1; sleep 0.05; done; }
await() { n=0; until [ "$(curl -sk -o /dev/null -w '%{http_code}' "$@")" = "$code" ] || [ $n = 120 ]; do n=$((n + 1)); sleep 0.05; done; is "$(curl -sk -o /dev/null -w '%{http_code}' "$@")" "$code" "$*"; }
token() { run 0 "$NIXIE" token create "$@"; cat "$T/out"; }
A='Authorization: Bearer'
# The file and the command.
run 1 "$NIXIE" token list; says "tokens: there is no such file"
mta=$(token mta --role ingest --stream news); app=$(token app --role read); desk=$(token desk --role write); root=$(token root --role admin)
echo "$mta" | grep -Eq '^nx_[A-Za-z0-9_-]{43}$' || fail "the token's form: $mta"
grep -q "$mta" "$T/tokens" && fail "the token itself is in the file"; is "$(stat -c %a "$T/tokens")" 600
run 0 "$NIXIE" token list; prints '^mta +ingest stream=news$'; prints '^app +read$'; prints '^desk +write$'
run 1 "$NIXIE" token create app --role read; says 'app: there is such a token already'
run 64 "$NIXIE" token create x --role reed; says "'reed': roles are ingest, read, write and admin"
run 64 "$NIXIE" token create 'a b' --role read; run 64 "$NIXIE" token create x; run 64 "$NIXIE" token drop x; run 1 "$NIXIE" token revoke none; says 'no such token'
# Roles.
serve
asks 401 /v1/suppressions; head_has '^www-authenticate: Bearer'; asks 401 /v1/suppressions -H "$A nx_wrong"; head_has 'invalid_token'
grep -q nx_wrong "$T/log" "$T/out" && fail "a token in a log or an error"
asks 200 /healthz; asks 200 /readyz
asks 200 /v1/suppressions -H "$A $app"; asks 200 /v1/suppressions -H "$A $desk"; asks 200 /v1/suppressions -H "$A $root"; asks 403 /v1/suppressions -H "$A $mta"; has '.detail | contains("mta") and contains("read")'
asks 403 /v1/suppressions/a@example.net -X PUT -H "$A $app"; asks 201 /v1/suppressions/a@example.net -X PUT -H "$A $desk"; has '.actor == "desk"'
bounce one@example.net >"$T/one.eml"
asks 403 /v1/messages -H "$mail" -H "$A $app" --data-binary @"$T/one.eml"
# may ROLES STATUS METHOD PATH: nobody but who has one of the roles
may() { roles=$1; status=$2; shift 2; for who in mta app desk root; do case " $roles " in *" $who "*) want=$status ;; *) want=403 ;; esac; eval "with=\$$who"; method=$1; path=$2; asks "$want" "$path" -X "$method" -H "$A $with" -H "$json" -d '{'; done; }
may 'app desk root' 413 GET /v1/suppressions; may 'app desk root' 413 GET /metrics; may 'mta root' 415 POST /v1/messages; may 'mta root' 400 POST /v1/sent
may 'desk root' 400 PUT /v1/suppressions/x@example.net; may 'desk root' 413 DELETE /v1/suppressions/x@example.net; may root 400 POST /v1/suppressions/x@example.net/forget; may root 413 GET /v1/triage/abc/message; may root 400 POST /v1/triage/abc/rule; may root 413 GET /v1/rules/trial; may root 415 POST /v1/rules/trial/x.rules; may root 413 DELETE /v1/rules/trial/x.rules; may root 413 POST /v1/rules/trial/x.rules/promote
asks 200 '/v1/messages?stream=other' -H "$mail" -H "$A $mta" --data-binary @"$T/one.eml"; has '.events[0].stream == "news"'
# Made and revoked while the daemon runs.
late=$(token late --role read); code=200; await -H "$A $late" "$URL/v1/suppressions"
run 0 "$NIXIE" token revoke late; code=401; await -H "$A $late" "$URL/v1/suppressions"
# A broken file changes nothing.
cp "$T/tokens" "$T/keep"; echo 'app reed 00' >>"$T/tokens"; kill -HUP $PID; said 'reload failed.*tokens:' || fail "a broken file of tokens is not said"; asks 200 /v1/suppressions -H "$A $app"; cp "$T/keep" "$T/tokens"
ends
# With tokens other addresses may be served; with a broken file nothing is.
serve --listen 0.0.0.0:0; asks 401 /v1/suppressions; ends
echo junk >>"$T/tokens"; run 65 "$NIXIE" serve --listen 127.0.0.1:0; says 'tokens:.*name roles digest'
rm "$T/tokens"

# TLS, and another certificate at reload.
certificate() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -addext 'subjectAltName=IP:127.0.0.1' -keyout "$T/key.new" -out "$T/cert.new" 2>/dev/null; mv "$T/key.new" "$T/key.pem"; mv "$T/cert.new" "$T/cert.pem"; }
name() { openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject | sed 's/.*CN *= *//'; }
certificate first
printf '[tls]\ncertificate = %s/cert.pem\nkey = %s/key.pem\n' "$T" "$T" >"$T/tls.conf"
serve --config "$T/tls.conf"; URL=https://127.0.0.1:$PORT
asks 200 /healthz --cacert "$T/cert.pem"; is "$(name)" first
certificate second; kill -HUP $PID; n=0; until [ "$(name)" = second ] || [ $n = 40 ]; do n=$((n + 1)); sleep 0.05; done; is "$(name)" second "the new certificate"; asks 200 /healthz --cacert "$T/cert.pem"
cp "$T/cert.pem" "$T/good.pem"; echo broken >"$T/cert.pem"; kill -HUP $PID; said 'reload failed.*cert.pem' && is "$(name)" second "the old one stays" || fail "a broken certificate is not said"; asks 200 /healthz --cacert "$T/good.pem"
rm "$T/cert.pem"; kill -HUP $PID; said 'reload failed.*cert.pem.*No such file'; is "$(name)" second
ends
run 65 "$NIXIE" serve --config "$T/tls.conf" --listen 127.0.0.1:0; says 'cert.pem.*\[tls\]'
cp "$T/good.pem" "$T/cert.pem"; echo broken >"$T/key.pem"; run 65 "$NIXIE" serve --config "$T/tls.conf" --listen 127.0.0.1:0; says 'key.pem: no PEM key can be read'; openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key.pem" -out "$T/other.pem" -days 2 -subj /CN=other 2>/dev/null; run 65 "$NIXIE" serve --config "$T/tls.conf" --listen 127.0.0.1:0; says 'key.pem: is the key of another certificate'; echo broken >"$T/cert.pem"; run 65 "$NIXIE" serve --config "$T/tls.conf" --listen 127.0.0.1:0; says 'cert.pem: no PEM certificate can be read'
finish
