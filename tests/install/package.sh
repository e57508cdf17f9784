#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# package.sh [DIRECTORY]: the Debian package in a tree of its own, by hand and as root (needs debootstrap and a mirror): built, installed, started as its unit says, upgraded, removed,
# purged. DIRECTORY is for the tree (default: a temporary one); a tree that debootstrap has made before is taken from NIXIE_BASE.
set -eu
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "package: chroot needs root"; exit 77; }
work=${1:-$(mktemp -d)}; mkdir -p "$work"
tree=$work/tree pid= listener=
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
ended() {
    for each in $pid $listener; do kill "$each" 2>/dev/null || :; done
    umount "$tree/proc" 2>/dev/null || :
    rm -rf "$tree" "$work/packages" "$work/told"
    rmdir "$work" 2>/dev/null || :
}
trap ended EXIT
step() { echo "== $*"; }
fail() { echo "package: $*" >&2; exit 1; }
in_tree() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

step "the package"
{ cmake --preset release -B build/package -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=OFF && cmake --build build/package && (cd build/package && cpack -G DEB -B "$work/packages"); } >"$work.log" 2>&1 || {
    tail -20 "$work.log"; fail "cannot be built"; }
rm -f "$work.log"
deb=$(ls "$work/packages"/nixie_*.deb); dpkg-deb -f "$deb" Package Version Depends
dpkg-deb -R "$deb" "$work/packages/next" # the next version: the same, later
sed -i 's/^Version: .*/&+next/' "$work/packages/next/DEBIAN/control"
dpkg-deb -b "$work/packages/next" "$work/packages/next.deb" >/dev/null

step "a clean tree"
if [ -n "${NIXIE_BASE:-}" ]; then cp -a "$NIXIE_BASE" "$tree"; else debootstrap --variant=minbase bookworm "$tree" "${mirror:-http://deb.debian.org/debian}" >"$work.log" 2>&1 || { tail "$work.log"; fail debootstrap; }; rm -f "$work.log"; fi
mount -t proc proc "$tree/proc"
cp /etc/resolv.conf "$tree/etc/resolv.conf"; cp "$deb" "$tree/nixie.deb"; cp "$work/packages/next.deb" "$tree/next.deb"
in_tree find / -xdev -not -path '/proc/*' | sort >"$work/packages/before"

step "installed"
in_tree apt-get -q update >/dev/null
in_tree apt-get -qy install --no-install-recommends /nixie.deb | tail -3
in_tree getent passwd nixie
[ "$(in_tree stat -c '%a %U:%G' /var/lib/nixie)" = '700 nixie:nixie' ] || fail "/var/lib/nixie: $(in_tree stat -c '%a %U:%G' /var/lib/nixie)"
[ "$(in_tree stat -c '%a %U:%G' /etc/nixie/nixie.conf)" = '640 root:nixie' ] || fail "nixie.conf: $(in_tree stat -c '%a %U:%G' /etc/nixie/nixie.conf)"
for file in share/man/man1/nixie.1 share/man/man5/nixie.conf.5 share/bash-completion/completions/nixie lib/systemd/system/nixie.service; do
    [ -n "$(find "$tree/usr/$(dirname "$file")" "$tree/$(dirname "$file")" -name "$(basename "$file")*" 2>/dev/null)" ] || fail "no $file"
done
in_tree nixie version; in_tree nixie config check

# As nixie.service says: its user, no privileges, UMask, Type=notify; the port is free.
start() {
    mkdir -p "$work/told"; rm -f "$tree/run/notify" "$work/told/state"
    python3 - "$tree/run/notify" "$work/told/state" <<'END' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    with open(sys.argv[2], "ab") as out:
        out.write(s.recv(4096) + b"\n")
END
    listener=$!
    until [ -S "$tree/run/notify" ]; do sleep 0.1; done
    command=$(sed -n 's/^ExecStart=//p' "$(find "$tree/lib/systemd" "$tree/usr/lib/systemd" -name nixie.service 2>/dev/null | head -1)")
    # shellcheck disable=SC2086 # a command line
    chroot "$tree" sh -c 'umask 0077; exec env -i PATH=/usr/bin:/bin NOTIFY_SOCKET=/run/notify setpriv --reuid nixie --regid nixie --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"' sh \
        $command --listen 127.0.0.1:0 2>"$work/told/log" & pid=$!
    n=0; until grep -q READY=1 "$work/told/state" 2>/dev/null; do n=$((n + 1)); [ $n -lt 300 ] || { cat "$work/told/log"; fail "it does not say READY=1"; }; sleep 0.1; done
    url=http://127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$work/told/log")
}
stop() {
    kill -TERM $pid; wait $pid || fail "it ends with $?"; pid=
    grep -q STOPPING=1 "$work/told/state" || fail "it does not say STOPPING=1"
    kill $listener; wait $listener 2>/dev/null || :; listener=
}
step "started as its unit says"
start; curl -sS "$url/readyz"
curl -sS -H 'Content-Type: message/rfc822' --data-binary @tests/fuzz/seeds/mime/report.eml "$url/v1/messages" | cut -c1-150; echo
curl -sSf "$url/v1/suppressions/user@example.net" | cut -c1-150; echo
[ "$(in_tree stat -c '%a %U' /var/lib/nixie/nixie.db)" = '600 nixie' ] || fail "the database: $(in_tree stat -c '%a %U' /var/lib/nixie/nixie.db)"
stop

step "upgraded: settings that were changed and what was learned stay"
echo '# changed' >>"$tree/etc/nixie/nixie.conf"
in_tree apt-get -qy install --no-install-recommends /next.deb | tail -2
in_tree dpkg-query -W nixie
grep -q '# changed' "$tree/etc/nixie/nixie.conf" || fail "the settings were overwritten"
start; curl -sSf "$url/v1/suppressions/user@example.net" >/dev/null || fail "the entry is gone"; stop

step "removed: the program goes, what was learned stays"
in_tree apt-get -qy remove nixie | tail -1
[ ! -e "$tree/usr/bin/nixie" ] || fail "the program is still there"
[ -s "$tree/var/lib/nixie/nixie.db" ] && [ -s "$tree/etc/nixie/nixie.conf" ] || fail "data or settings went with it"
step "purged"
in_tree apt-get -qy purge nixie | tail -1
[ ! -e "$tree/var/lib/nixie" ] && [ ! -e "$tree/etc/nixie" ] || fail "something stays after purge"
in_tree find / -xdev -not -path '/proc/*' | sort | comm -13 "$work/packages/before" - | grep -i nixie | grep -v '^/var/lib/dpkg\|^/run/notify' && fail "left behind, see above"
echo "package: installed, started, upgraded, removed and purged cleanly"
