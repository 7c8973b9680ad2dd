#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every fault of the fake device, with messages and with a line interrupt: the driver works with what the specification
allows, and ends every request with a reason in the event log where the device breaks it. Of a network driver: every
frame comes back, and what is lost is counted or logged."""

import argparse
import subprocess
import sys

# Faults that are legal but leave a disk that cannot be written.
READ_ONLY = {"offer-all"}
# For each framework: its cases for legal and for broken devices, the prefix of its own model's faults, and more values.
FRAMEWORKS = {
    "storport": ("pattern", "suffer", "blk-", ()),
    "kmdf": ("input-poke", "input-suffer", "input-", ()),
    "ndis": ("net-poke", "net-suffer", "net-", ("net-buffers=65535", "net-ctrl-ack=-1", "net-gso=1", "used-len=0",
                                                "used-len=11", "used-len=5000")),
}
# Legal for one queue only.
ONE_QUEUE = {"notify-length"}
MODELS = ("blk-", "net-", "input-", "snd-")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    parser.add_argument("--framework", choices=FRAMEWORKS, default="storport")
    parser.add_argument("--verbose", action="store_true", help="a line for each fault")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    listing = subprocess.run([*host, "--list-faults"], stdout=subprocess.PIPE, text=True, check=True).stdout
    legal, broken, model, more = FRAMEWORKS[arguments.framework]
    faults = [line.split()[:2] for line in listing.splitlines()] + [(name, "broken") for name in more]
    failed = played = 0
    for name, kind in faults:
        if name.startswith(MODELS) and not name.startswith(model):
            continue
        few = name in ONE_QUEUE and arguments.framework != "storport"
        case = legal if kind == "legal" and not few else broken
        if case == "pattern" and name in READ_ONLY:
            case = "readonly"
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
                print(f"{name:22} {case:10} {output.strip().splitlines()[-1] if output.strip() else ''}")
    print(f"{played} plays, {failed} failed")
    return 1 if failed or played < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
