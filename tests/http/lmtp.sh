. "$NIXIE_SOURCE/tests/http/lib.sh"
sock="$T/lmtp.sock"
talk() { timeout 40 python3 "$NIXIE_SOURCE/tests/http/lmtp.py" "${to:-$sock}" || fail "${1:-dialogue}"; }
count() { sqlite3 "$NIXIE_DB" 'select count(*) from suppressions'; }
printf '[lmtp]\nlisten = %s\nhostname = mx.example.com\nsessions = 5\nrecipients = 3\nidle = 3s\n[limits]\nmessage = 20k\n' "$sock" >"$T/n.conf"
for n in one two three four five six; do bounce $n@example.net >"$T/$n.eml"; done
serve --config "$T/n.conf"
is "$(stat -c %a "$sock")" 660
talk plain <<END
S: ^220 mx.example.com .*LMTP
C: LHLO client.example.org
S: (?s)^250-mx.example.com\n.*PIPELINING.*ENHANCEDSTATUSCODES.*8BITMIME.*SMTPUTF8.*DSN.*CHUNKING.*250 SIZE
C: MAIL FROM:<> SIZE=2000 BODY=8BITMIME RET=HDRS ENVID=q+2B1
S: ^250 2\.1\.0
C: RCPT TO:<bounces@example.com> NOTIFY=NEVER ORCPT=rfc822;b+2Bone=example.net@example.com
S: ^250 2\.1\.5
C: DATA
S: ^354
F: $T/one.eml
C: .
S: ^250 2\.0\.0
C: VRFY x
S: ^252
C: NOOP
S: ^250
C: QUIT
S: ^221
END
is "$(count)" 1
talk 'pipelined, a reply for each recipient' <<END
S: ^220
R: LHLO c\r\nMAIL FROM:<@a.example,@b.example:sender@example.org>\r\nRCPT TO:<r1@example.com>\r\nRCPT TO:<r2@example.com>\r\nRCPT TO:<r3@example.com>\r\nRCPT TO:<r4@example.com>\r\nDATA\r\n
S: ^250-
S: ^250 2\.1\.0
S: ^250 2\.1\.5
S: ^250 2\.1\.5
S: ^250 2\.1\.5
S: ^452 4\.5\.3
S: ^354
F: $T/two.eml
R: .\r\nMAIL FROM:<>\r\nRCPT TO:<r1@example.com>\r\nDATA\r\n
S: ^250 2\.0\.0
S: ^250 2\.0\.0
S: ^250 2\.0\.0
S: ^250
S: ^250
S: ^354
F: $T/three.eml
C: .
S: ^250 2\.0\.0
END
is "$(count)" 3
size=$(wc -c <"$T/four.eml")
{ echo 'S: ^220'; echo 'C: LHLO c'; echo 'S: ^250'; echo 'C: MAIL FROM:<>'; echo 'S: ^250'; echo 'C: RCPT TO:<r@example.com>'; echo 'S: ^250'
  printf 'R: BDAT %s\\r\\n%sBDAT 0 LAST\\r\\n\n' "$size" "$(sed 's/$/\\n/' "$T/four.eml" | tr -d '\n')"; echo 'S: ^250 2\.0\.0'; echo 'S: ^250 2\.0\.0'; } | talk 'BDAT'
is "$(count)" 4
# A lone "." line with LF ends nothing; a stuffed dot is undone; an oversized message is kept up to the limit, never refused.
talk 'no smuggling' <<END
S: ^220
C: LHLO c
S: ^250
C: MAIL FROM:<>
S: ^250
C: RCPT TO:<r@example.com>
S: ^250
C: DATA
S: ^354
R: Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@example.org>\r\n.\rb\r\n..c\r\n
C: .
S: ^250 2\.0\.0
C: NOOP
S: ^250
END
{ cat "$T/five.eml"; head -c 100000 /dev/zero | tr '\0' x | fold; } >"$T/big.eml"
talk 'large' <<END
S: ^220
C: LHLO c
S: ^250
C: MAIL FROM:<> SIZE=99999999999
S: ^250
C: RCPT TO:<r@example.com>
S: ^250
C: DATA
S: ^354
F: $T/big.eml
C: .
S: ^250 2\.0\.0
END
is "$(count)" 5
long=$(head -c 5000 /dev/zero | tr '\0' y)
talk 'faults' <<END
S: ^220
C: EHLO c
S: ^500 5\.5\.1 .*LHLO
C: MAIL FROM:<>
S: ^503
C: LHLO
S: ^501
C: LHLO c
S: ^250
C: RCPT TO:<a@example.com>
S: ^503
C: DATA
S: ^503
C: MAIL FROM:
S: ^501
C: MAIL FROM:<a
S: ^501
C: $long
S: ^500 5\.5\.6
R: \0\0 what\r\n
S: ^500 5\.5\.2
C: MAIL FROM:<>
S: ^250
C: MAIL FROM:<>
S: ^503
C: RCPT TO:<>
S: ^501
C: RCPT TO:<"quoted>part"@example.com>
S: ^250
C: RSET
S: ^250
C: DATA
S: ^503
R: BDAT 5\r\nhello
S: ^503
C: BDAT many
S: ^501
END
for i in $(seq 60); do echo 'C: WHAT'; done >"$T/whats"; { echo 'S: ^220'; head -49 "$T/whats" | sed 's/$/\nS: ^500/'; echo 'C: WHAT'; echo 'S: ^500'; echo 'S: ^421'; } | talk 'too many faults'
printf 'S: ^220\nW: 3.5\nS: ^421 4.4.2\n' | talk 'silence'
# Past the limit of sessions: 421, and afterwards all is as before.
python3 - "$sock" <<'END' || fail "sessions"
import socket, sys
open_ = []
for i in range(12):
    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); open_.append((s, s.recv(100)))
