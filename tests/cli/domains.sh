# SPDX-License-Identifier: Apache-2.0
# Domains that look dead: proposed, refused for good, confirmed; made by themselves where the settings say so, never for a big provider or one that lives.
. "$NIXIE_SOURCE/tests/http/lib.sh"
# dead ADDRESS: its domain takes no mail (RFC 7505)
dead() { bounce "$1" 5.1.10 '5.1.10 Recipient address has null MX' >"$T/m"; "$NIXIE" ingest -q "$T/m" >/dev/null || fail "ingest $1"; }
for a in a b; do dead $a@gone.example.net; done
run 0 "$NIXIE" domains; is "$(wc -c <"$T/out")" 0 'two are not enough'
for a in c d; do dead $a@gone.example.net; done; for a in a b c; do dead $a@gmail.com; dead $a@other.example.org; done
run 0 "$NIXIE" domains; prints '^gone.example.net +proposed 4 addresses since 20'; prints '^gmail.com +proposed 3 .*many mailboxes: look twice'; prints '^other.example.org +proposed 3'
run 0 "$NIXIE" check new@gone.example.net # a proposal suppresses nobody
serve; asks 200 /v1/domains; has '[.domains[] | select(.domain=="gone.example.net")] == [{domain:"gone.example.net",state:"proposed",addresses:4,since:.domains[1].since,last:.domains[1].last,alive:null,big:false}]'; has '.domains[0].big'; ends
run 0 "$NIXIE" domains --dismiss other.example.org --reason 'moving house' --actor alice; prints 'proposed no more'
run 1 "$NIXIE" domains --dismiss other.example.org; says 'refused already'
dead e@other.example.org; run 0 "$NIXIE" domains; grep -q other.example.org "$T/out" && fail 'a refusal did not stick'
run 0 "$NIXIE" domains --all; prints '^other.example.org +refused +4'
run 0 "$NIXIE" history @other.example.org; prints 'dismiss .*alice.*moving house'
run 0 "$NIXIE" domains --confirm gone.example.net --reason 'closed in May' --actor bob; run 1 "$NIXIE" check new@gone.example.net
run 0 "$NIXIE" history @gone.example.net; prints 'suppress .*bob.*closed in May'
run 0 "$NIXIE" domains --all; prints '^gone.example.net +listed'
run 0 "$NIXIE" release @gone.example.net --reason 'back again'; run 0 "$NIXIE" domains --all; prints '^gone.example.net +refused'
run 64 "$NIXIE" domains --confirm 'no domain'; says 'is no address'
run 64 "$NIXIE" domains --confirm x.example --dismiss x.example; says 'either'
run 0 "$NIXIE" db check

# By itself: the third report makes it, in the log, so that rebuild comes to the same.
printf '[policy]\ndomain_entries = auto\n' >"$T/conf"; export NIXIE_CONFIG=$T/conf NIXIE_DB=$T/auto.db
for a in a b; do dead $a@auto.example.net; dead $a@lives.example.net; dead $a@gmail.com; done
bounce x@lives.example.net >"$T/m"; "$NIXIE" ingest -q "$T/m" >/dev/null # its server knows who it has
run 0 "$NIXIE" check new@auto.example.net
dead c@auto.example.net; dead c@lives.example.net; dead c@gmail.com; dead d@gmail.com
run 1 "$NIXIE" check new@auto.example.net; run 0 "$NIXIE" check new@lives.example.net; run 0 "$NIXIE" check new@gmail.com
run 0 "$NIXIE" history @auto.example.net; prints 'domain .*nixie.*3 addresses of the domain are suppressed'
run 0 "$NIXIE" domains; prints '^lives.example.net +proposed 3 .*somebody answered for it on 20'; prints '^gmail.com +proposed 4'
run 0 "$NIXIE" db check; run 0 "$NIXIE" db rebuild; prints '0 '; run 1 "$NIXIE" check new@auto.example.net
run 0 "$NIXIE" release @auto.example.net; dead d@auto.example.net; run 0 "$NIXIE" check new@auto.example.net # what a person lifted stays lifted
printf '[policy]\ndomain_entries = off\n' >"$T/conf"; run 0 "$NIXIE" domains; is "$(wc -c <"$T/out")" 0; says 'is off'
printf '[policy]\ndomain_entries = maybe\ndomain_threshold = 1\n' >"$T/conf"; run 65 "$NIXIE" config check; says 'none of off, propose, auto'; says 'conf:3: domain_threshold = 1: one address says little'
finish
