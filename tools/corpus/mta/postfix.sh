# SPDX-License-Identifier: Apache-2.0
# Postfix. Everything temporary is warned about after 4 s and given up after about 25 s.
PACKAGES="postfix postfix-pcre"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=75

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice full forwarder looper vacationer; do id $user >/dev/null 2>&1 || useradd -m $user; done
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
myorigin = example.org
mydestination = example.org, localhost
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
local_recipient_maps =
smtpd_reject_unlisted_recipient = no
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
recipient_delimiter = +
smtputf8_enable = yes
delay_warning_time = 4s
maximal_queue_lifetime = 20s
bounce_queue_lifetime = 20s
queue_run_delay = 4s
minimal_backoff_time = 3s
maximal_backoff_time = 4s
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
mailbox_size_limit = 51200
virtual_mailbox_limit = 51200
mail_spool_directory = /var/mail
message_size_limit = 40000
hopcount_limit = 12
notify_classes = resource, software
smtp_tls_security_level = may
transport_maps = inline:{ { reject.example.org=error:5.7.1 Mail to this domain is held by order of the postmaster }, { retry.example.org=retry:4.3.2 Destination is in maintenance }, secure.example.net=secure: , script.example.org=script: }
CONF
    cat >>/etc/aliases <<'CONF'
postmaster: root
nobody-here: no.such.person
team: alice, no.such.person, ghost
broken-pipe: "|/bin/false"
printing-pipe: "|echo 5.2.2 Mailbox of this ticket queue is full; exit 69"
missing-pipe: "|/usr/local/bin/not-installed"
noperm-file: /etc/shadow-copy/mailbox
CONF
    sort -u -t: -k1,1 /etc/aliases -o /etc/aliases
    newaliases
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
secure unix - - n - - smtp
    -o smtp_tls_security_level=encrypt
script unix - n n - - pipe
    user=nobody argv=/usr/local/bin/nouser
CONF
    printf '#!/bin/sh\nexit 67\n' >/usr/local/bin/nouser; chmod 755 /usr/local/bin/nouser
    head -c 51000 /dev/zero | tr '\0' x >/var/mail/full; chown full:mail /var/mail/full
    echo "forwarder@example.org, greta.lind@example.net" >/home/forwarder/.forward
    echo "gone.away@example.org" >/home/looper/.forward
    chown forwarder /home/forwarder/.forward; chown looper /home/looper/.forward
INNER
    printf 'nameserver 127.0.0.1\n' >"$tree/var/spool/postfix/etc/resolv.conf" 2>/dev/null || :
}

start() {
    mkdir -p "$tree/var/spool/postfix/etc"
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
    chroot "$tree" postfix start 2>/dev/null
}
