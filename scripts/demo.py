#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""`make demo`: the shipped driver starts on QEMU's virtio disks, real programs use them through it, figures at the end.

Two disks on one driver image. On the first mke2fs makes and fills a filesystem, e2fsck checks it, debugfs reads it back;
then the raw image is checked and read without the driver. On the second fio writes and verifies.
Exit status: 0 all well, 1 something failed, 77 the machine lacks something (it says what).
"""

import contextlib
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
NTHOST = ROOT / "build/nthost/tests/nthost/nthost"
PLUGIN = ROOT / "build/nthost/tests/nthost/bridges/nbd/nbdkit-aero-plugin.so"
DRIVER = ROOT / "build/drivers/amd64/aerovblk.sys"
DISK_MIB = 256
FILL_MIB = 96
MIB = 1 << 20
START = time.monotonic()


class Failed(Exception):
    """What went wrong, for the user."""


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


def run(*command, ok=(0,)):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=600, check=False)
    if done.returncode not in ok:
        raise Failed(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@contextlib.contextmanager
def running(log, *command):
    """A program in the background; it is told to end, and has to end well, when the block is left."""
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL)
    try:
        yield process
        process.terminate()
        if process.wait(30) != 0:
            raise Failed(f"{pathlib.Path(command[0]).name} ended with {process.returncode}:\n{log.read_text()}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(is_there, process, log, what):
    deadline = time.monotonic() + 60
    while not is_there():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed(f"{what}:\n{log.read_text()}")
        time.sleep(0.02)


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
        raise Failed("the files read back through the driver are not those that were written")
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
    sockets = [work / "disk.sock", work / "disk.sock.1"]
    nbd = [work / "nbd0", work / "nbd1"]
    log = work / "nthost.log"
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(running(log, NTHOST, "--disk", disks[0], "--disk", f"{disks[1]},disable-legacy=on",
                                           "--socket", sockets[0], DRIVER, "serve"))
        wait_until(lambda: "ready" in log.read_text(), host, log, "the driver did not start")
        say("the driver is up with two disks")
        for i in (0, 1):
            nbdkit_log = work / f"nbdkit{i}.log"
            nbdkit = stack.enter_context(running(nbdkit_log, "nbdkit", "--foreground", f"--unix={nbd[i]}",
                                                 "--threads=16", PLUGIN, f"socket={sockets[i]}"))
            wait_until(nbd[i].exists, nbdkit, nbdkit_log, "nbdkit did not start")
        uri = [f"nbd+unix:///?socket={path}" for path in nbd]
        mount = work / "mount"
        mount.mkdir()
        fuse_log = work / "nbdfuse.log"
        with running(fuse_log, "nbdfuse", mount / "disk", uri[0]) as fuse:
            wait_until((mount / "disk").exists, fuse, fuse_log, "nbdfuse did not start")
            wanted = use_filesystem(mount / "disk", work, figures)
            run("fusermount3", "-u", mount)
            fuse.wait(30)
        use_fio(uri[1], work, figures)
    for line in log.read_text(encoding="utf-8").splitlines():
        print(f"    {line}")
    return wanted


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
        raise Failed("the files in the raw image are not those that were written")
    figures.append(("raw image without the driver", "clean, all files equal"))
    say("done")
    print()
    for name, value in figures:
        print(f"  {name:<36} {value}")


def main():
    if len(sys.argv) != 1:
        print("demo: it takes no arguments", file=sys.stderr)
        return 2
    missing = [str(path.relative_to(ROOT)) for path in (NTHOST, PLUGIN, DRIVER) if not path.exists()]
    if missing:
        print(f"demo: {', '.join(missing)} not built: run make demo", file=sys.stderr)
        return 2
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        print("demo: skipped: /dev/fuse is not there or not ours, and nbdfuse needs it")
        return 77
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=ROOT / "build") as work:
        try:
            demo(pathlib.Path(work))
        except (Failed, subprocess.TimeoutExpired) as problem:
            print(f"demo: FAILED: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
