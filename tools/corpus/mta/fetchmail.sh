# SPDX-License-Identifier: Apache-2.0
# fetchmail: it takes mail out of POP3 boxes, hands it to a mail server, and answers for what that one refuses.
PACKAGES="postfix dovecot-core dovecot-pop3d fetchmail"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=45

configure() {
    chroot "$tree" sh -e <<'INNER'
    id vmail >/dev/null 2>&1 || useradd -m vmail
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
myorigin = example.org
mydestination = localhost, example.org
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
local_recipient_maps = inline:{ { postmaster = x }, { ann = x } }
transport_maps = inline:{ pop.example.org=virtual: }
virtual_mailbox_domains = pop.example.org
virtual_mailbox_maps = inline:{ { box1@pop.example.org = box1/ }, { box2@pop.example.org = box2/ }, { box3@pop.example.org = box3/ }, { box4@pop.example.org = box4/ }, { box5@pop.example.org = box5/ }, { box6@pop.example.org = box6/ } }
virtual_mailbox_base = /home/vmail
virtual_uid_maps = static:UID
virtual_gid_maps = static:UID
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ { full@example.org = 552 5.2.2 Mailbox is full }, { spam@example.org = 554 5.7.1 This message looks like spam }, { policy@example.org = 550 The recipient takes no mail from outside }, { slow@example.org = 451 4.7.1 Greylisted, please try again } }, permit_mynetworks, reject
message_size_limit = 40000
CONF
    sed -i "s/static:UID/static:$(id -u vmail)/" /etc/postfix/main.cf
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >/etc/dovecot/dovecot.conf <<'CONF'
protocols = pop3
listen = 127.0.0.1
log_path = /var/log/dovecot.log
first_valid_uid = 100
ssl = no
disable_plaintext_auth = no
mail_location = maildir:/home/vmail/%n
passdb {
  driver = static
  args = password=lab
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/home/vmail
}
CONF
    rm -rf /home/vmail/*; mkdir -p /home/vmail; chown -R vmail:vmail /home/vmail
    for pair in box1:nobody.by.that.name box2:full box3:spam box4:policy box5:slow box6:ann; do
        printf 'poll localhost protocol pop3 auth password username "%s" password "lab" sslproto "" is "%s" here smtphost 127.0.0.1 smtpaddress example.org\n' "${pair%%:*}" "${pair#*:}" >"/root/poll-${pair%%:*}"
        chmod 600 "/root/poll-${pair%%:*}"
    done
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log" "$tree/run/dovecot/master.pid"
    mkdir -p "$tree/var/spool/postfix/etc" "$tree/var/spool/postfix/private"
    chroot "$tree" dovecot
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
    (while sleep 4; do
        for box in 1 2 3 4 5 6; do chroot "$tree" env HOME=/root fetchmail --nosyslog -v -v -f "/root/poll-box$box"; done
    done >"$tree/var/log/fetchmail.log" 2>&1) &
}
