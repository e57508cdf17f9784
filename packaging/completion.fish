# SPDX-License-Identifier: Apache-2.0
function __nixie_commands
    nixie help 2>/dev/null | string replace -rf '^  ([a-z-]+) +(.*)$' '$1\t$2'
end
function __nixie_options
    nixie help (commandline -opc)[2] 2>/dev/null | string match -ra -- '--[a-z][a-z-]*' | sort -u
end
complete -c nixie -n __fish_use_subcommand -f -a '(__nixie_commands)'
complete -c nixie -n '__fish_seen_subcommand_from help' -f -a '(__nixie_commands)'
complete -c nixie -n 'not __fish_use_subcommand' -a '(__nixie_options)'
