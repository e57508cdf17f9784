# import: lists of any kind and size, again, at once, stopped half way, damaged
. "$NIXIE_SOURCE/tests/cli/lib.sh"
# out of one Nixie and into another: the same list
export NIXIE_DB="$T/one.db"
"$NIXIE" suppress --reason 'a, "quoted" reason' hand@example.net >/dev/null; "$NIXIE" suppress --stream news --until 2090-01-01 --cause unsubscribe left@example.net >/dev/null
for f in csv jsonl; do
    "$NIXIE" export -f $f -o "$T/one.$f" --db "$T/one.db"
    run 0 "$NIXIE" import --from nixie --db "$T/two-$f.db" "$T/one.$f"
    "$NIXIE" export --db "$T/two-$f.db" | sed 's/,import:nixie,/,cli,/' >"$T/back"; "$NIXIE" export --db "$T/one.db" >"$T/first"; cmp -s "$T/first" "$T/back" || { fail "$f there and back"; diff "$T/first" "$T/back"; }
done
# any list, many entries, again and again; two at once; stopped and gone on
export NIXIE_DB="$T/many.db"
seq -f 'user%.0f@example.net' 30000 >"$T/list"; echo 'not an address' >>"$T/list"
run 1 "$NIXIE" import --cause complaint "$T/list"; prints '^30001 lines: 30000 new, 0 known already, 1 no addresses'; says "list:30001: 'not an address' is no address"
run 1 "$NIXIE" import -q --cause complaint "$T/list"; prints '^30001 lines: 0 new, 30000 known already'
run 0 "$NIXIE" db check
run 0 "$NIXIE" history user7@example.net; prints 'import +complaint +by .*import:list'
seq -f 'a%.0f@example.org' 20000 >"$T/a"; seq -f 'b%.0f@example.org' 20000 >"$T/b"
"$NIXIE" import "$T/a" >/dev/null & one=$!; "$NIXIE" import "$T/b" >/dev/null & two=$!; wait $one || fail "the first of two"; wait $two || fail "the second of two"
run 0 "$NIXIE" export -f txt --domain example.org; is "$(wc -l <"$T/out")" 40000
seq -f 'c%.0f@example.org,x' 10 >"$T/c"; printf '"open' >>"$T/c"
run 65 "$NIXIE" import "$T/c"; says 'c:11: a quote that is opened there is never closed'; says 'stopped: 0 entries of it are kept'
run 0 "$NIXIE" check c1@example.org
printf '{"nothing": [1]}\n{' >"$T/json"; run 65 "$NIXIE" import --from ses "$T/json"; says 'json:[12]: '
printf '{"other": []}' >"$T/json"; run 1 "$NIXIE" import --from ses "$T/json"; says "json:1: '' is no address: it is empty"
printf '{"other":\n []}' >"$T/json"; run 65 "$NIXIE" import --from ses "$T/json"; says 'is it a list of Amazon SES'
run 64 "$NIXIE" import --from nobody "$T/list"; says "there is no such product .*help import"
run 1 "$NIXIE" import "$T/nothing"; says 'cannot be read'
# killed at any instant: what was kept is whole, and the same again goes on
seq -f 'kill%.0f@example.org' 300000 >"$T/kill"; export NIXIE_DB="$T/kill.db"
ever() { [ -e "$NIXIE_DB" ] && [ "$(sqlite3 -readonly "$NIXIE_DB" 'PRAGMA user_version')" != 0 ]; } # killed before that there is nothing yet
for pause in 0.3 0.8 1.5; do
    "$NIXIE" import -q "$T/kill" >/dev/null 2>&1 & pid=$!; sleep $pause; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
    ! ever || run 0 "$NIXIE" db check
done
ever && kept=$("$NIXIE" export -f txt | wc -l) || kept=0
run 0 "$NIXIE" import -q "$T/kill"; prints "^300000 lines: $((300000 - kept)) new, $kept known already"; run 0 "$NIXIE" db rebuild; prints '300000 entries derived from the log, 0 differed'
is "$(find "$T" -name '*.part' | wc -l)" 0 "parts left behind"
# the same address many times, in any spelling, with and without a stream, over runs: counted once
{ seq -f 'dup%.0f@example.org' 1000; seq -f 'DUP%.0f@Example.org' 1000; } >"$T/dup"; run 0 "$NIXIE" import -n "$T/dup"; prints '^2000 lines: 1000 would be new, 1000 known already'
run 0 "$NIXIE" import "$T/dup"; prints '^2000 lines: 1000 new, 1000 known already'
run 64 "$NIXIE" import -d xy "$T/dup"; says 'one character, or tab'
printf 'name,email\nx,a@example.net\n"y,b@example.net\n' >"$T/c"; run 65 "$NIXIE" import "$T/c"; says 'c:3: a quote that is opened there is never closed'; says 'stopped: 0 entries'
printf 'a@example.net\nb\000@example.net\nJ\366rg@b\374cher.example\n' >"$T/c"; run 1 "$NIXIE" import "$T/c"; says 'c:2: .* is no address'; prints '^3 lines: 2 new'; run 1 "$NIXIE" check "$(printf 'j\303\266rg@b\303\274cher.example')"
printf 'x,a@example.net,b@example.net\n' >"$T/c"; run 65 "$NIXIE" import "$T/c"; says 'columns 2 and 3 hold addresses .*--column'
printf 'a,b\n1,2\n' >"$T/c"; run 65 "$NIXIE" import "$T/c"; says 'no column holds addresses'
{ echo a@example.net; head -c 100000000 /dev/zero | tr '\0' x; } >"$T/c"; run 65 "$NIXIE" import "$T/c"; says 'c:2: a line of more than 16 MiB'
export NIXIE_DB="$T/many.db"
gzip "$T/a"; run 0 "$NIXIE" import "$T/a.gz"; prints '20000 known already'
(ulimit -f 20000; trap '' XFSZ; seq -f 'full%.0f@example.com' 400000 | exec "$NIXIE" import --db "$T/limited.db" -) >"$T/out" 2>"$T/err"; is $? 75 "over a limit"; says 'no space left.*nothing of this was kept'; says 'stopped: [0-9]+ entries of it are kept'
kept=$(sed -n 's/.*stopped: \([0-9]*\) entries.*/\1/p' "$T/err"); run 0 "$NIXIE" db check --db "$T/limited.db"; is "$("$NIXIE" export -f txt --db "$T/limited.db" | wc -l)" "$kept" "what is said to be kept is"
seq -f 'full%.0f@example.com' 400000 >"$T/full"; run 0 "$NIXIE" import --db "$T/limited.db" "$T/full"; prints "^400000 lines: $((400000 - kept)) new, $kept known already"; run 0 "$NIXIE" db check --db "$T/limited.db"
finish
