#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each rule for sound drivers is broken once, by a driver made for it (tests/nthost/rules/faulty_snd.c): the run must end with
status 1 and the rule's name; the same driver without a fault must pass every case."""

import argparse
import subprocess
import sys

CASES = ("snd-info", "snd-play", "snd-pause", "snd-loop", "snd-life", "snd-unplug")
BROKEN = {  # rule: (case, words)
    "adapter-leak": ("snd-info", "unload."), "buffer-frames": ("snd-play", "portcls.buffer"),
    "buffer-size": ("snd-play", "portcls.buffer"), "common-length": ("snd-info", "dma.free"),
    "connection": ("snd-info", "portcls.connection"), "description": ("snd-info", "portcls.description"),
    "dma-left": ("snd-info", "unload.dma"), "dpc-lock": ("snd-play", "lock.kept"), "drop": ("snd-loop", "a gap or a repeat"),
    "endpoint": ("snd-info", "portcls.endpoint"), "event-kept": ("snd-pause", "memory.fault"),
    "event-never": ("snd-play", "the stream stalls"), "event-state": ("snd-pause", "portcls.event"),
    "extension": ("snd-info", "portcls.extension"), "extension-size": ("snd-info", "portcls.extension"),
    "filter-flow": ("snd-info", "portcls.filter"), "filter-handler": ("snd-info", "portcls.filter"),
    "filter-instances": ("snd-info", "portcls.filter"), "filter-isolated": ("snd-info", "portcls.filter"),
    "filter-node": ("snd-info", "portcls.filter"), "filter-propose": ("snd-info", "portcls.filter"),
    "filter-range": ("snd-info", "portcls.filter"), "filter-rtaudio": ("snd-info", "portcls.filter"),
    "interrupt-left": ("snd-info", "unload.interrupt"), "intersection": ("snd-info", "portcls.intersection"),
    "latency": ("snd-play", "portcls.latency"), "pages-left": ("snd-play", "portcls.pages"),
    "pages-mapped": ("snd-play", "portcls.pages"), "port-kept": ("snd-info", "portcls.reference"),
    "port-stream-kept": ("snd-play", "portcls.reference"), "position-back": ("snd-play", "portcls.position"),
    "position-drift": ("snd-pause", "portcls.position"), "position-fast": ("snd-play", "portcls.position"),
    "position-fifo": ("snd-play", "portcls.position"), "position-irql": ("snd-play", "irql.import"),
    "position-lock": ("snd-play", "lock.kept"), "position-silent": ("snd-play", "portcls.position"),
    "position-stop": ("snd-play", "portcls.position"), "position-wrap": ("snd-play", "portcls.position"),
    "property-size": ("snd-info", "portcls.property"), "query": ("snd-info", "portcls.query"),
    "read-early": ("snd-loop", "FAILED  after"), "register": ("snd-info", "portcls.register"),
    "repeat": ("snd-loop", "a gap or a repeat"), "state-refused": ("snd-play", "portcls.state"),
    "stream-leak": ("snd-play", "memory is left behind"), "subdevice-name": ("snd-info", "portcls.subdevice"),
    "timer-left": ("snd-info", "unload.timer"), "unload": ("snd-info", "portcls.unload"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True, help="faulty_snd.sys")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    arguments = parser.parse_args()
    host = ([arguments.runner] if arguments.runner else []) + [arguments.nthost]
    runs = [(rule, case, words, []) for rule, (case, words) in BROKEN.items()]
    for options in ([], ["--messages", "0"], ["--preempt", "30", "--seed", "7"]):
        runs += [("honest", case, None, options) for case in CASES]
    runs += [("honest-interrupt", "snd-play", None, options) for options in ([], ["--messages", "0"])]
    runs = [(rule, case, words, options + (["--messages", "0"] if rule == "storm" else [])) for rule, case, words, options in runs]
    failed = 0
    for rule, case, words, options in runs:
        fault = "interrupt-early" if rule in ("storm", "honest-interrupt") else "none"
        command = [*host, "--fault", fault, "--boot-argument", rule, *options, arguments.driver, case]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                                stdin=subprocess.DEVNULL, check=False)
        if words is None and result.returncode != 0 or words and (result.returncode != 1 or words not in result.stdout):
            failed += 1
            print(f"FAILED: {' '.join(command)}: status {result.returncode}, wanted {words}\n{result.stdout}")
    print(f"{len(runs)} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
