#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Plays one case of nthost on network cards without a network: net_play.py NTHOST DRIVER CASE [--cards N] [--props PROPS]
[--runner PROGRAM] [-- OPTION...]; what follows -- goes to nthost."""

import argparse
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nthost")
    parser.add_argument("driver")
    parser.add_argument("case")
    parser.add_argument("--cards", type=int, default=1)
    parser.add_argument("--props", default="", help="properties of QEMU's virtio-net-pci")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    words = sys.argv[1:]
    own, others = (words[:words.index("--")], words[words.index("--") + 1:]) if "--" in words else (words, [])
    arguments = parser.parse_args(own)
    command = [*([arguments.runner] if arguments.runner else []), arguments.nthost, *others]
    for _ in range(arguments.cards):
        command += ["--nic", arguments.props]
    return subprocess.run([*command, arguments.driver, arguments.case], stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
