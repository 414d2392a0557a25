#!/bin/bash
# Installs the Debian packages that the lab needs and that are missing: install.sh DIR
#
# Exim conflicts with Postfix as a package, so it is unpacked into DIR/exim, with the libraries it depends on installed.
# No service is started: all servers of the lab are private instances. Needs root or sudo.
set -euo pipefail

dir=${1:?usage: install.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
exim=$dir/exim/usr/sbin/exim4
policy=/usr/sbin/policy-rc.d
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

command -v apt-get >/dev/null || { echo "install.sh: no apt-get here; install the packages of packages.txt by hand" >&2; exit 1; }

apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing() {
    local package
    for package in "$@"; do installed "$package" || echo "$package"; done
}

# Packages that start a daemon when they are installed ask this file first; one that is there already is left alone.
quiet_services() {
    [ -e $policy ] && return
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null
    "${sudo[@]}" chmod 755 $policy
    trap '"${sudo[@]}" rm -f $policy' EXIT
}

updated=
add() {
    [ $# -gt 0 ] || return 0
    [ -n "$updated" ] || apt update
    updated=yes
    quiet_services
    apt install -y --no-install-recommends "$@"
}

unpack_exim() {
    local package depends
    mkdir -p "$dir/download"
    [ -n "$updated" ] || apt update
    updated=yes
    (cd "$dir/download" && apt-get -q download exim4-daemon-heavy exim4-base)
    depends=$(dpkg-deb -f "$dir"/download/exim4-daemon-heavy_*.deb Depends | tr , '\n' | sed 's/[|(:].*//; s/ //g' | grep -v -e exim4 -e debconf)
    # shellcheck disable=SC2046,SC2086  # one word a package
    add $(missing $depends)
    for package in "$dir"/download/*.deb; do dpkg -x "$package" "$dir/exim"; done
    rm -r "$dir/download"
}

mapfile -t wanted < <(grep -v '^#' "$here/packages.txt" | awk 'NF { print $1 }')
mapfile -t absent < <(missing "${wanted[@]}")
add "${absent[@]}"
[ -x "$exim" ] || unpack_exim
# Exim refuses to run without this user; adduser rejects the capital letter unless told.
getent passwd Debian-exim >/dev/null ||
    "${sudo[@]}" adduser --quiet --system --group --no-create-home --force-badname Debian-exim
