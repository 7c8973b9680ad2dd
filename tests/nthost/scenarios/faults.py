#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every fault of the fake device, with messages and with a line interrupt: the driver works with what the specification
allows, and ends every request with a reason in the event log where the device breaks it."""

import argparse
import subprocess
import sys

# Faults that are legal but leave a disk that cannot be written.
READ_ONLY = {"offer-all"}
# Faults of the other device types' own models.
OTHERS = ("net-", "input-", "snd-")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    parser.add_argument("--verbose", action="store_true", help="a line for each fault")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    listing = subprocess.run([*host, "--list-faults"], stdout=subprocess.PIPE, text=True, check=True).stdout
    failed = played = 0
    for line in listing.splitlines():
        name, kind = line.split()[:2]
        if name.startswith(OTHERS):
            continue
        case = "readonly" if name in READ_ONLY else "pattern" if kind == "legal" else "suffer"
        for messages in ("1", "0"):
            if messages == "0" and name.startswith("vector-"):
                continue
            words = [*host, "--fault", name, "--messages", messages, arguments.driver, case]
            try:
                result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                                        stdin=subprocess.DEVNULL, check=False)
                output, status = result.stdout, result.returncode
            except subprocess.TimeoutExpired as expired:
                output, status = f"{expired.stdout or ''}still running after 60 s\n", 1
            played += 1
            if status != 0:
                failed += 1
                print(f"FAILED: {' '.join(words)}\n{output}")
            elif arguments.verbose:
                print(f"{name:22} {case:8} {output.strip().splitlines()[-1] if output.strip() else ''}")
    print(f"{played} plays, {failed} failed")
    return 1 if failed or played < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
