#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Plays one sound case of nthost on QEMU's virtio-sound, which records what it plays: sound.py NTHOST DRIVER CASE [--check]
[--seconds N] [--least FRAMES] [--tone HZ] [--channels N] [--keep FILE] [--props PROPS] [--runner PROGRAM] [-- OPTION...]; what
follows -- goes to nthost. --check holds the recording against what was played (wav_check.py)."""

import argparse
import pathlib
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nthost")
    parser.add_argument("driver")
    parser.add_argument("case")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--least", type=int, default=0, help="frames that must be right; default: all but half a second")
    parser.add_argument("--tone", type=int, default=0)
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--keep", help="where the recording goes")
    parser.add_argument("--props", default="", help="properties of QEMU's virtio-sound-pci")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    words = sys.argv[1:]
    own, others = (words[:words.index("--")], words[words.index("--") + 1:]) if "--" in words else (words, [])
    arguments = parser.parse_args(own)
    least = arguments.least or 48000 * arguments.seconds - 24000
    with tempfile.TemporaryDirectory(prefix="aero-sound-") as folder:
        recording = arguments.keep or str(pathlib.Path(folder) / "recording.wav")
        command = [arguments.runner] if arguments.runner else []
        command += [arguments.nthost, *others, "--sound", recording + ("," + arguments.props if arguments.props else ""),
                    "--count", str(arguments.seconds)]
        command += ["--tone", str(arguments.tone)] if arguments.tone else []
        result = subprocess.run([*command, arguments.driver, arguments.case], stdin=subprocess.DEVNULL, check=False).returncode
        if result != 0 or not arguments.check:
            return result
        check = [sys.executable, str(pathlib.Path(__file__).with_name("wav_check.py")), recording, "--least", str(least),
                 "--channels", str(arguments.channels)]
        check += ["--tone", str(arguments.tone)] if arguments.tone else []
        return subprocess.run(check, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
