# SPDX-License-Identifier: Apache-2.0
# Signed return paths, and what a forged bounce can do in each mode of [policy] require_verified.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
umask 077
run 0 "$NIXIE" verp keygen b; cp "$T/out" "$T/keys"
run 64 "$NIXIE" verp keygen '!'; says 'no key id'
run 64 "$NIXIE" verp frobnicate; says 'sign ADDRESS'
settings() { printf '[verp]\nkeys_file=%s\ndomain=bounces.example.com\nstreams=news billing\n[policy]\nrequire_verified=%s\n' "$T/keys" "$1" >"$T/conf"; }
settings off
nx() { "$NIXIE" "$@" --config "$T/conf"; }
run 65 "$NIXIE" verp sign u@example.net; says 'keys_file is not set'

path=$("$NIXIE" verp sign --config "$T/conf" --stream news U@EXAMPLE.net)
case $path in b+*@bounces.example.com) ;; *) fail "odd return path: $path" ;; esac
[ "${#path}" -le 84 ] || fail "too long: $path"
run 0 "$NIXIE" verp verify --config "$T/conf" "$path" u@example.net; prints '^good'; prints '^stream news'; prints '^made for'
run 1 "$NIXIE" verp verify --config "$T/conf" "$path" other@example.net; prints '^not made for'
run 1 "$NIXIE" verp verify --config "$T/conf" b+aaaa@bounces.example.com; prints '^bad'
run 1 "$NIXIE" verp verify --config "$T/conf" someone@example.org; prints '^foreign'

# deliver RETURNPATH RECIPIENT DAY: a bounce that came to that return path
deliver() { { printf 'X-Original-To: %s\n' "$1"; bounce "$2" | sed "s/report@/$3.report@/; s/original@/$3.original@/"; } >"$T/mail"; NIXIE_CONFIG=$T/conf "$NIXIE" ingest --quiet "$T/mail" >"$T/out" 2>"$T/err" || fail "ingest: $(cat "$T/err")"; }
verified() { { printf 'X-Original-To: %s\n' "$1"; bounce "$2"; } >"$T/mail"; "$NIXIE" parse --config "$T/conf" "$T/mail" | sed -n 's/.*"verified":"\([a-z]*\)".*/\1/p'; }
listed() { "$NIXIE" check "$1" >/dev/null; [ $? = 1 ]; }

is "$(verified "$path" u@example.net)" signed
is "$(verified "$path" victim@example.net)" none 'a token for one address must not prove another'
is "$(verified "b+$(printf 'a%.0s' $(seq 42))@bounces.example.com" u@example.net)" none
"$NIXIE" parse --config "$T/conf" "$T/mail" | grep -q '"bad_token"' || fail 'no note of the bad token'

deliver bounces@example.com off@example.net 1; listed off@example.net || fail 'off: an unsigned report must count in full'

settings soft
deliver bounces@example.com soft@example.net 1; listed soft@example.net && fail 'soft: one forged bounce silenced an address'
deliver bounces@example.com soft@example.net 2; listed soft@example.net && fail 'soft: two forged bounces of one day silenced an address'
deliver "$("$NIXIE" verp sign --config "$T/conf" mine@example.net)" mine@example.net 1; listed mine@example.net || fail 'soft: a signed report must count in full'

"$NIXIE" history soft@example.net | grep -q 'mailbox_unknown: 1 of 2' || fail 'soft: a forged bounce was not counted'
is "$("$NIXIE" parse --config "$T/conf" "$T/mail" | jq -r '.notes | index("unverified")')" null 'a signed report is verified'
bounce soft@example.net >"$T/mail"; "$NIXIE" parse --config "$T/conf" "$T/mail" | grep -q '"unverified"' || fail 'no note that nobody vouches for it'
"$NIXIE" parse "$T/mail" | grep -q '"unverified"' && fail 'noted where nothing is signed'
for n in 1 2; do { printf 'X-Original-To: bounces@example.com\n'; bounce full@example.net 5.2.2 '5.2.2 Mailbox full' | sed "s/report@/$n.report@/"; } >"$T/mail"; run 0 "$NIXIE" ingest --quiet --config "$T/conf" "$T/mail"; done
listed full@example.net && fail 'soft: a forged soft bounce silenced an address'
"$NIXIE" history full@example.net | grep -q 'mailbox_full: 1 of 3' || fail 'soft: a forged soft bounce counts as any other'
# complain ADDRESS: a feedback report that anybody could have written
complain() {
    printf 'From: fbl@example.org\nTo: bounces@example.com\nSubject: complaint\nMessage-ID: <%s.complaint@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\nContent-Type: text/plain\n\nAn abuse report.\n\n' "$1"
    printf -- '--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: %s\n\n--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: %s\nSubject: News\n\nHello\n--b--\n' "$1" "$1"
}
complain cross@example.net >"$T/mail"; run 0 "$NIXIE" ingest --quiet --config "$T/conf" "$T/mail"; listed cross@example.net || fail 'soft: a forged complaint holds, as security.md says'

