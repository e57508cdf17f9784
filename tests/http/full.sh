# The disk fills up, and files run out: what was acknowledged is there, the rest is told to come again, and all goes on when there is room.
. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir "$T/disk"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=3m,mode=700 tmpfs "$T/disk" 2>/dev/null; then
    trap '[ -z "$PID" ] || kill -9 $PID 2>/dev/null; umount -l "$T/disk"; rm -rf "$T"' EXIT
    export NIXIE_DB="$T/disk/n.db"
    serve
    head -c 1500000 /dev/zero >"$T/disk/ballast"
    bounce who@example.net >"$T/who.eml"; : >"$T/acked"; full=
    for i in $(seq 3000); do
        sed "s/who@example.net/f$i@example.net/g" "$T/who.eml" >"$T/one.eml"; head -c 3000 /dev/urandom | base64 >>"$T/one.eml"
        code=$(curl -s -D "$T/head" -o "$T/out" -w '%{http_code}' -H "$mail" --data-binary @"$T/one.eml" "$URL/v1/messages")
        case $code in
        200) echo "f$i@example.net" >>"$T/acked" ;;
        *) full=$code; break ;;
        esac
        # Fill the rest by hand, so that the test need not write for long.
        [ "$i" = 20 ] && head -c 3000000 /dev/zero >"$T/disk/more" 2>/dev/null
    done
    is "$full" 503 "a full disk"; head_has '^retry-after: '; has '.detail | test("full|space|room"; "i")'; asks 200 /healthz
    rm -f "$T/disk/more" "$T/disk/ballast"
    asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"
    asks 200 /v1/suppressions/check -H 'Content-Type: text/plain' --data-binary @"$T/acked"; has ".suppressed == $(wc -l <"$T/acked")"
    # A spool without room: 75, and nothing half written.
    ends
    head -c 3000000 /dev/zero >"$T/disk/more" 2>/dev/null; head -c 100000 /dev/urandom | base64 >>"$T/one.eml"
    run 75 "$NIXIE" pipe <"$T/one.eml"; says '^4\.3\.0 .*(No space|room)'; is "$(find "$T/disk/spool" -name '*.msg')" ""
else
    echo "no file system of its own can be mounted: the full disk is not tried"
fi
export NIXIE_DB="$T/nixie.db"
# Hardly any files: connections wait or are turned away; afterwards all is as before.
# (Connections that went away half way through a head may count until [serve] timeout is over.)
printf '[serve]\ntimeout = 2s\n' >"$T/n.conf"
(ulimit -n 100; exec "$NIXIE" serve --config "$T/n.conf" --listen 127.0.0.1:0 2>"$T/log") & PID=$!
PORT=; n=0; until [ -n "$PORT" ] || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; PORT=$(sed -n 's/.* listening .*port=\([0-9][0-9]*\).*/\1/p' "$T/log" | head -1); done
URL=http://127.0.0.1:$PORT
grep -q 'fewer connections than are set' "$T/log" || fail "the lower limit is not said"; asks 200 /healthz
timeout 20 python3 - "$PORT" <<'END' || fail "the storm"
import socket, sys, time
held = []
for i in range(150):
    try:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1); s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"); held.append(s)
    except OSError: pass
time.sleep(0.5)
for s in held: s.close()
for i in range(300): # reconnect storm
    try: s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1); s.close()
    except OSError: pass
END
n=0; until [ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' "$URL/readyz")" = 200 ] || [ $n = 50 ]; do n=$((n + 1)); sleep 0.1; done
asks 200 /readyz; bounce after@example.net >"$T/one.eml"; asks 200 /v1/messages -H "$mail" --data-binary @"$T/one.eml"
ends; finish
