# Half heads: twice as many as there may be connections, held and fed by the byte, and an honest client beside them is answered.
. "$NIXIE_SOURCE/tests/http/lib.sh"
printf '[serve]\nconnections = 60\nhead_timeout = 4s\ntimeout = 6s\n' >"$T/small.conf"
serve --config "$T/small.conf"
cat >"$T/storm.py" <<'END'
import http.client, select, socket, sys, threading, time
port, most = int(sys.argv[1]), int(sys.argv[2])
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
running, held = True, []


def storm():  # holds them open, a byte each now and then; comes again when it is thrown out
    while running:
        while len(held) < 2 * most and running:
            try:
                s = socket.create_connection(("127.0.0.1", port), 2)
                s.sendall(HEAD)
                s.setblocking(False)
                held.append(s)
            except OSError:
                time.sleep(0.01)
        for s in list(held):
            try:
                s.send(b"x")
                if select.select([s], [], [], 0)[0] and not s.recv(100):
                    raise OSError
            except BlockingIOError:
                pass
            except OSError:
                held.remove(s)
                s.close()
        time.sleep(0.2)


thread = threading.Thread(target=storm)
thread.start()
time.sleep(1.5)
slowest = 0
for _ in range(20):
    began = time.time()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("GET", "/healthz")
    assert client.getresponse().status == 200
    client.close()
    slowest = max(slowest, time.time() - began)
running = False
thread.join()
for s in held:
    s.close()
print("slowest honest answer: %.0f ms" % (slowest * 1000))
# One head that comes by the byte is ended, although it is never silent; so is a second one on a connection that has been served.
for served in (False, True):
    s = socket.create_connection(("127.0.0.1", port), 2)
    s.settimeout(0.2)
    if served:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
        assert b"200" in s.recv(1000)
    s.sendall(HEAD)
    began, ended = time.time(), False
    while not ended and time.time() - began < 40:
        try:
            s.send(b"x")
            ended = s.recv(100) == b""
        except socket.timeout:
            pass
        except OSError:
            ended = True
    assert ended, "a slow head was never ended"
END
timeout 80 python3 "$T/storm.py" $PORT 60 || fail "slow heads keep honest clients out"
asks 200 /metrics
jq -Rse 'capture("nixie_connections_ended_total\\{why=\"displaced\"\\} (?<n>[0-9]+)").n | tonumber > 20' "$T/out" >/dev/null || fail "nobody was displaced"
jq -Rse 'capture("nixie_connections_ended_total\\{why=\"slow\"\\} (?<n>[0-9]+)").n | tonumber >= 2' "$T/out" >/dev/null || fail "nobody was too slow"
ends; finish
