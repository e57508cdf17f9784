. "$NIXIE_SOURCE/tests/http/lib.sh"
python3 -c 'import jsonschema, yaml' 2>/dev/null || { echo "python3-jsonschema and python3-yaml are not installed"; exit 77; }
mkdir "$T/rules"; printf '[patterns]\nlocal = %s/rules\n[breaker]\nminimum = 6\nhistory = never\n' "$T" >"$T/n.conf"
serve --config "$T/n.conf"; bounce one@example.net >"$T/one.eml"
timeout 60 python3 "$NIXIE_SOURCE/tests/http/openapi.py" "$NIXIE_SOURCE/docs/openapi.yaml" "$URL" "$T/one.eml" "$NIXIE_SOURCE/src/serve/routes.c" || fail "the walk"
# Each path stands in the manual too.
sed -n 's/^  \(\/[^:]*\):$/\1/p' "$NIXIE_SOURCE/docs/openapi.yaml" | while read -r path; do grep -Fq "$path" "$NIXIE_SOURCE/docs/http.md" || echo "$path"; done >"$T/missing"; is "$(cat "$T/missing")" "" "paths that docs/http.md does not name"
ends; finish
