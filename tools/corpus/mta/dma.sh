# SPDX-License-Identifier: Apache-2.0
# DragonFly Mail Agent: submission only. It gives up after five days, so the queue files are made older.
PACKAGES="dma"
DEBCONF="dma dma/mailname string mx.example.org"
SECONDS_TO_WAIT=60

configure() {
    chroot "$tree" sh -e <<'INNER'
    id alice >/dev/null 2>&1 || useradd -m alice
    echo mx.example.org >/etc/mailname
    printf 'SPOOLDIR /var/spool/dma\nMAILNAME mx.example.org\nALIASES /etc/aliases\nDEFER\n' >/etc/dma/dma.conf
    printf 'kim: greta.lind@example.net\nteam: alice, tom.baker@webmail.example.net\nnobody-here: no.such.person\n' >/etc/aliases
INNER
}

start() {
    rm -f "$tree"/var/spool/dma/*
    (while sleep 4; do
        find "$tree/var/spool/dma" -type f -name 'M*' -exec touch -d '6 days ago' {} + -o -type f -name 'Q*' -exec touch -d '6 days ago' {} +
        chroot "$tree" /usr/sbin/dma -q
    done >/dev/null 2>&1) &
}
