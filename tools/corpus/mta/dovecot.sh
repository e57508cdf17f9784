# SPDX-License-Identifier: Apache-2.0
# Dovecot behind Postfix: LMTP answers, Sieve reject and vacation, and dovecot-lda's own rejection messages.
PACKAGES="postfix dovecot-core dovecot-lmtpd dovecot-sieve"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=50

configure() {
    chroot "$tree" sh -e <<'INNER'
    id vmail >/dev/null 2>&1 || useradd -m vmail
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
virtual_mailbox_domains = example.org, lda.example.org
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:/run/dovecot/lmtp
transport_maps = inline:{ lda.example.org=lda: }
lda_destination_recipient_limit = 1
smtpd_reject_unlisted_recipient = no
maximal_queue_lifetime = 15s
queue_run_delay = 4s
minimal_backoff_time = 3s
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    sed -i 's/^lmtp  *unix.*/lmtp unix - - n - - lmtp/' /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
lda unix - n n - - pipe
    flags=DRhu user=vmail argv=/usr/lib/dovecot/dovecot-lda -f ${sender} -d ${user}@${domain}
CONF
    cat >/etc/dovecot/dovecot.conf <<'CONF'
protocols = lmtp
hostname = mx.example.org
postmaster_address = postmaster@example.org
submission_host = 127.0.0.1:25
sendmail_path = /usr/sbin/sendmail
log_path = /var/log/dovecot.log
first_valid_uid = 100
mail_location = maildir:/home/vmail/%u
mail_plugins = quota
protocol lmtp {
  mail_plugins = quota sieve
}
protocol lda {
  mail_plugins = quota sieve
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=100M
  sieve = file:/home/vmail/sieve/%u.sieve
  sieve_extensions = +vnd.dovecot.pipe
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
CONF
    sed -i '/sieve_extensions/d' /etc/dovecot/dovecot.conf
    uid=$(id -u vmail); : >/etc/dovecot/users
    for user in berta rejects away away-de; do for domain in example.org lda.example.org; do
        echo "$user@$domain::$uid:$uid::/home/vmail::" >>/etc/dovecot/users; done; done
    for domain in example.org lda.example.org; do echo "full@$domain::$uid:$uid::/home/vmail::userdb_quota_rule=*:bytes=100" >>/etc/dovecot/users; done
    mkdir -p /home/vmail/sieve; cd /home/vmail/sieve
    for domain in example.org lda.example.org; do
        printf 'require ["reject"];\nreject "This address is for suppliers only. Your message was not read.";\n' >rejects@$domain.sieve
        printf 'require ["vacation"];\nvacation :days 1 :subject "Away until 7 December" "I am away until 7 December and read no mail. In urgent cases write to office@example.org.";\n' >away@$domain.sieve
        printf 'require ["vacation"];\nvacation :days 1 "Ich bin bis zum 7. Dezember nicht im Büro. Ihre Nachricht wird nicht weitergeleitet. Grüße, B.";\n' >away-de@$domain.sieve
    done
    chown -R vmail:vmail /home/vmail
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log" "$tree/var/log/dovecot.log" "$tree/run/dovecot/master.pid"
    rm -rf "$tree"/home/vmail/*@* "$tree"/home/vmail/.dovecot*
    mkdir -p "$tree/var/spool/postfix/etc"
    : >"$tree/var/log/dovecot.log"; chmod 666 "$tree/var/log/dovecot.log"
    chroot "$tree" dovecot
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
