#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Fills the last column of docs/conformance.md: the test files that name a row's id.

With --check it writes nothing and fails when the page is out of date, or when a source names an id that has no row.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "conformance.md"
ROW = re.compile(r"^\| (([A-Z]+)-\d\d) \|")
# Test programs and scenarios count; the fake device and the NT host, which only make them possible, do not.
TEST = re.compile(r"(^|/)cases/|(^|_|/)test(_[^/]*)?\.(c|h|py)$")
COUNT = re.compile(r"^\*\*\d+ of \d+\*\*")


def sources():
    for top in ("drivers", "tests", "tools"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".c", ".h", ".py") and path.is_file():
                yield path


def ids_in(text, named):
    for match in named.finditer(text):
        first = int(match[2])
        for number in range(first, int(match[3] or first) + 1):
            yield f"{match[1]}-{number:02}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page is out of date")
    arguments = parser.parse_args()

    old = PAGE.read_text(encoding="utf-8")
    rows = {match[1]: match[2] for line in old.splitlines() if (match := ROW.match(line))}
    # groups that have rows: other words with a number are none of ours
    named = re.compile(rf"\b({'|'.join(sorted(set(rows.values())))})-(\d\d)(?: to (?:\1-)?(\d\d))?\b")
    shown, problems = {}, []
    for path in sources():
        for row in set(ids_in(path.read_text(encoding="utf-8"), named)):
            if row not in rows:
                problems.append(f"{path.relative_to(ROOT)}: {row} has no row in docs/conformance.md")
            elif TEST.search(path.relative_to(ROOT).as_posix()):
                shown.setdefault(row, []).append(path.name)

    lines = []
    for line in old.splitlines():
        if match := ROW.match(line):
            cells = line.split("|")
            cells[-2] = f" {', '.join(sorted(set(shown.get(match[1], ['-']))))} "
            line = "|".join(cells)
        lines.append(COUNT.sub(f"**{len(shown)} of {len(rows)}**", line))
    new = "\n".join(lines) + "\n"
    if not arguments.check:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        problems.append("docs/conformance.md is out of date: run python3 scripts/conformance.py")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
