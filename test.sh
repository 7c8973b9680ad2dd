#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Runs every test there is, with everything they need: installs what is missing, builds, tests.
set -eu
cd "$(dirname "$0")"
sh scripts/bootstrap.sh
exec make --no-print-directory test
