#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Shows that apt-sources.sh reads both formats of apt's source lists; part of make lint.
set -eu
cd "$(dirname "$0")"
. ./apt-sources.sh

APT_DIR=$(mktemp -d)
trap 'rm -rf "$APT_DIR"' EXIT
mkdir "$APT_DIR/sources.list.d"
failures=0
expect() # WHAT WANTED GOT
{
    if [ "$2" != "$3" ]; then
        printf 'apt-sources-test: %s\nwanted:\n%s\ngot:\n%s\n' "$1" "$2" "$3" >&2
        failures=$((failures + 1))
    fi
}

expect "no sources at all" none "$(apt_stanza bookworm x || echo none)"

cat >"$APT_DIR/sources.list" <<'LIST'
# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64,i386 signed-by=/keys/a.gpg] http://a.example/debian bookworm main contrib # remark
deb http://b.example/debian bookworm-updates main
LIST
expect "one-line format" 'Types: deb
URIs: http://a.example/debian
Suites: bookworm-backports
Components: main contrib
Architectures: amd64 i386
Signed-By: /keys/a.gpg' "$(apt_stanza bookworm bookworm-backports)"
expect "one-line format, other suite" none "$(apt_stanza trixie x || echo none)"

rm "$APT_DIR/sources.list"
cat >"$APT_DIR/sources.list.d/debian.sources" <<'SOURCES'
Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm

# remark
Types: deb deb-src
URIs: http://c.example/debian
# remark
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
SOURCES
expect "deb822 format" 'Types: deb
URIs: http://c.example/debian
Suites: bookworm-backports
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc' "$(apt_stanza bookworm bookworm-backports)"
expect "a field" http://c.example/debian "$(apt_stanza bookworm x | apt_field uris)"
expect "deb822 format, other suite" none "$(apt_stanza bookworm-security x || echo none)"
[ $failures -eq 0 ]
