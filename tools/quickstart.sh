#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a running Nixie: installs, builds, reads corpus/ into a fresh database, shows what was learned, serves.
#   sh tools/quickstart.sh [--once] [--dir DIRECTORY] [--listen ADDRESS:PORT]
#     --once      everything but staying to serve
#     --dir       keeps the database there (default: a temporary directory, removed at the end)
#     --listen    default 127.0.0.1:8725
#   NIXIE_SKIP_PACKAGES=1 leaves the system's packages alone; NIXIE=PROGRAM uses that build.
set -eu
cd "$(dirname "$0")/.."
say() { echo "nixie: quickstart: $*" >&2; }
once= directory= listen=127.0.0.1:8725
while [ $# -gt 0 ]; do
    case $1 in
    --once) once=1 ;;
    --dir | --listen)
        [ $# -gt 1 ] || { say "$1: its value is missing (see the head of tools/quickstart.sh)"; exit 64; }
        if [ "$1" = --dir ]; then directory=$2; else listen=$2; fi
        shift
        ;;
    *) say "$1: there is no such option (--once, --dir DIRECTORY, --listen ADDRESS:PORT)"; exit 64 ;;
    esac
    shift
done

if [ -z "${NIXIE:-}" ]; then
    [ -n "${NIXIE_SKIP_PACKAGES:-}" ] || sh tools/packages.sh
    if command -v ccache >/dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-ccache}"
    fi
    log=$(mktemp)
    echo "building (build/release) ..."
    { cmake --preset release && cmake --build --preset release --target nixie; } >"$log" 2>&1 || {
        cat "$log" >&2
        rm -f "$log"
        say "the build failed (see above)"
        exit 1
    }
    rm -f "$log"
    NIXIE=$PWD/build/release/nixie
fi

if [ -z "$once" ] && [ "${listen##*:}" != 0 ]; then # better now than after the work
    answer=0
    curl -s -o /dev/null --max-time 2 "http://$listen/healthz" || answer=$?
    [ "$answer" -eq 7 ] || { # 7: nobody is there
        say "$listen: the port is in use (stop what runs there, or give --listen 127.0.0.1:0 for a free one)"
        exit 75
    }
fi

if [ -n "$directory" ]; then
    mkdir -p "$directory"
    [ ! -e "$directory/nixie.db" ] || { say "$directory/nixie.db: there already (name an empty directory)"; exit 75; }
else
    temporary=$(mktemp -d)
    directory=$temporary
    trap 'rm -rf "$temporary"' EXIT
fi
export NIXIE_DB="$directory/nixie.db" NIXIE_CONFIG="${NIXIE_CONFIG:-/dev/null}"

echo
echo "\$ nixie ingest corpus"
"$NIXIE" ingest corpus/*/
echo
echo "What was learned: addresses not to write to, by cause"
"$NIXIE" export --format jsonl >"$directory/suppressed.jsonl"
jq -r '"\(.class // "none")\t\(.cause)"' "$directory/suppressed.jsonl" | sort | uniq -c | sort -rn
address=$(jq -rn 'first(inputs | .address)' "$directory/suppressed.jsonl")
if [ -n "$address" ]; then
    echo
    echo "\$ nixie check $address somebody@example.org"
    "$NIXIE" check "$address" somebody@example.org || :
fi
[ -z "$once" ] || exit 0

case $listen in
*:0) shown=${listen%:0}:PORT ;; # told by the server's first line
*) shown=$listen ;;
esac
echo
echo "Serving on $shown; stop with Ctrl-C. Try, in another terminal:"
echo "  curl http://$shown/v1/suppressions/$address"
echo "  curl --data-binary @corpus/postfix/$(ls corpus/postfix | sed -n '/[.]eml$/{p;q}') -H 'Content-Type: message/rfc822' http://$shown/v1/messages"
"$NIXIE" serve --listen "$listen" &
server=$!
trap 'kill "$server" 2>/dev/null || :' INT TERM
code=0
wait "$server" || code=$?
while kill -0 "$server" 2>/dev/null; do # wait returns early when a signal comes: let the server finish
    code=0
    wait "$server" || code=$?
done
exit "$code"
