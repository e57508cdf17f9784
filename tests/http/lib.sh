# SPDX-License-Identifier: Apache-2.0
# What every HTTP test starts with: a real server on a free port. serve [ARGUMENT...] starts it (PID, URL), ends sets $T/log aside and stops it.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
PID=; trap '[ -z "$PID" ] || kill -9 $PID 2>/dev/null; rm -rf "$T"' EXIT
serve() {
    "$NIXIE" serve --listen 127.0.0.1:0 "$@" 2>"$T/log" & PID=$!
    PORT=; n=0; until [ -n "$PORT" ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; PORT=$(sed -n 's/.* listening .*port=\([0-9][0-9]*\).*/\1/p' "$T/log" | head -1); done; URL=http://127.0.0.1:$PORT
    [ -n "$PORT" ] || { fail "the server does not start"; cat "$T/log"; finish; }
}
ends() { kill -TERM $PID; wait $PID; is $? "${1:-0}" "exit of the server"; PID=; }
# asks STATUS PATH [curl option...]: body in $T/out, head in $T/head
asks() {
    want=$1; path=$2; shift 2
    got=$(curl -s -m 50 -D "$T/head" -o "$T/out" -w '%{http_code}' "$@" "$URL$path"); [ "$got" = "$want" ] || { fail "$got, not $want: $path $*"; cat "$T/out"; }
    case $want in 4*|5*)
        grep -qi '^content-type: application/problem+json' "$T/head" || fail "no problem document: $path $*"
        jq -e ".status == $want and (.title|length > 0) and (.detail|length > 0) and .type == \"about:blank\"" "$T/out" >/dev/null || { fail "problem: $path"; cat "$T/out"; } ;;
    esac
}
# has FILTER: jq on the last body is true
has() { jq -e "$1" "$T/out" >/dev/null || { fail "not so: $1"; head -c 2000 "$T/out"; }; }
head_has() { grep -qi -- "$1" "$T/head" || { fail "head lacks: $1"; cat "$T/head"; }; }
mail='Content-Type: message/rfc822'; json='Content-Type: application/json'
