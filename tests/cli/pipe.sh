. "$NIXIE_SOURCE/tests/cli/lib.sh"
spool="$T/spool"
# A process that closes the database last holds it alone for a moment.
stored() { sqlite3 "$NIXIE_DB" '.timeout 20000' 'select count(*) from suppressions' 2>/dev/null || echo 0; }
# await COMMAND...: until it succeeds, at most two minutes
await() { n=0; until "$@" >/dev/null 2>&1 || [ $n = 2400 ]; do n=$((n + 1)); sleep 0.05; done; [ $n != 2400 ] || fail "never: $*"; }
empty() { [ -z "$(find "$spool/new" -type f)" ]; }
# piped CODE FILE [ARGUMENT...]
piped() { code=$1; file=$2; shift 2; run "$code" "$NIXIE" pipe "$@" <"$file"; }

bounce one@example.net >"$T/one.eml"
piped 0 "$T/one.eml"; is "$(cat "$T/out" "$T/err")" "" "nothing is printed on success"
await empty; is "$(stored)" 1 "a file goes only after its commit"
piped 0 "$T/one.eml" --wait; is "$(stored)" 1 "the same report again changes nothing"
is "$(stat -c %a "$spool" "$spool/new" "$spool/tmp" | sort -u)" 700

# What a mail server puts before and around the message: a From_ line; envelope by option or environment.
{ echo 'From MAILER-DAEMON Mon Mar  2 10:00:00 2026'; bounce two@example.net; } >"$T/from_"; piped 0 "$T/from_" --wait -f '' -r bounces@example.com -q 4F1A; is "$(stored)" 2

