# Clients that stop reading a long answer, or read it by the drop (never silent): they are ended, the log of the database and the memory stay bounded, others are served.
. "$NIXIE_SOURCE/tests/http/lib.sh"
# A build with AddressSanitizer keeps up to 256 MiB of what was freed: that is not the daemon's memory.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8"
printf '[serve]\nconnections = 60\ntimeout = 10s\nthreads = 2\n' >"$T/n.conf"
seq -f 'user%07.0f@a-rather-long-domain-name.example.net' 200000 >"$T/list"; run 0 "$NIXIE" import "$T/list"
serve --config "$T/n.conf"
cat >"$T/readers.py" <<'END'
import http.client, os, socket, sys, threading, time
port, pid, database, path = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
body = open(path, "rb").read()


def memory():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) >> 10


def start(head, more=b""):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.settimeout(60)
    s.connect(("127.0.0.1", port))
    s.sendall(head + b"Host: localhost\r\n\r\n" + more)
    return s


def drip(s):  # 24 KiB a second, never silent for long, until it is ended or has all
    began = time.time()
    try:
        while True:
            want = int((time.time() - began) * 24576) - taken.get(s, 0)
            if want > 0:
                more = len(s.recv(min(want, 8192)))
                if more == 0:
                    return
                taken[s] = taken.get(s, 0) + more
            else:
                time.sleep(0.1)
    except OSError:
        pass


def connections():
    return int(next(line for line in whole("/metrics").decode().splitlines() if line.startswith("nixie_connections ")).split()[1])


def whole(path):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    client.request("GET", path)
    answer = client.getresponse()
    text = answer.read()
    assert answer.status == 200, answer.status
    return text


export, taken = b"GET /v1/export HTTP/1.1\r\n", {}
honest = len(whole("/v1/export"))
before = memory()
stopped = [start(export) for _ in range(10)]
stopped.append(start(b"POST /v1/lists/clean?annotate=true HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % len(body), body))
dripping = [threading.Thread(target=drip, args=(start(export),)) for _ in range(5)]
for thread in dripping:
    thread.start()
# In the meantime others write and read.
for i in range(300):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    client.request("PUT", f"/v1/suppressions/n{i}@other.example", b"{}")
    assert client.getresponse().status == 201
    client.close()
assert len(whole("/v1/export")) > honest
for thread in dripping:
    thread.join(120)
    assert not thread.is_alive(), "who reads by the drop is never ended"
until = time.time() + 90
while connections() > 1:
    assert time.time() < until, "who stops reading is never ended"
    time.sleep(1)
assert all(n < honest / 2 for n in taken.values()), "who reads by the drop gets it all"
grown, wal = memory() - before, os.path.getsize(database + "-wal") >> 20
print(f"{honest >> 20} MiB each; memory grew by {grown} MiB; the log of the database has {wal} MiB")
assert grown < 100 and wal < 20
END
timeout 270 python3 "$T/readers.py" $PORT $PID "$NIXIE_DB" "$T/list" || fail "slow readers"
asks 200 /metrics; jq -Rse 'capture("nixie_connections_ended_total\\{why=\"slow\"\\} (?<n>[0-9]+)").n | tonumber >= 1' "$T/out" >/dev/null || { fail "nobody was too slow"; grep ended "$T/out"; }
ends; finish
