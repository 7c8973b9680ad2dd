#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs the Debian packages of scripts/packages.txt that are missing, and says so; quick when none is.
# Exit status: 0 everything is there, 1 the installation failed, 2 something is missing and this script may not or
# cannot install it (it then says what).
set -eu
cd "$(dirname "$0")"
. ./apt-sources.sh

usage="usage: scripts/bootstrap.sh [--check]     (--check: only say what is missing)"
check_only=no
case "$#,${1:-}" in
0,) ;;
1,--check) check_only=yes ;;
1,--help | 1,-h) echo "$usage"; exit 0 ;;
*) echo "bootstrap: $usage" >&2; exit 2 ;;
esac

if [ -n "${AERO_NO_BOOTSTRAP:-}" ]; then
    echo "bootstrap: skipped, AERO_NO_BOOTSTRAP is set"
    exit 0
fi

# Missing packages: those that any suite has in the right version, and those with a lowest version.
plain="" versioned=""
if command -v dpkg-query >/dev/null 2>&1; then
    names=$(awk '/^[a-z]/ { print $1 }' packages.txt)
    # shellcheck disable=SC2086 # a list of names
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' $names 2>/dev/null || true)
else
    installed=""
fi
while read -r name lowest reason; do
    case $name in '' | '#'*) continue ;; esac
    : "$reason"
    version=$(printf '%s\n' "$installed" | awk -v name="$name" '$1 == name && $2 == "installed" { print $3; exit }')
    if [ "$lowest" = - ]; then
        [ -n "$version" ] || plain="$plain $name"
    elif [ -z "$version" ] || ! dpkg --compare-versions "$version" ge "$lowest"; then
        versioned="$versioned $name"
    fi
done <packages.txt
[ -n "$plain$versioned" ] || exit 0

id="" codename="" name=""
if [ -r /etc/os-release ]; then
    eval "$(sed -n 's/^ID=/id=/p; s/^VERSION_CODENAME=/codename=/p; s/^PRETTY_NAME=/name=/p' /etc/os-release)"
fi
backports=""
case "$id,$codename" in
debian,bookworm) [ -z "$versioned" ] || backports=bookworm-backports ;;
debian,trixie) plain="$plain$versioned" versioned="" ;;
*)
    echo "bootstrap: ${name:-this system} is not Debian 12 or 13, where this script can install packages. You need" \
        "what these Debian packages hold, then set AERO_NO_BOOTSTRAP=1:" \
        "$(awk '/^[a-z]/ { printf "%s%s%s", comma, $1, ($2 == "-" ? "" : " (" $2 " or later)"); comma = ", " }' \
            packages.txt)" >&2
    exit 2
    ;;
esac

has_suite()
{
    # shellcheck disable=SC2016 # a field of apt-get, not of the shell
    apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' 2>/dev/null | grep -qx "$1"
}

apt="apt-get install -y --no-install-recommends"
line=""
[ -z "$plain" ] || line="$apt$plain"
[ -z "$backports" ] || line="${line:+$line && }$apt -t $backports$versioned"
if [ "$check_only" = yes ] || [ "$(id -u)" -ne 0 ]; then
    echo "bootstrap: missing packages. As root, run this script again, or:" >&2
    if [ -n "$backports" ] && ! has_suite "$backports"; then
        echo "    (after adding the suite $backports to apt's sources, which this script does by itself)" >&2
    fi
    echo "    apt-get update && $line" >&2
    exit 2
fi

echo "bootstrap: installing$plain$versioned"
if [ -n "$backports" ] && ! has_suite "$backports"; then
    target=/etc/apt/sources.list.d/$backports.sources
    if ! stanza=$(apt_stanza "$codename" "$backports"); then
        echo "bootstrap: apt's sources have no entry for $codename to copy; add the suite $backports yourself" >&2
        exit 2
    fi
    printf '%s\n' "$stanza" >"$target"
    echo "bootstrap: added $target (this machine's own source of $codename, other suite)"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quiet()
{
    echo "bootstrap: $*"
    if ! DEBIAN_FRONTEND=noninteractive "$@" -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 >"$log" 2>&1; then
        cat "$log" >&2
        echo "bootstrap: failed: $*" >&2
        exit 1
    fi
}
quiet apt-get update
# shellcheck disable=SC2086 # lists of names
[ -z "$plain" ] || quiet $apt $plain
# shellcheck disable=SC2086
[ -z "$backports" ] || quiet $apt -t "$backports" $versioned
echo "bootstrap: done"
