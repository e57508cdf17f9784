#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What systemd thinks of the unit: no mistake in it, and "OK" or better for its sandbox.
set -u
command -v systemd-analyze >/dev/null || { echo "skipped: systemd-analyze is not there"; exit 77; }
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
sed 's,^ExecStart=[^ ]*,ExecStart=/bin/true,; s,^\(User\|Group\)=.*,\1=daemon,' "$NIXIE_BUILD/packaging/nixie.service" >"$T/nixie.service"
cp "$NIXIE_SOURCE/packaging/nixie.socket" "$T"
sed 's,^\(SocketUser\|SocketGroup\)=.*,\1=daemon,' "$NIXIE_SOURCE/packaging/nixie-lmtp.socket" >"$T/nixie-lmtp.socket"
systemd-analyze security --offline=true --threshold=20 "$NIXIE_BUILD/packaging/nixie.service" >"$T/out" 2>&1 || { cat "$T/out"; exit 1; }
tail -1 "$T/out"
said=$(systemd-analyze verify --man=no "$T/nixie.service" "$T/nixie.socket" "$T/nixie-lmtp.socket" 2>&1 | grep -E "nixie(-lmtp)?\.(service|socket)")
[ -z "$said" ] || { echo "$said"; exit 1; }
