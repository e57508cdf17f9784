# SPDX-License-Identifier: Apache-2.0
# The contract before somebody else's validator: the npm package @seriousme/openapi-schema-validator, which holds the document to the published
# schema of OpenAPI. Skips without it: cd x && npm install @seriousme/openapi-schema-validator; PATH=x/node_modules/.bin:$PATH
set -u
command -v validate-api >/dev/null || { echo "skipped: no validate-api (npm install @seriousme/openapi-schema-validator, PATH)"; exit 77; }
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
validate-api "$NIXIE_SOURCE/docs/openapi.yaml" >"$T/out" 2>&1; grep -q '"valid": true' "$T/out" || { tail -40 "$T/out"; exit 1; }
# It sees what is wrong.
sed 's/^openapi: .*/&\nopenapy: 1/' "$NIXIE_SOURCE/docs/openapi.yaml" >"$T/bad.yaml"
validate-api "$T/bad.yaml" >"$T/out" 2>&1; ! grep -q '"valid": true' "$T/out" || { echo "a document with a word too many passes"; exit 1; }
