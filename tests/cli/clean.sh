# clean: every shape a list comes in, and every way it is broken
. "$NIXIE_SOURCE/tests/cli/lib.sh"
"$NIXIE" suppress --cause complaint gone@example.net >/dev/null
"$NIXIE" suppress --cause mailbox_unknown 'j\303\266rg@b\303\274cher.example' >/dev/null 2>&1 || true
"$NIXIE" suppress "$(printf 'j\303\266rg@b\303\274cher.example')" @dead.example >/dev/null
today=$(date -u +%F)
# clean ARGS...: list on stdin; kept in out, removed in removed
clean() { want=$1; shift; "$NIXIE" clean "$@" --removed "$T/removed" - >"$T/out" 2>"$T/err"; got=$?; [ "$got" = "$want" ] || { fail "exit $got, not $want: clean $*"; cat "$T/err"; }; }
kept() { is "$(cat "$T/out")" "$(printf "$1")" "kept"; }
gone() { tail -n +2 "$T/removed" >"$T/tail"; is "$(cat "$T/tail")" "$(printf "$1")" "removed"; }

printf 'a@example.net\nGone@Example.NET\nx@dead.example\nnobody\n\nb@example.net' | clean 0
kept 'a@example.net\nb@example.net'
gone "Gone@Example.NET,complaint,$today,\nx@dead.example,manual,$today,whole domain\nnobody,invalid,,it has no @"
says '^5 lines: 2 kept, 3 removed \(2 suppressed, 1 no addresses\)'
is "$(head -1 "$T/removed")" 'address,nixie_cause,nixie_since,nixie_detail'

for d in , ';' '\t' '|'; do # delimiters, quotes that hold them, a field over two lines, CRLF
    printf "Id${d}E-Mail Address${d}Note\r\n1${d}a@example.net${d}\"x${d}\"\"y\"\"\"\r\n2${d}\"gone@example.net\"${d}\"two\nlines\"\r\n3${d}c@example.net${d}\r\n" >"$T/in"
    clean 0 <"$T/in"
    is "$(sed -n 2p "$T/out")" "$(printf "1${d}a@example.net${d}\"x${d}\"\"y\"\"\"\r")" "delimiter $d"
    is "$(wc -l <"$T/out")" 3; is "$(sed -n 3p "$T/removed" | tr -d '\r')" "$(printf "lines\"${d}complaint${d}$today${d}")"
done
printf '\357\273\277email;x\na@example.net;1\ngone@example.net;2\n' | clean 0; kept '\357\273\277email;x\na@example.net;1'
printf 'name,email\nJ\366rg,j\366rg@b\374cher.example\nA,a@example.net\n' | clean 0 --report; kept 'name,email\nA,a@example.net'; says 'read as Latin-1 1'
printf 'name\temail\n"A\ta@example.net\n' | clean 65; says 'standard input:2: a quote that is opened there is never closed'
printf '5" disk,a@example.net\nx,gone@example.net\n' | clean 0; kept '5" disk,a@example.net'
printf 'x,a@example.net,b@example.net\ny,c@example.net,d@example.net\n' | clean 65; says 'columns 2 and 3 hold addresses .*--column'
printf 'x,a@example.net,gone@example.net\ny,c@example.net,d@example.net\n' | clean 0 -c 3; kept 'y,c@example.net,d@example.net'
printf 'from,to\na@example.net,gone@example.net\n' | clean 0 -c To; kept 'from,to'
printf 'from,to\na@example.net,b@example.net\n' | clean 64 -c email; says "no column is called 'email' .there are: from, to"
printf 'a,b\n1,2\n3,4\n' | clean 65; says 'no column holds addresses in the first 3 lines'
printf 'a@example.net,1\nb@example.net,2\n' | clean 0 --header yes; kept 'a@example.net,1\nb@example.net,2'
printf 'email\na@example.net\n' | clean 0; kept 'email\na@example.net'; says '^1 lines: 1 kept'
printf 'Doe <gone@example.net>\nRoe <b@example.net>\n' | clean 0; kept 'Roe <b@example.net>'
printf 'n,email\n1\n2,b@example.net\n' | clean 0; kept 'n,email\n2,b@example.net'; gone '1,invalid,,the line has no such column'
printf 'a@example.net\nb\000@example.net\nc@example.net\n' | clean 0; kept 'a@example.net\nc@example.net'; says 'first line without an address is 2'
printf 'a@example.net\rgone@example.net\rc@example.net\r' | clean 0; is "$(tr '\r' ' ' <"$T/out")" 'a@example.net c@example.net '
printf '\377\376a\000@\000' | clean 65; says 'UTF-16.*iconv'
: | clean 0; says '^0 lines'
printf 'A@example.net\nb@example.net\na@example.net\n' | clean 0 --unique; kept 'A@example.net\nb@example.net'; gone 'a@example.net,duplicate,,'; says '1 duplicates'
printf 'info@gmial.com\nx@gmail.com\ny@mail.com\n' | clean 0 --report-json "$T/report"; is "$(jq -c '[.lines,.kept,.role_accounts,.mistyped]' "$T/report")" '[3,3,1,{"gmial.com":{"lines":1,"perhaps":"gmail.com"}}]'
printf 'a@example.net\ngone@example.net\n' | "$NIXIE" clean -q --annotate - >"$T/out"; is "$(tail -n +2 "$T/out")" "$(printf "a@example.net,ok,,\ngone@example.net,complaint,$today,")"
printf 'a\n' | "$NIXIE" clean --annotate --unique - >"$T/out" 2>"$T/err"; is $? 64
printf 'a\n' | clean 64 -d '"'; says 'one character'
# compressed, in and out; damaged and cut short
seq -f 'user%g@example.net' 20000 >"$T/list"; echo gone@example.net >>"$T/list"
gzip -k "$T/list"; zstd -q "$T/list" -o "$T/list.zst" 2>/dev/null || cp "$T/list" "$T/list.zst"
cat "$T/list.gz" "$T/list.gz" >"$T/two.gz"
for f in list list.gz list.zst two.gz; do
    run 0 "$NIXIE" clean -o "$T/kept.gz" "$T/$f"; is "$(gzip -dc "$T/kept.gz" | sort -u | wc -l)" 20000 "$f"
