# SPDX-License-Identifier: Apache-2.0
# Haraka: its outbound queue and the reports it writes. Given up after four attempts, some 20 s.
PACKAGES="nodejs"
NPM="Haraka"
SECONDS_TO_WAIT=60

configure() {
    rm -rf "$tree/srv/haraka"
    mkdir -p "$tree/srv/haraka/config" "$tree/srv/haraka/queue"
    (cd "$tree/srv/haraka/config"
    echo mx.example.org >me
    cp "$tree"/opt/npm/node_modules/Haraka/config/connection.ini "$tree"/opt/npm/node_modules/Haraka/config/outbound.bounce_message* .
    printf 'listen=127.0.0.1:25,192.0.2.25:25\nnodes=0\nuser=\n[main]\n' >smtp.ini
    printf 'relay\nlab\n' >plugins
    printf '[relay]\nacl=true\n' >relay.ini
    printf '127.0.0.1/32\n' >relay_acl_allow
    printf 'temp_fail_intervals=5s,5s,6s\nenable_tls=false\nlocal_mx_ok=true\nalways_split=false\nconcurrency_max=20\nconnect_timeout=4\n' >outbound.ini
    echo 40000 >databytes
    printf '[main]\n' >host_list)
    mkdir -p "$tree/srv/haraka/plugins"
    printf "exports.register = function () { this.register_hook('rcpt', 'rcpt') }\nexports.rcpt = function (next, connection) { connection.relaying = true; next(OK) }\n" >"$tree/srv/haraka/plugins/lab.js"
}

start() {
    (chroot "$tree" sh -c 'cd /srv/haraka; exec node /opt/npm/node_modules/Haraka/bin/haraka -c /srv/haraka' >"$tree/var/log/haraka.log" 2>&1) &
}