settings strict
complain strict-cross@example.net >"$T/mail"; run 0 "$NIXIE" ingest --quiet --config "$T/conf" "$T/mail"; listed strict-cross@example.net && fail 'strict: a forged complaint silenced an address'
for n in 1 2 3 4 5; do deliver bounces@example.com strict@example.net $n; done; listed strict@example.net && fail 'strict: forged bounces silenced an address'
grep -q . "$T/out"; "$NIXIE" history strict@example.net | grep -q 'nobody vouches' || fail 'strict: the history does not say why nothing was decided'
deliver "$("$NIXIE" verp sign --config "$T/conf" ours@example.net)" ours@example.net 1; listed ours@example.net || fail 'strict: a signed report must count in full'

# A key that was rotated out is not believed; one that stands second is.
old=$path; run 0 "$NIXIE" verp keygen c; cat "$T/out" "$T/keys" >"$T/both"; mv "$T/both" "$T/keys"
run 0 "$NIXIE" verp verify --config "$T/conf" "$old" u@example.net; prints '^key b'
sed -i 1q "$T/keys"; run 1 "$NIXIE" verp verify --config "$T/conf" "$old" u@example.net; prints '^bad'
echo 'c short' >"$T/keys"; run 65 "$NIXIE" verp sign --config "$T/conf" u@example.net; says 'keys:1: a secret has at least 16'
printf '[policy]\nrequire_verified=maybe\n' >"$T/conf"; run 75 "$NIXIE" check --config "$T/conf" u@example.net; says "'maybe' is none of off, soft, strict"

# Return paths of other systems: the recipient by known forms and by templates of the settings, and the stream.
conf() { printf '[verp]\nforms = %s\n' "$1" >"$T/conf"; }
run 0 "$NIXIE" verp decode list+u=example.net@x.example bounce+u==a==example.net==list@x.example list-return-7-mary-ann=example.net@x.example
prints '^list\+u=example.net@x.example	u@example.net	-	plus$'; prints '	u@example.net	-	sympa$'; prints '	mary-ann@example.net	-	ezmlm$'
run 1 "$NIXIE" verp decode my-list-u=example.net@x.example; prints '	-	-	dash$'
conf 'bounce-{stream}-{user}={domain}@*.example.com;plus'
run 0 "$NIXIE" config check --config "$T/conf"
run 0 "$NIXIE" config show --config "$T/conf"; prints 'forms = bounce-\{stream\}-\{user\}=\{domain\}@\*.example.com;plus'
run 0 "$NIXIE" verp decode --config "$T/conf" bounce-news-u=example.net@b.example.com; prints '	u@example.net	news	bounce-'
# nameless RETURNPATH: a bounce in which nothing but its return path names the recipient
nameless() { printf 'X-Original-To: %s\nFrom: MAILER-DAEMON@mx.example.org\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <%s>\n\nYour message could not be delivered.\n\n550 5.1.1 User unknown\n' "$1" "$1"; }
reads() { nameless "$1" >"$T/mail"; "$NIXIE" parse --config "$T/conf" "$T/mail" | jq -r '[.recipient, .stream] | join(" ")'; }
is "$(reads bounce-news-u=example.net@b.example.com)" 'u@example.net news'
is "$(reads bounce-news-mary-ann=example.net@b.example.com)" ' ' 'whose are the dashes?'
is "$(reads news+u=example.net@b.example.com)" 'u@example.net '
is "$(reads news-u=example.net@b.example.com)" ' ' 'the form dash is not among the settings'
nameless bounce-news-u=example.net@b.example.com >"$T/mail"
run 0 "$NIXIE" ingest --config "$T/conf" --quiet --stream other "$T/mail"
run 0 "$NIXIE" history --json u@example.net; is "$(jq -rs '[.. | .stream? | strings] | unique | join(" ")' "$T/out")" other 'what the caller says is surer'
conf ''; is "$(reads news+u=example.net@b.example.com)" ' ' 'no form is believed'
conf 'plus;postfix;b-{user}@*'; run 65 "$NIXIE" config check --config "$T/conf"
says "conf:2: forms in \[verp\]: 'postfix': neither a known form"; says "conf:2: forms in \[verp\]: 'b-\{user\}@\*': \{user\} without \{domain\}"
finish
