#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into a DESTDIR and uses it from there: the program finds its patterns, and a program of somebody else builds and runs against libnixie.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
    echo "install: $*" >&2
    exit 1
}

DESTDIR=$root cmake --install "$NIXIE_BUILD" >"$root/log" 2>&1 || { cat "$root/log" >&2; fail "cmake --install failed"; }
prefix=$root$NIXIE_PREFIX
bin=$prefix/bin/nixie
[ -x "$bin" ] || fail "no program in $prefix/bin"
pc=$(find "$prefix" -name nixie.pc)
[ -n "$pc" ] || fail "no nixie.pc"
[ -n "$(find "$prefix/share/nixie/patterns" -name '*.rules')" ] || fail "no rules in $prefix/share/nixie/patterns"
[ -f "$prefix/share/doc/nixie/schema.md" ] || fail "no documents"
export PKG_CONFIG_PATH="${pc%/*}"
pkg() { pkg-config "$@" nixie; }
patterns=$(pkg --variable=patterns)
[ -d "$patterns" ] || fail "nixie.pc names $patterns, which is not there"

# The program alone: moved as a whole, it still finds its patterns.
unset NIXIE_PATTERNS
message=$NIXIE_SOURCE/tests/fuzz/seeds/mime/report.eml
"$bin" parse "$message" | jq -e -s '.[0].cause == "mailbox_unknown" and (.[0].ruleset | length == 12)' >/dev/null || fail "the installed program does not judge"

# shellcheck disable=SC2046,SC2086 # lists of words
$NIXIE_CC -std=c11 -Wall -Wextra -Wpedantic -Werror $NIXIE_CFLAGS -o "$root/use" "$NIXIE_SOURCE/tests/install/use.c" $(pkg --cflags --libs)
libdir=$(pkg --variable=libdir)
LD_LIBRARY_PATH=$libdir "$root/use" "$patterns" "$message" >"$root/out" || fail "the foreign program failed"
head -n 1 "$root/out" | grep -qx 'failed user@example.net hard mailbox_unknown 5.1.1 550' || { cat "$root/out" >&2; fail "wrong first event"; }
sed -n 2p "$root/out" | jq -e '.v == 1 and .recipient == "user@example.net" and .original.message_id == "n1@example.com"' >/dev/null || fail "wrong JSON"
tail -n 1 "$root/out" | grep -q '^32 causes, the last is unknown; version ' || { cat "$root/out" >&2; fail "wrong causes"; }

# Nothing but the documented names is visible.
if nm -D --defined-only "$libdir/libnixie.so" | awk '$2 == "T" { print $3 }' | grep -v '^nixie_' | grep -v '^__\(asan\|ubsan\|tsan\|sanitizer\|odr\)' | grep .; then
    fail "libnixie.so shows names of its inside"
fi
