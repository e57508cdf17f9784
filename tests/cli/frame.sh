. "$NIXIE_SOURCE/tests/cli/lib.sh"
wide() { LC_ALL=C.UTF-8 wc -L; } # columns of the longest line
run 64 "$NIXIE"
run 0 "$NIXIE" help; prints '^  parse '
run 0 "$NIXIE" --help; prints '^  config '
run 0 "$NIXIE" version; prints '^nixie [0-9]+\.[0-9]+'
run 64 "$NIXIE" prase; says "^nixie: prase: there is no such command .*nixie help"
run 64 "$NIXIE" prase; says 'is it `nixie parse`'
run 64 "$NIXIE" help prase; says 'is it `nixie parse`'
run 64 "$NIXIE" quarantine; says '^nixie: quarantine: there is no such command \(see `nixie help`\)$'
run 64 "$NIXIE" ''; says 'there is no such command \(see'
run 0 "$NIXIE" help help; prints '^usage: nixie COMMAND'
run 0 "$NIXIE" help --help; prints '^usage: nixie COMMAND'
run 0 "$NIXIE" version --help; prints '^usage: nixie COMMAND'
run 64 "$NIXIE" version extra; says 'version: too many arguments'
run 64 "$NIXIE" help parse extra; says 'help: too many arguments'
run 64 "$NIXIE" export extra; says 'usage: nixie export; see'
for command in token verp config policy holds db rules triage; do
    run 64 "$NIXIE" $command frob x; says "^nixie: $command( frob: it is [a-z]|: too many arguments).*see .nixie (help $command|$command --help)"
done
for command in export stats triage; do run 64 "$NIXIE" $command --limit=-1; says "^nixie: --limit: '-1' is less than 0"; done
# The same option is told in the same words wherever it stands.
for command in $("$NIXIE" help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | grep -v -e help -e version); do COLUMNS=1000 "$NIXIE" help "$command"; done |
    grep -Ee '--(actor|column|delimiter|config|db|json)=?' | grep -v 'whole event' | sed 's/^ *//; s/  */ /g' | grep '^-' | sort -u | sed 's/^-., //; s/[= ].*//' | uniq -d >"$T/out"
is "$(cat "$T/out")" "" "told in two ways"
for command in $("$NIXIE" help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | grep -v -e help -e version); do
    run 0 "$NIXIE" help "$command"; prints "nixie $command"; prints '^(Exit|.* Exit)(:| when)'
    [ "$(wide <"$T/out")" -le 80 ] || fail "$command: a line of its help is longer than a terminal"
    "$NIXIE" "$command" --help >/dev/full 2>"$T/err"; is $? "$([ "$command" = pipe ] && echo 75 || case $command in check | subject-access) echo 75 ;; *) echo 1 ;; esac)" "help of $command on a full disk"
    [ "$command" = pipe ] || { run 64 "$NIXIE" "$command" --no-such-option; says 'no-such-option.*--help'; }
done
run 64 "$NIXIE" parse; says 'an argument is missing'
run 65 "$NIXIE" parse --config "$T/none.conf" /dev/null; says 'none.conf: the settings cannot be read'
NIXIE_CONFIG= run 0 "$NIXIE" parse /dev/null; run 64 "$NIXIE" parse --config= /dev/null; says '^nixie: --config: the path is empty'
run 64 "$NIXIE" check --db= a@example.net; says '^nixie: --db: the path is empty'
for command in 'check a@example.net' 'suppress a@example.net' 'ingest /dev/null' export stats 'policy explain a@example.net' 'token create x --role read'; do
    run 64 "$NIXIE" $command --stream 'bad stream!'; says "^nixie: --stream: 'bad stream!' is no name of a stream .letters, digits and ._-@, at most 64"
