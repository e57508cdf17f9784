# SPDX-License-Identifier: Apache-2.0
# Exim with texts of the postmaster (bounce_message_file, warn_message_file, bounce_message_text), a system filter, and limits.
PACKAGES="exim4-daemon-heavy"
TREE=exim
SECONDS_TO_WAIT=50

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
smtputf8_advertise_hosts = *
dsn_advertise_hosts =
tls_advertise_hosts =
delay_warning = 4s:1h
delay_warning_condition = yes
bounce_message_file = /etc/exim4/bounce.txt
warn_message_file = /etc/exim4/warn.txt
bounce_sender_authentication =
bounce_return_body = false
errors_copy = *@example.org postmaster@example.org
system_filter = /etc/exim4/system.filter
system_filter_user = Debian-exim
ignore_bounce_errors_after = 10m
message_size_limit = 60K
received_headers_max = 12
keep_environment =
never_users = root
log_file_path = /var/log/exim4/%slog
dns_retrans = 1s
dns_retry = 1
host_lookup =

begin routers
moved:
  driver = accept
  domains = moved.example.org
  transport = too_small
remote_body_limit:
  driver = manualroute
  domains = limited.example.org
  route_list = * mx3.example.org
  transport = limited_smtp
lookup_defers:
  driver = redirect
  domains = defers.example.org
  allow_defer
  allow_fail
  data = :defer: the directory of this domain is being rebuilt
blackhole:
  driver = redirect
  domains = unknown.example.org
  allow_fail
  data = :unknown: nobody has this address any more
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  self = fail
  no_more
aliases:
  driver = redirect
  domains = +local_domains
  data = ${lookup{$local_part}lsearch{/etc/exim4/texts.aliases}}
  allow_fail
  allow_defer
  pipe_transport = address_pipe
  file_transport = address_file
  user = mail
localuser:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = local_delivery
  cannot_route_message = There is no $local_part at $domain; the list of our people is at https://www.example.org/people

begin transports
remote_smtp:
  driver = smtp
  interface = 192.0.2.25
  connect_timeout = 3s
  command_timeout = 3s
limited_smtp:
  driver = smtp
  interface = 192.0.2.25
  message_size_limit = 100
too_small:
  driver = appendfile
  file = /var/mail/moved
  message_size_limit = 100
local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data
  quota = 20K
  quota_warn_threshold = 50%
  quota_warn_message = "To: $local_part@$domain\nSubject: Your mailbox\n\nYour mailbox is more than half full.\n"
  group = mail
address_pipe:
  driver = pipe
  return_output
  timeout = 3s
  path = /usr/bin:/bin
address_file:
  driver = appendfile

begin retry
*  quota  F,1s,1s
*  *      F,14s,3s

begin rewrite
begin authenticators
CONF
    cat >/etc/exim4/texts.aliases <<'CONF'
postmaster: alice
talks: "|/bin/sh -c 'echo Der Posteingang dieser Abteilung wurde geschlossen'"
sleeps: "|/bin/sleep 20"
killed: "|/bin/sh -c 'kill -9 $$'"
nofile: /srv/not/there/mailbox
empty: :blackhole:
ring: ring2
ring2: ring
CONF
    cat >/etc/exim4/bounce.txt <<'CONF'
Subject: Ihre Nachricht konnte nicht zugestellt werden ${if eq{$sender_address}{$bounce_recipient}{}{(Kopie)}}
****
Dies ist eine automatische Nachricht des Mailservers $primary_hostname.

Die Nachricht${if eq{$sender_address}{$bounce_recipient}{, die Sie gesendet haben,}{ von

  <$sender_address>

}} konnte folgenden Empfängern nicht zugestellt werden:
****
Der Server der Gegenseite oder unser Server gab dabei folgende Meldungen aus:
****
------ Es folgt eine Kopie Ihrer Nachricht mit allen Kopfzeilen. ------
****
------ Ihre Nachricht ist länger als ${bounce_return_size_limit}; nur der Anfang folgt. ------
****
------ Es folgen die Kopfzeilen Ihrer Nachricht. ------
****
CONF
    cat >/etc/exim4/warn.txt <<'CONF'
Subject: Ihre Nachricht ist noch unterwegs (Kennung $message_exim_id)
****
Dies ist eine automatische Nachricht des Mailservers $primary_hostname.

Ihre Nachricht konnte seit mehr als $warn_message_delay noch nicht an alle Empfänger zugestellt werden.
Kennung $message_exim_id, Absender $sender_address, Betreff: $h_subject

Noch nicht zugestellt wurde an:
****
Sie müssen nichts unternehmen. Die Zustellung wird noch einige Zeit lang versucht.
****
CONF
    cat >/etc/exim4/system.filter <<'CONF'
# Exim filter
if $header_subject: contains "password" then fail "<<password in the subject>>Messages about passwords are not accepted by this site." endif
if $header_subject: contains "Minutes" and $message_body: contains "octet-stream" then fail text "This message has been rejected because it has\n\tan executable attachment \"minutes.exe\"\n\tThis form of attachment has been used by viruses." endif
CONF
    head -c 20400 /dev/zero | tr '\0' x >/var/mail/full; chown full:mail /var/mail/full; rm -f /var/mail/alice /home/clerk/.forward
INNER
}

start() {
    rm -rf "$tree"/var/spool/exim4/input/* "$tree"/var/spool/exim4/msglog/* "$tree"/var/spool/exim4/db/*
    : >"$tree/var/log/exim4/mainlog"; chroot "$tree" chown Debian-exim /var/log/exim4/mainlog
    mkdir -p "$tree/run/exim4"; chroot "$tree" chown Debian-exim:Debian-exim /run/exim4
    chroot "$tree" exim4 -bdf &
    (while sleep 2; do chroot "$tree" exim4 -q; done) &
}
