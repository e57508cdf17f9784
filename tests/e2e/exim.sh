#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mail to a host that refuses; Exim's own bounce through its lmtp transport to `nixie serve`, and through its pipe transport to `nixie pipe`. While the daemon is down Exim keeps
# the bounce. NIXIE_EXIM names the program where it is not installed as exim4; tools/unpack.sh brings one, as the package conflicts with other mail servers.
set -u
. "$NIXIE_SOURCE/tests/cli/lib.sh"
skip() { echo "skipped: $*"; exit 77; }
programs=$NIXIE_SOURCE/build/programs
exim=${NIXIE_EXIM:-$(PATH=$PATH:/usr/sbin command -v exim4 || echo "$programs/usr/sbin/exim4")}
[ "$(id -u)" = 0 ] || skip "Exim must be started by root"
[ -x "$exim" ] || skip "Exim is not there (sh tools/unpack.sh, or NIXIE_EXIM)"
# Its user is compiled in, and its libraries are not where programs look that change their user: where it is only unpacked, it sees lists of its own of both.
if ! getent passwd Debian-exim >/dev/null || LC_ALL=C ldd "$exim" | grep -q 'not found'; then
    [ -z "${NIXIE_EXIM_INSIDE:-}" ] && unshare -m true 2>/dev/null || skip "Exim is not installed, and there is no namespace to pretend it in"
    rm -rf "$T"; exec env NIXIE_EXIM_INSIDE=1 LIBRARIES="$programs/usr/lib/$(uname -m)-linux-gnu" unshare -m sh -c '
        own=$(mktemp -d) && cd "$own" && { cat /etc/passwd; echo "Debian-exim:x:64999:64999::/nonexistent:/usr/sbin/nologin"; } >passwd && { cat /etc/group; echo "Debian-exim:x:64999:"; } >group &&
            { cat /etc/ld.so.conf; echo "$LIBRARIES"; } >conf && PATH=$PATH:/sbin:/usr/sbin ldconfig -X -f conf -C ld.so.cache && chmod 644 passwd group ld.so.cache &&
            for file in passwd group ld.so.cache; do mount --bind $file /etc/$file || exit 77; done && cd / && rm -rf "$own" && exec sh "$0"' "$0"
fi
su -s /bin/sh nobody -c "'$NIXIE' rules check >/dev/null 2>&1" || skip "the user nobody cannot run $NIXIE (its directory is closed)"
chmod 755 "$T"; install -d -o Debian-exim -m 755 "$T/spool" "$T/log"; install -d -m 755 "$T/lmtp"; install -d -o nobody -m 750 "$T/db"
server=; trap 'kill $refuser ${server:-} 2>/dev/null; rm -rf "$T"' EXIT
python3 "$NIXIE_SOURCE/tests/e2e/refuse.py" >"$T/port" & refuser=$!
n=0; until [ -s "$T/port" ] || [ $n = 50 ]; do n=$((n + 1)); sleep 0.1; done
cat >"$T/exim.conf" <<END
exim_path = $exim
primary_hostname = mx.example.org
spool_directory = $T/spool
log_file_path = $T/log/%slog
log_selector = +smtp_confirmation
keep_environment =
never_users =
accept_8bitmime
begin routers
refusing:
  driver = manualroute
  domains = example.net
  transport = out
  route_list = * 127.0.0.1::$(cat "$T/port") byname
  self = send
lmtp:
  driver = accept
  domains = lmtp.example.com
  transport = nixie_lmtp
pipe:
  driver = accept
  domains = pipe.example.com
  transport = nixie_pipe
begin transports
out:
  driver = smtp
  allow_localhost
nixie_lmtp:
  driver = lmtp
  socket = $T/lmtp/nixie.sock
  user = nobody
nixie_pipe:
  driver = pipe
  command = $NIXIE pipe --config=/dev/null --db=$T/db/nixie.db
  user = nobody
  message_prefix =
  message_suffix =
  envelope_to_add
  return_path_add
  timeout = 2m
  timeout_defer
  temp_errors = *
  log_fail_output
  log_defer_output
  max_output = 20K
begin retry
* * F,1h,1s
END
chmod 644 "$T/exim.conf"
send() { printf 'From: news@example.com\nTo: %s\nSubject: News\nMessage-ID: <e2e.%s>\n\nHello\n' "$2" "$2" | timeout 30 "$exim" -C "$T/exim.conf" -odf -oi -f "$1" "$2"; }
queue() { timeout 30 "$exim" -C "$T/exim.conf" -qff >/dev/null 2>&1; }
suppressed() { # DB ADDRESS: until it is, 15 s at most
    for _ in $(seq 60); do
        "$NIXIE" check --db="$1" "$2" >"$T/out" 2>"$T/err"
        [ $? = 1 ] && return 0
        sleep 0.25
    done
    fail "$2 is not suppressed"; sed 's/^/  | /' "$T/out" "$T/err" "$T"/log/*
}
printf '[lmtp]\nlisten = %s\n' "$T/lmtp/nixie.sock" >"$T/lmtp.conf"
start() {
    "$NIXIE" serve --config "$T/lmtp.conf" --db "$T/lmtp.db" --listen 127.0.0.1:0 2>"$T/serve.log" & server=$!
    n=0; until grep -q ' listening ' "$T/serve.log" || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
    chmod 666 "$T/lmtp/nixie.sock" # the transport runs as nobody
}
start
send "bounces+anna=example.net@lmtp.example.com" anna@example.net; queue; suppressed "$T/lmtp.db" anna@example.net; prints mailbox_unknown
send "bounces+ben=example.net@pipe.example.com" ben@example.net; queue; suppressed "$T/db/nixie.db" ben@example.net
# The daemon is down: Exim keeps the bounce; up again, and nothing was lost.
kill -9 $server; wait $server 2>/dev/null
send "bounces+carla=example.net@lmtp.example.com" carla@example.net; queue
"$exim" -C "$T/exim.conf" -bp | grep -q 'bounces+carla' || { fail "the bounce is not in Exim's queue"; cat "$T"/log/*; }
# The pipe cannot write: 75, and Exim keeps it.
chown root "$T/db"; send "bounces+dora=example.net@pipe.example.com" dora@example.net; queue
"$exim" -C "$T/exim.conf" -bp | grep -q 'bounces+dora' || { fail "the piped bounce is not in Exim's queue"; cat "$T"/log/*; }
chown nobody "$T/db"; start; sleep 1.1; queue
suppressed "$T/lmtp.db" carla@example.net; suppressed "$T/db/nixie.db" dora@example.net
finish
