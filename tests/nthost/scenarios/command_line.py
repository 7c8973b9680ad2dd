#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A wrong command line gives one line on standard error and exit status 2; --help says enough and exits with 0."""

import argparse
import subprocess
import sys

WRONG = [[], ["--nonsense"], ["DRIVER"], ["--fault"], ["--fault", "none", "DRIVER", "nonsense"],
         ["--fault", "none", "--messages", "many", "DRIVER", "info"], ["--fault", "none", "/nonexistent.sys", "info"],
         ["--fault", "none", "/etc/passwd", "info"], ["--fault", "nonsense", "DRIVER", "info"], ["DRIVER", "info"],
         ["--disk", "/nonexistent.img", "DRIVER", "info"], ["--disk", ",", "DRIVER", "info"],
         ["--fault", "none", "DRIVER", "info", "more"], ["--fault", "none", "DRIVER", "serve"],
         ["--machine", "nonsense", "--disk", "/dev/null", "DRIVER", "info"], ["--fault", "none", "DRIVER", "net-serve"],
         ["--fault", "none", "--keyword", "nonsense", "DRIVER", "net-info"], ["--tap", ",", "DRIVER", "net-info"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runner", default="")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    failed = 0
    for words in WRONG:
        command = host + [arguments.driver if word == "DRIVER" else word for word in words]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        if result.returncode != 2 or len(result.stderr.strip().splitlines()) != 1:
            failed += 1
            print(f"FAILED: {' '.join(command)}: status {result.returncode}, said:\n{result.stderr}")
    for word, wanted in (("--help", "Usage:"), ("--list", "info"), ("--list-faults", "caps-loop")):
        result = subprocess.run([*host, word], capture_output=True, text=True, timeout=60, check=False)
        if result.returncode != 0 or wanted not in result.stdout:
            failed += 1
            print(f"FAILED: {word}: status {result.returncode}")
    print(f"{len(WRONG) + 3} command lines, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
