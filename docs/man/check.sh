#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh NIXIE PAGES: a page for every command with all its options, every key in nixie.conf(5), every key of a rule, of an event, every route and metric, and no complaint of man.
set -u
nixie=$1 pages=$2 bad=0
export NIXIE_CONFIG=/dev/null LC_ALL=C.UTF-8 COLUMNS=10000
text() { sed 's/\\-/-/g; s/\\f.//g; s/\\&//g; s/\\(aq/'"'"'/g; s/\\\././g; s/\\e/\\/g; s/\\_/_/g' "$1"; }
for name in $("$nixie" help | sed -n 's/^  \([a-z-]*\)  *.*/\1/p'); do
    text "$pages/nixie.1" | grep -qw -- "$name" || { echo "nixie.1 lacks $name"; bad=1; }
    case $name in help | version) continue ;; esac
    for option in $("$nixie" help "$name" | sed -n '/^Options/,$p' | grep -o '^  .*--[a-z][a-z-]*' | grep -o -- '--[a-z][a-z-]*'); do
        text "$pages/nixie-$name.1" | grep -q -- "$option" || { echo "nixie-$name.1 lacks $option"; bad=1; }
    done
done
for key in $("$nixie" config show | sed '/^\[cause mailbox_disabled\]/,$d' | sed -n 's/^\([a-z_]*\) =.*/\1/p'); do
    text "$pages/nixie.conf.5" | grep -qw -- "$key" || { echo "nixie.conf.5 lacks $key"; bad=1; }
done
source=$(cd "$(dirname "$0")/../.." && pwd)
bold() { text "$pages/$1" | sed 's/^\\fB//' | grep -qE -- "(^|[^A-Za-z_.])$2([^A-Za-z_]|$)" || { echo "$1 lacks $2"; bad=1; }; }
for key in $(grep -o '{"[a-z]*", key_' "$source/src/classify/rulefile.c" | cut -d'"' -f2); do bold nixie-rules.5 "$key"; done
for key in $("$nixie" parse "$source/tests/fuzz/seeds/mime/report.eml" | jq -r 'paths(type != "array") | map(select(type == "string")) | join(".")' | sort -u); do bold nixie-events.7 "$key"; done
sed -n 's/^ *{"\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' "$source/src/serve/routes.c" >"$pages/routes"; [ -s "$pages/routes" ] || { echo "no routes"; bad=1; }
while read -r method path; do bold nixie-http.7 "$(printf '%s' "$path" | sed 's/[{}.]/[&]/g')"; bold nixie-http.7 "$method"; done <"$pages/routes"; rm "$pages/routes"
for metric in $(grep -o '"nixie_[a-z_]*"' "$source/src/serve/metrics.def" | tr -d '"'); do bold nixie-http.7 "$metric"; done
if command -v man >/dev/null && command -v groff >/dev/null; then
    for page in "$pages"/*.[157]; do
        said=$(MANROFFSEQ='' MANWIDTH=100 man --warnings -l -Tutf8 -Z "$page" 2>&1 >/dev/null); [ -z "$said" ] || { echo "$page: $said"; bad=1; }
    done
fi
exit $bad