done
run 0 "$NIXIE" clean -o "$T/kept.zst" "$T/list"; run 0 "$NIXIE" clean -q "$T/kept.zst"; is "$(wc -l <"$T/out")" 20000
head -c 5000 "$T/list.gz" >"$T/cut.gz"; run 65 "$NIXIE" clean -o "$T/none" "$T/cut.gz"; says 'cut.gz: cut short'; [ -e "$T/none" ] && fail "half an output"
{ head -c 3000 "$T/list.gz"; yes | head -c 3000; } >"$T/bad.gz"; run 65 "$NIXIE" clean "$T/bad.gz"; says 'damaged|cut short'
NIXIE_DB="$T/none.db" run 75 "$NIXIE" clean "$T/list"; says 'none.db'
run 1 "$NIXIE" clean "$T/nothing"; says 'nothing: cannot be read'
run 1 "$NIXIE" clean "$T"; says 'is a directory'
# a line of 100 MB, a quote never closed in a large file: the line is named, memory stays small
bound='ulimit -v 700000'; sh -c "$bound; \"$NIXIE\" version" >/dev/null 2>&1 || bound=: # address sanitizers need more
{ echo a@example.net; head -c 100000000 /dev/zero | tr '\0' x; } >"$T/long"; ($bound; exec "$NIXIE" clean -o "$T/none" "$T/long") 2>"$T/err"; is $? 65; says 'long:2: a line of more than 16 MiB'
{ printf 'n,email\n1,a@example.net\n"2,'; seq -f '3,user%.0f@example.net' 900000; } >"$T/open"; run 65 "$NIXIE" clean -o "$T/none" "$T/open"; says 'open:3: a quote that is opened there is (not closed within 16 MiB|never closed)'
[ -e "$T/none" ] && fail "half an output"; ls "$T" | grep -q part && fail "a temporary file stayed behind"
# a pipe or a device is written into, not replaced
mkfifo "$T/fifo"; for way in "clean -o $T/fifo $T/list" "export -f txt -o $T/fifo"; do
    timeout 60 cat "$T/fifo" >"$T/through" & timeout 60 "$NIXIE" $way 2>"$T/err"; is $? 0 "$way"; wait $!; [ -p "$T/fifo" ] || fail "$way replaced a pipe"; [ -s "$T/through" ] || fail "$way: nothing came through"
done
# a full disk, a broken pipe
"$NIXIE" clean "$T/list" >/dev/full 2>"$T/err"; is $? 75; says 'No space left.*not complete'
"$NIXIE" clean "$T/list" 2>"$T/err" | head -1 >/dev/null
(ulimit -f 300; trap '' XFSZ; exec "$NIXIE" clean -o "$T/limit" "$T/list") 2>"$T/err"; is $? 75 "size limit"; says 'nothing was left behind'; [ -e "$T/limit" ] && fail "half an output"
# One mailbox by the settings: tags and dots of a domain do not count, elsewhere they do; whoever asks hears the same.
printf '[address]\nplus_tag_domains = tags.example\ndots_domains = tags.example\n' >"$T/fold.conf"; fold="--config $T/fold.conf --db $T/fold.db"
"$NIXIE" suppress $fold First.Last+news@tags.example first.last@example.net >/dev/null
run 1 "$NIXIE" check $fold firstlast@tags.example; run 1 "$NIXIE" check $fold f.irstlast+x@Tags.example; run 0 "$NIXIE" check $fold firstlast@example.net first.last+x@example.net
printf 'firstlast+shop@tags.example\nFirst.Last@example.net\nfirstlast@example.net\nother@tags.example\n' >"$T/folded"
run 0 "$NIXIE" clean $fold "$T/folded"; is "$(paste -sd' ' "$T/out")" 'firstlast@example.net other@tags.example'
# order is kept over many blocks and threads
seq -f '%07g@example.net' 300000 >"$T/many"; run 0 "$NIXIE" clean "$T/many"; cmp -s "$T/many" "$T/out" || fail "not as it was"
finish
