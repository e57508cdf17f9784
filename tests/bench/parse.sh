#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The figures of docs/performance.md, in a few minutes: reading against a bare GMime walk, `nixie pipe`, memory with a large mbox.
#   sh tests/bench/parse.sh [DIRECTORY-OF-MESSAGES...]    default: corpus
# Build first: cmake --preset release && cmake --build --preset release. BUILD names another build.
set -eu
here=$PWD
cd "$(dirname "$0")/../.."
build=${BUILD:-build/release}
[ -x "$build/bench_parse" ] || { echo "$build/bench_parse is not there (cmake --preset release && cmake --build --preset release)" >&2; exit 1; }
[ $# -gt 0 ] || set -- "$PWD/corpus"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for path in "$@"; do
    case $path in /*) ;; *) path=$here/$path ;; esac
    echo "== reading $path"
    find "$path" -name '*.eml' -print0 | sort -z | xargs -0 "$build/bench_parse" --rounds 15
done

echo "== nixie pipe, wall clock of the whole process"
python3 - "$build/nixie" "$work" <<'END'
import os, statistics, subprocess, sys, time
nixie, work = sys.argv[1:]
env = dict(os.environ, NIXIE_DB=work + "/nixie.db", NIXIE_CONFIG="/dev/null")
message = ("From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <%d@mx.example.org>\n"
           "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822;user%d@example.net\nAction: failed\nStatus: 5.1.1\n")
def round(n, label):
    times = []
    for i in range(n):
        text = (message % (i, i)).encode()
        start = time.perf_counter()
        subprocess.run([nixie, "pipe"], input=text, env=env, check=True)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    print(f"{label}: median {statistics.median(times):.1f} ms, 95th of 100 {times[int(n * .95)]:.1f} ms, {n} messages, one after the other")
serve = subprocess.Popen([nixie, "serve", "--listen", "127.0.0.1:0"], env=env, stderr=subprocess.DEVNULL)
time.sleep(1)
round(200, "the daemon drains the spool")
serve.terminate(); serve.wait()
round(200, "no daemon: a process behind it stores")
times = []
for i in range(200):
    start = time.perf_counter()
    subprocess.run(["/bin/true"], input=b"", env=env)
    times.append((time.perf_counter() - start) * 1e3)
print(f"/bin/true by the same means: median {statistics.median(times):.1f} ms")
END

echo "== memory: an mbox of 1 GB"
python3 - "$build/nixie" "$work" "$PWD/corpus" <<'END'
import glob, os, resource, subprocess, sys, time
nixie, work, corpus = sys.argv[1:]
path, size, count = work + "/large.mbox", 0, 0
texts = []
for name in sorted(glob.glob(corpus + "/**/*.eml", recursive=True)):
    lines = open(name, "rb").read().replace(b"\r\n", b"\n").split(b"\n")
    texts.append(b"\n".join(b">" + l if l.lstrip(b">").startswith(b"From ") else l for l in lines))
with open(path, "wb") as out:
    while size < 1 << 30:
        text = texts[count % len(texts)]
        size += out.write(b"From MAILER-DAEMON Mon Feb  2 10:11:12 2026\n" + text + b"\n\n")
        count += 1
start = time.perf_counter()
done = subprocess.run([nixie, "parse", path], stdout=open(os.devnull, "wb"))
took = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{size / 1e9:.2f} GB, {count} messages: {took:.1f} s, {count / took:.0f} messages/s with JSON out, {peak:.0f} MB resident at most, exit {done.returncode}")
END
