#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Runs every guard of scripts/ci on the tree, and its self-test of planted faults; some at once. The exit code is 1 when anything
# is wrong. The import part of check-win7-tables.py looks at build/drivers, if it is there.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ "${1-}" = --one ]; then
    name=$(basename "$2" .py)
    output=$(python3 "$2" 2>&1) && tree=ok || tree=FAILED
    planted=$(python3 "$2" --self-test 2>&1) && self=ok || self=FAILED
    [ $tree = ok ] || echo "$output"
    [ $self = ok ] || echo "$planted"
    echo "lint: $name: tree $tree, self-test $self ($(echo "$planted" | grep -c ': caught') planted faults caught)"
    [ $tree$self = okok ]
    exit
fi
if printf '%s\n' scripts/ci/check-*.py | xargs -n 1 -P "$(nproc)" sh scripts/lint.sh --one; then
    echo "lint: all passed"
else
    echo "lint: FAILED"
    exit 1
fi
