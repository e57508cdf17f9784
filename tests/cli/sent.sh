# The ledger of what was sent: whom a bounce is about that names nobody, or an alias; what it never decides; its limits; erasing
. "$NIXIE_SOURCE/tests/cli/lib.sh"
# nameless ID [TO] [NAMED]: a report about the message ID, whose returned head says TO
nameless() {
    printf 'From: MAILER-DAEMON@mx.example.org\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <r.%s.%s@mx.example.org>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n' "$1" "${3:-}"
    printf -- '--b\nContent-Type: text/plain\n\nCould not be delivered.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n' "${3:-}"
    printf -- '--b\nContent-Type: text/rfc822-headers\n\nFrom: news@example.com\nMessage-ID: <%s>\n%s\n--b--\n' "$1" "${2:+To: $2
}"
}
take() { "$@" >"$T/mail"; "$NIXIE" ingest -q "$T/mail" >"$T/out" 2>"$T/err" || fail "ingest: $(cat "$T/err")"; }
listed() { "$NIXIE" check "$@" >/dev/null; [ $? = 1 ]; }
last() { sqlite3 "$NIXIE_DB" 'select coalesce(key, "-") from log order by seq desc limit 1'; }
"$NIXIE" sent - >"$T/out" 2>"$T/err" <<'L'
{"message_id": "<one@example.com>", "recipient": "Alice@Example.NET", "stream": "news"}
{"message_id": "two@example.com", "recipient": "bob@example.net", "stream": null, "other": 1}
{"message_id": "many@example.com", "recipient": "m1@example.net"}
{"message_id": "many@example.com", "recipient": "m2@example.net"}
{"message_id": "alias@example.com", "recipient": "sales@example.net"}
{"message_id": "two@example.com", "recipient": "bob@example.net"}
{"message_id": "three@example.com", "recipient": "rob@example.net"}
{"recipient": "x@example.net"}
{"message_id": "y", "recipient": "x@example.net", "stream": "two words"}
{"message_id": "x", "recipient": "nobody"}
no JSON
L
is $? 1 "bad lines"; prints '^11 lines: 6 recorded, 1 known already, 0 of erased addresses, 4 could not be read'; says 'line 8: message_id is missing'; says 'line 9: the stream is no name'; says 'line 11: it is no JSON'
# a report that names nobody
take nameless one@example.com; listed alice@example.net || fail "not resolved"; run 0 "$NIXIE" history alice@example.net; prints 'suppress: mailbox_unknown'
sqlite3 "$NIXIE_DB" 'select stream from log where seq = 1' | grep -qx news || fail "the stream was not taken"
run 0 "$NIXIE" db check
take nameless unknown@example.com; is "$(last)" - "a Message-ID that nobody recorded"
take nameless many@example.com; is "$(last)" - "two had it"
take nameless two@example.com 'Carol <carol@example.net>'; is "$(last)" - "the returned head names somebody else"
take nameless three@example.com 'Rob <ROB@example.net>'; is "$(last)" 'example.net@rob'
# a report on an alias behind our address: ours where the returned head says so too, else the one that it names
take nameless alias@example.com 'sales@example.net' carol@corp.example; is "$(last)" 'example.net@sales'; listed sales@example.net || fail "an alias"
take nameless alias@example.com '' dave@corp.example; is "$(last)" 'corp.example@dave' "without the head it is who it names"
take nameless many@example.com 'm1@example.net' m1@example.net; is "$(last)" 'example.net@m1'
"$NIXIE" export --format jsonl | grep -q reported && fail "a tag in an entry"
sqlite3 "$NIXIE_DB" 'select count(*) from sent' | grep -qx 6 || fail "rows"
# it does not verify: a forged report that names another is about that other, and in strict mode nothing
printf '[policy]\nrequire_verified=strict\n' >"$T/conf"; (export NIXIE_CONFIG="$T/conf"; take nameless two@example.com '' bob2@example.net; take nameless many@example.com '' m2@example.net); listed m2@example.net && fail "the ledger verified a report"
# erased: gone from it, and not written again
run 0 "$NIXIE" subject-access bob@example.net; is "$(jq -r '[.known, (.sent | length), .sent[0].stream, .kept_for.sent.age] | map(tostring) | join(" ")' "$T/out")" 'data 1 null 2w'
"$NIXIE" forget --yes bob@example.net >/dev/null; sqlite3 "$NIXIE_DB" 'select count(*) from sent where key like "%bob"' | grep -qx 0 || fail "forget left a row"
echo '{"message_id": "late@example.com", "recipient": "alice@example.net"}' | "$NIXIE" sent - >/dev/null; "$NIXIE" forget --yes alice@example.net >/dev/null
run 0 "$NIXIE" sent '{"message_id": "again@example.com", "recipient": "ALICE@example.net"}'; prints '0 recorded, 0 known already, 1 of erased'
take nameless late@example.com; is "$(last)" - "an erased address was named"; grep -qi alice "$NIXIE_DB" && fail "the file holds the name"
# limits: size, age, off
printf '[sent]\nsize=10\n' >"$T/conf"; export NIXIE_CONFIG="$T/conf"
for i in $(seq 30); do echo "{\"message_id\": \"s$i@example.com\", \"recipient\": \"s$i@example.net\"}"; done | "$NIXIE" sent - >/dev/null
is "$(sqlite3 "$NIXIE_DB" 'select count(*), min(n > 10) from sent')" '10|1' "size"; take nameless s30@example.com; is "$(last)" 'example.net@s30'; take nameless s1@example.com; is "$(last)" -
printf '[sent]\nage=1d\n' >"$T/conf"; sqlite3 "$NIXIE_DB" 'update sent set made = made - 90000'; run 0 "$NIXIE" db retain; is "$(sqlite3 "$NIXIE_DB" 'select count(*) from sent')" 0 "age"
printf '[sent]\nsize=0\n' >"$T/conf"; run 0 "$NIXIE" sent '{"message_id": "n@example.com", "recipient": "n@example.net"}'; prints '0 recorded'; export NIXIE_CONFIG=/dev/null
# from the log of a mail server: what it delivered and what it tried
cat >"$T/log" <<'L'
Mar  3 10:00:00 mx postfix/cleanup[1]: 4F0001: message-id=<log1@example.com>
Mar  3 10:00:00 mx postfix/qmgr[1]: 4F0001: from=<news@example.com>, size=1, nrcpt=1 (queue active)
Mar  3 10:00:01 mx postfix/smtp[1]: 4F0001: to=<eve@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 ok)
L
run 0 "$NIXIE" ingest --log postfix --sent "$T/log"; prints '0 events kept'; prints 'sent +1 recorded'
take nameless log1@example.com; is "$(last)" 'example.net@eve'
run 64 "$NIXIE" ingest --sent "$T/log"; says 'only with --log'
# a ledger of before is known by the same rows; a recipient's rows are found by an index, not by going through all
export NIXIE_DB="$T/old.db"; for i in 1 2; do run 0 "$NIXIE" sent "{\"message_id\": \"o$i@example.com\", \"recipient\": \"old@example.net\"}"; done
sqlite3 "$NIXIE_DB" "DROP INDEX sent_id; DROP INDEX sent_who; ALTER TABLE sent DROP COLUMN who; CREATE UNIQUE INDEX sent_id ON sent(id, key); DROP TABLE alive; ALTER TABLE log DROP COLUMN holder;
    DROP INDEX log_change; CREATE INDEX log_change ON log(seq) WHERE action IN ('suppress', 'clear', 'done', 'hold'); PRAGMA user_version=11"
run 0 "$NIXIE" db migrate; run 0 "$NIXIE" sent '{"message_id": "o2@example.com", "recipient": "Old@example.net"}'; prints '0 recorded, 1 known already'
run 0 "$NIXIE" subject-access old@example.net; is "$(jq '.sent | length' "$T/out")" 2; run 0 "$NIXIE" forget --yes old@example.net; is "$(sqlite3 "$NIXIE_DB" 'select count(*) from sent')" 0
is "$(sqlite3 "$NIXIE_DB" "EXPLAIN QUERY PLAN DELETE FROM sent WHERE who=1 AND key='x'" | grep -c 'USING INDEX sent_who')" 1
# an insert into the log builds no table for the condition of an index
is "$(sqlite3 "$NIXIE_DB" "EXPLAIN INSERT INTO log(act, at, made) VALUES('event', 1, 1)" | grep -c OpenEphemeral)" 0
finish
