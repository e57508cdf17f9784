. "$NIXIE_SOURCE/tests/cli/lib.sh"
count() { sqlite3 "$NIXIE_DB" "select count(*) from $1"; }
for i in 1 2 3 4 5; do bounce "a$i@example.net" >"$T/$i.eml"; done
run 0 "$NIXIE" ingest "$T/1.eml" "$T/2.eml"; prints '^2 messages: 2 events kept, 0 known already, 2 suppressions$'; prints '^  failed +2$'
run 0 "$NIXIE" ingest "$T"/?.eml; prints '^5 messages: 3 events kept, 2 known already, 3 suppressions$'
run 0 "$NIXIE" ingest - <"$T/1.eml"; prints '^1 messages: 0 events kept, 1 known already, 0 suppressions$'
is "$(count suppressions)" 5
for i in $(seq 500); do printf 'From x@example.org Mon Mar  2 10:00:00 2026\n'; bounce "m$i@example.net"; echo; done >"$T/mbox"
run 0 "$NIXIE" ingest --stream news "$T/mbox"; prints '^500 messages: 500 events kept'
is "$(count suppressions)" 505
# What cannot be read is said; the rest is stored.
run 1 "$NIXIE" ingest "$T/none" "$T/1.eml"; says 'none: No such file'; prints '^1 messages: 0 events kept, 1 known'
mkdir "$T/some"; for i in 1 2 3; do bounce "some$i@example.net" >"$T/some/$i.eml"; done; rm "$T/some/2.eml"; ln -s nowhere "$T/some/2.eml"
run 1 "$NIXIE" ingest "$T/some"; says '2.eml'; prints '^2 messages: 2 events kept'
# Where the store refuses, everything is said to be not kept, once.
bounce late@example.net >"$T/late.eml"
chmod 400 "$NIXIE_DB"; chmod 500 "$T"; as=; [ "$(id -u)" != 0 ] || as="env NIXIE_PATTERNS=$T/patterns setpriv --reuid 65534 --regid 65534 --clear-groups"
[ -z "$as" ] || cp -r "$NIXIE_SOURCE/patterns" "$T/patterns" # the source may stand where others cannot look
if [ -z "$as" ] || chown -R 65534:65534 "$T" 2>/dev/null; then run 1 $as "$NIXIE" ingest "$T/late.eml"; says 'nixie.db'; fi
chmod 700 "$T"; chmod 600 "$NIXIE_DB"; [ -z "$as" ] || chown -R 0:0 "$T"
(sqlite3 "$NIXIE_DB" "begin exclusive; select 1;" ".shell sleep 9" >/dev/null 2>&1 & echo $! >"$T/pid"); sleep 0.5
run 75 "$NIXIE" ingest "$T/late.eml"; says 'locked|busy|in use'; kill "$(cat "$T/pid")" 2>/dev/null; sleep 0.2
run 65 "$NIXIE" ingest --db "$T/mbox" "$T/late.eml"; says "$T/mbox"
run 1 "$NIXIE" ingest --db /dev/null/x.db "$T/late.eml"; says '/dev/null.*--db'
run 0 "$NIXIE" ingest "$T/late.eml"; prints '^1 messages: 1 events kept'
# An archive counts, on request, for the days on which it came, not for the one on which it is read; what is told of the future or of 1970 is not believed.
# full ADDRESS DAYS FROM_LINE_DATE: a soft bounce whose topmost Received says that day
full() { printf 'From x@example.org %s\nReceived: from mx.example.org by ours.example.com with ESMTP id %s;\n\t%s\n' "${3:-Thu Jan  1 00:00:00 1970}" "$2" "$(LC_ALL=C date -uR -d "$2 days")"; bounce "$1" 5.2.2 '5.2.2 Mailbox full' | sed "s/report@/$2.report@/; s/original@/$2.original@/"; echo; }
for who in then now; do for day in -20 -15 -9; do full $who@example.net $day; done >"$T/$who"; done
run 0 "$NIXIE" ingest --received message "$T/then"; prints '3 events kept, 0 known already, 1 suppressions'
run 0 "$NIXIE" ingest "$T/now"; prints '3 events kept, 0 known already, 0 suppressions'
run 0 "$NIXIE" history then@example.net; prints "^$(date -u -d '-20 days' +%F)"; prints "^$(date -u -d '-9 days' +%F)"; prints 'suppress: mailbox_full: on 3 days'
{ full ahead@example.net +3; full ahead@example.net -10000; full ahead@example.net -20000 "$(LC_ALL=C date -u -d '-4 days' +'%a %b %e %T %Y')"; } >"$T/ahead"
run 0 "$NIXIE" ingest --received message "$T/ahead"; run 0 "$NIXIE" history ahead@example.net; is "$(grep -c "^$(date -u -d '-4 days' +%F)" "$T/out")" 1; is "$(grep -Ec "^($(date -u +%F)|$(date -u -d '-1 hour' +%F))" "$T/out")" 2
run 64 "$NIXIE" ingest --received yesterday "$T/then"; says "'yesterday' is neither message nor now"
# A bar on a terminal only.
if script -qec true /dev/null >/dev/null 2>&1; then run 0 script -qec "'$NIXIE' ingest '$T/mbox'" /dev/null; prints '%'
else echo "no terminal can be made here (no /dev/pts): the bar is not tried"; fi
run 0 "$NIXIE" ingest "$T/mbox"; is "$(cat "$T/err")" ""
finish
