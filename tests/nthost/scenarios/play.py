#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Plays one case of nthost on fresh disk images: play.py NTHOST DRIVER CASE [--disks N] [--mib N] [--props PROPS]
[--runner PROGRAM] [-- OPTION...]; what follows -- goes to nthost."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import bridge


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nthost")
    parser.add_argument("driver")
    parser.add_argument("case")
    parser.add_argument("--disks", type=int, default=1)
    parser.add_argument("--mib", type=int, default=32)
    parser.add_argument("--props", default="", help="properties of QEMU's virtio-blk-pci")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    words = sys.argv[1:]
    own, others = (words[:words.index("--")], words[words.index("--") + 1:]) if "--" in words else (words, [])
    arguments = parser.parse_args(own)
    with tempfile.TemporaryDirectory(prefix="aero-play-") as folder:
        command = [arguments.runner] if arguments.runner else []
        command += [arguments.nthost, *others]
        for number in range(arguments.disks):
            image = bridge.make_image(pathlib.Path(folder) / f"disk{number}", arguments.mib)
            command += ["--disk", f"{image}{',' + arguments.props if arguments.props else ''}"]
        return subprocess.run([*command, arguments.driver, arguments.case], stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