# While another process drains, the spool file stays and tells what the mail server said.
exec 8>"$spool/drain.lock"; flock -n 8 || fail "the lock is held"
bounce three@example.net | SENDER=MAILER-DAEMON RECIPIENT=r@example.com ORIGINAL_RECIPIENT=b+three=example.net@example.com "$NIXIE" pipe 8>&- || fail "pipe under a lock"
file=$(ls "$spool"/new/*.msg); is "$(stat -c %a "$file")" 600
grep -q '^to b+three=example.net@example.com$' "$file" || fail "original recipient"; grep -q '^from ' "$file" && fail "MAILER-DAEMON is the null sender"
bounce three@example.net | RECIPIENT=env@example.com "$NIXIE" pipe -f a@example.org -r "$(printf 'opt@example.com\nfrom evil')" -q 'Q?1' 8>&-
file=$(ls "$spool"/new/*.msg | tail -1); grep -q '^to opt@example.com?from evil$' "$file" || fail "option before environment, one line"; grep -q '^from a@example.org$' "$file" || fail "-f"
grep -q '^queue-id Q?1$' "$file" || fail "-q"
# --wait waits for whoever drains; not for ever, and the message is kept all the same.
bounce three@example.net >"$T/three.eml"; run 0 "$NIXIE" pipe --wait --timeout 1 <"$T/three.eml" 8>&-; says 'has not taken it yet'; is "$(ls "$spool/new" | wc -l)" 3
bounce four@example.net >"$T/four.eml"; "$NIXIE" pipe --wait <"$T/four.eml" 2>"$T/err" 8>&- & pid=$!
await sh -c "[ \$(ls '$spool/new' | wc -l) = 4 ]"; kill -0 $pid || fail "--wait ended before the message was in the database"
exec 8>&-; wait $pid; is $? 0; is "$(stored)" 4 "it drained what waited"; empty || fail "spool is empty"

# There is no message to read: said by its cause, and the mail server keeps it.
(exec <&-; run 75 "$NIXIE" pipe; says '^4\.3\.0 nixie: the message cannot be read: Bad file descriptor .standard input is closed'; exit "$failures") || fail "standard input that is closed"
run 75 "$NIXIE" pipe <"$T"; says '^4\.3\.0 nixie: the message cannot be read: Is a directory .the mail server is to write'; run 75 "$NIXIE" pipe 0>"$T/w"; says 'not open for reading'
is "$(find "$spool" -name '*.msg')" "" "nothing of it is kept"

# No process can be started to drain it: the mail server keeps the message, the spool does not. (root has no limit of processes.)
as=; [ "$(id -u)" != 0 ] || as='setpriv --reuid 65533 --regid 65533 --clear-groups'
mkdir -m 777 "$T/nobody"; chmod 755 "$T"; bounce alone@example.net >"$T/nobody/mail"; cp "$NIXIE" "$T/nobody/nixie" # the build may stand where others cannot look
# (LeakSanitizer wants a process of its own at the end)
run 75 env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" $as prlimit --nproc=1 "$T/nobody/nixie" pipe --db "$T/nobody/n.db" <"$T/nobody/mail"; says '^4\.3\.0 .*no process can be started'
is "$(find "$T/nobody/spool" -name '*.msg')" "" "it is not kept twice"

# Too large: the head is kept, the rest is counted.
printf '[pipe]\nsize = 2k\n' >"$T/small.conf"
{ bounce big@example.net; head -c 100000 /dev/zero | tr '\0' x; } >"$T/big.eml"; piped 0 "$T/big.eml" --config "$T/small.conf" --wait; is "$(stored)" 5
# No bounce, nothing at all, noise: kept, exit 0.
printf 'From: a@example.org\nSubject: hi\n\nhello\n' >"$T/plain"; : >"$T/nothing"; head -c 3000 /dev/urandom >"$T/noise"
for file in plain nothing noise; do piped 0 "$T/$file" --wait; is "$(cat "$T/err")" "" "$file"; done; is "$(stored)" 5

# Every other path is 75, its first line "4.3.0 why".
refused() { piped 75 "$T/one.eml" "$@"; head -1 "$T/err" | grep -q '^4\.3\.0 .' || fail "no 4.3.0 line: $*"; is "$(cat "$T/out")" ""; }
refused --no-such-option
refused --timeout soon
refused stray argument
refused --config "$T/none.conf"
printf '[limits]\nmesage = 1\n' >"$T/bad.conf"; refused --config "$T/bad.conf"; says "mesage"
: >"$T/file"; printf '[spool]\ndirectory = %s/file/spool\n' "$T" >"$T/where.conf"; refused --config "$T/where.conf"
printf '[spool]\ndirectory = /dev/full/spool\n' >"$T/where.conf"; refused --config "$T/where.conf"
run 75 sh -c "ulimit -f 1; '$NIXIE' pipe <'$T/big.eml'"; says '^4\.3\.0 '; is "$(find "$spool" -name '*.msg')" "" "no half file is left"
(sleep 5 | "$NIXIE" pipe --timeout 1 2>"$T/err"; is $? 75 "time is up"; says '^4\.3\.0 .*in time'; exit $failures) || failures=$((failures + 1))
for signal in TERM INT HUP SEGV ABRT; do
    mkfifo "$T/fifo"; "$NIXIE" pipe <"$T/fifo" 2>"$T/err" & pid=$!
    exec 7>"$T/fifo"; echo "Subject: half" >&7; await sh -c "ls '$spool/tmp' | grep -q '[.]$pid[.]'"; kill -$signal $pid; wait $pid; is $? 75 "SIG$signal"; says '^4\.3\.0 '; exec 7>&-; rm "$T/fifo"
done
# What those left half written goes with the first drain a day later.
touch -d '2 days ago' "$spool"/tmp/*.msg; : >"$spool/tmp/young.msg"; piped 0 "$T/one.eml" --wait; is "$(ls "$spool/tmp")" young.msg
# A database that cannot take it, broken rules: the message is safe in the spool.
mkdir "$T/rules"; printf 'rule x\n  cuase y\n' >"$T/rules/x.rules"; printf '[patterns]\nlocal = %s/rules\n' "$T" >"$T/rules.conf"
bounce six@example.net >"$T/six.eml"; piped 0 "$T/six.eml" --config "$T/rules.conf" --wait; says "x.rules:2"; is "$(ls "$spool/new" | wc -l)" 1; is "$(stored)" 5
printf 'no database, but a text that is long enough to be looked at as one ...............................\n' >"$T/no.db"
bounce seven@example.net >"$T/seven.eml"; piped 0 "$T/seven.eml" --db "$T/no.db" --wait; says "no.db"; is "$(ls "$spool/new" | wc -l)" 2
# A commit that fails: the file stays, and is read when it can be.
export NIXIE_DB="$T/held.db"; piped 0 "$T/one.eml" --wait; (sqlite3 "$NIXIE_DB" "begin exclusive; select 1;" ".shell touch $T/held; while [ ! -e $T/go ]; do sleep 0.1; done" >/dev/null 2>&1 &); await test -e "$T/held"
before=$(ls "$spool/new" | wc -l); bounce held@example.net >"$T/held.eml"; piped 0 "$T/held.eml" --wait; says 'locked|busy|in use'; is "$(ls "$spool/new" | wc -l)" $((before + 1)) "a file that was not stored is gone"; touch "$T/go"; sleep 0.3
"$NIXIE" pipe --wait <"$T/one.eml"; run 1 "$NIXIE" check held@example.net; empty || fail "the spool is not empty"; bounce six@example.net >"$T/six.eml"; export NIXIE_DB="$T/nixie.db"
for file in six seven; do piped 0 "$T/$file.eml" --wait; done
# What is no spool file is set aside, and does not hold up the rest.
echo junk >"$spool/new/0.junk.msg"; piped 0 "$T/one.eml" --wait; says "this is no spool file"; ls "$spool/bad" | grep -q junk || fail "set aside"; is "$(stored)" 7; empty || fail "the rest was stored"

# Twenty at once, as a mail server does it: nobody waits for a lock, nothing is lost.
for i in $(seq 20); do bounce "many$i@example.net" >"$T/m$i"; "$NIXIE" pipe <"$T/m$i" & done; wait
await empty; is "$(stored)" 27 "suppressions"
finish
