# SPDX-License-Identifier: Apache-2.0
# Changed rules against history: what is unexplained, what would be judged otherwise, and nothing changed by looking.
. "$NIXIE_SOURCE/tests/cli/lib.sh"
mkdir "$T/in" "$T/local"
bounce one@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/1"
bounce two@example.net 5.0.0 'Zork frobnicated the blorb' >"$T/in/2"
bounce three@example.net 5.1.1 '5.1.1 User unknown' >"$T/in/3"
run 0 "$NIXIE" ingest --quiet "$T/in"
run 0 "$NIXIE" rules suggest --stored; prints '^# 3 reports of failure or delay; 2 that no rule explains, in 1 groups'; prints '^# 2 times'; prints 'any +zork frobnicated the blorb'
run 0 "$NIXIE" rules replay; prints '^3 reports of failure or delay, 0 would be judged otherwise'
cat >"$T/local/mine.rules" <<'RULES'
rule local.zork
  cause mailbox_disabled
  any   zork frobnicated the blorb
  hit   550 Zork frobnicated the blorb
RULES
printf '[patterns]\nlocal=%s\n' "$T/local" >"$T/conf"
run 1 "$NIXIE" rules replay --config "$T/conf"; prints '2 would be judged otherwise'; prints '2 +unknown/soft -> mailbox_disabled/hard by local.zork'; prints 'called dead and were not: 2'
run 0 "$NIXIE" rules replay --config "$T/conf" --since 2999-01-01; prints '^0 reports'
run 0 "$NIXIE" rules suggest --stored --config "$T/conf"; prints '; 0 that no rule explains'
run 0 "$NIXIE" check one@example.net   # looking has changed nothing
run 64 "$NIXIE" rules replay --since yesterday; says "'yesterday' is no date"
run 64 "$NIXIE" rules suggest; says 'give paths, or --stored'
finish
