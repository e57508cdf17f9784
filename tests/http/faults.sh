. "$NIXIE_SOURCE/tests/http/lib.sh"
printf '[serve]\ntimeout = 2s\nbody_size = 100k\nconnections = 50\n' >"$T/small.conf"
serve --config "$T/small.conf"
asks 200 /healthz; has '.status == "ok"'; asks 200 /readyz; has '.status == "ready"'
# A body past the cap, announced or not.
head -c 300000 /dev/zero | tr '\0' x >"$T/big"
asks 413 /v1/messages -H "$mail" -H 'Expect:' --data-binary @"$T/big"; has '.detail | contains("102400")'
asks 413 /v1/messages -H "$mail" -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @"$T/big"
asks 413 /v1/messages -H "$mail" -H 'Expect: 100-continue' --data-binary @"$T/big"
# Half a request, a slow one, a wrong one: the connection ends, the server stays.
raw() { timeout 8 python3 - "$PORT" "$@" <<'END'
import socket, sys, time
port, how = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("127.0.0.1", port)); s.settimeout(7); began = time.time()
try:
    if how == "half": s.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 100\r\n\r\nSubject")
    if how == "slow":
        s.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 100\r\n\r\n")
        for i in range(40): s.sendall(b"x"); time.sleep(0.1)
    if how == "nonsense": s.sendall(b"\0\1\2 nonsense\r\n\r\n")
    if how == "headers": s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-Flood: 0123456789012345678901234567890123456789\r\n" * 3000 + b"\r\n")
    answer = b""
    while True:
        got = s.recv(65536)
        if not got: break
        answer += got
except (ConnectionResetError, BrokenPipeError): answer = b"reset"
print(answer.split(b"\r\n")[0].decode("latin-1") or "closed", "in time" if time.time() - began < 6 else "late")
END
}
is "$(raw half)" "closed in time"; is "$(raw slow | sed 's/^reset/closed/')" "closed in time"
raw nonsense | grep -Eq '(400|closed|reset).* in time' || fail "nonsense"; raw headers | grep -Eq '(431|413|400|reset).* in time' || fail "header flood: $(raw headers)"
asks 200 /healthz
# More connections than are allowed: those over it are turned away, and afterwards all is as before.
timeout 20 python3 - "$PORT" <<'END' || fail "connections"
import socket, sys
open_ = []
for i in range(200):
    try: open_.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1))
    except OSError: pass
