#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""`make lint`: every guard, and every guard's self-test with planted faults; as many at a time as there are processors.

Exit status: 0 all clean, 1 a guard complains (its words are above), 2 wrong command line.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS = [["python3", "scripts/check-links.py"], ["python3", "scripts/conformance.py", "--check"],
        ["python3", "scripts/input-usages.py", "--check"],
        ["sh", "scripts/apt-sources-test.sh"]]


def run(command):
    begin = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return command, done.returncode, done.stdout, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave the self-tests out")
    arguments = parser.parse_args()
    guards = sorted(path.relative_to(ROOT) for path in (ROOT / "scripts/ci").glob("check-*.py"))
    commands = [["python3", str(guard)] for guard in guards] + OURS
    if not arguments.quick:
        commands += [["python3", str(guard), "--self-test"] for guard in guards]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for command, status, output, seconds in pool.map(run, commands):
            print(f"lint: {' '.join(command[1:])}: {'clean' if status == 0 else 'FAILED'} ({seconds:.1f} s)", flush=True)
            if status != 0:
                failed += 1
                print(output, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
