# SPDX-License-Identifier: Apache-2.0
# Programs that deliver or answer for one user, behind Postfix: procmail, maildrop with mailbot, vacation, the Sieve of GNU Mailutils.
PACKAGES="postfix procmail maildrop vacation mailutils mailutils-mda"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=45

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice pm-refuses pm-temp pm-full pm-user md-refuses md-answers md-full vac vac-de mu-rejects mu-away; do id $user >/dev/null 2>&1 || useradd -m $user; done
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
alias_maps =
local_recipient_maps =
smtpd_reject_unlisted_recipient = no
maximal_queue_lifetime = 12s
delay_warning_time = 4s
queue_run_delay = 4s
minimal_backoff_time = 3s
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    forward() { printf '%s\n' "$2" >"/home/$1/.forward"; chown "$1" "/home/$1/.forward"; }
    for user in pm-refuses pm-temp pm-full pm-user; do forward $user '"|/usr/bin/procmail -f- || exit $?"'; done
    printf ':0\n* ^Subject:.*Lunch\n{\n  EXITCODE=77\n  HOST\n}\n' >/home/pm-refuses/.procmailrc
    printf 'EXITCODE=75\nHOST\n' >/home/pm-temp/.procmailrc
    printf 'DEFAULT=/dev/full\n:0\n/dev/full\n' >/home/pm-full/.procmailrc
    printf 'EXITCODE=67\nHOST\n' >/home/pm-user/.procmailrc
    for user in md-refuses md-answers md-full; do forward $user '"|/usr/bin/maildrop"'; done
    printf 'echo "We take no such mail here"\nEXITCODE=77\nexit\n' >/home/md-refuses/.mailfilter
    printf 'cc "| mailbot -t /home/md-answers/answer -d /home/md-answers/seen -A '"'From: md-answers@example.org'"' -s '"'Automatic answer'"' /usr/sbin/sendmail -t -i"\nto "/home/md-answers/box"\n' >/home/md-answers/.mailfilter
    printf 'Thank you for your message. I am away until 7 December.\n' >/home/md-answers/answer
    runuser -u md-full -- maildirmake.maildrop /home/md-full/Maildir 2>/dev/null || runuser -u md-full -- maildirmake /home/md-full/Maildir
    echo '100S' >/home/md-full/Maildir/maildirsize; printf '100S\n200 1\n' >/home/md-full/Maildir/maildirsize
    forward md-full '"|/usr/bin/maildrop"'
    printf 'MAILDIRQUOTA="100S"\nto "/home/md-full/Maildir"\n' >/home/md-full/.mailfilter
    chmod 600 /home/md-*/.mailfilter
    forward vac '\vac, "|/usr/bin/vacation -a vac vac"'
    printf 'Subject: Away from my mail\n\nI will not be reading my mail until 7 December.\nYour mail regarding "$SUBJECT" will be read when I return.\n' >/home/vac/.vacation.msg
    forward vac-de '\vac-de, "|/usr/bin/vacation vac-de"'
    printf 'Subject: Re: $SUBJECT\nContent-Type: text/plain; charset=utf-8\n\nIch bin bis zum 7. Dezember im Urlaub.\n' >/home/vac-de/.vacation.msg
    for user in mu-rejects mu-away; do forward $user "\"|/usr/bin/sieve --mbox-url=/home/$user/incoming.\$\$ /home/$user/rules\""; done
    for user in mu-rejects mu-away; do
        printf '#!/bin/sh\ncat >/home/%s/one; exec sieve --email=%s@example.org --no-config -f /home/%s/one /home/%s/rules\n' $user $user $user $user >/home/$user/filter; chmod 755 /home/$user/filter
        forward $user "\"|/home/$user/filter\""; done
    printf 'require ["reject"];\nreject "This address is for suppliers only. Your message was not read.";\n' >/home/mu-rejects/rules
    printf 'require ["vacation"];\nvacation :days 1 :subject "Away until 7 December" :sender "mu-away@example.org" "I am away until 7 December and read no mail.";\n' >/home/mu-away/rules
    for user in alice pm-refuses pm-temp pm-full pm-user md-refuses md-answers md-full vac vac-de mu-rejects mu-away; do chown -R $user /home/$user; chmod 755 /home/$user; done
    rm -f /home/vac/.vacation.db /home/vac-de/.vacation.db
    runuser -u vac -- vacation -I || :; runuser -u vac-de -- vacation -I || :
    rm -f /home/md-answers/seen*
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    mkdir -p "$tree/var/spool/postfix/etc"
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
