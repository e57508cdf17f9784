. "$NIXIE_SOURCE/tests/cli/lib.sh"
run 64 "$NIXIE"
run 0 "$NIXIE" help; prints '^  parse '
run 0 "$NIXIE" --help; prints '^  config '
run 0 "$NIXIE" version; prints '^nixie [0-9]+\.[0-9]+'
run 64 "$NIXIE" prase; says "^nixie: prase: there is no such command .*nixie help"
run 64 "$NIXIE" help prase
for command in $("$NIXIE" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v -e help -e version); do
    run 0 "$NIXIE" help "$command"; prints "nixie $command"
    [ "$command" = pipe ] || { run 64 "$NIXIE" "$command" --no-such-option; says 'no-such-option.*--help'; }
done
run 64 "$NIXIE" parse; says 'an argument is missing'
run 65 "$NIXIE" parse --config "$T/none.conf" /dev/null; says 'none.conf: the settings cannot be read'
"$NIXIE" help > /dev/full 2>"$T/err"; is $? 1 "a full disk"; says 'standard output: No space left'
finish
