#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""`make demo`: the shipped driver starts on QEMU's virtio disks, real programs use them through it, figures at the end.

Two disks on one driver image. On the first mke2fs makes and fills a filesystem, e2fsck checks it, debugfs reads it back;
then the raw image is checked and read without the driver. On the second fio writes and verifies. Then a page is
fetched through the network driver, and a sentence typed through the input driver.
Exit status: 0 all well, 1 something failed, 77 the machine lacks something (it says what).
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/nthost/scenarios"))
import bridge  # noqa: E402  (what the scenarios use too)
import net_world  # noqa: E402

NTHOST = ROOT / "build/nthost/tests/nthost/nthost"
PLUGIN = ROOT / "build/nthost/tests/nthost/bridges/nbd/nbdkit-aero-plugin.so"
DRIVER = ROOT / "build/drivers/amd64/aerovblk.sys"
NET = ROOT / "build/drivers/amd64/aerovnet.sys"
INPUT = ROOT / "build/drivers/amd64/virtio-input.sys"
HIDPARSE = pathlib.Path("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/hidparse.sys")
PAGE = "<html><title>It works</title>This page came through a Windows 7 network driver.</html>\n"
FETCH = ("import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=60).read().decode())")
DISK_MIB = 256
FILL_MIB = 96
NET_MIB = 64
MIB = 1 << 20
START = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


def run(*command):
    return bridge.run(command, timeout=600)


def tree_sum(folder):
    """One number for the names and contents of all files below folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(folder)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def make_files(folder):
    source = random.Random(7)
    left, number = FILL_MIB * MIB, 0
    while left > 0:
        size = min(left, source.choice((100, 4096, 70_000, 1 << 20, 5 << 20)))
        path = folder / f"{number % 16:02}" / f"file{number:04}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.randbytes(size))
        left -= size
        number += 1
    return number


def read_back(image, folder):
    folder.mkdir()
    run("debugfs", "-R", f"rdump / {folder}", image)
    shutil.rmtree(folder / "lost+found", ignore_errors=True)
    return tree_sum(folder)


def use_filesystem(disk, work, figures):
    files = work / "files"
    count = make_files(files)
    wanted = tree_sum(files)
    say(f"mke2fs makes an ext4 filesystem and fills it with {count} files, {FILL_MIB} MiB")
    begin = time.monotonic()
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", files, disk)
    seconds = time.monotonic() - begin
    figures.append(("filesystem made and filled", f"{count} files, {FILL_MIB} MiB in {seconds:.1f} s"))
    say("e2fsck checks it")
    run("e2fsck", "-f", "-n", disk)
    figures.append(("e2fsck through the driver", "clean"))
    say("debugfs reads every file back")
    begin = time.monotonic()
    if read_back(disk, work / "back") != wanted:
        raise bridge.Failure("the files read back through the driver are not those that were written")
    figures.append(("files read back through the driver", f"all equal, {time.monotonic() - begin:.1f} s"))
    return wanted


def use_fio(uri, work, figures):
    say("fio writes and verifies on the second disk, 16 requests in flight")
    report = work / "fio.json"
    run("fio", "--name=demo", "--ioengine=nbd", f"--uri={uri}", "--rw=randrw", "--bsrange=4k-128k", "--blockalign=4k",
        "--size=64M", "--iodepth=16", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", "--randseed=1",
        "--output-format=json", f"--output={report}")
    job = json.loads(report.read_text(encoding="utf-8"))["jobs"][0]
    for direction in ("write", "read"):
        figures.append((f"fio {direction}s", f"{job[direction]['total_ios']} requests, "
                        f"{job[direction]['iops']:.0f} per second, {job[direction]['bw'] / 1024:.1f} MiB/s"))
    figures.append(("fio verification", "no mismatch"))


def serve_and_use(work, disks, figures):
    """Everything that happens through the driver. Returns what the files' sum has to be."""
    host = bridge.Host(NTHOST, DRIVER, PLUGIN, disks)
    with host:
        say("the driver is up with two disks")
        with bridge.Mount(host.uris[0], work / "mount") as disk:
            wanted = use_filesystem(disk, work, figures)
        use_fio(host.uris[1], work, figures)
    for line in host.report.splitlines():
        print(f"    {line}")
    return wanted


