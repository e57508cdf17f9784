# [retention] inside serve: it runs by itself, tells what went, tells when it cannot and tries again, and takes other settings by SIGHUP.
. "$NIXIE_SOURCE/tests/http/lib.sh"
settings() { printf '[retention]\nevents = %s\nevery = 1s\n' "$1" >"$T/n.conf"; }
age() { sqlite3 "$NIXIE_DB" ".timeout 20000" "UPDATE log SET at = at - 730*86400, made = made - 730*86400, until = until - 730*86400 WHERE act = 'event'"; }
old() { bounce "$1" 4.7.1 'greylisted, try later' >"$T/old.eml"; run 0 "$NIXIE" ingest -q "$T/old.eml"; }
until_log() { n=0; until grep -q "$1" "$T/log" || [ $n = 600 ]; do n=$((n + 1)); sleep 0.1; done; grep -q "$1" "$T/log" || { fail "the log never says: $1"; tail -5 "$T/log"; }; }
counted() { asks 200 /metrics; sed -n "s/^nixie_retention_runs_total{result=\"$1\"} //p" "$T/out"; }
old one@example.net; run 0 "$NIXIE" history one@example.net; run 0 "$NIXIE" suppress last@example.net; age
settings 365d; serve --config "$T/n.conf"
until_log 'past its time, dropped events=1 '; run 1 "$NIXIE" history one@example.net; asks 200 '/v1/events?address=one@example.net'; has '.events == []'
[ "$(counted done)" -ge 1 ] || fail "a run is not counted"; is "$(counted failed)" ''
# Kept for ever: it runs on and drops nothing.
settings never; kill -HUP $PID; until_log ' reloaded '; old two@example.net; run 0 "$NIXIE" suppress later@example.net; age; before=$(counted done); n=0; until [ "$(counted done)" -ge $((before + 2)) ] || [ $n = 300 ]; do n=$((n + 1)); sleep 0.1; done
run 0 "$NIXIE" history two@example.net; is "$(grep -c 'past its time, dropped' "$T/log")" 1
# Somebody holds the database: it is told, counted, and done once he is gone.
(sqlite3 "$NIXIE_DB" ".timeout 20000" "begin exclusive; select 1;" ".shell touch $T/held; n=0; while [ ! -e $T/go ] && [ \$n -lt 1500 ]; do n=\$((n + 1)); sleep 0.1; done" >/dev/null 2>&1 &)
n=0; until [ -e "$T/held" ] || [ $n = 400 ]; do n=$((n + 1)); sleep 0.05; done
settings 365d; kill -HUP $PID; until_log 'warn retain what is past its time stays for now; it is tried again why='
[ "$(counted failed)" -ge 1 ] || fail "a run that failed is not counted"; run 0 "$NIXIE" history two@example.net
touch "$T/go"; n=0; until [ "$(grep -c 'past its time, dropped events=1 ' "$T/log")" = 2 ] || [ $n = 600 ]; do n=$((n + 1)); sleep 0.1; done
is "$(grep -c 'past its time, dropped events=1 ' "$T/log")" 2 "it was not tried again"; run 1 "$NIXIE" history two@example.net
# The last row of the log stays, and is not said to go each time.
old three@example.net; age; before=$(counted done); n=0; until [ "$(counted done)" -ge $((before + 2)) ] || [ $n = 300 ]; do n=$((n + 1)); sleep 0.1; done
is "$(grep -c 'past its time, dropped' "$T/log")" 2; run 0 "$NIXIE" history three@example.net
# A clock far ahead is not believed: told once, counted, and nothing goes until somebody says that it is right.
old four@example.net; sqlite3 "$NIXIE_DB" ".timeout 20000" "UPDATE log SET at = at - 730*86400, made = made - 730*86400; UPDATE suppressions SET since = since - 730*86400; UPDATE marks SET value = value - 730*86400 WHERE name = 'retain'"
until_log 'warn retain the clock is not believed.* why='; n=0; until [ "$(counted waits)" -ge 2 ] 2>/dev/null || [ $n = 300 ]; do n=$((n + 1)); sleep 0.1; done
[ "$(counted waits)" -ge 2 ] || fail 'that it waits is not counted'; is "$(grep -c 'the clock is not believed' "$T/log")" 1; run 0 "$NIXIE" history three@example.net; before=$(counted done)
run 0 "$NIXIE" db retain --believe-clock --config "$T/n.conf"; run 1 "$NIXIE" history three@example.net; n=0; until [ "$(counted done)" -gt "$before" ] || [ $n = 300 ]; do n=$((n + 1)); sleep 0.1; done
[ "$(counted done)" -gt "$before" ] || fail 'it waits still'
ends; run 0 "$NIXIE" db check; finish
