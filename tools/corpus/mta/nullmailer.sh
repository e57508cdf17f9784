# SPDX-License-Identifier: Apache-2.0
# nullmailer: everything goes to a smart host; what that refuses comes back.
PACKAGES="nullmailer"
DEBCONF="nullmailer nullmailer/relayhost string mx1.example.net smtp"
HOST_NAME=mx.example.org
SECONDS_TO_WAIT=60

configure() {
    chroot "$tree" sh -e <<'INNER'
    cd /etc/nullmailer
    echo mx.example.org >me; echo mx.example.org >/etc/mailname; echo mx.example.org >defaulthost; echo example.org >defaultdomain
    echo "mx1.example.net smtp" >remotes
    echo 1 >pausetime; echo 3 >maxpause; echo 20 >queuelifetime; echo 5 >sendtimeout
    rm -f adminaddr allmailfrom
    mkdir -p /run/nullmailer
INNER
}

start() {
    rm -f "$tree"/var/spool/nullmailer/queue/* "$tree"/var/spool/nullmailer/failed/*
    chroot "$tree" sh -c 'chown -R mail:mail /var/spool/nullmailer; [ -p /var/spool/nullmailer/trigger ] || mkfifo -m 622 /var/spool/nullmailer/trigger; chown mail /var/spool/nullmailer/trigger'
    (chroot "$tree" su -s /bin/sh mail -c /usr/sbin/nullmailer-send >"$tree/var/log/nullmailer.log" 2>&1) &
}
