# SPDX-License-Identifier: Apache-2.0
. "$NIXIE_SOURCE/tests/cli/lib.sh"
run 0 "$NIXIE" rules check
prints '^[0-9]+ rules \(0 local\).* hits and [0-9]+ misses hold; digest [0-9a-f]{12}$'
run 0 "$NIXIE" rules check --alone "$NIXIE_SOURCE/patterns" --stamp "$T/stamp"
is "$(wc -c <"$T/stamp")" 12 "the stamp is the digest"
run 64 "$NIXIE" rules check --alone; says 'needs a directory'
run 1 "$NIXIE" rules check "$T/absent"; says 'absent: there is no such directory'

# Rules of one's own: they come first, replace and disable; faults are told with their place, all of them, and exit 65.
mkdir "$T/own"
printf 'rule my.partner\n  cause   recipient_refused\n  any     not on our partner list\n  hit     550 You are not on our partner list\n' >"$T/own/my.rules"
run 0 "$NIXIE" rules check "$T/own"; prints '\(1 local\)'
printf '[patterns]\nlocal = %s\n' "$T/own" >"$T/nixie.conf"
run 0 "$NIXIE" rules test --config "$T/nixie.conf" '550 5.1.1 You are not on our partner list, user unknown'
prints '^verdict  recipient_refused, block, by my.partner on "not on our partner list"$'
prints '^also     unknown.user '
run 0 "$NIXIE" rules list --config "$T/nixie.conf"
is "$(head -1 "$T/out" | awk '{print $1, $2}')" "local my.partner"
run 0 "$NIXIE" parse --config "$T/nixie.conf" - <<END
$(bounce u@example.net 5.1.1 '5.1.1 You are not on our partner list')
END
prints '"rule":"my.partner"'
printf 'rule my.bad\n  cause   gone\n  any     abc\n' >"$T/own/bad.rules"
run 65 "$NIXIE" rules check "$T/own"
says "^nixie: bad.rules:2:11: unknown cause 'gone'"
says '^nixie: bad.rules:3:11: a literal under 4 bytes'
says "^nixie: bad.rules:1:1: rule 'my.bad' has no example"
run 65 "$NIXIE" parse --config "$T/nixie.conf" "$T/own/my.rules"; says 'bad.rules:2:11'

run 0 "$NIXIE" rules test --stage mail '550 5.7.1 No such domain example.com'; prints '^verdict  sender_dns'
run 0 "$NIXIE" rules test --from mx.outlook.com '550 5.5.0 Requested action not taken: mailbox unavailable'; prints 'provider microsoft'
run 1 "$NIXIE" rules test '550 qwertz'; prints '^verdict  mailbox_unknown|^verdict  unknown'
run 64 "$NIXIE" rules test --stage lunch 'x y'; says "unknown stage 'lunch'"
run 64 "$NIXIE" rules test; says 'an argument is missing'
run 64 "$NIXIE" rules frob; says 'it is check, test'
run 0 "$NIXIE" rules list --cause mailbox_full; [ "$(grep -vc mailbox_full "$T/out")" = 0 ] || fail "another cause is listed"
run 64 "$NIXIE" rules list --cause nothing; says "unknown cause 'nothing'"
run 0 "$NIXIE" rules explain google.full; prints '^  cause   mailbox_full$'
run 1 "$NIXIE" rules explain gogle.full; says 'did you mean'

# What nothing explains is grouped, and the proposed rule holds once it is given a cause.
printf '550 5.0.0 quux flobbed <a@example.com>\n550 5.0.0 Quux flobbed <b@example.org>\n550 user unknown\n' >"$T/lines"
run 0 "$NIXIE" rules suggest --lines "$T/lines"
prints '^# 3 reports of failure or delay; 2 that no rule explains, in 1 groups'
prints '^# 2 times'
rm "$T/own/bad.rules"; grep -v '^#' "$T/out" | sed 's/unknown$/greylisted/' >"$T/own/new.rules"
run 0 "$NIXIE" rules check "$T/own"
run 0 "$NIXIE" rules test --config "$T/nixie.conf" '550 quux flobbed'; prints 'by local.quux_flobbed'
run 0 "$NIXIE" rules bench --times 1; prints '^loading .* rules in '
# The walk-through of docs/rules.md does what it says.
mkdir "$T/walk"; sed -n '/^       rule local.locker/,/^$/s/^       //p' "$NIXIE_SOURCE/docs/rules.md" >"$T/walk/locker.rules"
run 1 "$NIXIE" rules test '550 5.0.0 Parcel not deliverable: locker is stuffed'; prints '^verdict  unknown, soft, by nothing$'
run 0 "$NIXIE" rules check "$T/walk"
printf '[patterns]\nlocal = %s\n' "$T/walk" >"$T/walk.conf"
run 0 "$NIXIE" rules test --config "$T/walk.conf" '550 5.0.0 Parcel not deliverable: locker is stuffed'; prints '^verdict  mailbox_full, soft, by local.locker'
finish
