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
run 65 "$NIXIE" config check --config "$T/bad.conf"; says "bad.conf:2: preset: 'strikt' is none of balanced, strict, lenient"
printf '[policy]\npreset =\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"; says "bad.conf:2: preset: '' is none of"
printf '[policy]\npreset = strict\nconfirm_hard = true\n[stream a]\npreset = lenient\n[stream a cause mailbox_full]\nwindow = 30d\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:3: confirm_hard waits for a second report, preset = strict goes by the first'
says 'bad.conf:.*span = 6w in \[stream a cause mailbox_full\] is wider than window = 30d'
printf '[sent]\nsize = 0\ncomplete = true\n[breaker]\nenabled = false\n' >"$T/bad.conf"
run 65 "$NIXIE" config check --config "$T/bad.conf"
says 'bad.conf:3: complete in \[sent\]: a ledger that keeps nothing'; says 'bad.conf:3: complete in \[sent\] holds reports back, and \[breaker\] enabled = false'
run 64 "$NIXIE" config chek; says '^nixie: config chek: it is check or show .see `nixie help config`.$'
finish
