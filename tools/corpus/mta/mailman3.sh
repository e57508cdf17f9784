# SPDX-License-Identifier: Apache-2.0
# Mailman 3 behind Postfix: what the list manager writes to people by itself, and its refusals.
PACKAGES="postfix mailman3 python3-psycopg2-"
DEBCONF="postfix postfix/main_mailer_type select No configuration"
SECONDS_TO_WAIT=90

configure() {
    chroot "$tree" sh -e <<'INNER'
    cat >/etc/postfix/main.cf <<'CONF'
compatibility_level = 3.6
myhostname = mx.example.org
myorigin = example.org
mydestination = localhost
mynetworks = 127.0.0.0/8, 192.0.2.25
inet_interfaces = 127.0.0.1, 192.0.2.25
smtp_bind_address = 192.0.2.25
maillog_file = /var/log/mail.log
transport_maps = inline:{ lists.example.org=lmtp:inet:127.0.0.1:8024 }
smtpd_reject_unlisted_recipient = no
relay_domains = lists.example.org
queue_run_delay = 3s
minimal_backoff_time = 3s
maximal_backoff_time = 4s
CONF
    cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
    sed -i 's/^lmtp  *unix.*/lmtp unix - - n - - lmtp -o lmtp_bind_address=127.0.0.1/' /etc/postfix/master.cf
    rm -rf /var/lib/mailman3/data /var/lib/mailman3/lists /var/lib/mailman3/locks /var/lib/mailman3/queue /var/lib/mailman3/cache
    cat >/etc/mailman3/mailman.cfg <<'CONF'
[mailman]
site_owner: owner@lists.example.com
layout: debian
[paths.debian]
var_dir: /var/lib/mailman3
bin_dir: /usr/lib/mailman3/bin
queue_dir: $var_dir/queue
list_data_dir: $var_dir/lists
log_dir: /var/log/mailman3
lock_dir: $var_dir/locks
data_dir: $var_dir/data
cache_dir: $var_dir/cache
etc_dir: /etc/mailman3
messages_dir: $var_dir/messages
archive_dir: $var_dir/archives
template_dir: $var_dir/templates
pid_file: /run/mailman3/master.pid
lock_file: $lock_dir/master.lck
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:////var/lib/mailman3/data/mailman.db
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 127.0.0.1
smtp_port: 25
lmtp_host: 127.0.0.1
lmtp_port: 8024
[webservice]
hostname: 127.0.0.1
[archiver.hyperkitty]
enable: no
CONF
    mkdir -p /var/lib/mailman3/data /var/log/mailman3 /run/mailman3 /var/lib/mailman3/lists
    chown -R list:list /var/lib/mailman3 /var/log/mailman3 /run/mailman3
    chmod 644 /etc/mailman3/mailman.cfg
    cat >/tmp/setup.py <<'SETUP'
from mailman.interfaces.domain import IDomainManager
from mailman.app.lifecycle import create_list
from mailman.interfaces.action import Action
from mailman.interfaces.autorespond import ResponseAction
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.usermanager import IUserManager
from mailman.interfaces.member import MemberRole
from mailman.interfaces.subscriptions import ISubscriptionManager
from zope.component import getUtility
def setup(unused=None):
    from mailman.core.initialize import initialize
    getUtility(IDomainManager).add("lists.example.org")
    for name in ("members", "held", "closed", "auto", "open", "small"):
        one = create_list(name + "@lists.example.org", ["owner@lists.example.com"])
        one.default_nonmember_action = {"members": Action.reject, "held": Action.hold, "closed": Action.reject}.get(name, Action.accept)
        one.send_welcome_message = True
        if name == "closed":
            one.nonmember_rejection_notice = "This list is for staff only. Please write to office@example.org."
        if name == "auto":
            one.autorespond_postings = ResponseAction.respond_and_continue
            one.autoresponse_postings_text = "This list is read on Fridays only."
        if name == "small":
            one.max_message_size = 5
        if name == "open":
            one.subscription_policy = SubscriptionPolicy.open
    from mailman.config import config
    config.db.commit()
SETUP
    cp /tmp/setup.py /usr/lib/python3/dist-packages/lab_setup.py
INNER
}

start() {
    rm -f "$tree/var/spool/postfix/pid/master.pid" "$tree/var/log/mail.log"
    mkdir -p "$tree/var/spool/postfix/etc"
    chroot "$tree" sh -c 'cd /tmp; su -s /bin/sh list -c "printf \"from lab_setup import setup\nsetup()\n\" | mailman shell; mailman start --force"' >"$tree/var/log/mailman.out" 2>&1 || :
    sleep 8
    chroot "$tree" postfix start 2>/dev/null
    chroot "$tree" postsuper -d ALL 2>/dev/null || :
}
