#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# taxonomy.sh check|update PROGRAM PAGE: is the table between the marks of PAGE what PROGRAM prints? update: make it so.
set -eu
new=$(mktemp)
trap 'rm -f "$new"' EXIT
sed '/^<!-- begin -->$/q' "$3" >"$new"
"$2" >>"$new"
sed -n '/^<!-- end -->$/,$p' "$3" >>"$new"
case $1 in
check) diff -u "$3" "$new" || { echo "docs/taxonomy.md is not what src/event/cause.def says (build the target docs-update)" >&2; exit 1; } ;;
update) cat "$new" >"$3" ;;
esac
