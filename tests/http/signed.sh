# SPDX-License-Identifier: Apache-2.0
# The daemon believes signed return paths and routes by the settings, as the commands do.
. "$NIXIE_SOURCE/tests/http/lib.sh"
umask 077; "$NIXIE" verp keygen >"$T/keys"
printf '[verp]\nkeys_file=%s\ndomain=bounces.example.com\nstreams=billing\n[policy]\nrequire_verified=strict\n[stream news]\nheaders=X-Campaign=may*\n' "$T/keys" >"$T/conf"
export NIXIE_CONFIG=$T/conf
serve
# came RETURNPATH RECIPIENT
came() { { printf 'X-Original-To: %s\n' "$1"; bounce "$2" | sed 's/^Subject: News/X-Campaign: may-1\nSubject: News/'; } >"$T/mail"; asks 200 /v1/messages -H "$mail" --data-binary "@$T/mail"; }
came bounces@example.com forged@example.net; has '.events[0].verified == "none" and .events[0].decision.action == "none" and .events[0].stream == "news"'
came "$("$NIXIE" verp sign --stream billing mine@example.net)" mine@example.net
has '.events[0].verified == "signed" and .events[0].decision.action == "suppress" and .events[0].stream == "billing"'
came "$("$NIXIE" verp sign mine@example.net)" other@example.net; has '.events[0].verified == "none" and (.events[0].notes | index("bad_token"))'
ends
finish
