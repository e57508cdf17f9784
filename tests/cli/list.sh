# suppress, check, release, export, history, db: the list by hand
. "$NIXIE_SOURCE/tests/cli/lib.sh"
tab=$(printf '\t')
run 75 "$NIXIE" check a@example.net; says 'no such database.*--db'
run 1 "$NIXIE" export; says 'no such database'
run 1 "$NIXIE" db check; says 'no such database'
[ -e "$NIXIE_DB" ] && fail "a question made a database"

run 0 "$NIXIE" suppress --reason 'asked on the phone' --actor alice Who@Example.NET b@example.org; prints '^2 suppressed$'
run 0 "$NIXIE" suppress who@example.net; prints '^0 suppressed, 1 were already'
run 0 "$NIXIE" suppress --until 30d --cause unsubscribe --stream news c@example.net; prints '^1 suppressed$'
run 64 "$NIXIE" suppress 'no address'; says "'no address' is no address: it has no @"
run 64 "$NIXIE" suppress --until 2001-01-01 x@example.net; says 'is past'
run 64 "$NIXIE" suppress --until soon x@example.net; says "'soon' is no moment"
run 64 "$NIXIE" suppress --cause lost x@example.net; says "'lost' is no cause"

run 1 "$NIXIE" check WHO@example.net; prints "^WHO@example.net${tab}suppressed${tab}manual${tab}since 20..-..-..${tab}until for ever${tab}asked on the phone$"
run 0 "$NIXIE" check other@example.net; prints "^other@example.net${tab}ok$"
run 65 "$NIXIE" check 'a b@example.net'; prints "${tab}invalid${tab}.*blank inside"
run 0 "$NIXIE" check c@example.net
run 1 "$NIXIE" check --stream news c@example.net; prints 'unsubscribe'
printf 'other@example.net\n\nb@example.org\n' | "$NIXIE" check - >"$T/out"; is $? 1 "check -"; is "$(wc -l <"$T/out")" 2
run 1 "$NIXIE" check --json who@example.net; is "$(jq -r '.answer+" "+.cause+" "+.actor' "$T/out")" "suppressed manual alice"
run 1 "$NIXIE" check -q who@example.net; is "$(cat "$T/out")" ""
"$NIXIE" check who@example.net >/dev/full 2>"$T/err"; is $? 75 "check on a full disk must not say 1"

run 0 "$NIXIE" export; is "$(head -1 "$T/out")" 'address,cause,class,since,until,stream,source,reason,status,diagnostic'
prints '^Who@Example.NET,manual,none,20[^,]*Z,,,cli,asked on the phone,,$'
run 0 "$NIXIE" suppress formula@example.net --reason "=1+1"; run 0 "$NIXIE" export --domain example.net; prints "^formula@.*,'=1[+]1,"; run 0 "$NIXIE" export -f jsonl; is "$(jq -r "select(.address == \"formula@example.net\").reason" "$T/out")" "=1+1"
run 0 "$NIXIE" release formula@example.net
run 0 "$NIXIE" suppress cr@example.net --reason "$(printf 'a\rb')"; run 0 "$NIXIE" export; is "$(grep -c "^cr@.*,\"a$(printf '\r')b\"," "$T/out")" 1 "a carriage return in a cell"; run 0 "$NIXIE" release cr@example.net
run 0 "$NIXIE" export -f txt; is "$(paste -sd' ' "$T/out")" 'c@example.net Who@Example.NET b@example.org'
run 0 "$NIXIE" export -f jsonl --domain example.org; is "$(jq -r .address "$T/out")" b@example.org
run 0 "$NIXIE" export -f txt --cause unsubscribe; is "$(cat "$T/out")" c@example.net
run 0 "$NIXIE" export -f txt --limit 1; says "more: --after 'c@example.net.news'"
run 0 "$NIXIE" export -f txt --limit 5 --after "c@example.net${tab}news"; is "$(head -1 "$T/out")" Who@Example.NET
run 0 "$NIXIE" suppress --stream shop c@example.net; run 0 "$NIXIE" export; is "$(grep -c '^c@' "$T/out")" 2 "a line for each stream"
run 0 "$NIXIE" export -f txt; is "$(paste -sd' ' "$T/out")" 'c@example.net Who@Example.NET b@example.org' "each address once"
run 0 "$NIXIE" export -f txt --after "c@example.net${tab}news"; is "$(head -1 "$T/out")" Who@Example.NET "not again behind its cursor"
run 0 "$NIXIE" release --stream shop c@example.net
run 64 "$NIXIE" export -f txt --codes ses; says 'txt has no columns'
run 64 "$NIXIE" export --after nonsense; says "'nonsense' is no cursor"
run 64 "$NIXIE" export --format xml; says 'csv, jsonl or txt'
run 0 "$NIXIE" export -o "$T/list.csv"; is "$(wc -l <"$T/list.csv")" 4
run 1 "$NIXIE" export -o /dev/full/x; says 'cannot be made'
"$NIXIE" export >/dev/full 2>"$T/err"; is $? 1 "export on a full disk"; says 'not complete'
"$NIXIE" export 2>"$T/err" | head -c 10 >/dev/null
seq -f 'many-%04g@example.com' 1000 | "$NIXIE" suppress - >/dev/null
(ulimit -f 64; trap '' XFSZ; "$NIXIE" export -o "$T/cut.csv") 2>"$T/err"; is $? 1 "export over a limit"; says 'nothing was left'
ls "$T" | grep -q cut && fail "half an export was left behind"

run 0 "$NIXIE" release --reason 'came back' --actor bob who@example.net; prints '^1 released'
run 1 "$NIXIE" release who@example.net; says 'is not suppressed'
run 64 "$NIXIE" release nothing; says 'is no address'
run 0 "$NIXIE" check who@example.net
run 0 "$NIXIE" history WHO@example.net; prints 'suppress +manual +by alice \(cli\): asked on the phone'; prints 'release .*by bob: came back'; prints '^now: not suppressed'
run 1 "$NIXIE" history stranger@example.net; says 'nothing is known'

bounce gone@example.com >"$T/bounce.eml"
run 0 "$NIXIE" ingest -q "$T/bounce.eml"; prints '1 suppressions'
run 0 "$NIXIE" history gone@example.com; prints 'failed +mailbox_unknown +suppress: mailbox_unknown: one report suffices'; prints 'User unknown'
run 0 "$NIXIE" history --json gone@example.com; is "$(jq -r '.event.decision.action' "$T/out")" suppress

run 0 "$NIXIE" db check; prints '^sound'
run 0 "$NIXIE" db rebuild; prints ' 0 differed'
sqlite3 "$NIXIE_DB" "DELETE FROM suppressions WHERE key='example.com@gone'"
run 65 "$NIXIE" db check; says 'do not follow from the log .run: nixie db rebuild'
run 0 "$NIXIE" db rebuild; prints ' 1 differed and were put right'
run 1 "$NIXIE" check gone@example.com
run 64 "$NIXIE" db mend; says 'check, rebuild, migrate, retain, shrink or lose-erased'
echo "not a database, but long enough to look like one to somebody who does not look twice, or so it seems" >"$T/text"
run 75 "$NIXIE" check --db "$T/text" a@example.net; says 'not a database'
finish
