#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ring benchmark: time and driver instructions per buffer beside a floor loop, held against the budget.

Instructions are counted by callgrind: for the engine, the inclusive counts of the functions that a driver calls per
buffer; the device model and the loop around them do not count. Exit 1 when a budget is exceeded.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

SHAPES = {1: "1 SG", 3: "3 SG direct", 18: "18 SG indirect"}
# driver instructions per buffer: (batch, SG count)
BUDGET = {(32, 1): 113, (32, 3): 190, (32, 18): 415, (1, 1): 190, (1, 3): 265, (1, 18): 490}
ENGINE = ("VirtqSplitAddBuffer", "VirtqSplitPublish", "VirtqSplitKickPrepare", "VirtqSplitKickCommit",
          "VirtqSplitGetUsed")
FLOOR = ("bench_floor_submit", "bench_floor_complete")


def inclusive_counts(path):
    """Inclusive instruction count of each function in a callgrind file; nothing measured here recurses."""
    names, totals = {}, {}
    function = None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?", line)
            if name:
                key = name.group(2)
                if name.group(3):
                    names[key] = name.group(3).strip()
                if name.group(1) == "fn":
                    function = key
            elif function is not None and re.match(r"[0-9+*-]", line):
                # own cost, or (behind a calls= line) the inclusive cost of what it called
                totals[function] = totals.get(function, 0) + int(line.split()[-1])
    return {names[key]: count for key, count in totals.items()}


def instructions_of(command, functions):
    """Instructions of these functions, and of what they call, while the command runs."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, *command], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        counts = inclusive_counts(out)
    missing = [name for name in functions if name not in counts]
    if missing:
        sys.exit("bench.py: callgrind shows no call of " + ", ".join(missing))
    return sum(counts[name] for name in functions)


def nanoseconds_of(command):
    """What the command prints, the least of three runs: what disturbs a run only makes it slower."""
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("bench", help="the virtq_bench program")
    parser.add_argument("--buffers", type=int, default=320000, help="buffers per timed run (default %(default)s)")
    arguments = parser.parse_args()
    counted = 12800
    over = 0
    print("Ring engine, per buffer; ns include the device model, instructions do not.\n")
    print(f"{'buffer':<15} {'batch':>5} {'EVENT_IDX':>9} | {'ns':>6} {'floor':>6} {'ratio':>5} | "
          f"{'instr':>6} {'floor':>6} {'ratio':>5} {'budget':>6}")
    for shape, title in SHAPES.items():
        for batch in (1, 32):
            for event_idx in (0, 1):
                config = (str(shape), str(batch), str(event_idx))
                time, time_floor = (nanoseconds_of([arguments.bench, kind, *config, str(arguments.buffers)])
                                    for kind in ("engine", "floor"))
                count, count_floor = (instructions_of([arguments.bench, kind, *config, str(counted)], names) / counted
                                      for kind, names in (("engine", ENGINE), ("floor", FLOOR)))
                budget = BUDGET[(batch, shape)]
                is_over = count > budget
                over += is_over
                print(f"{title:<15} {batch:>5} {'on' if event_idx else 'off':>9} | {time:>6.1f} {time_floor:>6.1f} "
                      f"{time / time_floor:>5.2f} | {count:>6.1f} {count_floor:>6.1f} {count / count_floor:>5.2f} "
                      f"{budget:>6}{'  OVER' if is_over else ''}", flush=True)
    if over:
        sys.exit(f"bench.py: {over} of {2 * len(BUDGET)} configurations exceed the budget")
    print("\nAll within the budget.")


if __name__ == "__main__":
    main()
