# SPDX-License-Identifier: Apache-2.0
# Sendmail with reports as RFC 822 text alone (SendMimeErrors off), error mailers, an access table, programs that exit with sysexits.
PACKAGES="sendmail-bin sendmail-base sendmail-cf m4 procmail sensible-mda rsyslog"
TREE=sendmail
SECONDS_TO_WAIT=60

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
define(`confMIME_FORMAT_ERRORS', `False')dnl
define(`confTO_QUEUEWARN', `4s')dnl
define(`confTO_QUEUERETURN', `16s')dnl
define(`confTO_CONNECT', `3s')dnl
define(`confTO_ICONNECT', `3s')dnl
define(`confTO_INITIAL', `3s')dnl
define(`confTO_IDENT', `0')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_HOSTSTATUS', `1s')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confMAX_HOP', `12')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confCOPY_ERRORS_TO', `Postmaster')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupReadableSASLDBFile,NonRootSafeAddr,GroupWritableDirPathSafe')dnl
define(`QUEUE_DIR', `/var/spool/labqueue')dnl
define(`ALIAS_FILE', `/etc/mail/lab/aliases')dnl
define(`confMAX_MESSAGE_SIZE', `0')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`mailertable', `hash -o /etc/mail/lab/mailertable')dnl
FEATURE(`virtusertable', `hash -o /etc/mail/lab/virtusertable')dnl
VIRTUSER_DOMAIN(`virtual.example.org')dnl
define(`confCW_FILE', `/etc/mail/lab/local-host-names')dnl
CLIENT_OPTIONS(`Family=inet, Addr=192.0.2.25')dnl
DAEMON_OPTIONS(`Name=lab, Addr=127.0.0.1, Port=25')dnl
DAEMON_OPTIONS(`Name=lab2, Addr=192.0.2.25, Port=25')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
CONF
    m4 lab.mc >lab.cf
    sed -i 's/^O ResolverOptions.*//' lab.cf
    printf 'example.org\nvirtual.example.org\n' >local-host-names
    printf 'closed.example.org\terror:5.7.0:550 The department was closed; its mail is not forwarded\nnouser.example.org\terror:nouser:550 No such mailbox in this domain\n' >mailertable
    printf 'busy.example.org\terror:tempfail:450 Under maintenance until Monday\nrefuses.example.org\tesmtp:[mx.refused.example.org]\n' >>mailertable
    printf 'left@virtual.example.org\terror:nouser 550 She works here no more\ninfo@virtual.example.org\tgreta.lind@example.net\n@virtual.example.org\terror:nouser User unknown in the virtual domain\n' >virtusertable
    makemap hash mailertable <mailertable; makemap hash virtusertable <virtusertable
    cat >aliases <<'CONF'
MAILER-DAEMON: alice
postmaster: alice
team: alice, no.such.person, ghost
closed: kim@closed.example.org
nouser: kim@nouser.example.org
busy: kim@busy.example.org
left: left@virtual.example.org
xy: x.y@virtual.example.org
CONF
    for code in 1 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78; do echo "exit$code: \"|exit $code\"" >>aliases; done
    echo 'speaks: "|echo The ticket queue is closed since May; exit 69"' >>aliases
    echo 'ring: ring2' >>aliases; echo 'ring2: ring' >>aliases
    chmod 755 /etc/mail /etc/mail/lab; chmod 644 *
    sendmail -C /etc/mail/lab/lab.cf -bi || :
INNER
}

start() {
    rm -rf "$tree"/var/spool/labqueue/*
    chroot "$tree" sendmail -C /etc/mail/lab/lab.cf -bd
    (while sleep 3; do chroot "$tree" sendmail -C /etc/mail/lab/lab.cf -q; done) &
}
