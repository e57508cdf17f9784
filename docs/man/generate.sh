#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generate.sh NIXIE DIRECTORY: the manual pages, from the program's own tables (help and settings) and nixie.1.head, so that they cannot differ from it; those of rules, events and
# HTTP from the pages of docs/, which check.sh holds against the program.
set -eu
nixie=$1 out=$2 here=$(dirname "$0")
export NIXIE_CONFIG=/dev/null LC_ALL=C.UTF-8 COLUMNS=10000
mkdir -p "$out"
# Words as they are: nothing in them is markup.
plain() { sed 's/[][\\_*`~<>#+]/\\&/g; s/^\([-.]\)/\\\1/; s/^  *//'; }
commands=$("$nixie" help | sed -n 's/^  \([a-z-]*\)  *.*/\1/p')

{
    cat "$here/nixie.1.head"
    printf '\n# COMMANDS\n\n'
    "$nixie" help | sed -n 's/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p' | while IFS="$(printf '\t')" read -r name summary; do
        printf '*%s*\n\t%s\n\n' "$name" "$(printf '%s\n' "$summary" | plain)"
    done
    cat "$here/nixie.1.tail"
} | scdoc >"$out/nixie.1"

for name in $commands; do
    case $name in help | version) continue ;; esac
    "$nixie" help "$name" >"$out/text"
    summary=$(sed -n '2s/.* - //p' "$out/text")
    {
        printf 'nixie-%s(1)\n\n# NAME\n\nnixie-%s - %s\n\n# SYNOPSIS\n\n' "$name" "$name" "$(printf '%s\n' "$summary" | plain)"
        printf '*nixie %s* %s\n\n# DESCRIPTION\n\n' "$name" "$(sed -n "2s/^ *nixie $name *//; 2s/ - .*//; 2s/\[OPTION[^]]*\]/[OPTION...]/p" "$out/text" | plain)"
        # What stands behind the options.
        awk '/^Options:/ { on = 1; next } on == 1 && /^$/ { on = 2; next } on == 2' "$out/text" | plain | sed 's/$/\n/'
        printf '# OPTIONS\n\n'
        awk '/^Options:/ { on = 1; next } on && /^$/ { exit } on' "$out/text" | while IFS= read -r line; do
            option=$(printf '%s\n' "$line" | sed 's/^  *//; s/   *.*//'); words=$(printf '%s\n' "$line" | sed 's/^  *[^ ].*[^ ]   *//')
            printf '*%s*\n\t%s\n\n' "$(printf '%s\n' "$option" | sed 's/[\\_*]/\\&/g')" "$(printf '%s\n' "$words" | plain)"
        done
        printf '# SEE ALSO\n\n*nixie*(1), *nixie.conf*(5)\n'
    } | scdoc >"$out/nixie-$name.1"
done

# Groups and keys of `config show --docs` as scdoc.
keys() {
    awk '
        /^\[/ { print "## " $0; print ""; next }
        /^# / { doc = substr($0, 3); next }
        / # / { line = $0; sub(/ *# .*/, "", line); print "\001" line; print "\002" doc; doc = "" }' |
        while IFS= read -r line; do
            case $line in
            '##'*) printf '%s\n\n' "$line" ;;
            "$(printf '\001')"*) printf '*%s*\n' "$(printf '%s\n' "$line" | tr -d '\001' | sed 's/[\\_*]/\\&/g')" ;;
            "$(printf '\002')"*) printf '\t%s\n\n' "$(printf '%s\n' "$line" | tr -d '\002' | plain)" ;;
            esac
        done
}

{
    cat "$here/nixie.conf.5.head"
    "$nixie" config show --docs | sed -n '/^\[cause mailbox_disabled\]/q;p' | keys
    printf '[stream NAME]\n' >"$out/conf"
    "$nixie" config show --docs --config "$out/conf" | sed -n '/^\[stream NAME\]/,$p' | keys
    rm "$out/conf"
    cat "$here/nixie.conf.5.tail"
} | scdoc >"$out/nixie.conf.5"

# page NAME SECTION SUMMARY DOCUMENT
page() {
    { printf '%s(%s)\n\n# NAME\n\n%s - %s\n\n# DESCRIPTION\n\n' "$1" "$2" "$1" "$3"; awk -f "$here/page.awk" "$here/../$4"; printf '# SEE ALSO\n\n*nixie*(1), *nixie.conf*(5), *nixie-rules*(5), *nixie-events*(7), *nixie-http*(7)\n'; } |
        scdoc >"$out/$1.$2"
}
page nixie-rules 5 'the files that say what the words of mail systems mean' rules.md
page nixie-events 7 'what nixie says of one report, as JSON' schema.md
page nixie-http 7 'the HTTP interface of nixie serve' http.md
rm "$out/text"
