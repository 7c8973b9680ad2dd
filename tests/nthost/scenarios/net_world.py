# SPDX-License-Identifier: MIT OR Apache-2.0
"""Networks for a driver in nthost: Linux above it, and behind QEMU's TAP device a bridge and a station one hop further.

    above --TAP-- driver in nthost --virtio-- QEMU --TAP-- below (bridge) --veth-- far

World(cards) makes three namespaces; nthost runs in `below`, so that QEMU finds its TAP devices there. The veth has no
offloads of its own: what is captured in `far` is what a wire would carry. Leaving the context removes everything.
"""

import ctypes
import fcntl
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import bridge

PEER = pathlib.Path(__file__).with_name("net_peer.py")
START_S = 60


def need_network():
    """Skips where this machine cannot make networks."""
    bridge.need("ip")
    if os.geteuid() != 0:
        raise bridge.Skip("network namespaces and TAP devices need root")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise bridge.Skip("/dev/net/tun is not there or not ours to open")
    name = f"aero{os.getpid()}t"
    if subprocess.run(["ip", "netns", "add", name], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise bridge.Skip("this machine makes no network namespaces")
    try:
        made = subprocess.run(["ip", "-n", name, "link", "add", "name", "br0", "type", "bridge"], stderr=subprocess.DEVNULL,
                              check=False)
        if made.returncode != 0:
            raise bridge.Skip("this machine has no Ethernet bridge")
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


def set_offload_off(interface):
    """What ethtool -K INTERFACE tx off tso off gso off gro off does; in the namespace of the caller."""
    set_value = {"rx": 0x15, "tx": 0x17, "sg": 0x19, "tso": 0x1f, "gso": 0x24, "gro": 0x2c}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for code in (set_value[name] for name in ("tso", "gso", "gro", "sg", "tx")):
            value = ctypes.create_string_buffer(struct.pack("II", code, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(control, 0x8946, request + bytes(40 - len(request)))


class World:
    """Addresses: 10.77.N.1 and fd77:N::1 above, .2 far, for card N."""

    def __init__(self, cards=1, mtu=1500):
        self.cards, self.mtu = cards, mtu
        base = f"aero{os.getpid()}"
        self.above, self.below, self.far = f"{base}a", f"{base}b", f"{base}f"
        self.made = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aero-net-"))

    def ip(self, namespace, *words):
        return bridge.run(["ip", "-n", namespace, *words])

    def command(self, namespace, *words):
        return ["ip", "netns", "exec", namespace, *[str(word) for word in words]]

    def run(self, namespace, *words, timeout=120):
        return bridge.run(self.command(namespace, *words), timeout=timeout)

    def start(self, namespace, *words, **options):
        return subprocess.Popen(self.command(namespace, *words), stdin=subprocess.DEVNULL, text=True, **options)

    def peer(self, namespace, *words, timeout=120):
        return self.run(namespace, sys.executable, PEER, *words, timeout=timeout)

    def start_peer(self, namespace, *words):
        """A helper that says a line when it is ready."""
        process = self.start(namespace, sys.executable, PEER, *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = process.stdout.readline()
        if line.strip() != "ready":
            process.kill()
            raise bridge.Failure(f"net_peer.py {' '.join(map(str, words))}: {line}{process.stdout.read()}")
        return process

    def address(self, station, card=0, version=4):
        host = {"above": 1, "far": 2}[station]
        return f"10.77.{card}.{host}" if version == 4 else f"fd77:{card}::{host}"

    def make_far(self, card):
        tap, veth, far, joint = f"q{card}", f"v{card}", f"f{card}", f"br{card}"
        self.ip(self.below, "tuntap", "add", "dev", tap, "mode", "tap", "vnet_hdr")
        self.ip(self.below, "link", "add", joint, "type", "bridge")
        self.ip(self.below, "link", "add", veth, "type", "veth", "peer", "name", far, "netns", self.far)
        for name in (tap, veth, joint):
            self.ip(self.below, "link", "set", "dev", name, "mtu", str(self.mtu), "up")
        for name in (tap, veth):
            self.ip(self.below, "link", "set", "dev", name, "master", joint)
        self.ip(self.far, "link", "set", "dev", far, "mtu", str(self.mtu), "up")
        self.peer(self.below, "plain", veth)
        self.ip(self.far, "addr", "add", f"{self.address('far', card)}/24", "dev", far)
        self.ip(self.far, "addr", "add", f"{self.address('far', card, 6)}/64", "dev", far, "nodad")

    def __enter__(self):
        try:
            for name in (self.above, self.below, self.far):
                bridge.run(["ip", "netns", "add", name])
                self.made.append(name)
                self.ip(name, "link", "set", "dev", "lo", "up")
            for card in range(self.cards):
                self.make_far(card)
        except BaseException:
            self.remove()
            raise
        return self

    def make_above(self, card, addresses=True):
        """After nthost is ready: its TAP device gets addresses."""
        if addresses:
            self.ip(self.above, "addr", "add", f"{self.address('above', card)}/24", "dev", f"up{card}")
        self.ip(self.above, "addr", "add", f"{self.address('above', card, 6)}/64", "dev", f"up{card}", "nodad")

    def remove(self):
        for name in reversed(self.made):
            subprocess.run(["ip", "netns", "del", name], check=False)
        self.made = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, kind, value, traceback):
        self.remove()


class Host:
    """nthost with a case that says "ready"; its report is checked at the end."""

    def __init__(self, world, nthost, driver, options=(), props="", case="net-serve", runner=()):
        self.world, self.report = world, ""
        self.command = [*runner, nthost, *options]
        for card in range(world.cards):
            mac = f"52:54:00:77:00:{card + 1:02x}"
            self.command += ["--tap", f"q{card},mac={mac}{',' + props if props else ''}", "--tap-above",
                             f"{world.above}/up{card}"]
        self.command += [driver, case]

    def read_log(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf8", errors="replace")

    def __enter__(self):
        self.log = open(self.world.folder / "nthost.log", "w", encoding="utf8")
        self.process = self.world.start(self.world.below, *self.command, stdout=self.log, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_S
        while "ready\n" not in self.read_log():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise bridge.Failure(f"nthost did not start\n{self.read_log()}")
            time.sleep(0.01)
        return self

    def wait(self, timeout):
        """For a case that ends by itself."""
        self.process.wait(timeout)

    def __exit__(self, kind, value, traceback):
        try:
            bridge.stop(self.process, "nthost")
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.report = self.read_log().replace("ready\n", "")
        if self.process.returncode != 0:
            raise bridge.Failure(f"nthost ended with status {self.process.returncode}\n{self.report}") from value

    def number(self, text):
        """The sum over all cards of the number in front of or behind a text of the report, for example "large sends"."""
        found = re.findall(rf"(\d+) {re.escape(text)}", self.report) or re.findall(rf"{re.escape(text)}\s+(\d+)", self.report)
        if not found:
            raise bridge.Failure(f"the report does not say how many {text}\n{self.report}")
        return sum(int(value) for value in found)
