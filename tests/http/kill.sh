# kill -9 at any instant loses nothing that was acknowledged and doubles nothing.
. "$NIXIE_SOURCE/tests/http/lib.sh"
cat >"$T/client.py" <<'END'
import http.client, subprocess, sys, threading
template = open(sys.argv[2]).read(); port = int(sys.argv[1]); mark = sys.argv[3]; acked = []; lock = threading.Lock()
def post(k):
    for i in range(100000):
        a = f"{mark}{k}x{i}@example.net"
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=5) if i == 0 else c
            c.request("POST", "/v1/messages", template.replace("who@example.net", a), {"Content-Type": "message/rfc822"})
            r = c.getresponse(); r.read()
        except Exception: return
        if r.status == 200:
            with lock: acked.append(a)
threads = [threading.Thread(target=post, args=(k,)) for k in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print("\n".join(acked))
END
bounce who@example.net >"$T/who.eml"; : >"$T/acked"
for round in 1 2 3 4; do
    serve
    timeout 20 python3 "$T/client.py" $PORT "$T/who.eml" r$round >>"$T/acked" & client=$!
    sleep 1.$round; kill -9 $PID; wait $PID 2>/dev/null; PID=; wait $client
done
serve; curl -s -H 'Content-Type: text/plain' -H 'Accept: application/x-ndjson' --data-binary @"$T/acked" "$URL/v1/suppressions/check" >"$T/out"; ends
n=$(grep -c . "$T/acked"); [ "$n" -gt 100 ] || fail "only $n were acknowledged"
is "$(grep -c '"suppressed":true' "$T/out")" "$n" "acknowledged and kept"
is "$(sqlite3 "$NIXIE_DB" 'select count(*) - count(distinct key) from log')" 0 "none twice"
echo "$n acknowledged, all kept"
finish
