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
mount -t tmpfs -o mode=755 dev "$tree/dev"      # its own, for the syslog socket
for node in null zero full random urandom tty; do : >"$tree/dev/$node"; mount --bind "/dev/$node" "$tree/dev/$node"; done
ln -s /proc/self/fd "$tree/dev/fd"; ln -s fd/0 "$tree/dev/stdin"; ln -s fd/1 "$tree/dev/stdout"; ln -s fd/2 "$tree/dev/stderr"
mkdir -m 1777 "$tree/dev/shm"
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$tree/etc/resolv.conf"
printf '127.0.0.1 localhost\n192.0.2.25 %s %s\n' "$HOST_NAME" "${HOST_NAME%%.*}" >"$tree/etc/hosts"

# The log of what writes to syslog, in both of its forms.
if [ -x "$tree/usr/sbin/rsyslogd" ]; then
    printf 'module(load="imuxsock")\nmail.*;daemon.* action(type="omfile" file="/var/log/mail-rfc3164.log" template="RSYSLOG_TraditionalFileFormat")
mail.*;daemon.* action(type="omfile" file="/var/log/mail-rfc3339.log" template="RSYSLOG_FileFormat")\n' >"$tree/etc/rsyslog.conf"
    rm -f "$tree"/var/log/mail-rfc*.log "$tree/run/rsyslogd.pid"
    chroot "$tree" rsyslogd
fi

python3 "$here/world.py" "$tables" "$out" &
world=$!
while [ ! -e "$out/.ready" ]; do kill -0 $world; sleep 0.1; done
. "$here/mta/$mta.sh"
configure
start
python3 "$here/send.py" "$here/scenarios.tsv" "$mta" "$out" "$tree" "$SECONDS_TO_WAIT"
