#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Shows the driver at work: installs what is missing, builds, and lets real programs use a disk through it.
set -eu
cd "$(dirname "$0")"
sh scripts/bootstrap.sh
exec make --no-print-directory demo
