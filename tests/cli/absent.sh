# A misspelt --db: whoever reads, or takes back, says so and makes nothing. A database that may only be read is read.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
unset NIXIE_DB; printf 'a@example.net\n' >"$T/list"; bounce a@example.net >"$T/a.eml"
# absent COMMAND...: not exit 0, the path in the message, no answer, nothing made
absent() {
    "$NIXIE" "$@" --db "$T/none/no.db" >"$T/out" 2>"$T/err" </dev/null; got=$?
    [ "$got" != 0 ] || fail "exit 0: $*"; [ ! -s "$T/out" ] || { fail "an answer: $*"; cat "$T/out"; }
    grep -q "^nixie: .*none/no\.db.*--db PATH" "$T/err" || { fail "does not say where, and what to do: $*"; cat "$T/err"; }
    [ ! -e "$T/none" ] || { fail "made something: $*"; ls -R "$T/none"; rm -r "$T/none"; }
}
absent check a@example.net; absent clean "$T/list"; absent export; absent history a@example.net; absent subject-access a@example.net; absent stats; absent policy explain a@example.net
absent holds; absent holds release --provider google --yes; absent holds drop --provider google --yes; absent domains; absent domains --confirm dead.example; absent domains --dismiss dead.example
absent triage; absent triage show 757851; absent rules replay; absent rules replay --apply --yes; absent rules suggest --stored; absent undo --since 1d; absent undo --since 1d --yes
absent release a@example.net; absent allow --remove a@example.net; absent forget a@example.net; absent forget --yes a@example.net; absent reconcile --with ses "$T/list"
for verb in check rebuild retain shrink lose-erased; do absent db $verb; done; absent token list; absent token revoke app
# What a first import would do is said, and that there is nothing yet.
run 0 "$NIXIE" import --dry-run "$T/list" --db "$T/none/no.db"; prints '1 would be new'; says 'no\.db: there is no such database .*so everything is new'; [ ! -e "$T/none" ] || fail 'import --dry-run made something'
# Tokens: none beside a database that is there is an answer; a file that the settings name has to be there.
export NIXIE_DB="$T/ro/n.db"; run 0 "$NIXIE" ingest -q "$T/a.eml"; run 0 "$NIXIE" token list; is "$(cat "$T/out" "$T/err")" ''
printf '[serve]\ntokens = %s/nowhere\n' "$T" >"$T/conf"; run 1 "$NIXIE" token list --config "$T/conf"; says 'nowhere: there is no such file .*mend \[serve\] tokens'
run 1 "$NIXIE" token revoke app; says 'app: there is no such token'
# Only readable: check says whether it is sound, whoever may not write it.
as=; [ "$(id -u)" != 0 ] || as="env NIXIE_PATTERNS=$T/patterns setpriv --reuid 65534 --regid 65534 --clear-groups"
[ -z "$as" ] || { cp -r "$NIXIE_SOURCE/patterns" "$T/patterns"; chmod -R a+rX "$T"; chown -R 65534:65534 "$T/ro"; }
if [ -z "$as" ] || $as test -x "$NIXIE"; then
    for mode in 500 700; do
        chmod 400 "$NIXIE_DB"; chmod $mode "$T/ro"; before=$(cksum <"$NIXIE_DB")
        run 0 $as "$NIXIE" db check; prints '^sound: '; is "$(cksum <"$NIXIE_DB")" "$before" 'check wrote'
        run 1 $as "$NIXIE" db retain; says 'n\.db: cannot be written .check the owner and mode of the file and of its directory'
    done
fi
chmod 700 "$T/ro"; chmod 600 "$NIXIE_DB"; sqlite3 "$NIXIE_DB" "UPDATE suppressions SET until = 5"; run 65 "$NIXIE" db check; says '1 entries do not follow from the log .run: nixie db rebuild'
run 0 "$NIXIE" db rebuild; run 0 "$NIXIE" db check
# It keeps nobody from writing, nor does who writes keep it waiting.
(sqlite3 "$NIXIE_DB" "begin immediate; select 1;" ".shell sleep 9" >/dev/null 2>&1 & echo $! >"$T/pid"); sleep 0.5; run 0 timeout 4 "$NIXIE" db check; kill "$(cat "$T/pid")"
finish
