# import: each product's list, read from a sample after its documentation (links: src/export/product.def)
. "$NIXIE_SOURCE/tests/cli/lib.sh"
D="$NIXIE_SOURCE/tests/cli/import"
# from PRODUCT FILE SUMMARY: into a database of its own
from() { export NIXIE_DB="$T/$1.db"; "$NIXIE" db migrate >/dev/null; run 0 "$NIXIE" import -n --from "$1" "$D/$2"; prints "would be new"; run 0 "$NIXIE" import --from "$1" "$D/$2"; prints "$3"; "$NIXIE" export -f jsonl >"$T/$1"; }
has() { is "$(jq -r --arg a "$2" 'select(.address==$a)|[.cause,.since,(.until//"-"),.stream//"-",(.reason//"-"),.source]|join("|")' "$T/$1")" "$3" "$1 $2"; }
from ses ses.json '^2 lines: 2 new'
has ses gone@example.net 'mailbox_unknown|2026-03-01T10:00:00Z|-|-|-|import:ses'
has ses angry@example.net 'complaint|2026-01-01T00:00:00Z|-|-|-|import:ses'
from sendgrid sendgrid.csv '^2 lines: 1 new, 0 known already, 0 no addresses, 1 not suppressed there'
has sendgrid gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|-|550 5.1.1 The email account that you tried to reach, does not exist|import:sendgrid'
from mailgun mailgun.csv '^1 lines: 1 new'
has mailgun gone@example.net 'mailbox_unknown|2026-01-02T11:02:55Z|-|-|No such mailbox|import:mailgun'
from postmark postmark.json '^3 lines: 3 new'
has postmark angry@example.net 'complaint|2026-01-10T13:58:33Z|-|-|Recipient|import:postmark'
has postmark left@example.net 'unsubscribe|2026-01-10T13:58:33Z|-|-|Customer|import:postmark'
from sparkpost sparkpost.csv '^2 lines: 2 new'
has sparkpost gone@example.net 'mailbox_unknown|2026-01-01T12:00:00Z|-|-|550 user unknown|import:sparkpost'
has sparkpost angry@example.net 'complaint|2026-01-02T12:00:00Z|-|-|-|import:sparkpost'
from mailchimp mailchimp.csv '^2 lines: 1 new.* 1 run out'
has mailchimp gone@example.net 'mailbox_unknown|2026-01-01T13:14:15Z|2036-01-01T13:14:15Z|-|550 mailbox does not exist|import:mailchimp'
from brevo brevo.json '^2 lines: 2 new'
has brevo gone@example.net 'mailbox_unknown|2026-05-01T20:09:23Z|-|-|Hard bounce|import:brevo'
has brevo left@example.net 'unsubscribe|2026-05-01T20:09:23Z|-|news@example.com|Unsubscribed|import:brevo'
from listmonk listmonk.csv '^2 lines: 1 new.* 1 not suppressed there'
has listmonk gone@example.net 'manual|2026-02-01T10:00:00Z|-|-|-|import:listmonk'
from postal postal.csv '^1 lines: 1 new'
has postal gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|2099-01-01T00:00:00Z|-|too many soft fails|import:postal'
from sympa sympa.csv '^1 lines: 1 new'
has sympa gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|news|-|import:sympa'
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
gzip "$T/a"; run 0 "$NIXIE" import "$T/a.gz"; prints '20000 known already'
(ulimit -f 20000; trap '' XFSZ; seq -f 'full%.0f@example.com' 400000 | exec "$NIXIE" import --db "$T/limited.db" -) >"$T/out" 2>"$T/err"; is $? 75 "over a limit"; says 'no space left.*nothing of this was kept'; says 'stopped: [0-9]+ entries of it are kept'
kept=$(sed -n 's/.*stopped: \([0-9]*\) entries.*/\1/p' "$T/err"); run 0 "$NIXIE" db check --db "$T/limited.db"; is "$("$NIXIE" export -f txt --db "$T/limited.db" | wc -l)" "$kept" "what is said to be kept is"
seq -f 'full%.0f@example.com' 400000 >"$T/full"; run 0 "$NIXIE" import --db "$T/limited.db" "$T/full"; prints "^400000 lines: $((400000 - kept)) new, $kept known already"; run 0 "$NIXIE" db check --db "$T/limited.db"
finish
