#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds every driver for amd64 and x86: OUTDIR/<arch>/NAME.sys with its symbols in NAME.sys.debug.
# usage: build-drivers.sh [OUTDIR]     default build/drivers; the same sources give the same bytes in any OUTDIR
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-*) echo "usage: build-drivers.sh [OUTDIR]" >&2; exit 2 ;;
esac
[ $# -le 1 ] || { echo "usage: build-drivers.sh [OUTDIR]" >&2; exit 2; }
mkdir -p "${1-$root/build/drivers}"
out=$(cd "${1-$root/build/drivers}" && pwd)
for tool in cmake ninja x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc; do
    command -v $tool >/dev/null || { echo "build-drivers: $tool is missing; scripts/bootstrap.sh installs it" >&2; exit 1; }
done

for arch in amd64 x86; do
    work=$out/work/$arch
    cmake -S "$root/cmake/drivers" -B "$work" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$root/cmake/mingw-$arch.cmake" \
        -DAERO_OUTPUT="$out" >"$out/work-$arch.log" 2>&1 || { cat "$out/work-$arch.log" >&2; exit 1; }
    ninja -C "$work" --quiet
done
ls -l "$out"/amd64/*.sys "$out"/x86/*.sys | awk '{print $NF ": " $5 " bytes"}'
