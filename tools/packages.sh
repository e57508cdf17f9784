#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing of tools/packages.txt; asks nothing of the system when nothing is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
list=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/packages.txt")

command -v dpkg-query >/dev/null || {
    echo "nixie: packages: this is no Debian system (install what tools/packages.txt lists by hand, then set NIXIE_SKIP_PACKAGES=1)" >&2
    exit 1
}
missing=
for package in $list; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)" = installed ] || missing="$missing $package"
done
# Postfix is for a test that runs one of its own; it must not push out the machine's mail server, nor be set up as one.
unconfigured=
case " $missing " in *" postfix "*)
    if dpkg-query -W -f '${db:Status-Status} ${Provides}\n' | grep -q '^installed .*mail-transport-agent'; then
        echo "another mail server is installed: postfix is left out, its test will be skipped"
        missing=$(printf '%s' "$missing" | sed 's/ postfix\b//')
    else
        unconfigured='postfix postfix/main_mailer_type select No configuration'
    fi ;;
esac
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "nixie: packages: missing:$missing: neither root nor sudo is here (as root: apt-get install$missing)" >&2
    exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
[ -z "$unconfigured" ] || printf '%s\n' "$unconfigured" | $as_root debconf-set-selections || :
# shellcheck disable=SC2086 # lists of words
$as_root apt-get -q update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing || {
    echo "nixie: packages: apt-get failed (see above; tools/packages.txt is written for Debian 12)" >&2
    exit 1
}
