# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs nthost with disks and nbdkit in front of them; what the scenarios and the demo share.

Host(...) as a context manager gives disks as NBD URIs; leaving it stops everything and checks that nthost ended well.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

START_S = 60


class Failure(Exception):
    """Something did not hold; the text is for the user."""


class Skip(Exception):
    """This machine lacks something that the scenario needs; the text says what."""


def run(words, timeout=300, **options):
    """Runs a program to its end; its output is shown when it fails. Returns standard output."""
    try:
        process = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 stdin=subprocess.DEVNULL, timeout=timeout, text=True, errors="replace", check=False,
                                 **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{words[0]} was not done after {timeout} s") from None
    if process.returncode != 0:
        raise Failure(f"{' '.join(str(word) for word in words)}\n{process.stdout}exit status {process.returncode}")
    return process.stdout


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")


def stop(process, name, timeout=60):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"{name} did not end within {timeout} s") from None


class Host:
    """A driver in nthost, serving one NBD export per disk."""

    def __init__(self, nthost, driver, plugin, images, options=(), props="", runner=()):
        self.command = [*runner, nthost]
        for image in images:
            self.command += ["--disk", f"{image}{',' + props if props else ''}"]
        self.command += [*options]
        self.driver, self.plugin, self.count = driver, plugin, len(images)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aero-"))
        self.nbdkits = []
        self.report = ""

    def __enter__(self):
        socket = self.folder / "disk"
        self.log = open(self.folder / "nthost.log", "w+", encoding="utf8", errors="replace")
        command = [str(word) for word in (*self.command, "--socket", socket, self.driver, "serve")]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: "ready\n" in self.read_log(), "nthost")
            self.uris = [self.start_nbdkit(index, f"{socket}.{index}" if index else str(socket))
                         for index in range(self.count)]
        except BaseException:
            self.kill()
            raise
        return self

    def read_log(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf8", errors="replace")

    def wait_for(self, condition, name):
        end = time.monotonic() + START_S
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"{name} did not start\n{self.read_log()}")
            time.sleep(0.01)

    def start_nbdkit(self, index, disk_socket):
        socket = self.folder / f"nbd{index}"
        process = subprocess.Popen(["nbdkit", "--foreground", "--unix", str(socket), str(self.plugin),
                                    f"socket={disk_socket}"], stdin=subprocess.DEVNULL,
                                   stdout=open(self.folder / f"nbdkit{index}.log", "w", encoding="utf8"),
                                   stderr=subprocess.STDOUT)
        self.nbdkits.append(process)
        self.wait_for(socket.exists, "nbdkit")
        return f"nbd+unix:///?socket={socket}"

    def kill(self):
        for process in (*self.nbdkits, self.process):
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, kind, value, traceback):
        try:
            for process in self.nbdkits:
                stop(process, "nbdkit")
            stop(self.process, "nthost")
            self.report = self.read_log()
            if self.process.returncode != 0:
                raise Failure(f"nthost ended with status {self.process.returncode}\n{self.report}")
        finally:
            self.kill()


class Mount:
    """An NBD export as a file, by nbdfuse."""

    def __init__(self, uri, folder):
        self.point = pathlib.Path(folder)
        self.uri = uri

    def __enter__(self):
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise Skip("/dev/fuse is not there or not ours to open")
        self.point.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(["nbdfuse", str(self.point), self.uri], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        end = time.monotonic() + START_S
        while not (self.point / "nbd").exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"nbdfuse did not mount: {self.process.communicate()[0]}")
            time.sleep(0.01)
        return self.point / "nbd"

    def __exit__(self, kind, value, traceback):
        subprocess.run(["fusermount3", "-u", str(self.point)], check=False, stderr=subprocess.DEVNULL)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_image(path, mebibytes):
    with open(path, "wb") as image:
        image.truncate(mebibytes << 20)
    return path


def fill_tree(folder, seed, files, most_bytes):
    """Makes a folder with files of many sizes, from a seed. Returns the number of bytes."""
    import random
    chance = random.Random(seed)
    total = 0
    for number in range(files):
        path = folder / f"dir{number % 7}" / f"file{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = chance.randbytes(chance.choice([0, 1, 511, 4096, 4097, chance.randrange(most_bytes)]))
        path.write_bytes(content)
        total += len(content)
    return total


def same_tree(one, other):
    """Raises Failure at the first file that differs."""
    for path in sorted(one.rglob("*")):
        twin = other / path.relative_to(one)
        if path.is_file() and (not twin.is_file() or path.read_bytes() != twin.read_bytes()):
            raise Failure(f"{path.relative_to(one)} did not come back as it was written")
