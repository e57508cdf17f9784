#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mail to a host that refuses; Postfix's own bounce through pipe(8) to `nixie pipe`, or through LMTP to `nixie serve`: the address is
# suppressed. While Nixie cannot keep a bounce, Postfix does. A Postfix of its own: configuration, queue and ports in a temporary directory, ended by its own stop.
set -u
. "$NIXIE_SOURCE/tests/cli/lib.sh"
skip() { echo "skipped: $*"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "Postfix must be started by root"
command -v postfix >/dev/null && [ -x /usr/lib/postfix/sbin/master ] || skip "Postfix is not installed (apt-get install postfix)"
chmod 755 "$T"
mkdir -m 755 "$T/etc" "$T/queue" "$T/bin"
install -d -o postfix "$T/data"
install -d -o nobody -m 750 "$T/db"
install -d -m 755 "$T/lmtp"
# pipe(8) runs its command neither as root nor as Postfix; the user must reach the program and its patterns.
su -s /bin/sh nobody -c "'$NIXIE' rules check >/dev/null 2>&1" || skip "the user nobody cannot run $NIXIE (its directory is closed)"

ended() {
    postfix -c "$T/etc" stop >/dev/null 2>&1
    kill $refuser ${server:-} 2>/dev/null
    wait 2>/dev/null
    rm -rf "$T"
}
trap ended EXIT
python3 "$NIXIE_SOURCE/tests/e2e/refuse.py" >"$T/port" & refuser=$!
for _ in $(seq 50); do [ -s "$T/port" ] && break; sleep 0.1; done
refusing=$(cat "$T/port")
listening=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
[ -n "$refusing" ] && [ -n "$listening" ] || { fail "no free port"; finish; }

# PIPE.md's master.cf entry: the null sender stays empty, the recipient is the one before rewriting.
cat >"$T/etc/master.cf" <<END
127.0.0.1:$listening inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
error     unix - - n - - error
retry     unix - - n - - error
postlog   unix-dgram n - n - 1 postlogd
nixie     unix - n n - 4 pipe
  flags=ORq user=nobody null_sender= size=10485760
  argv=$NIXIE pipe --config=/dev/null --db=$T/db/nixie.db -f \${sender} -r \${original_recipient} -q \${queue_id}
END
cat >"$T/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $T/queue
data_directory = $T/data
maillog_file = $T/queue/mail.log
maillog_file_prefixes = $T
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
alias_maps =
alias_database =
recipient_delimiter = +
nixie_destination_recipient_limit = 1
nixie_time_limit = 20s
transport_maps = inline:{ { example.net = smtp:[127.0.0.1]:$refusing }, { bounces.example.com = nixie: }, { lmtp.example.com = lmtp:unix:$T/lmtp/nixie.sock } }
END
run 0 postfix -c "$T/etc" start
[ "$failures" = 0 ] || { cat "$T/queue/mail.log"; finish; }

send() { # SENDER RECIPIENT
    python3 - "$listening" "$1" "$2" <<'END'
import smtplib
import sys
port, sender, recipient = sys.argv[1:]
with smtplib.SMTP("127.0.0.1", int(port), timeout=10) as client:
    client.sendmail(sender, [recipient], "From: news@example.com\r\nTo: %s\r\nSubject: News\r\nMessage-ID: <e2e.%s>\r\n\r\nHello\r\n" % (recipient, recipient))
END
}
suppressed() { # DB ADDRESS: until it is, 20 s at most
    for _ in $(seq 80); do
        "$NIXIE" check --db="$1" "$2" >"$T/out" 2>"$T/err"
        [ $? = 1 ] && return 0
        sleep 0.25
    done
    fail "$2 is not suppressed"
    sed 's/^/  | /' "$T/out" "$T/err" "$T/queue/mail.log"
}

# Postfix writes its line after the answer, when the address may be listed already: a wait for it.
logged() { for _ in $(seq 80); do ! grep -q "$1" "$T/queue/mail.log" || break; sleep 0.25; done; }

for _ in $(seq 50); do send "bounces+greta.lind=example.net@bounces.example.com" greta.lind@example.net 2>/dev/null && break; sleep 0.2; done
suppressed "$T/db/nixie.db" greta.lind@example.net
prints 'mailbox_unknown'
logged 'to=<bounces+greta.lind=example.net@bounces.example.com>.*relay=nixie.*status=sent'
grep -q 'to=<bounces+greta.lind=example.net@bounces.example.com>.*relay=nixie.*status=sent' "$T/queue/mail.log" ||
    { fail "Postfix did not hand the bounce over"; cat "$T/queue/mail.log"; }
"$NIXIE" history --db="$T/db/nixie.db" greta.lind@example.net >"$T/out"
prints 'User unknown|mailbox_unknown'
is "$(stat -c %U "$T/db/nixie.db")" nobody "the database is the pipe user's"

# The directory is closed: exit 75, Postfix defers; open again: nothing was lost.
chown root "$T/db"
send "bounces+sofia=example.net@bounces.example.com" sofia@example.net
for _ in $(seq 80); do grep -q 'to=<bounces+sofia.*status=deferred' "$T/queue/mail.log" && break; sleep 0.25; done
grep -q 'to=<bounces+sofia.*dsn=4.3.0, status=deferred' "$T/queue/mail.log" || { fail "not deferred"; cat "$T/queue/mail.log"; }
chown nobody "$T/db"
run 0 postfix -c "$T/etc" flush
suppressed "$T/db/nixie.db" sofia@example.net

# LMTP
printf '[lmtp]\nlisten = %s\ngroup = postfix\n' "$T/lmtp/nixie.sock" >"$T/lmtp.conf"
"$NIXIE" serve --config "$T/lmtp.conf" --db "$T/lmtp.db" --listen 127.0.0.1:0 2>"$T/serve.log" & server=$!
for _ in $(seq 100); do [ -S "$T/lmtp/nixie.sock" ] && break; sleep 0.1; done
send "bounces+anna=example.net@lmtp.example.com" anna@example.net
suppressed "$T/lmtp.db" anna@example.net
prints 'mailbox_unknown'
logged 'to=<bounces+anna=example.net@lmtp.example.com>.*status=sent (250'
grep -q 'to=<bounces+anna=example.net@lmtp.example.com>.*status=sent (250' "$T/queue/mail.log" || { fail "LMTP"; cat "$T/queue/mail.log" "$T/serve.log"; }

# The daemon is down: Postfix keeps the bounce; up again, and nothing was lost.
kill -9 $server; wait $server 2>/dev/null
send "bounces+ben=example.net@lmtp.example.com" ben@example.net
for _ in $(seq 80); do grep -q 'to=<bounces+ben.*status=deferred' "$T/queue/mail.log" && break; sleep 0.25; done
grep -q 'to=<bounces+ben.*status=deferred' "$T/queue/mail.log" || { fail "not deferred without the daemon"; cat "$T/queue/mail.log"; }
"$NIXIE" serve --config "$T/lmtp.conf" --db "$T/lmtp.db" --listen 127.0.0.1:0 2>"$T/serve.log" & server=$!
for _ in $(seq 100); do grep -q ' listening ' "$T/serve.log" && break; sleep 0.1; done
run 0 postfix -c "$T/etc" flush
suppressed "$T/lmtp.db" ben@example.net

finish
