#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every file that the documents link to or name as `path/file` is there.
set -u
cd "$NIXIE_SOURCE"
bad=0
for page in *.md docs/*.md docs/notes/*.md corpus/README.md; do
    [ -e "$page" ] || continue
    for link in $(grep -o '](\([^)#:]*\)[)#]' "$page" | sed 's/^](//; s/[)#]$//'); do
        [ -e "$(dirname "$page")/$link" ] || { echo "$page: there is no $link" >&2; bad=1; }
    done
    for name in $(grep -Eo '`(src|docs|tools|tests|patterns|corpus|cmake)/[A-Za-z0-9_./-]+`' "$page" | tr -d '`' | grep -v '[A-Z]\{4\}'); do
        [ -e "$name" ] || { echo "$page: there is no $name" >&2; bad=1; }
    done
done
exit $bad
