#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The NBD plug-in with real clients: nbd_bridge_test.py PLUGIN RAM_DISK. Exit code 77: a program is missing."""

import errno
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
SIZE_MIB = 64


def run(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}exit code {done.returncode}")
    return done


def wait_for(path):
    deadline = time.monotonic() + 20
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            sys.exit(f"{path} did not appear")
        time.sleep(0.01)


def check_clients(folder, uri):
    info = json.loads(run("nbdinfo", "--json", uri).stdout)["exports"][0]
    assert info["export-size"] == SIZE_MIB * MIB, info
    assert info["can_flush"] and info["can_multi_conn"] and not info["is_read_only"], info
    assert info["block_size_minimum"] == 512, info

    # a random image through the plug-in and back, with several connections and many requests in flight
    image, copy = os.path.join(folder, "image"), os.path.join(folder, "copy")
    with open(image, "wb") as file:
        file.write(os.urandom(SIZE_MIB * MIB))
    run("nbdcopy", "--flush", "--connections=4", "--requests=32", "--request-size=2097152", image, uri)
    run("nbdcopy", "--connections=4", "--requests=32", uri, copy)
    run("cmp", image, copy)
    run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri)

    run("fio", "--name=bridge", "--ioengine=nbd", f"--uri={uri}", "--rw=randrw", "--bsrange=4k-1M", "--blockalign=4k",
        f"--size={SIZE_MIB}M", "--iodepth=32", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", "--fsync=16", "--randseed=1",
        "--runtime=10")


class RawClient:
    """As little of an NBD client as it takes to send requests that a polite one would not send."""

    def __init__(self, path):
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.settimeout(20)
        self.peer.connect(path)
        self.receive(18)
        self.peer.sendall(struct.pack(">I", 3) + b"IHAVEOPT" + struct.pack(">II", 1, 0))
        assert struct.unpack(">Q", self.receive(10)[:8])[0] == SIZE_MIB * MIB

    def receive(self, length):
        data = self.peer.recv(length, socket.MSG_WAITALL)
        assert len(data) == length
        return data

    def read(self, cookie, offset, length):
        """Returns the error number and the data."""
        self.peer.sendall(struct.pack(">IHHQQI", 0x25609513, 0, 0, cookie, offset, length))
        magic, error, same = struct.unpack(">IIQ", self.receive(16))
        assert magic == 0x67446698 and same == cookie
        return error, self.receive(length) if error == 0 else b""


def check_odd_request(nbd):
    """What is no whole number of sectors is refused, and the connection goes on."""
    client = RawClient(nbd)
    assert client.read(1, 3, 512) == (errno.EINVAL, b"")
    assert client.read(2, 0, 100) == (errno.EINVAL, b"")
    assert client.read(3, 512, 512)[0] == 0
    client.peer.close()


def check_loss(nbd, uri, ram_disk):
    """The host ends in the middle of traffic: the client gets errors at once, not silence."""
    client = subprocess.Popen(["fio", "--name=loss", "--ioengine=nbd", f"--uri={uri}", "--rw=randread", "--bs=64k",
                               f"--size={SIZE_MIB}M", "--iodepth=16", "--time_based", "--runtime=30"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(1)
    assert client.poll() is None, client.communicate()[0].decode()
    ram_disk.send_signal(signal.SIGKILL)
    started = time.monotonic()
    client.communicate(timeout=20)
    assert client.returncode != 0
    assert time.monotonic() - started < 10
    late = RawClient(nbd)
    assert late.read(1, 0, 512)[0] == errno.EIO
    assert late.read(2, 0, 512)[0] == errno.EIO
    late.peer.close()


def main():
    if len(sys.argv) != 3:
        print("usage: nbd_bridge_test.py PLUGIN RAM_DISK", file=sys.stderr)
        return 2
    plugin, program = sys.argv[1:]
    missing = [tool for tool in ("nbdkit", "nbdinfo", "nbdcopy", "fio", "qemu-img") if shutil.which(tool) is None]
    if missing:
        print("skipped: not installed:", " ".join(missing))
        return 77
    children = []
    folder = tempfile.mkdtemp(prefix="nbd-bridge-")
    try:
        disk, nbd = os.path.join(folder, "disk.sock"), os.path.join(folder, "nbd.sock")
        uri = f"nbd+unix:///?socket={nbd}"
        ram_disk = subprocess.Popen([program, disk, str(SIZE_MIB)], stdout=subprocess.PIPE, text=True)
        children.append(ram_disk)
        wait_for(disk)
        command = ["nbdkit", "--foreground", f"--unix={nbd}", "--threads=32", plugin, f"socket={disk}"]
        nbdkit = subprocess.Popen(command)
        children.append(nbdkit)
        wait_for(nbd)
        check_clients(folder, uri)
        check_odd_request(nbd)

        nbdkit.terminate()
        assert nbdkit.wait(20) == 0
        os.unlink(nbd)
        ram_disk.terminate()
        said = ram_disk.communicate(timeout=20)[0]
        assert ram_disk.returncode == 0 and int(said.split()[0]) > 0, said
        print("ram_disk:", said.strip())

        ram_disk = subprocess.Popen([program, disk, str(SIZE_MIB)], stdout=subprocess.DEVNULL)
        children.append(ram_disk)
        wait_for(disk)
        nbdkit = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        children.append(nbdkit)
        wait_for(nbd)
        check_loss(nbd, uri, ram_disk)

        no_host = run("nbdkit", "--foreground", f"--unix={nbd}2", plugin, f"socket={folder}/none", check=False)
        assert no_host.returncode != 0 and "No such file" in no_host.stdout, no_host.stdout
        return 0
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
