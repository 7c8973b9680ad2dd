#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Real programs through a network driver in nthost on QEMU's virtio-net: ping, HTTP, DNS, DHCP, iperf3, multicast, 802.1Q,
over IPv4 and IPv6, with captures behind QEMU that show segment sizes and checksums."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

import bridge
import net_capture
import net_world

LOSS = 5.0 # percent of UDP datagrams at a modest rate


def ping(world, card):
    for version in (4, 6):
        for size in (56, 1400, 4000):
            text = world.run(world.above, "ping", f"-{version}", "-c", "4", "-i", "0.2", "-W", "2", "-s", size,
                             world.address("far", card, version))
            if " 0% packet loss" not in text:
                raise bridge.Failure(text)


class Capture:
    """tcpdump in `far` of what comes from above and fits a filter; judged at the end."""

    def __init__(self, world, card, condition, frames=6000):
        self.world, self.path = world, world.folder / f"capture{card}.pcap"
        source = f"52:54:00:77:00:{card + 1:02x}"
        self.command = ["tcpdump", "-i", f"f{card}", "-w", self.path, "-s", "0", "-U", "-c", frames, "-B", "8192",
                        f"ether src {source} and ({condition})"]

    def __enter__(self):
        self.process = self.world.start(self.world.far, *self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if "listening on" in line:
                return self
        raise bridge.Failure("tcpdump does not start")

    def __exit__(self, kind, value, traceback):
        self.process.terminate()
        self.process.communicate()
        if kind is None:
            self.count, self.segments, self.longest = net_capture.check(self.path, self.world.mtu)


def web(world, card, mebibytes):
    for version in (4, 6):
        far = world.address("far", card, version)
        start = time.monotonic()
        world.peer(world.above, "get", far, mebibytes << 20, timeout=280)
        print(f"HTTP down IPv{version}: {mebibytes} MiB, equal, {mebibytes / (time.monotonic() - start):.0f} MiB/s")
        start = time.monotonic()
        with Capture(world, card, f"{'ip' if version == 4 else 'ip6'} and port 8080") as capture:
            world.peer(world.above, "put", far, mebibytes << 20, timeout=280)
        print(f"HTTP up   IPv{version}: {mebibytes} MiB, equal, {mebibytes / (time.monotonic() - start):.0f} MiB/s; behind "
              f"QEMU {capture.count} frames, {capture.segments} segments of at most {capture.longest} bytes, sums right")
        wanted = world.mtu - (20 if version == 4 else 40) - 32 # TCP with time stamps
        if capture.longest != wanted or capture.segments < 1000:
            raise bridge.Failure(f"{capture.segments} segments, the longest with {capture.longest} bytes of data instead "
                                 f"of {wanted}")


def iperf(world, card, seconds):
    server = world.start(world.far, "iperf3", "-s", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        for version in (4, 6):
            for words in ([], ["-R"], ["-u", "-b", "20M", "-l", "1200"], ["-u", "-b", "20M", "-l", "1200", "-R"]):
                with Capture(world, card, "udp", 1000) as capture:
                    text = world.run(world.above, "iperf3", "-c", world.address("far", card, version), "-t", seconds,
                                     "-J", *words)
                end = json.loads(text)["end"]
                kind = f"{'UDP' if '-u' in words else 'TCP'} IPv{version} {'down' if '-R' in words else 'up'}"
                if "-u" in words:
                    loss = end["sum"]["lost_percent"]
                    print(f"iperf3 {kind}: {end['sum']['bits_per_second'] / 1e6:.0f} Mbit/s, {loss:.1f}% lost; "
                          f"{capture.count} frames behind QEMU, sums right")
                    if loss > LOSS or "-R" not in words and capture.count < 100:
                        raise bridge.Failure(f"iperf3 {kind} lost {loss:.1f}%, {capture.count} frames captured")
                else:
                    print(f"iperf3 {kind}: {end['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s")
                    if end["sum_received"]["bytes"] == 0:
                        raise bridge.Failure(f"iperf3 {kind}: nothing arrived")
    finally:
        server.terminate()
        server.wait()


def dhcp(world):
    """An address by DHCP for the first card, which has none of IPv4 yet."""
    lease, script, config = (world.folder / name for name in ("lease", "udhcpc.sh", "udhcpd.conf"))
    (world.folder / "leases").touch()
    script.write_text(f'#!/bin/sh\n[ "$1" = bound ] && echo "$ip/$mask" >{lease}\nexit 0\n', encoding="ascii")
    script.chmod(0o755)
    config.write_text("start 10.77.0.1\nend 10.77.0.1\ninterface f0\n"
                      f"lease_file {world.folder}/leases\npidfile {world.folder}/udhcpd.pid\nopt subnet 255.255.255.0\n",
                      encoding="ascii")
    server = world.start(world.far, "udhcpd", "-f", config, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        world.run(world.above, "udhcpc", "-i", "up0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", script, timeout=60)
    finally:
        server.terminate()
        server.wait()
    address = lease.read_text(encoding="ascii").strip() if lease.exists() else ""
    if not address.startswith("10.77.0.1/"):
        raise bridge.Failure(f"DHCP gave \"{address}\"")
    world.ip(world.above, "addr", "add", "10.77.0.1/24", "dev", "up0")
    print(f"DHCP: {address}")


def finish(process, name):
    text, _ = process.communicate(timeout=40)
    if process.returncode != 0:
        raise bridge.Failure(f"{name}: {text}")


def multicast(world, card):
    ends = {world.above: f"up{card}", world.far: f"f{card}"}
    for version in (4, 6):
        for to, source in ((world.above, world.far), (world.far, world.above)):
            listener = world.start_peer(to, "listen", ends[to], version, 8)
            time.sleep(0.5) # the driver hears of the group a moment later
            world.peer(source, "call", ends[source], version, 8)
            finish(listener, f"multicast IPv{version}")
    print("multicast: IPv4 and IPv6, both ways")


def vlan(world, card):
    ends = {world.above: f"up{card}", world.far: f"f{card}"}
    macs = {name: re.search(r"link/ether (\S+)", world.ip(name, "link", "show", ends[name]))[1] for name in ends}
    for to, source in ((world.far, world.above), (world.above, world.far)):
        listener = world.start_peer(to, "tagged-listen", ends[to], 40)
        world.peer(source, "tagged-send", ends[source], macs[to], 77, 40)
        finish(listener, f"802.1Q to {'far' if to == world.far else 'above'}")
    print("802.1Q: tags of 3 networks and 8 priorities, both ways")


def play(world, arguments):
    for card in range(world.cards):
        world.make_above(card, addresses=card != 0)
    dhcp(world)
    server = world.start_peer(world.far, "serve")
    try:
        for card in range(world.cards):
            ping(world, card)
            world.peer(world.above, "resolve", world.address("far", card))
            web(world, card, arguments.mib)
            if arguments.seconds:
                iperf(world, card, arguments.seconds)
            multicast(world, card)
            if not arguments.no_vlan:
                vlan(world, card)
    finally:
        server.kill()
        server.wait()


def check_counters(host, arguments):
    for text in arguments.some:
        if host.number(text) == 0:
            raise bridge.Failure(f"no {text}\n{host.report}")
    for text in arguments.none:
        if host.number(text) != 0:
            raise bridge.Failure(f"{host.number(text)} {text}, none was wanted\n{host.report}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    parser.add_argument("--machine", default="q35")
    parser.add_argument("--messages", default="1", help="MSI-X messages granted, 0: INTx")
    parser.add_argument("--preempt", default="0", help="percent chance of an interrupt inside the driver")
    parser.add_argument("--throttle", default="0", help="received frames that a DPC may indicate")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--props", default="", help="properties of virtio-net-pci")
    parser.add_argument("--cards", type=int, default=1)
    parser.add_argument("--mtu", type=int, default=1500, help="of the network; QEMU is told by host_mtu")
    parser.add_argument("--mib", type=int, default=200, help="MiB of each HTTP transfer")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of each iperf3 run, 0: none")
    parser.add_argument("--keyword", action="append", default=[], help="NAME=VALUE of the adapter's registry key")
    parser.add_argument("--no-vlan", action="store_true")
    parser.add_argument("--some", action="append", default=[], help="a counter of the report that must not be zero")
    parser.add_argument("--none", action="append", default=[], help="a counter of the report that must be zero")
    arguments = parser.parse_args()
    options = ["--machine", arguments.machine, "--messages", arguments.messages, "--preempt", arguments.preempt,
               "--throttle", arguments.throttle, "--seed", arguments.seed]
    for keyword in arguments.keyword:
        options += ["--keyword", keyword]
    props = ",".join(word for word in (arguments.props, f"host_mtu={arguments.mtu}" if arguments.mtu != 1500 else "") if word)
    try:
        net_world.need_network()
        bridge.need("ping", "iperf3", "tcpdump", "udhcpc", "udhcpd")
        with net_world.World(arguments.cards, arguments.mtu) as world:
            host = net_world.Host(world, pathlib.Path(arguments.nthost).resolve(), pathlib.Path(arguments.driver).resolve(),
                                  options, props, runner=[arguments.runner] if arguments.runner else [])
            with host:
                play(world, arguments)
            print(host.report, end="")
            check_counters(host, arguments)
    except bridge.Skip as skip:
        print(f"skipped: {skip}")
        return 77
    except bridge.Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
