# SPDX-License-Identifier: Apache-2.0
# Cyrus IMAP behind Postfix: what its LMTP server answers, and the messages of its Sieve (reject, vacation).
PACKAGES="postfix cyrus-imapd sasl2-bin libsasl2-modules"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=45

configure() {
    chroot "$tree" sh -e <<'INNER'
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
myorigin = example.org
mydestination = localhost
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:/run/cyrus/socket/lmtp
smtpd_reject_unlisted_recipient = no
maximal_queue_lifetime = 15s
bounce_queue_lifetime = 15s
delay_warning_time = 4s
queue_run_delay = 4s
minimal_backoff_time = 3s
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    sed -i 's/^lmtp  *unix.*/lmtp unix - - n - - lmtp/' /etc/postfix/master.cf
    cat >/etc/imapd.conf <<'CONF'
configdirectory: /var/lib/cyrus
partition-default: /var/spool/cyrus/mail
defaultpartition: default
servername: mx.example.org
postmaster: postmaster
admins: cyrus
virtdomains: userid
mailbox_legacy_dirs: yes
defaultdomain: example.org
lmtp_downcase_rcpt: yes
lmtp_strip_quotes: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN
duplicatesuppression: yes
sieve_maxscriptsize: 32
sievedir: /var/spool/sieve
sendmail: /usr/sbin/sendmail
lmtpsocket: /run/cyrus/socket/lmtp
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
syslog_prefix: cyrus
maxmessagesize: 20000
CONF
    cat >/etc/cyrus.conf <<'CONF'
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  lmtpunix cmd="lmtpd -a" listen="/run/cyrus/socket/lmtp" prefork=0 maxchild=20
  imap cmd="imapd" listen="127.0.0.1:143" prefork=0 maxchild=5
}
EVENTS {
}
CONF
    rm -rf /var/lib/cyrus /var/spool/cyrus /var/spool/sieve /run/cyrus
    mkdir -p /var/lib/cyrus/db /var/lib/cyrus/socket /var/lib/cyrus/proc /var/lib/cyrus/log /var/lib/cyrus/msg /var/lib/cyrus/ptclient \
        /var/spool/cyrus/mail /var/spool/sieve /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
    chown -R cyrus:mail /var/lib/cyrus /var/spool/cyrus /var/spool/sieve /run/cyrus
    chmod 755 /run/cyrus /run/cyrus/socket
    echo lab | saslpasswd2 -c -p -u mx.example.org cyrus; chown cyrus /etc/sasldb2
    script() {
        dir=/var/spool/sieve/$(echo "$1" | cut -c1)/$1
        mkdir -p "$dir"; cat >"$dir/default.script"; /usr/lib/cyrus/bin/sievec "$dir/default.script" "$dir/default.bc"
        ln -sf default.bc "$dir/defaultbc"; chown -R cyrus:mail "/var/spool/sieve/$(echo "$1" | cut -c1)"
    }
    printf 'require ["reject"];\nreject "This address is for suppliers only. Your message was not read.";\n' | script rejects
    printf 'require ["ereject"];\nereject "I left the company in March; write to office@example.org instead.";\n' | script erejects
    printf 'require ["reject"];\nreject "Diese Adresse nimmt keine Post von außen an. Grüße, die Poststelle";\n' | script rejects-de
    printf 'require ["vacation"];\nvacation :days 1 :addresses ["away@example.org"] :subject "Away until 7 December" "I am away until 7 December and read no mail.";\n' | script away
    printf 'require ["vacation"];\nvacation :days 1 :addresses ["away-de@example.org"] "Ich bin bis zum 7. Dezember nicht im Büro.";\n' | script away-de
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    mkdir -p "$tree/var/spool/postfix/etc"
    chroot "$tree" sh -c '
        /usr/lib/cyrus/bin/master -d -M /etc/cyrus.conf -C /etc/imapd.conf || /usr/sbin/cyrmaster -d
        sleep 2' >"$tree/var/log/cyrus.out" 2>&1
    python3 - <<'INNER' >>"$tree/var/log/cyrus.out" 2>&1
import imaplib
box = imaplib.IMAP4("127.0.0.1")
print(box.login("cyrus", "lab"))
for user in "berta", "full", "rejects", "erejects", "rejects-de", "away", "away-de", "locked":
    print(box.create("user/" + user), box.setacl("user/" + user, "anyone", '""' if user == "locked" else "p"))
print(box.setacl("user/full", "cyrus", "lrswipkxtecda"), box.append("user/full", None, None, b"Subject: first\r\n\r\n" + b"x" * 3000))
print(box.setquota("user/full", "(STORAGE 1)"))
box.logout()
INNER
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
