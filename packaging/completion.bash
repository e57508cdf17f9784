# SPDX-License-Identifier: Apache-2.0
# Completion for bash: commands from `nixie help`, options from `nixie help COMMAND`, so that there is nothing to keep up to date.
_nixie() {
    local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" = 1 ] || { [ "$COMP_CWORD" = 2 ] && [ "$command" = help ]; }; then
        mapfile -t COMPREPLY < <(compgen -W "$(nixie help 2>/dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p')" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(nixie help "$command" 2>/dev/null | grep -o -- '--[a-z][a-z-]*')" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -o filenames -F _nixie nixie
