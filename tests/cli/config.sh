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
run 64 "$NIXIE" config chek; says '^nixie: config chek: it is check or show .see `nixie help config`.$'
finish
