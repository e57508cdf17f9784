# SPDX-License-Identifier: Apache-2.0
# The README's first command, on the build under test.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
export NIXIE
unset NIXIE_DB
quickstart="$NIXIE_SOURCE/tools/quickstart.sh"
export TMPDIR="$T/tmp"; mkdir "$TMPDIR"

run 0 sh "$quickstart" --once
prints '^ *[0-9]+ hard	mailbox_unknown$'
prints '^somebody@example.org	ok'
is "$(ls "$TMPDIR")" "" "the temporary directory is left behind"

run 0 sh "$quickstart" --once --dir "$T/kept"
[ -s "$T/kept/nixie.db" ] || fail "no database in --dir"
run 75 sh "$quickstart" --once --dir "$T/kept"; says 'nixie.db: there already'
run 64 sh "$quickstart" --twice; says 'no such option'
run 64 sh "$quickstart" --dir; says 'value is missing'

# A port in use is told before anything is done.
python3 - "$T/port" <<'END' &
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1])); import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(20)
END
holder=$!
n=0; until [ -e "$T/port" ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.05; done
run 75 sh "$quickstart" --listen "127.0.0.1:$(cat "$T/port")"; says 'port is in use'
kill $holder

# It stays to serve, and stops when told to.
sh "$quickstart" --listen 127.0.0.1:0 >"$T/out" 2>"$T/err" &
pid=$!
n=0; until grep -q ' port=' "$T/err" || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done
port=$(sed -n 's/.* port=\([0-9]*\).*/\1/p' "$T/err")
is "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/healthz")" 200 "while it serves"
kill -TERM $pid; wait $pid
is $? 0 "exit after SIGTERM"
is "$(ls "$TMPDIR")" "" "the temporary directory is left behind"
finish