done
# Help is wrapped to the width that is told, under the words of its line.
COLUMNS=60 run 0 "$NIXIE" db --help; prints '^lose-erased  when the key'; prints '^             for good: gives|^             lost for good'
COLUMNS=500 run 0 "$NIXIE" db --help; prints '^lose-erased .* the rest goes on$'
# Words of strangers do not steer a terminal; a pipe gets every byte of a name.
if script -qec true /dev/null >/dev/null 2>&1; then
    printf 'a\033]0;title\007\302\233b' >"$T/words"; name=$(cat "$T/words")
    NIXIE=$NIXIE T=$T script -qec 'stty cols 90; "$NIXIE" parse "$T/$(cat "$T/words")"; "$NIXIE" db --help' /dev/null >"$T/out" 2>&1 </dev/null
    prints 'nixie: .*/a\?]0;title\?\?\?b: No such file'; is "$(LC_ALL=C grep -c "$(printf '[\033\007\302]')" "$T/out")" 0 "control characters"
    n=$(tr -d '\r' <"$T/out" | wide); [ "$n" -gt 80 ] && [ "$n" -le 90 ] || fail "$n columns in a terminal of 90"
    run 1 "$NIXIE" parse "$T/$name"; is "$(grep -c "$(printf '\033]0;title\007')" "$T/err")" 1 "bytes as they are"
fi
"$NIXIE" help > /dev/full 2>"$T/err"; is $? 1 "a full disk"; says 'standard output: No space left'
# Descriptors that the caller closed are not given to files.
"$NIXIE" help >&- 2>"$T/err"; is $? 1 "a closed output"; says 'standard output: Bad file descriptor'
"$NIXIE" parse - <&- 2>"$T/err"; is $? 1 "a closed input"; says '^nixie: -: Bad file descriptor'
"$NIXIE" suppress - <&- >"$T/out" 2>"$T/err"; is $? 1 "a closed input"; says 'standard input: cannot be read'
"$NIXIE" pipe <&- 2>"$T/err"; is $? 75 "a closed input"; says '^4.3.0 nixie: .*Bad file descriptor'
bounce gone@example.org > "$T/mail"
"$NIXIE" pipe --wait <"$T/mail" >&- 2>&-; is $? 0 "closed outputs"
run 1 "$NIXIE" check gone@example.org; prints 'suppressed'
# What takes back makes no new database of a misspelt path.
for command in 'release a@example.net' 'allow --remove a@example.net' 'undo --since 1d --yes' 'holds release --yes a@example.net' 'domains --confirm example.net' \
    'domains --dismiss example.net' 'rules replay --apply --yes' 'db rebuild' 'forget --yes a@example.net'; do
    run 1 "$NIXIE" $command --db "$T/misspelt.db"; says 'misspelt.db: there is no such database'
done
is "$(ls "$T" | grep misspelt)" "" "no file of that name"
# Text is UTF-8, whatever the locale.
LC_ALL=C run 0 "$NIXIE" suppress a@example.com --reason 'Größe'; prints '^1 suppressed$'
LC_ALL=C run 0 "$NIXIE" history a@example.com; prints 'Größe'
run 64 "$NIXIE" suppress a@example.com --reason "$(printf 'a\377')"; says 'the text of an option is not UTF-8'
run 64 "$NIXIE" suppress "$(printf 'a\377b@c.example')"; says 'is no address: it is not UTF-8'
run 0 "$NIXIE" suppress a@example.com b@example.com; prints '^1 suppressed, 1 were already$'
run 64 "$NIXIE" export --since 2026-02-30; says "'2026-02-30' is no moment"
run 65 timeout 20 "$NIXIE" serve --listen 127.0.0.1:99999; says 'no address to listen on'
run 65 timeout 20 "$NIXIE" serve --listen 127.0.0.1:; says 'no address to listen on'
# A path that cannot be used: what, why and what to do; nothing is left.
mkdir "$T/dir"; echo a@example.com > "$T/list"
run 1 "$NIXIE" import "$T/none"; says 'none: cannot be read: No such file or directory \(check'
run 1 "$NIXIE" clean "$T/none"; says 'none: cannot be read: No such file or directory \(check'
run 1 "$NIXIE" clean "$T/list" -o "$T/none/out"; says 'none/out: cannot be made: .* \(give another path\)'
run 1 "$NIXIE" export -o "$T/dir"; says 'dir: cannot be made: Is a directory \(give another path\)'
run 64 "$NIXIE" clean "$T/list" -o "$T/same" --removed "$T/same"; says 'both are .*same \(give two files\)'
is "$(ls "$T" | grep -E 'part|none|same')" "" "nothing is left behind"
finish
