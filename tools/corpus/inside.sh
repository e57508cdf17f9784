#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The part of lab.sh that runs inside the namespaces: HERE MTA TREE TABLES OUT HOST_NAME. When it ends, all it started ends.
set -eu
here=$1 mta=$2 tree=$3 tables=$4 out=$5 HOST_NAME=$6 SECONDS_TO_WAIT=60

hostname "$HOST_NAME"
ip link set lo up
for address in 192.0.2.25/32 2001:db8:25::10/128 2001:db8:25::25/128; do
    ip address add "$address" dev lo nodad 2>/dev/null || ip address add "$address" dev lo
done
# Mail to the hosts comes from the address of the MTA under test.
for net in 192.0.2.10 198.51.100.0/24 203.0.113.0/26; do
    ip route add local "$net" dev lo table local src 192.0.2.25
done
sysctl -qw net.ipv4.ip_local_port_range="32768 60999" net.ipv4.tcp_syn_retries=1 2>/dev/null || :

mount -t proc proc "$tree/proc"
mount --bind /dev "$tree/dev"
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$tree/etc/resolv.conf"
printf '127.0.0.1 localhost\n192.0.2.25 %s %s\n' "$HOST_NAME" "${HOST_NAME%%.*}" >"$tree/etc/hosts"

python3 "$here/world.py" "$tables" "$out" &
world=$!
while [ ! -e "$out/.ready" ]; do kill -0 $world; sleep 0.1; done
. "$here/mta/$mta.sh"
configure
start
python3 "$here/send.py" "$here/scenarios.tsv" "$mta" "$out" "$tree" "$SECONDS_TO_WAIT"
