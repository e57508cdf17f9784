# Mail from an address itself as a sign of life: what it lifts, what it never lifts, and what a forged one does
. "$NIXIE_SOURCE/tests/cli/lib.sh"
printf '[policy]\nauthserv_ids=mx.example.org\n' >"$T/conf"; export NIXIE_CONFIG="$T/conf"
# report DAY ADDRESS STATUS [WORDS]; mail DAY ADDRESS [AUTHSERV]: each is received on that day of March 2026
report() { { printf 'Received: from a by mx.example.org; %s Mar 2026 10:00:00 +0000\n' "$1"; bounce "$2" "$3" "${4:-}" | sed "s/report@/$1.report@/; s/original@/$1.original@/"; } >"$T/mail"; take; }
mail() {
    printf 'Received: from a by mx.example.org; %s Mar 2026 10:00:00 +0000\nAuthentication-Results: %s; dmarc=pass header.from=example.net\nFrom: %s\nTo: news@example.com\nSubject: hello\nMessage-ID: <%s.%s>\n\nHello.\n' "$1" "${3:-mx.example.org}" "$2" "$1" "$2" >"$T/mail"; take
}
take() { "$NIXIE" ingest -q --received message "$T/mail" >"$T/out" 2>"$T/err" || fail "ingest: $(cat "$T/err")"; }
listed() { "$NIXIE" check "$1" >/dev/null; [ $? = 1 ]; }
for address in gone back; do report 1 $address@example.net 5.1.1; listed $address@example.net || fail "$address is not listed"; done
# dead: tried again, and on the list for ever at the next report; then such mail lifts nothing
mail 1 back@example.net; listed back@example.net || fail "mail of the moment of the report lifted it"
mail 3 back@example.net; listed back@example.net && fail "a sign of life lifted nothing"
run 0 "$NIXIE" history back@example.net; prints 'mail from the address itself \(dmarc=pass by mx.example.org\): it is tried once more'
run 0 "$NIXIE" db check; run 0 "$NIXIE" export -f txt; is "$(tr '\n' ' ' <"$T/out")" 'gone@example.net '; printf 'back@example.net\n' | "$NIXIE" clean -q - | grep -q back || fail "clean does not know"
report 5 back@example.net 5.1.1; listed back@example.net || fail "the next report did not decide"
mail 7 back@example.net; listed back@example.net || fail "lifted a second time"; run 0 "$NIXIE" history back@example.net; prints 'tried after such mail before, and failed'
# forged: by a server that is not trusted, by nobody, and where no server is
mail 8 gone@example.net mx.example.com; listed gone@example.net || fail "another server's word lifted it"
(export NIXIE_CONFIG=/dev/null; mail 9 gone@example.net); listed gone@example.net || fail "lifted though nobody is trusted"
# full: some days of it, lifted; what was counted before does not count again
for day in 10 14 18; do report $day full@example.net 5.2.2 '5.2.2 mailbox full'; done; mail 19 full@example.net; report 20 full@example.net 5.2.2 '5.2.2 mailbox full'
run 0 "$NIXIE" history full@example.net; prints 'suppress: mailbox_full: on 3 days'; prints 'soft counts are forgotten'; prints 'mailbox_full: 1 of 3 within'
"$NIXIE" suppress --cause mailbox_full --until 30d hand@example.net >/dev/null; "$NIXIE" suppress --cause complaint angry@example.net >/dev/null; "$NIXIE" suppress --cause unsubscribe --stream news left@example.net >/dev/null
for address in hand angry left; do
    printf 'Authentication-Results: mx.example.org; dmarc=pass header.from=example.net\nFrom: %s@example.net\nSubject: hello\nMessage-ID: <%s.now>\n\nHello.\n' $address $address >"$T/mail"; "$NIXIE" ingest -q "$T/mail" >/dev/null 2>&1
done
run 1 "$NIXIE" check hand@example.net; run 1 "$NIXIE" check angry@example.net; run 1 "$NIXIE" check --stream news left@example.net; run 0 "$NIXIE" history angry@example.net; prints 'lifted by hand only'
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'
# a domain that writes is not dead: its own entry, made by itself, and those of its addresses end on probation; a proposal says so; what a person confirmed stays
printf '[policy]\nauthserv_ids=mx.example.org\ndomain_entries=auto\n' >"$T/conf"
day() { date -ud "-$1 days" "+$2"; }
received() { echo "Received: from a by mx.example.org; $(day "$1" '%d %b %Y') 10:00:00 +0000"; }
null() { { received "$1"; bounce "$2" "${3:-5.1.10}" "${3:-5.1.10} ${4:-Recipient address has null MX}" | sed "s/report@/$1.report@/; s/original@/$1.original@/"; } >"$T/mail"; take; }
wrote() { { received "$1"; printf 'Authentication-Results: mx.example.org; dmarc=pass header.from=%s\nFrom: %s\nSubject: hello\nMessage-ID: <%s.%s>\n\nHello.\n' "${2#*@}" "$2" "$1" "$2"; } >"$T/mail"; take; }
for a in a b c; do null 8 $a@moved.example.com; done; listed new@moved.example.com || fail "no entry for the domain"
null 7 d@moved.example.com 5.1.1 'User unknown'; wrote 6 e@moved.example.com
for a in new a b c; do listed $a@moved.example.com && fail "$a@moved.example.com is listed after mail of its domain"; done; listed d@moved.example.com || fail "an unknown user is none of the domain's"
run 0 "$NIXIE" history @moved.example.com; prints "^$(day 8 %F).*domain +bad_domain"; prints "^$(day 6 %F).*revive +bad_domain +by nixie .policy.: mail from the domain itself .dmarc=pass by mx.example.org.: it is tried once more"
run 0 "$NIXIE" history b@moved.example.com; prints 'revive +bad_domain'; prints '^now: not suppressed'
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'
for a in a b c; do null 5 $a@moved.example.com; done; listed a@moved.example.com || fail "the next report did not decide"
wrote 4 e@moved.example.com; listed a@moved.example.com || fail "lifted a second time within a year"
# neither made by itself where somebody wrote of late, but proposed
for a in a b; do null 3 $a@lives.example.com; done; wrote 2 e@lives.example.com; for a in c d f; do null 1 $a@lives.example.com; done
run 0 "$NIXIE" check new@lives.example.com; run 0 "$NIXIE" domains; prints "^lives.example.com +proposed 3 .*but somebody answered for it on $(day 2 %F)"
for a in a b c; do null 8 $a@sure.example.com; done; run 0 "$NIXIE" release @sure.example.com; run 0 "$NIXIE" domains --confirm sure.example.com; wrote 0 e@sure.example.com
for a in new b; do listed $a@sure.example.com || fail "$a@sure.example.com: what a person confirmed was lifted"; done; run 0 "$NIXIE" domains --all; prints "^sure.example.com +listed .*but somebody answered for it on"
run 0 "$NIXIE" db check; printf '[policy]\nauthserv_ids=mx.example.org\n' >"$T/conf"
# erased: nothing of the mail stays
run 0 "$NIXIE" forget --yes angry@example.net; mail 20 angry@example.net; run 1 "$NIXIE" check angry@example.net; run 0 "$NIXIE" db check
grep -q angry "$NIXIE_DB" && fail "the mail of an erased address left its name"
# a key is checked as others are
run 0 "$NIXIE" config show; prints '^authserv_ids = mx.example.org'
finish
