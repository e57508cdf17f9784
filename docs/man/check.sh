#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh NIXIE PAGES: a page for every command with all its options, every key in nixie.conf(5), and no complaint of man.
set -u
nixie=$1 pages=$2 bad=0
export NIXIE_CONFIG=/dev/null LC_ALL=C.UTF-8
text() { sed 's/\\-/-/g; s/\\f.//g; s/\\&//g; s/\\(aq/'"'"'/g; s/\\\././g; s/\\e/\\/g; s/\\_/_/g' "$1"; }
for name in $("$nixie" help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
    text "$pages/nixie.1" | grep -qw -- "$name" || { echo "nixie.1 lacks $name"; bad=1; }
    case $name in help | version) continue ;; esac
    for option in $("$nixie" help "$name" | sed -n '/^Application Options/,$p' | grep -o '^  .*--[a-z][a-z-]*' | grep -o -- '--[a-z][a-z-]*'); do
        text "$pages/nixie-$name.1" | grep -q -- "$option" || { echo "nixie-$name.1 lacks $option"; bad=1; }
    done
done
for key in $("$nixie" config show | sed '/^\[cause mailbox_disabled\]/,$d' | sed -n 's/^\([a-z_]*\) =.*/\1/p'); do
    text "$pages/nixie.conf.5" | grep -qw -- "$key" || { echo "nixie.conf.5 lacks $key"; bad=1; }
done
if command -v man >/dev/null && command -v groff >/dev/null; then
    for page in "$pages"/*.[15]; do
        said=$(MANROFFSEQ='' MANWIDTH=100 man --warnings -l -Tutf8 -Z "$page" 2>&1 >/dev/null); [ -z "$said" ] || { echo "$page: $said"; bad=1; }
    done
fi
exit $bad
