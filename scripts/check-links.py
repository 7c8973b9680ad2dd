#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Fails when a relative link in a Markdown page of the tree leads nowhere."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def pages():
    yield from ROOT.glob("*.md")
    for top in ("docs", "drivers", "tests", "tools", "packaging"):
        yield from (ROOT / top).rglob("*.md")


def main():
    broken = 0
    for page in sorted(pages()):
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (page.parent / target.split("#")[0]).exists():
                print(f"{page.relative_to(ROOT)}: link to {target} leads nowhere", file=sys.stderr)
                broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
