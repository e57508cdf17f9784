# SPDX-License-Identifier: Apache-2.0
# What policy servers and milters say at SMTP time, behind Postfix: postgrey, policyd-spf, opendkim, opendmarc, spamass-milter, rspamd.
# Nothing comes back by mail; the refusals are written to replies.txt.
PACKAGES="postfix postgrey postfix-policyd-spf-python opendkim opendmarc spamass-milter spamd rspamd python3"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=5

configure() {
    chroot "$tree" sh -e <<'INNER'
    id alice >/dev/null 2>&1 || useradd -m alice
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
myorigin = example.org
mydestination = example.org
mynetworks = 127.0.0.1
inet_interfaces = 127.0.0.1, 192.0.2.25
maillog_file = /var/log/mail.log
alias_maps =
alias_database =
smtpd_reject_unlisted_recipient = yes
smtpd_delay_reject = yes
smtpd_restriction_classes = grey, spf, names, addresses, blocks
grey = check_policy_service inet:127.0.0.1:10023
spf = check_policy_service unix:private/spf
names = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, reject_unknown_helo_hostname
addresses = reject_non_fqdn_sender, reject_unknown_sender_domain, reject_unknown_client_hostname, reject_unknown_reverse_client_hostname
blocks = reject_rbl_client bl.example.net, reject_rhsbl_sender dbl.example.net
smtpd_recipient_restrictions = reject_unauth_destination, reject_non_fqdn_recipient, check_recipient_access inline:{ { grey@example.org = grey }, { spf@example.org = spf }, { names@example.org = names }, { addresses@example.org = addresses }, { blocks@example.org = blocks }, { later@example.org = DEFER_IF_PERMIT 4.7.1 Service in maintenance }, { no@example.org = REJECT }, { no2@example.org = 550 5.7.1 Users in the sales department do not take mail from outside } }, permit
local_recipient_maps = inline:{ { grey=x }, { spf=x }, { names=x }, { addresses=x }, { blocks=x }, { later=x }, { no=x }, { no2=x }, { alice=x } }
message_size_limit = 30000
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
spf unix - n n - 0 spawn
    user=nobody argv=/usr/bin/policyd-spf
127.0.0.1:2525 inet n - n - - smtpd
    -o smtpd_milters=inet:127.0.0.1:8891,inet:127.0.0.1:8893
    -o milter_protocol=6
192.0.2.25:2526 inet n - n - - smtpd
    -o smtpd_milters=inet:127.0.0.1:8891,inet:127.0.0.1:8893
192.0.2.25:2527 inet n - n - - smtpd
    -o smtpd_milters=inet:127.0.0.1:11332
192.0.2.25:2528 inet n - n - - smtpd
    -o smtpd_milters=unix:/run/spamass.sock
CONF
    printf 'Syslog yes\nMode v\nSocket inet:8891@127.0.0.1\nOn-BadSignature reject\nOn-NoSignature reject\nUserID opendkim\nPidFile /run/opendkim.pid\n' >/etc/opendkim.conf
    printf 'Syslog true\nSocket inet:8893@127.0.0.1\nRejectFailures true\nSPFSelfValidate true\nUserID opendmarc\nPidFile /run/opendmarc.pid\nAuthservID mx.example.org\n' >/etc/opendmarc.conf
    printf 'debugLevel = 1\nHELO_reject = Fail\nMail_From_reject = Softfail\nPermError_reject = True\nTempError_Defer = True\nskip_addresses = 127.0.0.0/8\n' >/etc/postfix-policyd-spf-python/policyd-spf.conf
    mkdir -p /etc/rspamd/local.d; printf 'bind_socket = "127.0.0.1:11332";\nmilter = yes;\ntimeout = 20s;\nupstream "local" {\n  default = yes;\n  self_scan = yes;\n}\n' >/etc/rspamd/local.d/worker-proxy.inc
INNER
    printf 'nameserver 127.0.0.1\n' >"$tree/var/spool/postfix/etc/resolv.conf" 2>/dev/null || :
}

start() {
    mkdir -p "$tree/var/spool/postfix/etc"
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    chroot "$tree" sh -c 'mkdir -p /run/postgrey /var/lib/postgrey; chown -R postgrey /run/postgrey /var/lib/postgrey
        postgrey --inet=127.0.0.1:10023 --delay=300 --daemonize --user=postgrey --group=nogroup
        opendkim -x /etc/opendkim.conf; opendmarc -c /etc/opendmarc.conf
        spamd -d -L -u nobody >/dev/null 2>&1; sleep 3; spamass-milter -p /run/spamass.sock -r 5 -f
        mkdir -p /run/rspamd; chown -R _rspamd /run/rspamd /var/lib/rspamd; rspamd -u _rspamd -g _rspamd' >"$tree/var/log/policy.out" 2>&1 || :
    chmod 666 "$tree/run/spamass.sock" 2>/dev/null || :
    chroot "$tree" postfix start 2>/dev/null
    sleep 8
    python3 "$here/mta/policy.py" >"$out/replies.txt" 2>&1 || :
}
