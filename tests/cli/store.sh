# SPDX-License-Identifier: Apache-2.0
# The file in hard corners: a full disk in the middle of a replay and of an undo, two of either at once, a file cut short or of a
# newer version, a reader that stays, and room given back.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
export TMPDIR="$T/tmp"; mkdir "$TMPDIR" "$T/in" "$T/local"
printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
n=1500; for i in $(seq $n); do bounce "many$i@d$((i % 97)).example.org" 5.0.0 "Greetings from the frobnicator, number $i"; echo; done |
    awk '/^From: MAILER-DAEMON@/{print "From MAILER-DAEMON Mon Mar  2 10:00:00 2026"}{print}' >"$T/in/mbox"
run 0 "$NIXIE" ingest --quiet "$T/in/mbox"; is "$(sqlite3 "$NIXIE_DB" 'SELECT count(*) FROM log')" $n
printf 'rule local.rash\n  cause mailbox_unknown\n  any   greetings from the frobnicator\n  hit   550 greetings from the frobnicator\n' >"$T/local/rash.rules"
replay() { "$NIXIE" rules replay --config "$T/conf" --apply --yes --force "$@"; }
listed() { "$NIXIE" export --format txt | grep -c .; }
small="$T/small.db"; sqlite3 "$NIXIE_DB" "VACUUM INTO '$small'"; whole="$T/whole.db"
# A disk that is full in the middle: what was made stands, whole steps of it, and the same command makes the rest.
mkdir "$T/disk"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=32m,mode=700 tmpfs "$T/disk" 2>/dev/null; then
    trap 'umount -l "$T/disk"; rm -rf "$T"' EXIT; export NIXIE_DB="$T/disk/n.db"; room=8000
    fill() { rm -f "$T/disk"/*; cp "$1" "$NIXIE_DB"; head -c $((32768 * 1024 - $(wc -c <"$1") - room * 1024)) /dev/zero >"$T/disk/ballast"; }
    fill "$small"; while replay >"$T/out" 2>"$T/err"; do room=$((room - 250)); [ $room -gt 0 ] || break; fill "$small"; done # less and less room
    says 'n.db: .*no space left'; says 'rules replay: [0-9]+ of [0-9]+ made; the same command makes the rest'
    made=$(sed -n 's/.*rules replay: \([0-9]*\) of .*/\1/p' "$T/err"); is "$(listed)" "$made" 'what it says was made'; [ "$made" -gt 0 ] || fail 'it was full before the first step'
    rm "$T/disk/ballast"; run 0 "$NIXIE" db check; run 0 replay; prints "^$((n - made)) changes made"; is "$(listed)" $n; run 0 "$NIXIE" db check; sqlite3 "$NIXIE_DB" ".backup $whole"
    room=300; fill "$whole"; run 75 "$NIXIE" undo --since 1000d --yes; says 'undo: 0 lifted; the same command lifts the rest: .*no space left.*nothing of this was kept'
    rm "$T/disk/ballast"; is "$(listed)" $n; run 0 "$NIXIE" db check; run 0 "$NIXIE" undo --since 1000d --yes; prints "^$n entries lifted"; is "$(listed)" 0; run 0 "$NIXIE" db check
    room=300; fill "$whole"; before=$(wc -c <"$NIXIE_DB")
    for how in '' --dry-run; do run 75 "$NIXIE" db shrink $how; says "/disk: [0-9.]+ MB are needed there for the write-ahead log, and 0\.[0-9] are free .*nothing was changed"; done
    room=2500; fill "$whole"; run 75 env SQLITE_TMPDIR="$T/disk" "$NIXIE" db shrink; says 'for the file to be written anew, twice.*name another directory: SQLITE_TMPDIR'
    is "$(wc -c <"$NIXIE_DB")" "$before" 'it began all the same'; run 0 "$NIXIE" db shrink
    rm "$T/disk/ballast"; is "$(listed)" $n; run 0 "$NIXIE" db check
else
    echo 'no file system of its own can be mounted: the full disk is not tried'; run 0 replay --db "$small"; sqlite3 "$small" ".backup $whole"
fi
# Two at once make it once; two spans that overlap lift the same once.
cp "$whole" "$T/two.db"; export NIXIE_DB="$T/two.db"
"$NIXIE" undo --since 1000d --yes >"$T/a" 2>&1 & first=$!; "$NIXIE" undo --since 900d --yes >"$T/b" 2>&1 || fail "the second: $(cat "$T/b")"; wait $first || fail "the first: $(cat "$T/a")"
is "$(sed -n 's/ entries lifted//p' "$T/a" "$T/b" | awk '{ n += $1 } END { print n + 0 }')" $n 'lifted by the two'; run 0 "$NIXIE" db check
sqlite3 "$NIXIE_DB" "DELETE FROM log WHERE act<>'event'; DELETE FROM suppressions"; is "$(listed)" 0
replay >"$T/a" 2>&1 & first=$!; replay >"$T/b" 2>&1 || fail "the second: $(cat "$T/b")"; wait $first || fail "the first: $(cat "$T/a")"
is "$(sed -n 's/ changes made.*//p' "$T/a" "$T/b" | awk '{ n += $1 } END { print n + 0 }')" $n 'made by the two'; is "$(sqlite3 "$NIXIE_DB" "SELECT count(*) FROM log WHERE act='rejudge'")" $n; run 0 "$NIXIE" db check
# Cut short: no question is answered out of half a file, and the remedy is told. The write-ahead log cut short is what a power cut leaves.
head -c $(($(wc -c <"$whole") / 2)) "$whole" >"$T/cut.db"; cp "$T/cut.db" "$T/cut.before"
for command in check rebuild shrink; do run 65 "$NIXIE" db $command --db "$T/cut.db"; says 'cut.db.*put back a copy'; done
run 65 "$NIXIE" export --db "$T/cut.db"; says 'put back a copy'
head -c 50 "$whole" >"$T/head.db"; run 75 "$NIXIE" check --db "$T/head.db" a@example.net; says 'head.db'
cp "$whole" "$T/newer.db"; sqlite3 "$T/newer.db" 'PRAGMA user_version=99'
run 65 "$NIXIE" db shrink --db "$T/newer.db"; says 'written by a newer Nixie .schema 99, this one knows [0-9]+.: upgrade this one'; run 65 "$NIXIE" rules replay --db "$T/newer.db"; says 'newer Nixie'
# A reader that stays: the write-ahead log grows meanwhile, nobody waits, and it is short again behind it.
export NIXIE_DB="$T/reader.db"; cp "$whole" "$NIXIE_DB"; mkfifo "$T/hold"; sqlite3 "$NIXIE_DB" <"$T/hold" >/dev/null & reader=$!; exec 7>"$T/hold"
echo 'BEGIN; SELECT count(*) FROM log;' >&7; sleep 1
for k in 1 2 3; do seq -f "in$k.%.0f@example.com" 40000 | "$NIXIE" import --quiet - >/dev/null 2>"$T/err" || fail "import beside a reader: $(cat "$T/err")"; done
grown=$(wc -c <"$NIXIE_DB-wal"); [ "$grown" -gt 4500000 ] || fail "the reader holds nothing: $grown"
run 75 "$NIXIE" db shrink; says 'somebody reads what was there before, so the file shrinks when that ends'
echo 'COMMIT;' >&7; exec 7>&-; wait $reader
run 0 "$NIXIE" suppress after@example.net; [ ! -e "$NIXIE_DB-wal" ] || [ "$(wc -c <"$NIXIE_DB-wal")" -lt 4500000 ] || fail "the write-ahead log stays long: $(wc -c <"$NIXIE_DB-wal")"
run 0 "$NIXIE" db check
# Room given back.
export NIXIE_DB="$T/room.db"; sqlite3 "$T/nixie.db" ".backup $NIXIE_DB"; printf '[retention]\nevents=400d\n' >"$T/short"
sqlite3 "$NIXIE_DB" "UPDATE log SET at=at-86400*800, made=made-86400*800; UPDATE marks SET value=value-86400*800"; before=$(wc -c <"$NIXIE_DB")
run 1 "$NIXIE" db retain --config "$T/short"; says 'perhaps the clock is ahead'; run 0 "$NIXIE" db retain --believe-clock --config "$T/short"; [ "$(wc -c <"$NIXIE_DB")" -ge "$before" ] || fail 'it shrank by itself'
run 0 "$NIXIE" db shrink --dry-run; prints '^[0-9]+\.[0-9] of [0-9]+\.[0-9] MB hold nothing'; [ "$(wc -c <"$NIXIE_DB")" -ge "$before" ] || fail 'a look shrank it'
run 0 "$NIXIE" db shrink; prints '^[0-9]+\.[0-9] MB given back, [0-9]+\.[0-9] left'; [ "$(wc -c <"$NIXIE_DB")" -lt $((before * 3 / 4)) ] || fail "not smaller: $before, $(wc -c <"$NIXIE_DB")"
run 0 "$NIXIE" db check; run 0 "$NIXIE" db shrink --dry-run; prints '^0\.0 of '
run 1 "$NIXIE" db shrink --db "$T/none.db"; says 'no such database'; [ -e "$T/none.db" ] && fail 'it made a file'
finish
