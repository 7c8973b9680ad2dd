#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each rule of the host is broken once, by a driver made for it (tests/nthost/rules/faulty.c): the run must end with
status 1 and the rule's name; the same driver without a fault must pass."""

import argparse
import subprocess
import sys

BROKEN = {
    "pool-leak": "memory is left behind", "irql": "irql.import", "phase": "irql.import", "access-range": "storport.range",
    "configuration": "storport.configuration", "null-pointer": "memory.fault", "extension-overrun": "memory.fault",
    "stack": "stack.overflow", "mmio-alignment": "mmio.alignment", "mmio-instruction": "mmio.instruction",
    "lock-twice": "storport.lock", "lock-kept": "irql.return", "lock-order": "storport.lock", "stall": "storport.stall",
    "build-io": "storport.srb", "srb-status": "storport.status", "srb-length": "storport.length",
    "srb-foreign": "storport.srb", "srb-released": "storport.twice", "srb-twice": "storport.twice",
    "srb-lost": "did not complete", "dma": "dma.range", "dma-chain": "dma.chain", "stop": "dma.stop",
    "import": "import.unknown", "storm": "storport.storm",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True, help="faulty.sys")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    failed = 0
    for rule, words in {"honest": None, **BROKEN}.items():
        fault = "interrupt-early" if rule == "storm" else "none"
        command = [*host, "--fault", fault, "--messages", "0", "--boot-argument", rule, arguments.driver, "poke"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                                stdin=subprocess.DEVNULL, check=False)
        if words is None and result.returncode != 0 or words and (result.returncode != 1 or words not in result.stdout):
            failed += 1
            print(f"FAILED: {' '.join(command)}: status {result.returncode}, wanted {words}\n{result.stdout}")
    print(f"{len(BROKEN) + 1} rules, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
