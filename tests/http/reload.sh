. "$NIXIE_SOURCE/tests/http/lib.sh"
mkdir "$T/rules"
printf '[patterns]\nlocal = %s/rules\n[serve]\njson_size = 100\n' "$T" >"$T/n.conf"
serve --config "$T/n.conf"
reply='{"reply":"550 5.0.0 the zeppelin is moored elsewhere"}'
ask() { asks 200 /v1/classify -H "$json" -d "$reply"; jq -r '.events[0].cause' "$T/out"; }
reload() { n=$(grep -c ' reload' "$T/log"); kill -HUP $PID; i=0; until [ "$(grep -c ' reload' "$T/log")" -gt "$n" ] || [ $i = 100 ]; do i=$((i + 1)); sleep 0.05; done; }
before=$(ask); [ "$before" != mailbox_moved ] || fail "before"
printf 'rule local.zeppelin\n  cause mailbox_moved\n  any   the zeppelin is moored elsewhere\n  hit   550 5.0.0 the zeppelin is moored elsewhere\n' >"$T/rules/own.rules"
reload; is "$(ask)" mailbox_moved "a new rule is in force"
# All or nothing: a broken rule, a broken setting, each with something good beside it.
printf '\nrule local.broken\n  cuase x\n' >>"$T/rules/own.rules"; sed -i 's/100/200/' "$T/n.conf"
reload; grep -q 'reload failed, all is as before.*own.rules:7' "$T/log" || fail "the broken rule is not said"; is "$(ask)" mailbox_moved
head -c 150 /dev/zero | tr '\0' ' ' >"$T/long"; asks 413 /v1/suppressions/a@example.net -X PUT --data-binary @"$T/long"
rm "$T/rules/own.rules"; printf '[serv]\nx = 1\n' >>"$T/n.conf"; reload; grep -q 'reload failed.*n.conf:5' "$T/log" || fail "the broken setting is not said"; is "$(ask)" mailbox_moved
sed -i '/serv\]/,$d' "$T/n.conf"; printf '[patterns]\nlocal = %s/rules\n[serve]\njson_size = 200\nqueue = 77\n[cause mailbox_full]\nttl = 3d\n' "$T" >"$T/n.conf"
reload; is "$(ask)" "$before" "the rule is gone"; asks 400 /v1/suppressions/a@example.net -X PUT --data-binary @"$T/long"
grep -q 'need a restart.*serve/queue.*cause mailbox_full/ttl' "$T/log" || fail "what needs a restart is not said"
# Webhooks and hooks are in force at once; a fault in one keeps all as it was.
asks 404 /v1/webhooks/brevo -d '{}'; printf '[webhook brevo]\nbasic = u:p\n' >>"$T/n.conf"; reload; asks 200 /v1/webhooks/brevo -u u:p -d '{}'
printf '[hook app]\nurl = http://127.0.0.1:9/\nkeys = whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n' >>"$T/n.conf"; reload; grep -q 'restart.*hook' "$T/log" && fail "a hook needs no restart"
cp "$T/n.conf" "$T/good"; printf '[webhook postmark]\n' >>"$T/n.conf"; reload; grep -q 'reload failed.*webhook postmark.*basic' "$T/log" || fail "the webhook without a secret is not said"
asks 404 /v1/webhooks/postmark -d '{}'; asks 200 /v1/webhooks/brevo -u u:p -d '{}'
cp "$T/good" "$T/n.conf"; printf '[webhook postmark]\nbasic = u:p\n[hook bad]\nurl = ftp://x\n' >>"$T/n.conf"; reload; grep -q 'reload failed.*hook bad.*url' "$T/log" || fail "the hook without an address is not said"
asks 404 /v1/webhooks/postmark -d '{}'; cp "$T/good" "$T/n.conf"; reload
# Nothing is lost while it reloads.
for i in $(seq 60); do bounce "r$i@example.net" >"$T/r.eml"; [ "$(curl -s -o /dev/null -w '%{http_code}' -H "$mail" --data-binary @"$T/r.eml" "$URL/v1/messages")" = 200 ] || fail "post $i"; [ $((i % 6)) = 0 ] && kill -HUP $PID; done
asks 200 '/v1/export?format=txt'; is "$(wc -l <"$T/out")" 60
# The export has a tag; the same list is not sent again.
asks 200 /v1/export; head_has '^content-type: text/csv'; is "$(head -1 "$T/out" | cut -d, -f1)" address; tag=$(sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p' "$T/head"); [ -n "$tag" ] || fail "no ETag"
asks 304 /v1/export -H "If-None-Match: $tag"; asks 200 /v1/export -H "If-None-Match: $tag" -H 'Accept: text/plain'; asks 200 /v1/export -H "If-None-Match: $tag" -H 'Accept: application/x-ndjson'; asks 200 '/v1/export?domain=example.org' -H "If-None-Match: $tag"
asks 201 /v1/suppressions/z@example.net -X PUT; asks 200 /v1/export -H "If-None-Match: $tag"
asks 200 /v1/export -H 'Accept: application/x-ndjson, text/csv;q=0.5'; head_has '^content-type: application/x-ndjson'; is "$(jq -r .address "$T/out" | wc -l)" 61
seq 1200 | sed 's/.*/n&@many.example/' | "$NIXIE" suppress - >/dev/null; asks 200 '/v1/export?format=txt&domain=many.example'; is "$(wc -l <"$T/out") $(sort -u "$T/out" | wc -l)" '1200 1200' "in pieces"; "$NIXIE" export -f txt --domain many.example | "$NIXIE" release - >/dev/null
asks 200 '/v1/suppressions?limit=1000'; has '(.suppressions | length) > 0 and .next == null'
asks 406 /v1/export -H 'Accept: image/png'; asks 400 '/v1/export?format=xml'
ends; finish
