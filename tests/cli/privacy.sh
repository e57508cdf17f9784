# forget: every way in and every way out of an address that was erased
. "$NIXIE_SOURCE/tests/cli/lib.sh"
# absent WORD: no file of the database holds it, in any case
absent() { for file in "$NIXIE_DB" "$NIXIE_DB-wal" "$NIXIE_DB-shm" "$NIXIE_DB.lookup"; do [ -e "$file" ] && grep -aqi -- "$1" "$file" && fail "$file still holds $1"; done; }

run 1 "$NIXIE" forget jane@example.net; says 'no such database'; run 75 "$NIXIE" subject-access jane@example.net; says 'no such database'
run 0 "$NIXIE" suppress --reason 'asked on the phone' Other@example.net
run 64 "$NIXIE" forget @example.net; says 'whole domain, which is nobody'; run 64 "$NIXIE" forget --yes @example.net; run 64 "$NIXIE" forget --yes 'no address'; says 'is no address'
[ -e "$NIXIE_DB.key" ] && fail "a key before anybody was erased"

# Somebody with events, acts, lines of imports, and a name in the report on another.
bounce Jane.Doe@Example.NET 5.1.1 '5.1.1 <jane.doe@example.net> User unknown' >"$T/one.eml"
bounce other@example.org 5.1.1 '5.1.1 User unknown; forwarded for jane.doe@example.net by list+jane.doe=example.net@example.com' >"$T/two.eml"
bounce strange@example.org 5.9.9 'wombat jane.doe@example.net' >"$T/three.eml"; bounce strange.jane@example.org 5.9.9 'wombat' >"$T/four.eml"
seq -f 'many%05g@example.com' 60000 >"$T/list"; printf 'jane.doe@example.net\nzoe@example.net\n' >>"$T/list"
run 0 "$NIXIE" import -q "$T/list"; [ -e "$NIXIE_DB.lookup" ] || fail "no lookup table to be wiped"
run 0 "$NIXIE" ingest -q "$T/one.eml" "$T/two.eml" "$T/three.eml" "$T/four.eml"
printf 'address,reason\njane.doe@example.net,left us\nzoe2@example.net,gone\n' >"$T/list.csv"; run 0 "$NIXIE" import -q --stream news "$T/list.csv"
run 0 "$NIXIE" suppress --stream shop --reason 'wrote to us' jane.doe@example.net
run 0 "$NIXIE" forget jane.doe@example.net; prints '1 events, 2 acts, 1 lines of imports would be erased; it would stay suppressed'; prints 'again with --yes'
run 1 "$NIXIE" check jane.doe@example.net
run 0 "$NIXIE" forget --yes --actor kim --reason 'her wish of March' jane.doe@example.net; prints '^jane.doe@example.net: erased .1 events, 2 acts, 1 lines of imports.; stays suppressed'; prints 'named in 2 reports on others and [12] kept messages'
absent 'jane.doe'; absent 'jane.d'
[ -e "$NIXIE_DB.lookup" ] && fail "the lookup table is still there"
is "$(stat -c %a "$NIXIE_DB.key" | cut -c1,3)" 60 "others may not read the key"
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'

