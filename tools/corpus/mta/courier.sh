# SPDX-License-Identifier: Apache-2.0
# Courier. Warnings and giving up are set in its control files.
PACKAGES="courier-mta courier-authdaemon gamin"
DEBCONF="courier-mta courier-mta/defaultdomain string example.org"
SECONDS_TO_WAIT=90

configure() {
    chroot "$tree" sh -e <<'INNER'
    id alice >/dev/null 2>&1 || useradd -m alice
    mkdir -p /run/courier
    cd /etc/courier
    echo mx.example.org >me; echo example.org >defaultdomain; echo mx.example.org >helohost; echo mx.example.org >esmtphelo
    printf 'example.org\nlocalhost\n' >locals
    echo 20s >queuetime; echo 4s >warntime; echo 3s >retryalpha; echo 1 >retrybeta; echo 3s >retrygamma; echo 1 >retrymaxdelta; echo 3s >esmtptimeoutconnect
    echo 5s >esmtptimeouthelo; echo 192.0.2.25 >ipout; echo 5s >esmtpdelay; echo 15s >queuefill
    mkdir -p esmtpacceptmailfor.dir aliases
    cat >aliases/system <<'CONF'
postmaster: alice
kim: greta.lind@example.net
nobody-here: no.such.person
team: alice, tom.baker@webmail.example.net, no.such.person
CONF
    echo 'opt BOFHCHECKDNS=0' >bofh
    sed -i 's/^BOFHCHECKDNS=.*/BOFHCHECKDNS=0/; /^ADDRESS=/d; s/^PORT=.*/PORT=25/; s/^ULIMIT=.*/ULIMIT=262144/; s/^ESMTPDSTART=.*/ESMTPDSTART=YES/' esmtpd
    echo ADDRESS=127.0.0.1 >>esmtpd
    printf '127.0.0.1\tallow,RELAYCLIENT\n' >smtpaccess/default; makesmtpaccess
    makealiases
INNER
}

start() {
    chroot "$tree" sh -c 'mkdir -p /run/courier /run/courier/authdaemon; chown courier /run/courier /run/courier/authdaemon; rm -rf /var/lib/courier/msgs/* /var/lib/courier/msgq/*
        /usr/sbin/authdaemond start || :
        /usr/sbin/courier start || :; /usr/sbin/esmtpd start || :' >"$tree/var/log/courier.log" 2>&1
}
