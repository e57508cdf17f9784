# SPDX-License-Identifier: Apache-2.0
# amavisd-new behind Postfix as a content filter: its reports to senders, recipients and the administrator.
PACKAGES="postfix amavisd-new spamassassin file"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=60

configure() {
    chroot "$tree" sh -e <<'INNER'
    id alice >/dev/null 2>&1 || useradd -m alice
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
myorigin = example.org
mydestination = localhost
relay_domains = example.org
relay_transport = smtp:[mx3.example.org]
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
content_filter = smtp-amavis:[127.0.0.1]:10024
smtpd_reject_unlisted_recipient = no
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
smtp-amavis unix - - n - 2 smtp
    -o smtp_bind_address=127.0.0.1
127.0.0.1:10025 inet n - n - - smtpd
    -o content_filter=
    -o smtpd_recipient_restrictions=permit_mynetworks,reject
    -o mynetworks=127.0.0.0/8
CONF
    cat >/etc/amavis/conf.d/50-user <<'CONF'
use strict;
$max_servers = 2;
$myhostname = 'mx.example.org';
$mydomain = 'example.org';
@local_domains_maps = (1);
$inet_socket_bind = '127.0.0.1';
$forward_method = 'smtp:[127.0.0.1]:10025';
$notify_method = $forward_method;
@bypass_virus_checks_maps = (0);
@bypass_spam_checks_maps = (0);
$final_virus_destiny = D_BOUNCE;
$final_banned_destiny = D_BOUNCE;
$final_spam_destiny = D_BOUNCE;
$final_bad_header_destiny = D_BOUNCE;
$sa_local_tests_only = 1;
$sa_spam_subject_tag = undef;
$sa_kill_level_deflt = 6.31;
$sa_dsn_cutoff_level = undef;
$sa_tag2_level_deflt = 6.31;
$QUARANTINEDIR = undef;
$virus_quarantine_to = undef; $banned_quarantine_to = undef; $spam_quarantine_to = undef; $bad_header_quarantine_to = undef;
$virus_admin = 'virusadmin@lists.example.com';
$spam_admin = undef;
$warnbadhsender = 1;
$warnbannedrecip = 1; $warnvirusrecip = 1;
@viruses_that_fake_sender_maps = (0);
@av_scanners = (['Lab', '/usr/local/bin/scan', '{}', [0], [1], qr/FOUND: (.+)/]);
@av_scanners_backup = ();
1;
CONF
    cat >/usr/local/bin/scan <<'SCRIPT'
#!/bin/sh
if grep -rqs 'LAB-VIRUS-SIGNATURE' "$@"; then echo "FOUND: Lab.Test.Signature"; exit 1; fi
exit 0
SCRIPT
    chmod 755 /usr/local/bin/scan
    rm -f /etc/amavis/conf.d/15-content_filter_mode
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    mkdir -p "$tree/var/spool/postfix/etc"
    chroot "$tree" sh -c 'mkdir -p /run/amavis; chown amavis:amavis /run/amavis; amavisd >/var/log/amavis.out 2>&1 || :; sleep 4'
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