# What is known, as one document; of an erased one next to nothing.
run 0 "$NIXIE" subject-access JANE.DOE@example.net; is "$(jq -r '[.known, (.hashes | length), .hashes[0].until, has("log"), has("entries")] | map(tostring) | join(" ")' "$T/out")" 'erased 3 null false false'
is "$(jq -r '.hashes | map(.stream // "all") | join(" ")' "$T/out")" 'all news shop'
run 1 "$NIXIE" subject-access stranger@example.net; says 'nothing is known'; is "$(jq -r '[.known, (.log | length)] | join(" ")' "$T/out")" 'nothing 0'
run 64 "$NIXIE" subject-access @example.net; says 'whole domain'; "$NIXIE" subject-access other@example.net >/dev/full 2>"$T/err"; is $? 75; run 64 "$NIXIE" subject-access nobody; says 'is no address'; run 64 "$NIXIE" subject-access a@example.net b@example.net
bounce Sam@Example.COM 5.9.9 'wombat' >"$T/sam.eml"; bounce raw@example.com 5.9.9 'wombat' | sed 's/^Hello/H\xe4llo/' >"$T/raw.eml"; run 0 "$NIXIE" ingest -q "$T/sam.eml" "$T/raw.eml"
printf 'address,reason\nsam@example.com,left us\n' >"$T/sam.csv"; run 0 "$NIXIE" import -q --stream news "$T/sam.csv"
run 0 "$NIXIE" suppress --stream shop --until 1s --actor kim --reason 'wrote to us' sam@example.com; run 0 "$NIXIE" suppress --reason 'dead' @example.com; run 0 "$NIXIE" suppress sam2@example.com
sleep 1.2; run 0 "$NIXIE" subject-access sam@EXAMPLE.com; cp "$T/out" "$T/sam.json"
known() { is "$(jq -r "$1" "$T/sam.json")" "$2" "$1"; }
known '[.known, .address, .key, (.allow_list | tostring)] | join(" ")' 'data sam@EXAMPLE.com sam@example.com null'
known '.entries | map(.stream + " " + .reason) | join(", ")' 'news left us'; known '.entries_run_out | map(.stream + " " + .reason) | join(", ")' 'shop wrote to us'
known '.entries_of_domain | map(.address + " " + .reason) | join(", ")' '@example.com dead'; known '.holds | length' 0
known '.log | map(.act + " " + (.actor // "-") + " " + (.event.decision.action // "-")) | join(", ")' "event - count, suppress $(id -un) -, suppress kim -"
known '.log[1].source' 'import:list'; known '.messages | length' 1; known '.messages[0].event_id == .log[0].event.id' true; known '.messages[0].text | contains("wombat")' true
known '[.kept_for.retention.events, .kept_for.triage.age] | join(" ")' 'never 90d'; grep -q sam2 "$T/sam.json" && fail "another address is in it"
run 0 "$NIXIE" subject-access raw@example.com; jq -r '.messages[0].base64' "$T/out" | base64 -d | cmp -s - "$T/raw.eml" || fail "a message that is no UTF-8 is not as it was"; is "$(jq '.messages[0].text' "$T/out")" null
run 0 "$NIXIE" allow sam@example.com; run 0 "$NIXIE" subject-access sam@example.com; is "$(jq -r .allow_list "$T/out")" address; run 0 "$NIXIE" release @example.com; run 0 "$NIXIE" forget --yes sam@example.com raw@example.com; run 0 "$NIXIE" release sam2@example.com

# Out.
run 1 "$NIXIE" check JANE.DOE@example.net; prints 'suppressed.manual.*erased: a keyed hash'
run 1 "$NIXIE" check --json jane.doe@example.net; is "$(jq -r '.answer+" "+.source' "$T/out")" 'suppressed forget'
run 1 "$NIXIE" check --stream shop jane.doe@example.net; run 0 "$NIXIE" check free@example.net
run 0 "$NIXIE" history jane.doe@example.net; prints 'forget .*by kim .forget.: her wish of March'; prints '^now: suppressed'
run 0 "$NIXIE" export -f txt; is "$(grep -ci jane.doe "$T/out")" 0; says '1 erased addresses are suppressed too'; is "$(grep -c zoe "$T/out")" 2 "its neighbours in the imports stay"
printf 'free@example.net\nJane.Doe@example.net\nzoe@example.net\n' >"$T/mailing"; run 0 "$NIXIE" clean -q "$T/mailing" --removed "$T/removed"; is "$(cat "$T/out")" free@example.net; grep -q '^Jane.Doe@example.net' "$T/removed" || fail "clean lets the erased through"
seq -f 'free%05g@example.net' 3000 >"$T/mailing"; echo jane.doe@example.net >>"$T/mailing"; run 0 "$NIXIE" clean -q "$T/mailing" --removed "$T/removed"; is "$(wc -l <"$T/removed")" "$(($(head -1 "$T/removed" | grep -c '^address') + 1))"
absent jane.doe

# In: a report that came before, a new one, one that names it, by hand, by imports large and small, as a free address.
run 0 "$NIXIE" ingest -q "$T/one.eml"; prints '1 known'; absent jane.doe
sed 's/report@/report2@/; s/original@/original2@/' "$T/one.eml" >"$T/five.eml"; run 0 "$NIXIE" ingest -q "$T/five.eml"; prints '0 suppressions'; absent jane.doe
sed 's/report@/report3@/; s/original@/original3@/; s/other@example.org/other2@example.org/' "$T/two.eml" >"$T/six.eml"; run 0 "$NIXIE" ingest -q "$T/six.eml"; absent jane.doe
run 0 "$NIXIE" history --json other2@example.org; is "$(jq -r '.event.diagnostic' "$T/out")" '550 5.1.1 User unknown; forwarded for [erased] by list+[erased]@example.com'
run 0 "$NIXIE" suppress --reason 'jane.doe@example.net called' jane.doe@example.net new@example.net; prints '^1 suppressed, 1 were already'; prints '1 of them were erased before'; absent jane.doe
run 0 "$NIXIE" import -q "$T/list"; prints '0 new, .*1 of the known erased before'; run 0 "$NIXIE" import -q "$T/list.csv"; prints '1 of the known erased before'
run 0 "$NIXIE" import -q -n "$T/list"; prints '0 would be new, .*1 of the known erased before'; absent jane.doe
run 1 "$NIXIE" allow jane.doe@example.net; says 'erased and stays suppressed by its hash .*release'; absent jane.doe
run 0 "$NIXIE" forget --yes jane.doe@example.net; prints 'was erased before; stays suppressed'
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'

