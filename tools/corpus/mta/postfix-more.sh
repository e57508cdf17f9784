# SPDX-License-Identifier: Apache-2.0
# Postfix once more: sysexits of pipe(8), header and body checks, a milter, postmaster notices, verification by sendmail -bv.
PACKAGES="postfix postfix-pcre python3 python3-milter"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=60

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice; do id $user >/dev/null 2>&1 || useradd -m $user; done
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
smtputf8_enable = yes
delay_warning_time = 4s
maximal_queue_lifetime = 18s
bounce_queue_lifetime = 8s
queue_run_delay = 4s
minimal_backoff_time = 3s
maximal_backoff_time = 4s
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
message_size_limit = 60000
hopcount_limit = 12
notify_classes = resource, software, bounce
bounce_notice_recipient = postmaster@lists.example.com
smtp_header_checks = pcre:/etc/postfix/out_checks
smtpd_recipient_restrictions = check_recipient_access inline:{ { closed@example.org = 554 5.7.1 This mailbox is closed to the outside } }, permit
transport_maps = inline:{ { s64.example.org = exit:64 }, { s65.example.org = exit:65 }, { s66.example.org = exit:66 }, { s67.example.org = exit:67 }, { s68.example.org = exit:68 }, { s69.example.org = exit:69 }, { s70.example.org = exit:70 }, { s71.example.org = exit:71 }, { s72.example.org = exit:72 }, { s73.example.org = exit:73 }, { s74.example.org = exit:74 }, { s75.example.org = exit:75 }, { s76.example.org = exit:76 }, { s77.example.org = exit:77 }, { s78.example.org = exit:78 }, { s1.example.org = exit:1 }, { killed.example.org = exit:killed }, { says.example.org = exit:says }, { discards.example.org = error:5.1.6 The people of this domain write under example.net now }, { lmtp.example.org = lmtp:unix:/run/not-there }, { uucp.example.org = nosuch: } }
CONF
    printf '/^Subject:.*Invoice/ REJECT 5.7.1 Invoices leave by the accounting gateway only\n' >/etc/postfix/header_checks
    printf '/^Subject:.*Lunch/ WARN lunch\n' >/etc/postfix/out_checks
    cat >>/etc/aliases <<'CONF'
postmaster: alice
ring: ring2
ring2: ring
deep: :include:/etc/postfix/not-there
CONF
    sort -u -t: -k1,1 /etc/aliases -o /etc/aliases
    newaliases
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    cat >>/etc/postfix/master.cf <<'CONF'
exit unix - n n - - pipe
    user=nobody null_sender= argv=/usr/local/bin/exits ${nexthop}
CONF
    cat >/usr/local/bin/exits <<'SCRIPT'
#!/bin/sh
cat >/dev/null
case $1 in
    killed) kill -9 $$ ;;
    says) echo "5.7.1 The archive takes messages of members only"; exit 77 ;;
    73) echo "cannot create /srv/archive/2026-11: No space left on device"; exit 73 ;;
    *) exit $1 ;;
esac
SCRIPT
    chmod 755 /usr/local/bin/exits
    echo "looper@example.org" >/home/alice/.forward-none
INNER
    printf 'nameserver 127.0.0.1\n' >"$tree/var/spool/postfix/etc/resolv.conf" 2>/dev/null || :
}

start() {
    mkdir -p "$tree/var/spool/postfix/etc"
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
    chroot "$tree" postfix start 2>/dev/null
}
