# SPDX-License-Identifier: Apache-2.0
# The list manager mlmmj behind Postfix: what it writes to people by itself. None of it is a bounce.
PACKAGES="postfix mlmmj"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=40

configure() {
    chroot "$tree" sh -e <<'INNER'
    id mlmmj >/dev/null 2>&1 || useradd -r -d /var/spool/mlmmj mlmmj
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
myorigin = example.org
mydestination = localhost
mynetworks = 127.0.0.0/8, 192.0.2.25
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
recipient_delimiter = +
transport_maps = inline:{ lists.example.org=mlmmj:lake-news }
mlmmj_destination_recipient_limit = 1
smtpd_reject_unlisted_recipient = no
relay_domains = lists.example.org
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
mlmmj unix - n n - - pipe
    flags=ORhu user=mlmmj argv=/usr/bin/mlmmj-receive -F -L /var/spool/mlmmj/lake-news/
CONF
    cd /var/spool/mlmmj; rm -rf lake-news
    mkdir -p lake-news; cd lake-news
    mkdir -p incoming queue queue/discarded archive text subconf unsubconf bounce control moderation subscribers.d digesters.d requeue nomailsubs.d
    cp /usr/share/mlmmj/text.skel/en/* text/
    echo lake-news@lists.example.org >control/listaddress
    echo owner@example.com >control/owner
    echo 127.0.0.1 >control/relayhost
    echo + >control/delimiter
    : >control/subonlypost
    : >index
    echo member@example.com >subscribers.d/m
    chown -R mlmmj /var/spool/mlmmj
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    mkdir -p "$tree/var/spool/postfix/etc"
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
