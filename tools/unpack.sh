#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that tests run and whose packages must not be installed beside others (Exim, which pushes Postfix out; Prometheus, a service): fetched by apt-get and unpacked into
# build/programs. Tests look there, and skip without them. Never fails: without a network there is only a word about it.
set -u
cd "$(dirname "$0")/.."
programs=$PWD/build/programs
say() { echo "nixie: unpack: $*" >&2; }
command -v apt-get >/dev/null || exit 0

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || :)" = installed ]; }

# take FILE-IN-PACKAGE PACKAGE [LIBRARY-PACKAGE...]: libraries that are installed are not fetched
take() {
    wanted=$1; shift
    [ ! -e "$programs/$wanted" ] && ! is_installed "$1" || return 0
    directory=$(mktemp -d) || return 0
    set -- "$@" --
    while [ "$1" != -- ]; do
        is_installed "$1" || set -- "$@" "$1"
        shift
    done
    shift
    if (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download "$@") >/dev/null 2>&1; then
        mkdir -p "$programs"
        for file in "$directory"/*.deb; do
            dpkg-deb --fsys-tarfile "$file" | tar -x -C "$programs" --wildcards --no-anchored "./$wanted" './usr/lib/*.so*' 2>/dev/null || :
        done
    fi
    rm -rf "$directory"
    if [ -e "$programs/$wanted" ]; then echo "unpacked: $wanted"; else say "$1 cannot be fetched (its test will be skipped)"; fi
}
take usr/sbin/exim4 exim4-daemon-light libidn12 libgnutls-dane0 libunbound8 libevent-2.1-7
take usr/bin/promtool prometheus
