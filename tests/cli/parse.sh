. "$NIXIE_SOURCE/tests/cli/lib.sh"
recipients() { sed -n 's/.*"recipient":"\([^"]*\)","original_recipient".*/\1/p' "$T/out" | tr '\n' ' '; }

bounce one@example.net >"$T/one.eml"
run 0 "$NIXIE" parse "$T/one.eml"; is "$(recipients)" 'one@example.net '
prints '"file":"[^"]*/one.eml"'; prints '"received_at":null'; prints '"decision":null'
run 0 "$NIXIE" parse - <"$T/one.eml"; is "$(recipients)" 'one@example.net '; prints '"file":"-"'
run 0 "$NIXIE" parse --table "$T/one.eml"; prints '^KIND '; prints '^failed .*one@example.net'

# An mbox: quoted and unquoted "From " lines in a body, mboxrd's double quote, the blank line before the next message.
{
    printf 'From MAILER-DAEMON Mon Mar  2 10:00:00 2026\n'; bounce one@example.net; printf '\n'
    printf 'From MAILER-DAEMON  Mon Mar  2 10:00:00 +0100 2026\n'; bounce two@example.net; printf '>From here on\n>>From there\nFrom the desk of 12:30 nobody\n\nFrom now on it is prose\n\n'
    printf 'From x@example.org Tue Mar  3 10:00:00 2026\n'; bounce three@example.net
} >"$T/mbox"
run 0 "$NIXIE" parse "$T/mbox"; is "$(recipients)" 'one@example.net two@example.net three@example.net '
run 0 "$NIXIE" parse - <"$T/mbox"; is "$(recipients)" 'one@example.net two@example.net three@example.net '
sed 's/$/\r/' "$T/mbox" >"$T/crlf"; run 0 "$NIXIE" parse "$T/crlf"; is "$(recipients)" 'one@example.net two@example.net three@example.net '
# A message read out of an mbox is the one that was put in.
"$NIXIE" parse "$T/one.eml" | sed 's/.*"id":"\([^"]*\)".*/\1/' >"$T/id"; run 0 "$NIXIE" parse "$T/mbox"; prints "$(cat "$T/id")"

# Order: as given; inside a directory by name, recursively, without hidden files.
mkdir -p "$T/dir/b" "$T/dir/.git"; cp "$T/one.eml" "$T/dir/a"; bounce two@example.net >"$T/dir/b/x"; bounce three@example.net >"$T/dir/c"; cp "$T/one.eml" "$T/dir/.git/x"; cp "$T/one.eml" "$T/dir/.hidden"
run 0 "$NIXIE" parse "$T/dir/c" "$T/dir"; is "$(recipients)" 'three@example.net one@example.net two@example.net three@example.net '

# A Maildir: cur and new and its folders; tmp and index files are not mail.
mkdir -p "$T/Maildir/cur" "$T/Maildir/new" "$T/Maildir/tmp" "$T/Maildir/.Old/cur" "$T/Maildir/.Old/new" "$T/Maildir/.Old/tmp"
bounce cur@example.net >"$T/Maildir/cur/1.x:2,S"; bounce new@example.net >"$T/Maildir/new/2.x"; bounce old@example.net >"$T/Maildir/.Old/new/3.x"
bounce tmp@example.net >"$T/Maildir/tmp/4.x"; echo index >"$T/Maildir/dovecot.index"
run 0 "$NIXIE" parse "$T/Maildir"; is "$(recipients)" 'old@example.net cur@example.net new@example.net '

