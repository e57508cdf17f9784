# db retain: what goes, what stays, and settings that contradict themselves
. "$NIXIE_SOURCE/tests/cli/lib.sh"
export NIXIE_CONFIG="$T/conf"
set_conf() { printf '%s\n' "$@" >"$T/conf"; }
set_conf '[retention]' 'events = 10d'; run 75 "$NIXIE" check a@example.net; says 'conf:2: events of .cause mailbox_full. would be kept for 10d, but count.*for'
set_conf '[retention]' 'events = 400d' '[cause greylisted]' 'keep = 2d'; run 65 "$NIXIE" config check; says 'conf:4: events of .cause greylisted. would be kept for 2d'
set_conf '[stream news cause mailbox_full]' 'keep = 90d'; run 65 "$NIXIE" config check; says 'conf:2: keep in .*set it in .cause NAME.'
set_conf '[retention]' 'events = 40d' '[cause mailbox_full]' 'window = 60d'; run 65 "$NIXIE" config check; says 'count, or are known again, for 60d'
set_conf '[log]' 'level = info'
for who in dead full old; do case $who in full) bounce full@example.net 4.2.2 'mailbox full';; old) bounce old@example.net 4.7.1 'greylisted, try later';; *) bounce dead@example.net;; esac >"$T/$who.eml"; done
run 0 "$NIXIE" ingest -q "$T/dead.eml" "$T/full.eml" "$T/old.eml"
run 0 "$NIXIE" suppress gone@example.net; run 0 "$NIXIE" release gone@example.net; run 0 "$NIXIE" suppress --until 1d term@example.net
run 0 "$NIXIE" db retain; prints '^0 events dropped, 0 lost their details'
# Two years later.
sqlite3 "$NIXIE_DB" "UPDATE log SET at = at - 730*86400, made = made - 730*86400, until = until - 730*86400; UPDATE suppressions SET since = since - 730*86400, until = until - 730*86400"
run 0 "$NIXIE" suppress today@example.net; run 0 "$NIXIE" db check
run 0 "$NIXIE" db retain; prints '^0 events dropped' # never is the default
set_conf '[retention]' 'events = 365d' 'details = 90d' '[cause mailbox_full]' 'keep = 3000d'
run 0 "$NIXIE" db retain --dry-run; prints 'would be dropped'; run 0 "$NIXIE" history old@example.net
run 0 "$NIXIE" db retain; prints 'dropped, 1 lost their details; of 2 addresses nothing is known any more'
run 1 "$NIXIE" history old@example.net; run 1 "$NIXIE" history gone@example.net; run 1 "$NIXIE" history term@example.net
run 0 "$NIXIE" history --json full@example.net; is "$(jq -r '[.event.recipient, .event.cause, .event.diagnostic] | join(" ")' "$T/out")" 'full@example.net mailbox_full '
run 0 "$NIXIE" history dead@example.net; prints 'User unknown'; run 1 "$NIXIE" check dead@example.net; run 1 "$NIXIE" check today@example.net
for gone in old@ net@old gone@ net@gone term@ net@term; do grep -aq "$gone" "$NIXIE_DB" "$NIXIE_DB-wal" 2>/dev/null && fail "$gone is still there"; done
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'; run 0 "$NIXIE" db retain; prints '^0 events dropped, 0 lost'
# A duplicate of what has gone is new.
run 0 "$NIXIE" ingest -q "$T/old.eml"; run 0 "$NIXIE" history old@example.net
# A clock far ahead makes all look old: it is not believed where nothing was written in between, whatever was written since.
leap() { sqlite3 "$NIXIE_DB" "UPDATE log SET at = at - $1*86400, made = made - $1*86400; UPDATE marks SET value = value - $1*86400 WHERE name = 'retain'; UPDATE suppressions SET since = since - $1*86400"; }
set_conf '[retention]' 'events = 60d' '[cause bad_domain]' 'window = 30d' '[cause mailbox_full]' 'window = 20d' 'span = 5d'; bounce new@example.net 4.7.1 'greylisted, try later' >"$T/new.eml"
run 0 "$NIXIE" config check; run 0 "$NIXIE" ingest -q "$T/new.eml"; run 0 "$NIXIE" db retain; leap 100; run 0 "$NIXIE" suppress since@example.net
for how in '' --dry-run; do run 1 "$NIXIE" db retain $how; says "nixie.db: it is $(date -u +%Y)-.* by the clock, and for more than 30 days after .* nothing was written; perhaps the clock is ahead"; done
run 0 "$NIXIE" history new@example.net
# Put right, it goes on; with a row here and there time has passed; and it can be insisted on, once.
leap -100; run 0 "$NIXIE" db retain; run 0 "$NIXIE" history new@example.net
leap 100; believed=$(sqlite3 "$NIXIE_DB" "SELECT value FROM marks WHERE name = 'retain'"); for ago in 80 55 30 5; do run 0 "$NIXIE" suppress step$ago@example.net; sqlite3 "$NIXIE_DB" "UPDATE log SET made = made - $ago*86400 WHERE seq = (SELECT max(seq) FROM log)"; done
run 0 "$NIXIE" db retain --dry-run; prints '^2 events would be dropped'
sqlite3 "$NIXIE_DB" "UPDATE log SET made = made - 50*86400 WHERE key LIKE '%@step%'; UPDATE marks SET value = $believed WHERE name = 'retain'"; run 1 "$NIXIE" db retain; run 0 "$NIXIE" db retain --believe-clock; prints '^2 events dropped'; run 1 "$NIXIE" history new@example.net
run 0 "$NIXIE" db retain; run 0 "$NIXIE" db check
finish
