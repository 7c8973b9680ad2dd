#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random pauses, restarts, resets, sleeps, halts, link flaps and removals of a network adapter while Linux sends and
receives through it: no rule is broken, no frame is lost in the driver, and traffic goes on after each event."""

import argparse
import pathlib
import subprocess
import sys
import time

import bridge
import net_world


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    parser.add_argument("--machine", default="q35")
    parser.add_argument("--messages", default="1")
    parser.add_argument("--preempt", default="20")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--props", default="")
    parser.add_argument("--count", default="200", help="events")
    arguments = parser.parse_args()
    options = ["--machine", arguments.machine, "--messages", arguments.messages, "--preempt", arguments.preempt, "--seed",
               arguments.seed, "--count", arguments.count]
    try:
        net_world.need_network()
        bridge.need("ping")
        with net_world.World() as world:
            host = net_world.Host(world, pathlib.Path(arguments.nthost).resolve(), pathlib.Path(arguments.driver).resolve(),
                                  options, arguments.props, "net-life", [arguments.runner] if arguments.runner else [])
            with host:
                world.make_above(0)
                pings = [world.start(source, "ping", "-q", "-i", "0.01", "-s", size, to, stdout=subprocess.DEVNULL)
                         for source, size, to in ((world.above, 1000, world.address("far")),
                                                  (world.far, 200, world.address("above")),
                                                  (world.far, 3000, world.address("above")))]
                end = time.monotonic() + 280
                while host.process.poll() is None and time.monotonic() < end:
                    time.sleep(0.1)
                for process in pings:
                    process.terminate()
                    process.wait()
            print(host.report, end="")
            if host.number("received") == 0:
                raise bridge.Failure("nothing was received meanwhile")
    except bridge.Skip as skip:
        print(f"skipped: {skip}")
        return 77
    except bridge.Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
