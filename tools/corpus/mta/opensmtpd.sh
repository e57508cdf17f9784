# SPDX-License-Identifier: Apache-2.0
# OpenSMTPD. Warnings after 4 s, given up after about 20 s.
PACKAGES="opensmtpd rsyslog"
DEBCONF="opensmtpd opensmtpd/mailname string mx.example.org"
SECONDS_TO_WAIT=80

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice looper; do id $user >/dev/null 2>&1 || useradd -m $user; done
    cat >/etc/smtpd.conf <<'CONF'
table aliases file:/etc/aliases
table sources { 192.0.2.25 }
bounce warn-interval 4s
queue ttl 20s
smtp max-message-size 40K
listen on 127.0.0.1 hostname mx.example.org
listen on 192.0.2.25 hostname mx.example.org
action "local" mbox alias <aliases>
action "broken" mda "exit 1"
action "says" mda "echo 5.2.2 Mailbox of this ticket queue is full; exit 69"
action "secure" relay tls src <sources> helo mx.example.org
action "out" relay src <sources> helo mx.example.org
match from any for domain "example.org" action "local"
match from any for domain "broken.example.org" action "broken"
match from any for domain "script.example.org" action "says"
match from any for domain "secure.example.net" action "secure"
match from any for any action "out"
CONF
    cat >/etc/aliases <<'CONF'
postmaster: alice
kim: greta.lind@example.net
team: alice, tom.baker@webmail.example.net, karl-heinz@example.net
CONF
    for user in broken says; do id $user >/dev/null 2>&1 || useradd -m $user; done
    echo mx.example.org >/etc/mailname
INNER
}

start() {
    rm -rf "$tree"/var/spool/smtpd/queue/* "$tree"/var/spool/smtpd/corrupt/* "$tree"/var/spool/smtpd/temporary/*
    chroot "$tree" smtpd
    (sleep 4; while sleep 3; do chroot "$tree" smtpctl schedule all; done >/dev/null 2>&1) &
}
