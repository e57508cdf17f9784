# import: each product's list, read from a sample after its documentation (links: src/export/product.def)
. "$NIXIE_SOURCE/tests/cli/lib.sh"
D="$NIXIE_SOURCE/tests/cli/import"
# from PRODUCT FILE SUMMARY [OPTION...]: into a database of its own, after a dry run that needs none
from() { product=$1; file=$2; want=$3; shift 3; export NIXIE_DB="$T/$file.db"; run 0 "$NIXIE" import -n --from "$product" "$@" "$D/$file"; prints "would be new"; run 0 "$NIXIE" import --from "$product" "$@" "$D/$file"; prints "$want"; "$NIXIE" export -f jsonl >"$T/$product"; }
has() { is "$(jq -r --arg a "$2" 'select(.address==$a)|[.cause,.since,(.until//"-"),.stream//"-",(.reason//"-"),.source]|join("|")' "$T/$1")" "$3" "$1 $2"; }
from ses ses.json '^2 lines: 2 new'
has ses gone@example.net 'mailbox_unknown|2026-03-01T10:00:00Z|-|-|-|import:ses'
has ses angry@example.net 'complaint|2026-01-01T00:00:00Z|-|-|-|import:ses'
from sendgrid sendgrid.csv '^2 lines: 1 new, 0 known already, 0 no addresses, 1 not suppressed there'
has sendgrid gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|-|550 5.1.1 The email account that you tried to reach, does not exist|import:sendgrid'
printf 'status,reason,email,created\nblocked,,fine@example.net,1767225600\n' >"$T/blocks.csv"; run 0 "$NIXIE" import -n --from sendgrid "$T/blocks.csv"; prints '^1 lines: 0 would be new.* 1 not suppressed there'
from mailgun mailgun.csv '^1 lines: 1 new'
has mailgun gone@example.net 'mailbox_unknown|2026-01-02T11:02:55Z|-|-|No such mailbox|import:mailgun'
from postmark postmark.json '^3 lines: 3 new'
has postmark angry@example.net 'complaint|2026-01-10T13:58:33Z|-|-|Recipient|import:postmark'
has postmark left@example.net 'unsubscribe|2026-01-10T13:58:33Z|-|-|Customer|import:postmark'
from sparkpost sparkpost.csv '^2 lines: 2 new'
has sparkpost gone@example.net 'mailbox_unknown|2026-01-01T12:00:00Z|-|-|550 user unknown|import:sparkpost'
has sparkpost angry@example.net 'complaint|2026-01-02T12:00:00Z|-|-|-|import:sparkpost'
from mailchimp mailchimp.csv '^2 lines: 1 new.* 1 run out'
has mailchimp gone@example.net 'mailbox_unknown|2026-01-01T13:14:15Z|2036-01-01T13:14:15Z|-|550 mailbox does not exist|import:mailchimp'
from brevo brevo.json '^2 lines: 2 new'
has brevo gone@example.net 'mailbox_unknown|2026-05-01T20:09:23Z|-|-|Hard bounce|import:brevo'
has brevo left@example.net 'unsubscribe|2026-05-01T20:09:23Z|-|news@example.com|Unsubscribed|import:brevo'
from listmonk listmonk.csv '^2 lines: 1 new.* 1 not suppressed there'
has listmonk gone@example.net 'manual|2026-02-01T10:00:00Z|-|-|-|import:listmonk'
from postal postal.csv '^1 lines: 1 new'
has postal gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|2099-01-01T00:00:00Z|-|too many soft fails|import:postal'
from sympa sympa.csv '^1 lines: 1 new'
has sympa gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|news|-|import:sympa'
# the other shapes that they have: pages of an API one behind the other, wrappers, exports by hand
from ses ses-pages.json '^2 lines: 2 new'; has ses angry@example.net 'complaint|2026-01-01T00:00:00Z|-|-|-|import:ses'
jq -s . "$D/ses-pages.json" >"$T/slurped"; run 0 "$NIXIE" import --from ses "$T/slurped"; prints '^2 lines: 0 new, 2 known already'
from sendgrid sendgrid.json '^2 lines: 2 new'; has sendgrid full@example.net 'mailbox_unknown|2026-01-01T00:00:01Z|-|-|552 5.2.2 mailbox full|import:sendgrid'
from sendgrid sendgrid-spam.csv '^1 lines: 1 new' --cause complaint; has sendgrid angry@example.net 'complaint|2026-01-01T00:00:00Z|-|-|-|import:sendgrid'
from mailgun mailgun.json '^2 lines: 2 new'; has mailgun gone@example.net 'mailbox_unknown|2026-01-02T11:02:55Z|-|-|No such mailbox|import:mailgun'; has mailgun other@example.net 'mailbox_unknown|2026-01-02T11:02:55Z|-|-|-|import:mailgun'
from mailgun mailgun-unsubscribes.json '^1 lines: 1 new' --cause unsubscribe; has mailgun left@example.net 'unsubscribe|2026-01-01T00:00:00Z|-|-|-|import:mailgun'
from postmark postmark.csv '^1 lines: 1 new'; has postmark gone@example.net 'mailbox_unknown|2026-01-10T13:58:33Z|-|-|Recipient|import:postmark'
from sparkpost sparkpost.json '^2 lines: 2 new'; has sparkpost gone@example.net 'mailbox_unknown|2026-01-01T12:00:00Z|-|-|550 user unknown|import:sparkpost'; has sparkpost left@example.net 'unsubscribe|2026-01-01T12:00:00Z|-|news|Unsubscribed|import:sparkpost'
from mailchimp mandrill.json '^2 lines: 2 new'; has mailchimp gone@example.net 'mailbox_unknown|2026-01-01T13:14:15Z|2036-01-01T13:14:15Z|cust-1|550 mailbox does not exist|import:mailchimp'; has mailchimp angry@example.net 'complaint|2026-01-01T13:14:15Z|-|-|-|import:mailchimp'
from mailchimp mailchimp-cleaned.csv '^1 lines: 1 new' --cause mailbox_unknown; has mailchimp gone@example.net 'mailbox_unknown|2026-01-05T06:07:08Z|-|-|-|import:mailchimp'
from mailchimp mailchimp-unsubscribed.json '^2 lines: 1 new.* 1 not suppressed there'; has mailchimp left@example.net 'unsubscribe|2026-02-01T10:00:00Z|-|-|N/A (Unsubscribed by admin)|import:mailchimp'
from listmonk listmonk.json '^1 lines: 1 new'; has listmonk gone@example.net 'manual|2026-02-01T10:00:00Z|-|-|-|import:listmonk'
from listmonk listmonk-bounces.json '^2 lines: 1 new.* 1 not suppressed there'; has listmonk gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|-|-|import:listmonk'
from sympa sympa-table.csv '^1 lines: 1 new'; has sympa gone@example.net 'mailbox_unknown|2026-01-01T00:00:00Z|-|news|1767225600 1767312000 3 5.1.1|import:sympa'
# A stream that none can be called is told, and its entry not made wider by leaving it out.
printf 'recipient,type,list_id\ngone@example.net,non_transactional,a list!\nleft@example.net,non_transactional,news\n' >"$T/odd.csv"; export NIXIE_DB="$T/odd.db"
run 1 "$NIXIE" import --from sparkpost "$T/odd.csv"; says "odd.csv:2: 'a list!' is no name of a stream"; prints '^2 lines: 1 new, 0 known already, 0 no addresses, 0 not suppressed there, 0 run out, 1 whose stream is no name$'; run 0 "$NIXIE" check gone@example.net
run 0 "$NIXIE" import --stream news --from sparkpost "$T/odd.csv"; run 1 "$NIXIE" check --stream news gone@example.net
run 1 "$NIXIE" reconcile --with sparkpost "$T/odd.csv"; says "odd.csv:2: 'a list!' is no name of a stream"; says '^1 of 2 lines have no address, or no stream$'
finish
