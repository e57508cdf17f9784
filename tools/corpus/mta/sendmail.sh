# SPDX-License-Identifier: Apache-2.0
# Sendmail. Warnings after 4 s, given up after about 20 s.
PACKAGES="sendmail-bin sendmail-base sendmail-cf m4 procmail sensible-mda rsyslog"
DEBCONF=""
SECONDS_TO_WAIT=75

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice full; do id $user >/dev/null 2>&1 || useradd -m $user; done
    mkdir -p -m 700 /var/spool/labqueue; mkdir -p /var/lib/sendmail/host_status /etc/mail/lab /run/sendmail/mta; cd /etc/mail/lab
    cat >lab.mc <<'CONF'
divert(-1)
include(`/usr/share/sendmail/cf/m4/cf.m4')
divert(0)dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
define(`confTO_QUEUEWARN', `4s')dnl
define(`confTO_QUEUERETURN', `20s')dnl
define(`confTO_CONNECT', `3s')dnl
define(`confTO_ICONNECT', `3s')dnl
define(`confTO_INITIAL', `3s')dnl
define(`confTO_IDENT', `0')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_HOSTSTATUS', `1s')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confMAX_HOP', `12')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupReadableSASLDBFile,NonRootSafeAddr,GroupWritableDirPathSafe')dnl
define(`QUEUE_DIR', `/var/spool/labqueue')dnl
define(`ALIAS_FILE', `/etc/mail/lab/aliases')dnl
define(`confMAX_MESSAGE_SIZE', `0')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`use_cw_file')dnl
define(`confCW_FILE', `/etc/mail/lab/local-host-names')dnl
FEATURE(`delay_checks')dnl
CLIENT_OPTIONS(`Family=inet, Addr=192.0.2.25')dnl
DAEMON_OPTIONS(`Name=lab, Addr=127.0.0.1, Port=25')dnl
DAEMON_OPTIONS(`Name=lab2, Addr=192.0.2.25, Port=25')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
CONF
    m4 lab.mc >lab.cf
    sed -i 's/^O ResolverOptions.*//' lab.cf
    echo 'example.org' >local-host-names
    cat >aliases <<'CONF'
MAILER-DAEMON: alice
postmaster: alice
nobody-here: no.such.person
team: alice, no.such.person, ghost
broken-pipe: "|/bin/false"
tempfail-pipe: "|exit 75"
nouser-pipe: "|exit 67"
missing-pipe: "|/usr/local/bin/not-installed"
noperm-file: /etc/shadow-copy/mailbox
forwarder: greta.lind@example.net
left-us: error:5.1.6 550 the person has left the company
CONF
    chmod 755 /etc/mail /etc/mail/lab; chmod 644 *
    sendmail -C /etc/mail/lab/lab.cf -bi
INNER
}

start() {
    rm -rf "$tree"/var/spool/labqueue/*
    chroot "$tree" sendmail -C /etc/mail/lab/lab.cf -bd
    (while sleep 3; do chroot "$tree" sendmail -C /etc/mail/lab/lab.cf -q; done) &
}
