. "$NIXIE_SOURCE/tests/cli/lib.sh"
cat >"$T/bad.conf" <<'END'
[limits]
mesage = 3m
depth = deep
[stor]
path = x
junk
[cause mailbox_ful]
ttl = 4d
[cause mailbox_full]
tt = 4
ttl = 4d
ttl = 3d
[policy]
confirm_hard = yes
END
run 65 "$NIXIE" config check --config "$T/bad.conf"
says "bad.conf:2: unknown key 'mesage' in \[limits\] \(nearest known: 'message'"
says "bad.conf:3: depth: 'deep' is not a whole number"
says "bad.conf:4: unknown group \[stor\] \(nearest known: \[store\]"
says "bad.conf:6: 'junk' is neither"
says "bad.conf:7: unknown group \[cause mailbox_ful\] \(nearest known: \[cause mailbox_full\]"
says "bad.conf:10: unknown key 'tt'"
says "bad.conf:12: 'ttl' is set in line 11 already"
says "bad.conf:14: confirm_hard: 'yes' is neither true nor false"
is "$(grep -c . "$T/err")" 8 "every fault once"
printf '# mine\n[limits]\nmessage = 3m\n\n[cause mailbox_full]\nthreshold = 7\nttl = 2w\nscope = stream\n' >"$T/good.conf"
run 0 "$NIXIE" config check --config "$T/good.conf"
run 0 "$NIXIE" config show --config "$T/good.conf" --db /tmp/some.db
prints "^message = 3m +# $T/good.conf:3$"
prints '^path = /tmp/some.db +# --db$'
prints '^parts = 500 +# default$'
sed -n '/^\[cause mailbox_full\]/,/^\[cause r/p' "$T/out" >"$T/full"; mv "$T/full" "$T/out"
prints "^threshold = 7 +# $T/good.conf:6$"
prints '^ttl = 2w '
prints '^scope = stream '
# What show prints is a file that means the same.
run 0 "$NIXIE" config show --config "$T/good.conf"; sed 's/ *#.*//' "$T/out" >"$T/again.conf"
run 0 "$NIXIE" config show --config "$T/again.conf"; sed 's/ *#.*//' "$T/out" | cmp - "$T/again.conf" || fail "show does not read back"
# A preset is what numbers begin with, of all and of one stream; single keys change it, and show tells which said what.
cat >"$T/preset.conf" <<'END'
[cause mailbox_full]
threshold = 2
[stream receipts]
preset = lenient
[stream receipts cause mailbox_full]
span = 49d
[policy]
preset = strict
END
run 0 "$NIXIE" config show --config "$T/preset.conf"
prints "^preset = strict +# $T/preset.conf:8$"
cp "$T/out" "$T/whole"
of() { sed -n "/^\[$1\]/,/^\$/p" "$T/whole" >"$T/out"; }
of 'cause mailbox_full'; prints "^threshold = 2 +# $T/preset.conf:2$"; prints '^ttl = 365d +# preset strict$'; prints '^window = 30d +# default$'
of 'cause bad_domain'; prints '^threshold = 1 +# preset strict$'
of 'stream receipts cause mailbox_full'; prints '^threshold = 6 +# preset lenient$'; prints "^span = 7w +# $T/preset.conf:6$"
of 'stream receipts cause mailbox_unknown'; prints '^suppress = after +# preset lenient$'
sed 's/ *#.*//' "$T/whole" >"$T/again.conf"
run 0 "$NIXIE" config show --config "$T/again.conf"; sed 's/ *#.*//' "$T/out" | cmp - "$T/again.conf" || fail "presets do not read back"
printf '[policy]\npreset = strikt\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"; says "bad.conf:2: preset: 'strikt' is none of balanced, strict, thrifty, lenient"
printf '[policy]\npreset =\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"; says "bad.conf:2: preset: '' is none of"
printf '[policy]\npreset = strict\nconfirm_hard = true\n[stream a]\npreset = lenient\n[stream a cause mailbox_full]\nwindow = 30d\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:3: confirm_hard waits for a second report, preset = strict goes by the first'
says 'bad.conf:.*span = 6w in \[stream a cause mailbox_full\] is wider than window = 30d'
# How far apart the letters are: windows and terms follow, of all and of one stream; what is set stays as it is set, and has to fit.
cat >"$T/pace.conf" <<'END'
[cause mailbox_full]
threshold = 4
[cause unknown]
window = 120d
ttl = 45d
[stream daily]
pace = 1d
[stream receipts]
preset = lenient
[stream quarterly]
pace = 90d
[stream quarterly cause mailbox_full]
ttl = 270d
[stream plain]
kind = transactional
[policy]
pace = 30d
END
run 0 "$NIXIE" config show --config "$T/pace.conf"; cp "$T/out" "$T/whole"
of policy; prints "^pace = 30d +# $T/pace.conf:17$"
of 'cause mailbox_full'; prints '^window = 130d +# pace 30d$'; prints '^ttl = 60d +# pace 30d$'; prints '^ttl_max = 180d +# default$'; prints '^span = 1w +# default$'
of 'cause unknown'; prints "^window = 120d +# $T/pace.conf:4$"; prints "^ttl = 45d +# $T/pace.conf:5$"
of 'cause bad_domain'; prints '^window = 90d +# default$'
of 'stream daily cause mailbox_full'; prints '^threshold = 4 '; prints '^window = 30d +# pace 1d$'; prints '^ttl = 30d +# pace 1d$'
of 'stream receipts cause mailbox_unknown'; prints '^suppress = after +# preset lenient$'; prints '^window = 100d +# pace 30d$'
of 'stream quarterly cause mailbox_full'; prints '^window = 390d +# pace 90d$'; prints "^ttl = 270d +# $T/pace.conf:13$"; prints '^ttl_max = 270d '
of 'stream quarterly cause unknown'; prints '^window = 300d +# pace 90d$'; prints '^ttl = 180d +# pace 90d$'
of 'stream plain cause mailbox_full'; is "$(cat "$T/out")" ''
sed 's/ *#.*//' "$T/whole" >"$T/again.conf"
run 0 "$NIXIE" config show --config "$T/again.conf"; sed 's/ *#.*//' "$T/out" | cmp - "$T/again.conf" || fail "paces do not read back"
cat >"$T/bad.conf" <<'END'
[policy]
pace = 30d
[cause unknown]
window = 59d
[cause expired]
ttl = 14d
[cause receiver_misconfig]
ttl_max = 40d
[retention]
events = 95d
[stream yearly]
pace = 365d
END
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:4: window = 59d in \[cause unknown\]: 3 letters with pace = 30d between them do not fit .*more than 60d'
says 'bad.conf:6: ttl = 2w in \[cause expired\] is over before the next letter goes out, pace = 30d'
says 'bad.conf:8: ttl = 60d in \[cause receiver_misconfig\] is longer than ttl_max = 40d'
says 'bad.conf:10: events of \[cause mailbox_full\] would be kept for 95d, but count, or are known again, for 100d'
says 'bad.conf:12: pace in \[stream yearly\]: at most 180d'
printf '[policy]\npace = never\n' >"$T/bad.conf"; run 65 "$NIXIE" config check --config "$T/bad.conf"; says 'bad.conf:2: pace = never'
printf '[policy]\npace = 30d\nconfirm_hard = true\n[cause mailbox_unknown]\nkeep = 60d\n' >"$T/bad.conf"; run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:5: events of \[cause mailbox_unknown\] would be kept for 60d, .* for 10w'
printf '[sent]\nsize = 0\ncomplete = true\n[breaker]\nenabled = false\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:3: complete in \[sent\]: a ledger that keeps nothing'; says 'bad.conf:3: complete in \[sent\] holds reports back, and \[breaker\] enabled = false'
run 64 "$NIXIE" config chek; says '^nixie: config chek: it is check or show .see `nixie help config`.$'
finish
