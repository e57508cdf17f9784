# SPDX-License-Identifier: Apache-2.0
# Dovecot with texts of the postmaster: quota and rejection messages, Sieve (reject, vacation), errors through dovecot-lda -e.
PACKAGES="postfix dovecot-core dovecot-lmtpd dovecot-sieve"
TREE=dovecot
SECONDS_TO_WAIT=45

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
virtual_mailbox_domains = example.org, lda.example.org, verbose.example.org
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:/run/dovecot/lmtp
transport_maps = inline:{ lda.example.org=lda: , verbose.example.org=verbose: }
lda_destination_recipient_limit = 1
verbose_destination_recipient_limit = 1
smtpd_reject_unlisted_recipient = no
maximal_queue_lifetime = 12s
delay_warning_time = 4s
queue_run_delay = 4s
minimal_backoff_time = 3s
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    sed -i 's/^lmtp  *unix.*/lmtp unix - - n - - lmtp/' /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
lda unix - n n - - pipe
    flags=DRhu user=vmail argv=/usr/lib/dovecot/dovecot-lda -f ${sender} -d ${user}@${domain}
verbose unix - n n - - pipe
    flags=DRhu user=vmail argv=/usr/lib/dovecot/dovecot-lda -e -f ${sender} -d ${user}@${domain}
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
rejection_subject = Zurückgewiesen: %s
rejection_reason = Ihre Nachricht an <%t> wurde automatisch zurückgewiesen:%n%r
lmtp_user_concurrency_limit = 10
protocol lmtp {
  mail_plugins = quota sieve
}
protocol lda {
  mail_plugins = quota sieve
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=100M
  quota_exceeded_message = Das Postfach des Empfängers ist voll, bitte versuchen Sie es später / Mailbox is full.
  quota_max_mail_size = 20k
  sieve = file:/home/vmail/sieve/%u.sieve
  sieve_reject_max_len = 10k
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
    uid=$(id -u vmail); : >/etc/dovecot/users
    for user in berta rejects moved multi away-html away-fr broken; do for domain in example.org lda.example.org verbose.example.org; do
        echo "$user@$domain::$uid:$uid::/home/vmail::" >>/etc/dovecot/users; done; done
    for domain in example.org lda.example.org verbose.example.org; do echo "full@$domain::$uid:$uid::/home/vmail::userdb_quota_rule=*:bytes=100" >>/etc/dovecot/users; done
    mkdir -p /home/vmail/sieve; cd /home/vmail/sieve; rm -rf ./*
    for domain in example.org lda.example.org verbose.example.org; do
        printf 'require ["reject"];\nreject "Diese Adresse ist nur für Lieferanten. Ihre Nachricht wurde nicht gelesen.";\n' >rejects@$domain.sieve
        printf 'require ["reject"];\nreject text:\nThis mailbox is not in use any more.\n\nPlease send your invoices to accounts@example.org\nand everything else to office@example.org.\n.\n;\n' >moved@$domain.sieve
        printf 'require ["reject"];\nif header :contains "subject" "Lunch" { reject "No private mail at this address, please."; }\n' >multi@$domain.sieve
        printf 'require ["vacation", "mime"];\nvacation :mime text:\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>I am <b>out of the office</b> until 7 December.</p></body></html>\n.\n;\n' | sed 's/, "mime"//' >away-html@$domain.sieve
        printf 'require ["vacation"];\nvacation :days 1 :from "Claire <away-fr@example.org>" :subject "Absente du bureau" "Je suis absente du bureau jusqu’au 7 décembre. En cas d’urgence, écrivez à office@example.org.";\n' >away-fr@$domain.sieve
        printf 'require ["nosuchextension"];\nkeep;\n' >broken@$domain.sieve
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