def use_network(work, figures):
    """Two stations in network namespaces; the only way between them leads through the driver and QEMU's card."""
    net_world.need_network()
    site = work / "site"
    site.mkdir()
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    with net_world.World() as world:
        host = net_world.Host(world, NTHOST, NET)
        with host:
            world.make_above(0)
            far = world.address("far")
            server = world.start(world.far, sys.executable, "-m", "http.server", "--bind", far, "--directory", site, "8000",
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                pinged = world.run(world.above, "ping", "-c", "3", "-i", "0.2", far).strip().splitlines()[-1]
                page = world.run(world.above, sys.executable, "-c", FETCH, f"http://{far}:8000/index.html")
            finally:
                server.kill()
                server.wait()
            peer = world.start_peer(world.far, "serve")
            try:
                begin = time.monotonic()
                world.peer(world.above, "get", far, NET_MIB * MIB)
                seconds = time.monotonic() - begin
            finally:
                peer.kill()
                peer.wait()
    if page != PAGE:
        raise bridge.Failure(f"the page fetched through the driver is not the one that was served: {page}")
    print(f"    {page.strip()}")
    for line in host.report.splitlines():
        print(f"    {line}")
    figures.append(("network card: ping", pinged))
    figures.append(("network card: page fetched", "equal"))
    figures.append(("network card: download", f"{NET_MIB} MiB, equal, {NET_MIB / seconds:.0f} MiB/s"))


def use_keyboard(figures):
    if not HIDPARSE.exists():
        raise bridge.Skip("Wine's hidparse.sys is not there (package libwine)")
    output = run(NTHOST, "--input", "virtio-keyboard-pci", "--module", f"hidparse.sys={HIDPARSE}", "--text",
                 "Typed on a virtio keyboard", INPUT, "input-type")
    for line in output.splitlines():
        print(f"    {line}")
    figures.append(("keyboard: typed text", "came out of the HID stack as it was typed"))


def if_possible(what, figures, part):
    """A part that this machine cannot show is left out with its reason; not where CI=true wants all of it."""
    try:
        part()
    except bridge.Skip as reason:
        if os.environ.get("CI") == "true":
            raise
        figures.append((what, f"left out: {reason}"))


def demo(work):
    figures = []
    disks = [work / "disk0.img", work / "disk1.img"]
    for disk in disks:
        with open(disk, "wb") as file:
            file.truncate(DISK_MIB * MIB)
    figures.append(("driver", f"{DRIVER.relative_to(ROOT)}, {DRIVER.stat().st_size} bytes, sha256 "
                    f"{hashlib.sha256(DRIVER.read_bytes()).hexdigest()[:16]}"))
    figures.append(("device", run("qemu-system-x86_64", "--version").splitlines()[0]))
    say("what the driver finds on a stock disk")
    for line in run(NTHOST, "--disk", disks[0], DRIVER, "info").splitlines():
        print(f"    {line}")
    wanted = serve_and_use(work, disks, figures)
    say("the raw image, without the driver: e2fsck and every file again")
    run("e2fsck", "-f", "-n", disks[0])
    if read_back(disks[0], work / "raw") != wanted:
        raise bridge.Failure("the files in the raw image are not those that were written")
    figures.append(("raw image without the driver", "clean, all files equal"))
    say("a page and a download through the network driver on QEMU's virtio-net")
    if_possible("network card", figures, lambda: use_network(work, figures))
    say("a sentence typed on QEMU's virtio keyboard")
    if_possible("keyboard", figures, lambda: use_keyboard(figures))
    say("done")
    print()
    for name, value in figures:
        print(f"  {name:<36} {value}")


def main():
    if len(sys.argv) != 1:
        print("demo: it takes no arguments", file=sys.stderr)
        return 2
    missing = [str(path.relative_to(ROOT)) for path in (NTHOST, PLUGIN, DRIVER, NET, INPUT) if not path.exists()]
    if missing:
        print(f"demo: {', '.join(missing)} not built: run make demo", file=sys.stderr)
        return 2
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=ROOT / "build") as work:
        try:
            demo(pathlib.Path(work))
        except bridge.Skip as reason:
            print(f"demo: skipped: {reason}")
            return 77
        except bridge.Failure as problem:
            print(f"demo: FAILED: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
