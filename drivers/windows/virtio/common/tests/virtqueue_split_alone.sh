#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# virtqueue_split_alone.sh COMPILER COMMON_FOLDER OUTPUT_FOLDER
# The ring engine needs one include path and no other unit, and without definitions it is the release build.
set -eu
object=$3/virtqueue_split_alone.o

"$1" -c -I "$2" "$2/virtqueue_split.c" -o "$object"
if nm "$object" | grep -q VirtqSplitDump; then
    echo "VirtqSplitDump is in the release build" >&2
    exit 1
fi
if foreign=$(nm -u "$object" | grep -vwE 'mem(set|cpy)|_GLOBAL_OFFSET_TABLE_'); then
    echo "the engine needs other units: $foreign" >&2
    exit 1
fi
