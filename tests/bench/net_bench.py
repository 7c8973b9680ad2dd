#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Network benchmark: packets per second and driver instructions per packet of the portable core, against the budget.

Instructions are those of the driver's side under callgrind, the device model left out. Exit 1 when a budget is exceeded.
"""
import argparse
import sys

from bench import instructions_of, nanoseconds_of

LARGE = 65535
# driver instructions per frame: (direction, bytes)
BUDGET = {("tx", 64): 755, ("tx", 1500): 900, ("tx", LARGE): 2275,
          ("rx", 64): 835, ("rx", 1500): 860, ("rx", LARGE): 8250}
NAMES = {"tx": ("bench_driver_send", "bench_driver_reap"), "rx": ("bench_driver_receive",)}
NOTES = {("tx", LARGE): "to be cut (TSO)", ("rx", LARGE): "merged"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("bench", help="the net_bench program")
    arguments = parser.parse_args()
    over = 0
    print("\nNetwork core, per packet; the rate includes the device model, instructions do not.\n")
    print(f"{'':<4} {'bytes':>6} | {'packets/s':>10} | {'instr':>7} {'budget':>7}")
    for (direction, length), budget in BUDGET.items():
        timed, counted = (6400, 640) if length == LARGE else (320000, 6400)
        rate = 1e9 / nanoseconds_of([arguments.bench, direction, str(length), str(timed)])
        count = instructions_of([arguments.bench, direction, str(length), str(counted)], NAMES[direction]) / counted
        is_over = count > budget
        over += is_over
        print(f"{direction:<4} {length:>6} | {rate:>10.0f} | {count:>7.1f} {budget:>7}{'  OVER' if is_over else ''}"
              f"  {NOTES.get((direction, length), '')}".rstrip(), flush=True)
    if over:
        sys.exit(f"net_bench.py: {over} of {len(BUDGET)} configurations exceed the budget")
    print("\nAll within the budget.")


if __name__ == "__main__":
    main()
