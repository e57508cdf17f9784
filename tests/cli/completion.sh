# Completions say what the program says: commands, and the options of one. Each shell that is there is asked; bash always is.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
mkdir "$T/bin"; ln -s "$NIXIE" "$T/bin/nixie"; export PATH="$T/bin:$PATH"
packaging="$NIXIE_SOURCE/packaging"
asked() { # SHELL OUTPUT WORD...: all of them are offered
    shell=$1; got=$2; shift 2
    for word in "$@"; do printf '%s\n' "$got" | grep -qE -- "^$word([^a-z-]|$)" || fail "$shell does not offer $word"; done
}
in_bash() { bash --norc -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nixie; printf "%s\n" "${COMPREPLY[@]}"' "$packaging/completion.bash" "$@"; }
asked bash "$(in_bash nixie '')" parse serve config; asked bash "$(in_bash nixie help p)" parse pipe policy; asked bash "$(in_bash nixie su)" suppress subject-access; asked bash "$(in_bash nixie parse --t)" --table
in_bash nixie p | grep -q serve && fail "bash offers what does not fit"
if command -v fish >/dev/null; then
    in_fish() { fish --no-config -c "source '$packaging/completion.fish'; complete -C '$1'"; }
    asked fish "$(in_fish 'nixie ')" parse serve config; asked fish "$(in_fish 'nixie parse --')" --table
fi
if command -v zsh >/dev/null; then
    zsh -fn "$packaging/completion.zsh" || fail "zsh cannot read its completion"
    # the functions of zsh's own system that it calls print what they are given
    got=$(zsh -fc '_describe() { print -l -- "${(@P)2}"; }; _files() { :; }; CURRENT=2 words=(nixie ""); . "$1"; CURRENT=3 words=(nixie parse --) PREFIX=--; . "$1"' zsh "$packaging/completion.zsh" 2>"$T/err")
    asked zsh "$got" parse serve config --table; is "$(cat "$T/err")" ""
fi
finish