# Bad input: said, the rest is read, exit 1; what is no report is an event of its own.
run 1 "$NIXIE" parse "$T/none" "$T/one.eml"; says "^nixie: $T/none: No such file or directory \("; is "$(recipients)" 'one@example.net '
printf 'not mail at all \001\002\377' >"$T/noise"; run 0 "$NIXIE" parse "$T/noise"; prints '"kind":"other"'
: >"$T/empty"; run 0 "$NIXIE" parse "$T/empty"; prints '"kind":"other"'; prints '"empty"'
run 0 "$NIXIE" parse - </dev/null; prints '"kind":"other"'
{ bounce nul@example.net | sed 's/could not/could\x00not/'; } >"$T/nul"; run 0 "$NIXIE" parse "$T/nul"; is "$(recipients)" 'nul@example.net '; prints '"nul_bytes"'
bounce cut@example.net | head -n 24 >"$T/cut"; run 0 "$NIXIE" parse "$T/cut"; is "$(recipients)" 'cut@example.net '
awk 'BEGIN { print "Content-Type: multipart/mixed; boundary=b0\n"; for (i = 0; i < 10000; i++) printf "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1; print "deep" }' >"$T/deep"
run 0 "$NIXIE" parse "$T/deep"; prints '"too_deep"'; is "$(grep -c . "$T/out")" 1
{ bounce big@example.net; head -c 200000000 /dev/zero | tr '\0' 'x'; } >"$T/big"
bound='ulimit -v 400000'; sh -c "$bound; \"$NIXIE\" version" >/dev/null 2>&1 || bound=: # address sanitizers need more
run 0 sh -c "$bound"'; "$1" parse "$2"' sh "$NIXIE" "$T/big"; is "$(recipients)" 'big@example.net '; prints '"truncated"'
if [ "$(id -u)" = 0 ]; then # the source may stand where others cannot look
    as="env NIXIE_PATTERNS=$T/patterns setpriv --reuid 65534 --clear-groups"; cp -r "$NIXIE_SOURCE/patterns" "$T/patterns"; chmod -R a+rX "$T/patterns"; chmod 755 "$T"
else as=; fi
mkdir "$T/closed"; chmod 0 "$T/closed"
if $as true 2>/dev/null; then run 1 $as "$NIXIE" parse "$T/closed" "$T/one.eml"; says "closed: .*Permission denied"; is "$(recipients)" 'one@example.net '; fi
chmod 700 "$T/closed"
printf '[limits]\nmessage = 1k\n' >"$T/small.conf"; run 0 "$NIXIE" parse --config "$T/small.conf" "$T/big"; prints '"truncated"'
# Bodies of mail providers, by name or by an endpoint of the settings.
posted=$NIXIE_SOURCE/tests/webhook/fixtures
run 0 "$NIXIE" parse --webhook sendgrid "$posted/sendgrid/batch.json"; is "$(grep -c . "$T/out")" 13; prints '"cause":"upstream_suppressed"'
run 0 "$NIXIE" parse --webhook mandrill --table "$posted/mandrill/batch.form"; prints '^complaint'
run 1 "$NIXIE" parse --webhook mailjet "$posted/mailjet/broken.json" "$posted/mailjet/group.json"; says 'broken.json: .*no valid JSON'; is "$(grep -c . "$T/out")" 9
run 64 "$NIXIE" parse --webhook nobody "$posted/mailjet/group.json"; says 'no such provider'
printf '[webhook mine]\nprovider = generic\nbasic = u:p\nat_events = items\nat_kind = what\nat_recipient = address.mail\nis_failed_hard = dead\n' >"$T/mine.conf"
run 0 "$NIXIE" parse --config "$T/mine.conf" --webhook mine "$posted/generic/list.json"; prints '"kind":"failed","recipient":"a@example.net".*"class":"hard"'
NIXIE_PATTERNS="$T/none" run 1 "$NIXIE" parse "$T/one.eml"; says 'none: the patterns cannot be read.*NIXIE_PATTERNS'

# A report that names nobody: nobody is blamed, least of all the To or Cc of the returned message.
bounce innocent@example.net | grep -v '^Final-Recipient' | sed 's/^Subject: News/Cc: list@example.net\nSubject: News/' >"$T/nobody.eml"
run 0 "$NIXIE" parse "$T/nobody.eml"; is "$(jq -c '[.recipient, .original.to, (.notes | index("no_recipient") != null)]' "$T/out")" '[null,"innocent@example.net",true]'
finish