# One who may be written to: nothing is kept; a term goes on as a term; those who object are suppressed.
bounce free@example.net 4.2.2 'mailbox full' >"$T/full.eml"; run 0 "$NIXIE" ingest -q "$T/full.eml"
run 0 "$NIXIE" forget --yes free@example.net; prints 'was not suppressed, nothing is kept'; run 0 "$NIXIE" check free@example.net; absent free@example.net; run 1 "$NIXIE" history free@example.net
run 0 "$NIXIE" forget --yes --suppress objects@example.net; prints 'stays suppressed'; run 1 "$NIXIE" check objects@example.net; run 1 "$NIXIE" check --stream any objects@example.net
run 0 "$NIXIE" suppress --stream news leaves@example.net; run 0 "$NIXIE" suppress --until 30d term@example.net; printf 'leaves@example.net\nterm@example.net\n' | "$NIXIE" forget --yes - >"$T/out"; is $? 0
run 0 "$NIXIE" check leaves@example.net; run 1 "$NIXIE" check --stream news leaves@example.net; run 1 "$NIXIE" check term@example.net; prints 'until 20[0-9-]*.erased'
run 0 "$NIXIE" allow friend@example.net; run 0 "$NIXIE" suppress friend@example.net; run 0 "$NIXIE" forget --yes friend@example.net; prints 'nothing is kept'; run 0 "$NIXIE" check friend@example.net; absent friend@
# A report that asks for more than the hash holds.
bounce leaves@example.net >"$T/leaves.eml"; run 0 "$NIXIE" ingest -q "$T/leaves.eml"; run 1 "$NIXIE" check leaves@example.net; absent leaves@; run 0 "$NIXIE" db check

run 0 "$NIXIE" forget --yes nobody@example.net; prints '^nobody@example.net: nothing was known of it; nothing is kept$'; prints '^0 erased, 0 of them'
run 0 "$NIXIE" forget --yes nobody@example.net objects@example.net; prints '^0 erased, 0 of them'

# Coming back by one's own wish.
run 0 "$NIXIE" release --reason 'signed up again' jane.doe@example.net; prints '1 of them had been erased: the hash .* is lifted'; run 0 "$NIXIE" check jane.doe@example.net; run 1 "$NIXIE" release jane.doe@example.net; says 'is not suppressed'
run 1 "$NIXIE" history jane.doe@example.net; run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints ' 0 differed'
run 0 "$NIXIE" allow jane.doe@example.net

# Without the key nobody is told that the erased may be written to.
mv "$NIXIE_DB.key" "$T/key"; run 75 "$NIXIE" check free@example.net; says 'key of erased addresses is not there.*put back'; run 75 "$NIXIE" subject-access free@example.net; says 'key of erased addresses is not there'; is "$(cat "$T/out")" ''; run 75 "$NIXIE" clean -q "$T/mailing"; says 'key of erased addresses is not there'; run 1 "$NIXIE" check other@example.net
sed 's/report@/report9@/; s/original@/original9@/' "$T/one.eml" >"$T/seven.eml"; run 65 "$NIXIE" ingest -q "$T/seven.eml"
echo 'nixie-erasure-key-2 00' >"$NIXIE_DB.key"; run 75 "$NIXIE" check free@example.net; says 'damaged'
(export NIXIE_DB="$T/second.db"; "$NIXIE" suppress a@example.net; "$NIXIE" forget --yes a@example.net) >/dev/null; cp "$T/second.db.key" "$NIXIE_DB.key"; run 75 "$NIXIE" check free@example.net; says 'that of another database'
cp "$T/key" "$NIXIE_DB.key"; run 0 "$NIXIE" check free@example.net; run 1 "$NIXIE" db lose-erased; says 'nothing is lost'
rm "$NIXIE_DB.key"; run 0 "$NIXIE" db lose-erased; prints '^3 erased addresses were given up'; run 0 "$NIXIE" check objects@example.net; run 0 "$NIXIE" db check
finish