END
sleep 0.3; asks 200 /healthz
# Pages of other sites do not get in, neither straight nor by a name that points here.
asks 403 /v1/suppressions -H 'Origin: https://evil.example'; asks 403 /v1/suppressions -H 'Origin: null'; asks 403 /v1/suppressions -H 'Origin: http://127.0.0.1:1'; asks 403 /v1/suppressions -H 'Origin: http://evil.example' -H 'Host: evil.example'; asks 200 /v1/suppressions -H "Origin: $URL"; asks 403 /v1/suppressions/a@example.net -X PUT -H 'Host: evil.example'
# CORS is off: a browser that asks first is not told that it may.
asks 405 /v1/suppressions -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: GET'; grep -qi '^access-control-' "$T/head" && fail "another origin is let in"
asks 200 /healthz -H 'Host: localhost:1'; asks 200 /healthz -H 'Host: [::1]:1'
# Another one on the same port; beyond loopback; no address.
run 75 "$NIXIE" serve --db "$T/other.db" --listen "127.0.0.1:$PORT"; says "127.0.0.1:$PORT: Address already in use \(.*--listen"
run 1 "$NIXIE" serve --db "$T/other.db" --listen '0.0.0.0:0'; says 'only loopback'
run 65 "$NIXIE" serve --db "$T/other.db" --listen 'here'; says "'here' is no address"
printf '[log]\nlevel = loud\n' >"$T/log.conf"; run 65 "$NIXIE" serve --config "$T/log.conf"; says 'loud.*debug'
mkdir "$T/rules"; printf 'rule x\n  cuase y\n' >"$T/rules/x.rules"; printf '[patterns]\nlocal = %s/rules\n' "$T" >"$T/rules.conf"; run 65 "$NIXIE" serve --config "$T/rules.conf"; says 'x.rules:2:.*cuase'
# The database is locked: 503 with Retry-After, and what was not acknowledged is taken when it is sent again.
bounce late@example.net >"$T/late.eml"
python3 - "$NIXIE_DB" "$T/locked" <<'END' &
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("begin immediate"); open(sys.argv[2], "w").close(); time.sleep(7)
END
n=0; until [ -e "$T/locked" ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.05; done
asks 503 /v1/messages -H "$mail" --data-binary @"$T/late.eml"; head_has '^retry-after: '; asks 200 /readyz; asks 404 /v1/suppressions/late@example.net
sleep 2.5; asks 200 /v1/messages -H "$mail" --data-binary @"$T/late.eml"; has '.events[0].duplicate == false'
ends
# The spool that `pipe` filled while nothing ran is drained; and what comes while it runs.
bounce before@example.net | flock "$T/spool/drain.lock" "$NIXIE" pipe
serve
n=0; until curl -s "$URL/v1/suppressions/before@example.net" | grep -q mailbox_unknown || [ $n = 60 ]; do n=$((n + 1)); sleep 0.05; done; asks 200 /v1/suppressions/before@example.net
bounce during@example.net | "$NIXIE" pipe
n=0; until curl -s "$URL/v1/suppressions/during@example.net" | grep -q mailbox_unknown || [ $n = 60 ]; do n=$((n + 1)); sleep 0.05; done; asks 200 /v1/suppressions/during@example.net; has '.source == "pipe"'
# What comes while it stops, its lock still held, is not left behind.
kill -STOP $PID; bounce stopping@example.net | "$NIXIE" pipe; kill -TERM $PID; kill -CONT $PID; wait $PID; PID=
is "$(ls "$T/spool/new")" "" "a file is left"; run 1 "$NIXIE" check stopping@example.net; serve
ends
# A watched Maildir: moved only after the commit, also what was there before; what cannot be stored stays.
box="$T/Maildir"; mkdir -p "$box/new" "$box/cur" "$box/tmp"; bounce old@example.net >"$box/cur/1.x:2,S"
printf '[watch]\nmaildirs = %s\n' "$box" >"$T/watch.conf"
serve --config "$T/watch.conf"
bounce new@example.net >"$box/tmp/2.x"; mv "$box/tmp/2.x" "$box/new/2.x"; mkfifo "$box/new/fifo"
n=0; until [ "$(ls "$box/.nixie-done/cur" 2>/dev/null | wc -l)" = 2 ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.05; done
is "$(ls "$box/.nixie-done/cur" | tr '\n' ' ')" '1.x:2,S 2.x '; is "$(ls "$box/new" "$box/cur" | grep '^[12][.]x')" ""
asks 200 /v1/suppressions/old@example.net; asks 200 /v1/suppressions/new@example.net; has '.source == "maildir"'
[ -p "$box/new/fifo" ] || fail "what is no message stays"
rm -f "$T/locked"; bounce kept@example.net >"$box/tmp/3.x"
python3 - "$NIXIE_DB" "$T/locked" "$T/unlock" <<'END' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("begin immediate"); open(sys.argv[2], "w").close()
for _ in range(300):
    if os.path.exists(sys.argv[3]): break
    time.sleep(0.1)
END
locker=$!; n=0; until [ -e "$T/locked" ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.05; done
mv "$box/tmp/3.x" "$box/new/3.x"
n=0; until grep -q 'messages stay in the Maildir' "$T/log" || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; done
is "$(ls "$box/new" | grep '^3[.]x')" 3.x "moved before it was kept"; touch "$T/unlock"; wait $locker
n=0; until [ -e "$box/.nixie-done/cur/3.x" ] || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; done
[ -e "$box/.nixie-done/cur/3.x" ] || fail "not taken when it can be kept"; asks 200 /v1/suppressions/kept@example.net
ends
printf '[watch]\nmaildirs = %s/none\n' "$T" >"$T/watch.conf"; run 65 "$NIXIE" serve --config "$T/watch.conf" --listen 127.0.0.1:0; says 'none/new: .*\[watch\]'
finish
