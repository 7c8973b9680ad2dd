#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Fills the tables of docs/virtio-input.md from the usage table that the driver is compiled with.

With --check it writes nothing and fails when the page is out of date or the table is not well-formed.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "virtio-input.md"
TABLE = ROOT / "drivers" / "windows" / "virtio" / "protocol" / "input" / "input_usage_table.h"
KEY = re.compile(r"^ +X\((\w+), (0x[0-9A-F]+), (\w+), (0x[0-9A-F]+|0)\)")
LED = re.compile(r"^ +X\((\w+), (0x[0-9A-F]+), (0x[0-9A-F]+)\)")
BEGIN, END = "<!-- begin: scripts/input-usages.py -->\n", "<!-- end -->\n"
KINDS = {  # INPUT_KIND_*: heading
    "KEYBOARD": "Keyboard: usage page 0x07",
    "CONSUMER": "Media and application keys: consumer page 0x0C",
    "SYSTEM": "Power and system keys: generic desktop page 0x01, system control",
    "BUTTON": "Buttons of mouse and tablet: button page 0x09",
}


def read_table(text):
    """Returns keys as (name, code, kind, usage), LEDs as (name, code, usage), and what is wrong."""
    keys, leds, problems = [], [], []
    for line in text.splitlines():
        if match := KEY.match(line):
            keys.append((match[1], int(match[2], 16), match[3], int(match[4], 16)))
        elif match := LED.match(line):
            leds.append((match[1], int(match[2], 16), int(match[3], 16)))
        elif re.match(r"^ +X\(", line):
            problems.append(f"not a row: {line.strip()}")
    for name, _, kind, usage in keys:
        if kind not in KINDS and kind != "NONE":
            problems.append(f"{name}: kind {kind} is not known")
        if (kind == "NONE") != (usage == 0):
            problems.append(f"{name}: NONE goes with usage 0, and only it")
    if not keys or not leds:
        problems.append("no rows")
    return keys, leds, problems


def table(head, rows):
    return [f"| {head} |", "|" + " --- |" * (head.count("|") + 1)] + [f"| {row} |" for row in rows] + [""]


def tables(keys, leds):
    lines = []
    for kind, heading in KINDS.items():
        lines += [f"### {heading}", ""]
        usages = {}
        for name, code, its_kind, usage in keys:
            if its_kind == kind:
                usages.setdefault(usage, []).append(f"{name} ({code})")
        lines += table("usage | Linux keys (codes)",
                       [f"0x{usage:02X} | {', '.join(names)}" for usage, names in sorted(usages.items())])
    lines += ["### LEDs: LED page 0x08", ""]
    lines += table("usage | Linux LED (code)",
                   [f"0x{usage:02X} | {name} ({code})" for name, code, usage in sorted(leds, key=lambda led: led[2])])
    without = [f"{name} ({code})" for name, code, kind, _ in keys if kind == "NONE"]
    lines += ["### Without a usage", "",
              f"{len(keys) - len(without)} of {len(keys)} codes have a usage. Events of these are ignored and counted:",
              "",
              ", ".join(without) + ".", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page is out of date")
    arguments = parser.parse_args()

    keys, leds, problems = read_table(TABLE.read_text(encoding="utf-8"))
    old = PAGE.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        problems.append(f"{PAGE.relative_to(ROOT)} does not have the lines {BEGIN.strip()} and {END.strip()} once each")
    if problems:
        print("\n".join(f"{TABLE.relative_to(ROOT)}: {problem}" for problem in problems))
        return 1
    before, rest = old.split(BEGIN)
    new = before + BEGIN + "\n" + tables(keys, leds) + "\n" + END + rest.split(END)[1]
    if arguments.check:
        if new != old:
            print(f"{PAGE.relative_to(ROOT)} is out of date: run scripts/input-usages.py")
        return 1 if new != old else 0
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
