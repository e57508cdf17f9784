# SPDX-License-Identifier: Apache-2.0
# Streams: where one comes from, what each holds for, numbers of its own, and settings that contradict themselves.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
cat >"$T/conf" <<'END'
[streams]
headers = X-Campaign
tags = MessageStream
[stream receipts]
kind = transactional
recipients = receipts-bounces@*
[stream receipts cause mailbox_full]
threshold = 6
window = 60d
scope = stream
[stream news]
headers = List-Id=news.example.com
END
export NIXIE_CONFIG=$T/conf
# mail RECIPIENT TO FIELD: a bounce that came to TO, of a message with FIELD
mail() { bounce "$1" | sed "s/^To: bounces@example.com/To: $2/; s/^From: news@example.com/From: news@example.com\n$3/"; }
stream_of() { "$NIXIE" parse "$1" | jq -r .stream; }
mail a@example.net bounces@example.com 'X-Nothing: x' >"$T/m"; is "$(stream_of "$T/m")" null
mail a@example.net receipts-bounces@example.com 'List-Id: <news.example.com>' >"$T/m"; is "$(stream_of "$T/m")" receipts
mail a@example.net bounces@example.com 'List-Id: All the news <news.example.com>' >"$T/m"; is "$(stream_of "$T/m")" news
mail a@example.net bounces@example.com 'X-Campaign: may-sale' >"$T/m"; is "$(stream_of "$T/m")" may-sale
mail a@example.net bounces@example.com 'X-Campaign: two words' >"$T/m"; is "$(stream_of "$T/m")" null

# A complaint leaves transactional mail alone, a dead mailbox does not; the store, clean and export say the same.
complaint() {
    printf 'From: fbl@example.net\nTo: %s\nSubject: complaint\nMessage-ID: <fbl.%s>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n' "$2" "$1"
    printf -- '--b\nContent-Type: text/plain\n\nspam\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <%s>\n\n' "$1"
    printf -- '--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: %s\nMessage-ID: <1.%s>\nList-Id: <news.example.com>\n\nHello\n--b--\n' "$1" "$1"
}
complaint angry@example.net bounces@example.com >"$T/c"; mail dead@example.net bounces@example.com 'List-Id: <news.example.com>' >"$T/d"
run 0 "$NIXIE" ingest -q "$T/c" "$T/d"; prints '2 suppressions'
run 1 "$NIXIE" check angry@example.net; run 1 "$NIXIE" check --stream news angry@example.net; run 1 "$NIXIE" check --stream unheard angry@example.net
run 0 "$NIXIE" check --stream receipts angry@example.net; run 1 "$NIXIE" check --stream receipts dead@example.net
printf 'angry@example.net\ndead@example.net\nfine@example.net\n' >"$T/list"
is "$("$NIXIE" clean -q --stream receipts "$T/list" | tr '\n' ' ')" 'angry@example.net fine@example.net '
is "$("$NIXIE" clean -q --stream news "$T/list" | tr '\n' ' ')" 'fine@example.net '
is "$("$NIXIE" clean -q "$T/list" | tr '\n' ' ')" 'fine@example.net '
is "$("$NIXIE" export -f txt --stream receipts | tr '\n' ' ')" 'dead@example.net '
run 0 "$NIXIE" policy explain angry@example.net; prints '^now: suppressed .*complaint'; prints '^stream receipts \(transactional\): not suppressed'; prints '^stream news \(bulk\): suppressed .*complaint'
run 0 "$NIXIE" policy explain --stream receipts angry@example.net; prints '^now: not suppressed'; prints 'the rule: 6 days, 7 d apart, within 60 d; for 30 d, stream receipts'
run 0 "$NIXIE" policy explain angry@example.net; prints 'the rule: 3 days, 7 d apart, within 30 d; for 30 d, every stream'
run 0 "$NIXIE" db check

# Settings that cannot be meant: each a fault with its line and what to do.
cat >"$T/bad.conf" <<'END'
[cause unknown]
threshold = 0
[cause expired]
span = 40d
[cause receiver_misconfig]
threshold = 50
[cause bad_domain]
ttl_max = 2d
[cause complaint]
suppress = never
[cause mailbox_full]
window = never
[stream two words]
kind = bulks
tags = foo
[stream x cause mailbox_ful]
ttl = 1d
[stream y cause mailbox_full]
threshold = 99
window = 30d
[webhook mailgun]
keys = k
stream = two/words
END
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:2: threshold = 0 .*suppress = never'
says 'bad.conf:4: span = 40d .* is wider than window = 30d.*at least 40d'
says 'bad.conf:6: threshold = 50 .*do not fit into window = 30d .*at least 7w'
says 'bad.conf:8: ttl = 90d .* is longer than ttl_max = 2d .raise ttl_max'
says "bad.conf:10: suppress .*the recipient's own wish always holds"
says 'bad.conf:12: window = never .*give a time'
says "bad.conf:13: 'two words' is no name of a stream"
says "bad.conf:14: kind: 'bulks' is neither bulk nor transactional"
says "bad.conf:15: tags .*'foo' is to be NAME=PATTERN"
says 'bad.conf:16: unknown group \[stream x cause mailbox_ful\] \(nearest known: \[stream NAME cause mailbox_full\]'
says 'bad.conf:19: threshold = 99 in \[stream y cause mailbox_full\]'
says "bad.conf:23: 'two/words' is no name of a stream"
# A term that is set above the default's longest raises it; what show prints reads back.
printf '[cause mailbox_disabled]\nttl = 800d\n' >>"$T/conf"
run 0 "$NIXIE" config show; prints '^\[stream receipts cause mailbox_full\]'; prints "^threshold = 6 +# $T/conf:8"; prints '^kind = transactional '; prints '^ttl_max = 800d '
sed 's/ *#.*//' "$T/out" >"$T/again.conf"; "$NIXIE" config show --config "$T/again.conf" | sed 's/ *#.*//' | cmp - "$T/again.conf" || fail 'show does not read back'
finish
