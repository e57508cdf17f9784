# SPDX-License-Identifier: Apache-2.0
# What every CLI test starts with: `. "$NIXIE_SOURCE/tests/cli/lib.sh"`. NIXIE is the program, T a directory of the test's own, with no settings or
# database of the machine in sight. A test exits by `finish`.
set -u
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
export HOME="$T" XDG_DATA_HOME="$T/data" NIXIE_CONFIG=/dev/null NIXIE_DB="$T/nixie.db"
failures=0
echo '.timeout 10000' >"$T/.sqliterc" # a look at a database that nixie writes to waits for its turn

fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
# run CODE command...: stdout in $T/out, stderr in $T/err
run() {
    want=$1; shift
    "$@" >"$T/out" 2>"$T/err"; got=$?
    [ "$got" = "$want" ] || { fail "exit $got, not $want: $*"; sed 's/^/  | /' "$T/err"; }
}
# says PATTERN: the last run's stderr has a line like it (grep -E)
says() { grep -Eq -- "$1" "$T/err" || { fail "stderr lacks: $1"; sed 's/^/  | /' "$T/err"; }; }
prints() { grep -Eq -- "$1" "$T/out" || { fail "stdout lacks: $1"; sed 's/^/  | /' "$T/out"; }; }
is() { [ "$1" = "$2" ] || fail "'$1' is not '$2'${3:+: $3}"; }
# A bounce for ADDRESS, with the given status and words.
bounce() {
    printf 'From: MAILER-DAEMON@mx.example.org\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n'
    printf 'Message-ID: <%s.report@mx.example.org>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n' "$1"
    printf -- '--b\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n--b\nContent-Type: message/delivery-status\n\n'
    printf 'Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: %s\n' "$1" "${2:-5.1.1}"
    printf 'Diagnostic-Code: smtp; 550 %s\n\n--b\nContent-Type: message/rfc822\n\n' "${3:-${2:-5.1.1} User unknown}"
    printf 'From: news@example.com\nTo: %s\nSubject: News\nMessage-ID: <%s.original@example.com>\n\nHello\n--b--\n' "$1" "$1"
}
finish() { [ "$failures" = 0 ] && echo ok; exit "$((failures > 0))"; }
