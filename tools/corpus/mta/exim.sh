# SPDX-License-Identifier: Apache-2.0
# Exim, monolithic configuration. Warnings after 4 s, given up after about 20 s.
PACKAGES="exim4-daemon-heavy"
DEBCONF="exim4-config exim4/dc_eximconfig_configtype select no configuration at this time"
SECONDS_TO_WAIT=70

configure() {
    chroot "$tree" sh -e <<'INNER'
    for user in alice clerk full; do id $user >/dev/null 2>&1 || useradd -m $user; done
    cat >/etc/exim4/exim4.conf <<'CONF'
primary_hostname = mx.example.org
qualify_domain = example.org
domainlist local_domains = example.org
hostlist relay_from_hosts = 127.0.0.1
daemon_smtp_ports = 25
local_interfaces = 127.0.0.1 : 192.0.2.25
acl_smtp_rcpt = accept
acl_smtp_data = accept
acl_smtp_mail = accept
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts =
delay_warning = 4s:1h
delay_warning_condition = yes
ignore_bounce_errors_after = 10m
timeout_frozen_after = 1h
return_size_limit = 100K
message_size_limit = 40K
received_headers_max = 12
smtp_accept_max = 100
prdr_enable = false
keep_environment =
never_users = root
log_file_path = /var/log/exim4/%slog
dns_retrans = 1s
dns_retry = 1
host_lookup =

begin acl

begin routers
aliases:
  driver = redirect
  domains = +local_domains
  data = ${lookup{$local_part}lsearch{/etc/aliases}}
  allow_fail
  allow_defer
  file_transport = address_file
  pipe_transport = address_pipe
  user = mail
refused_by_postmaster:
  driver = redirect
  domains = reject.example.org
  allow_fail
  data = :fail: 550 5.7.1 mail to this domain is held by order of the postmaster
forwarded:
  driver = redirect
  domains = forwarded.example.org
  data = greta.lind@example.net
secure:
  driver = manualroute
  domains = secure.example.net
  route_list = * mx1.example.net
  transport = secure_smtp
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  self = fail
  no_more
userforward:
  driver = redirect
  domains = +local_domains
  check_local_user
  file = $home/.forward
  no_verify
  allow_filter
  allow_fail
  pipe_transport = address_pipe
  reply_transport = address_reply
localuser:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = local_delivery
  cannot_route_message = Unknown user

begin transports
remote_smtp:
  driver = smtp
  interface = 192.0.2.25
  connect_timeout = 3s
  command_timeout = 3s
  hosts_try_prdr =
secure_smtp:
  driver = smtp
  interface = 192.0.2.25
  hosts_require_tls = *
local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data
  delivery_date_add
  envelope_to_add
  return_path_add
  quota = 20K
  group = mail
address_pipe:
  driver = pipe
  return_fail_output
  path = /usr/bin:/bin
address_file:
  driver = appendfile
address_reply:
  driver = autoreply

begin retry
*  quota  F,1s,1s
*  *      F,18s,3s

begin rewrite
begin authenticators
CONF
    cat >/etc/aliases <<'CONF'
postmaster: alice
nobody-here: no.such.person
team: alice, no.such.person, ghost
broken-pipe: "|/bin/false"
printing-pipe: "|/bin/sh -c 'echo The ticket queue is closed since May; exit 69'"
missing-pipe: "|/usr/local/bin/not-installed"
noperm-file: /etc/shadow-copy/mailbox
left-us: :fail: the person has left the company
CONF
    chmod 644 /etc/aliases
    head -c 20400 /dev/zero | tr '\0' x >/var/mail/full; chown full:mail /var/mail/full
    cat >/home/clerk/.forward <<'CONF'
# Exim filter
if $header_subject: contains "invoice" or $header_subject: contains "Invoice" then fail "<<Invoices go to another office>>The invoice desk has moved; this address takes none." endif
CONF
    rm -f /home/alice/.forward /var/mail/alice; chown clerk /home/clerk/.forward
INNER
}

start() {
    rm -rf "$tree"/var/spool/exim4/input/* "$tree"/var/spool/exim4/msglog/* "$tree"/var/spool/exim4/db/*
    : >"$tree/var/log/exim4/mainlog"; chroot "$tree" chown Debian-exim /var/log/exim4/mainlog
    mkdir -p "$tree/run/exim4"; chroot "$tree" chown Debian-exim:Debian-exim /run/exim4
    chroot "$tree" exim4 -bdf &
    (while sleep 2; do chroot "$tree" exim4 -q; done) &
}
