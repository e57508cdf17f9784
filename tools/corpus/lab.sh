#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run real mail systems on a private loopback and keep what they send back.
#
# Usage: tools/corpus/lab.sh [-w WORKDIR] [-o OUTDIR] [-u] [MTA...]       (as root, on Debian 12 with debootstrap)
#
# Each system gets a Debian tree of its own under WORKDIR (default /var/tmp/nixie-corpus-lab), since the packages exclude one
# another; trees and downloads are kept for the next run. It then runs inside new network, host name, process and mount
# namespaces that hold nothing but a loopback interface with documentation addresses (RFC 5737, RFC 3849), a name server and
# mail hosts of tools/corpus/world.py, and ends with them. Messages land in OUTDIR/MTA (default WORKDIR/out).
# -u copies those that corpus/manifest.tsv lists as real into corpus/.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
corpus=$here/../../corpus
work=/var/tmp/nixie-corpus-lab out= update=
while getopts w:o:u option; do
    case $option in
        w) work=$OPTARG ;;
        o) out=$OPTARG ;;
        u) update=yes ;;
        *) sed -n '5p' "$0" >&2; exit 64 ;;
    esac
done
shift $((OPTIND - 1))
out=${out:-$work/out}
[ "$(id -u)" = 0 ] || { echo "lab.sh: must run as root (it makes namespaces and chroot trees)" >&2; exit 77; }
command -v debootstrap >/dev/null || { echo "lab.sh: debootstrap is missing (apt-get install debootstrap)" >&2; exit 77; }
[ $# -gt 0 ] || set -- $(cd "$here/mta" && ls *.sh | sed 's/\.sh$//')
mkdir -p "$work/cache" "$out"

mirror() { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb [^h]*\(http[^ ]*\).*/\1/p' | head -1; }

# base: a minimal tree that the others are copied from.
if [ ! -e "$work/base/.made" ]; then
    rm -rf "$work/base"
    debootstrap --variant=minbase --cache-dir="$work/cache" bookworm "$work/base" "$(mirror)" >"$work/base.log" 2>&1 ||
        { tail -5 "$work/base.log" >&2; exit 1; }
    rm -rf "$work/base/etc/apt"
    cp -rL /etc/apt "$work/base/etc/apt"
    mkdir -p "$work/base/usr/share/keyrings"
    cp /usr/share/keyrings/*.gpg "$work/base/usr/share/keyrings/"
    printf '#!/bin/sh\nexit 101\n' >"$work/base/usr/sbin/policy-rc.d"
    chmod 755 "$work/base/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$work/base/etc/resolv.conf"
    chroot "$work/base" apt-get -q update >>"$work/base.log" 2>&1
    : >"$work/base/.made"
fi

# tree MTA PACKAGES DEBCONF NPM: a copy of base with the packages in it, and those of the npm registry that NPM names (by the npm of this machine).
tree() {
    tree=$work/trees/$1
    [ ! -e "$tree/.made" ] || return 0
    echo "lab.sh: $1: making its tree ($2)"
    rm -rf "$tree"
    mkdir -p "$work/trees"
    cp -a "$work/base" "$tree"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
    echo "127.0.0.1 localhost" >"$tree/etc/hosts"
    echo "${HOST_NAME:-mx.example.org}" >"$tree/etc/mailname"
    cp "$work"/cache/*.deb "$tree/var/cache/apt/archives/" 2>/dev/null || :
    printf '%s\n' "$3" | chroot "$tree" debconf-set-selections
    unshare -u -m sh -c 'mount -t proc proc "$1/proc"; hostname "$2"; shift 2
        exec chroot "$0" env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"' \
        "$tree" "$tree" "${HOST_NAME:-mx.example.org}" $2 >"$work/$1.log" 2>&1 || { tail -20 "$work/$1.log" >&2; return 1; }
    [ -z "$4" ] || npm install --silent --no-audit --no-fund --prefix "$tree/opt/npm" $4 >>"$work/$1.log" 2>&1 ||
        { tail -20 "$work/$1.log" >&2; return 1; }
    cp -n "$tree"/var/cache/apt/archives/*.deb "$work/cache/" 2>/dev/null || :
    chroot "$tree" apt-get clean
    : >"$tree/.made"
}

for mta; do
    [ -r "$here/mta/$mta.sh" ] || { echo "lab.sh: $mta: no such system (have: $(cd "$here/mta" && ls | tr '\n' ' '))" >&2; exit 64; }
    HOST_NAME=mx.example.org TREE=$mta PACKAGES= NPM= DEBCONF= SECONDS_TO_WAIT=60
    . "$here/mta/$mta.sh"       # sets PACKAGES, NPM, DEBCONF, TREE; defines configure and start, which run inside the namespaces
    tree "$TREE" "$PACKAGES" "$DEBCONF" "$NPM"
    rm -rf "$out/$mta"
    mkdir -p "$out/$mta" "$work/tables/$mta"
    cp "$here"/*.tsv "$work/tables/$mta/"
    python3 "$here/send.py" --senders "$here/scenarios.tsv" "$mta" >"$work/tables/$mta/senders"
    echo "lab.sh: $mta: $(wc -l <"$work/tables/$mta/senders") scenarios"
    unshare -n -u -m -p -i -f --mount-proc --kill-child sh "$here/inside.sh" "$here" "$mta" "$work/trees/$TREE" "$work/tables/$mta" "$out/$mta" "$HOST_NAME"
    rm -f "$out/$mta/.ready"
    echo "lab.sh: $mta: $(ls "$out/$mta" | grep -c '\.eml$') messages in $out/$mta"
done

if [ -n "$update" ]; then
    awk -F '\t' '$2 == "real" { print $1 }' "$corpus/manifest.tsv" | while read -r file; do
        [ ! -e "$out/$file" ] || cp "$out/$file" "$corpus/$file"
    done
fi