sys.exit(not (sum(g.startswith(b"220") for _, g in open_) == 5 and sum(g.startswith(b"421") for _, g in open_) == 7))
END
sleep 0.2; printf 'S: ^220\nC: QUIT\nS: ^221\n' | talk 'after the flood'
# The database is locked: 451, nothing is kept; sent again it is.
python3 - "$NIXIE_DB" "$T/locked" "$T/go" <<'END' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("begin immediate"); open(sys.argv[2], "w").close()
for i in range(600):
    if os.path.exists(sys.argv[3]): break
    time.sleep(0.1)
END
holder=$!
n=0; until [ -e "$T/locked" ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.05; done
printf 'S: ^220\nC: LHLO c\nS: ^250\nC: MAIL FROM:<>\nS: ^250\nC: RCPT TO:<r@example.com>\nS: ^250\nC: DATA\nS: ^354\nF: %s\nC: .\nS: ^%s\n' "$T/six.eml" '451 4\.3\.0' >"$T/script"
talk locked <"$T/script"; is "$(count)" 5; touch "$T/go"; wait $holder; sed 's/451 4\\.3\\.0/250/' "$T/script" | talk unlocked; is "$(count)" 6
# A stop lets a session say what it has to, and takes the socket away; one left by a kill is taken over.
printf 'S: ^220\nC: LHLO c\nS: ^250\nM: %s\nS: ^421 4.3.2\n' "$T/connected" | talk 'stop' & talker=$!
n=0; until [ -e "$T/connected" ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done; ends; wait $talker || fail "the session at the stop"; [ ! -e "$sock" ] || fail "the socket is left"
serve --config "$T/n.conf"; kill -9 $PID; wait $PID 2>/dev/null; [ -S "$sock" ] || fail "no socket"; serve --config "$T/n.conf"
printf 'S: ^220\nC: QUIT\nS: ^221\n' | talk 'after a kill'
run 75 "$NIXIE" serve --config "$T/n.conf" --db "$T/other.db" --listen 127.0.0.1:0; says 'lmtp.sock: another program listens there'; ends
: >"$T/file"; printf '[lmtp]\nlisten = %s/file\n' "$T" >"$T/n.conf"; run 75 "$NIXIE" serve --config "$T/n.conf" --listen 127.0.0.1:0; says 'file: it is there already and no socket'
printf '[lmtp]\nlisten = 0.0.0.0:2424\n' >"$T/n.conf"; run 1 "$NIXIE" serve --config "$T/n.conf" --listen 127.0.0.1:0; says 'loopback and UNIX sockets alone'
printf '[lmtp]\nlisten = here\n' >"$T/n.conf"; run 65 "$NIXIE" serve --config "$T/n.conf" --listen 127.0.0.1:0; says "'here' is neither"
printf '[lmtp]\nlisten = %s\ngroup = nosuchgroup\n' "$sock" >"$T/n.conf"; run 65 "$NIXIE" serve --config "$T/n.conf" --listen 127.0.0.1:0; says "nosuchgroup.*does not exist"
# TCP on loopback; only our domains.
printf '[lmtp]\nlisten = 127.0.0.1:0\ndomains = bounces.example.com; other.example\n' >"$T/n.conf"; serve --config "$T/n.conf"
to=$(sed -n 's/.* open .*port=\([0-9]*\).*/\1/p' "$T/log")
printf 'S: ^220\nC: LHLO c\nS: ^250\nC: MAIL FROM:<>\nS: ^250\nC: RCPT TO:<x@example.com>\nS: ^550 5.1.1\nC: RCPT TO:<x@Bounces.Example.com>\nS: ^250\nC: QUIT\nS: ^221\n' | talk 'domains'
ends; finish
