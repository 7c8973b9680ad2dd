#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A filesystem made, filled, checked and read back through the driver, on two disks at once; fio with verify; the raw
images equal byte for byte to what was read through the driver."""

import argparse
import filecmp
import pathlib
import sys
import tempfile

import bridge


def use_filesystem(uri, folder, seed, files):
    """mkfs fills the filesystem from a folder, e2fsck checks it, debugfs reads every file back."""
    source, back = folder / "source", folder / "back"
    source.mkdir(parents=True)
    back.mkdir()
    total = bridge.fill_tree(source, seed, files, 300000)
    with bridge.Mount(uri, folder / "mount") as device:
        bridge.run(["mkfs.ext4", "-q", "-F", "-d", source, device])
        bridge.run(["e2fsck", "-f", "-n", device])
        bridge.run(["debugfs", "-R", f"rdump / {back}", device])
    bridge.same_tree(source, back)
    return total


def use_fio(uri, mebibytes):
    bridge.run(["fio", "--name=verify", "--ioengine=nbd", f"--uri={uri}", "--rw=randrw", "--bsrange=512-128k",
                "--bs_unaligned=0", "--blockalign=512", f"--size={mebibytes}m", "--iodepth=16", "--verify=crc32c",
                "--verify_fatal=1", "--verify_state_save=0", "--fsync=64"])


def same_image(uri, image, folder):
    """What is read through the driver is what lies in the raw image."""
    bridge.run(["nbdcopy", uri, folder / "copy"])
    if not filecmp.cmp(folder / "copy", image, shallow=False):
        raise bridge.Failure(f"{image.name} and what the driver reads differ")
    (folder / "copy").unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("nthost", "driver", "plugin"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--machine", default="q35")
    parser.add_argument("--messages", default="1", help="MSI-X messages granted, 0: INTx")
    parser.add_argument("--preempt", default="0", help="percent chance of an interrupt inside the driver")
    parser.add_argument("--props", default="", help="properties of virtio-blk-pci")
    parser.add_argument("--runner", default="", help="program that runs nthost, for example qemu-i386")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        bridge.need("nbdkit", "nbdfuse", "nbdcopy", "fio", "mkfs.ext4", "e2fsck", "debugfs")
        with tempfile.TemporaryDirectory(prefix="aero-fs-") as name:
            folder = pathlib.Path(name)
            images = [bridge.make_image(folder / f"disk{i}", 48) for i in range(2)]
            options = ["--machine", arguments.machine, "--messages", arguments.messages, "--preempt",
                       arguments.preempt, "--seed", str(arguments.seed)]
            host = bridge.Host(arguments.nthost, arguments.driver, arguments.plugin, images, options, arguments.props,
                               [arguments.runner] if arguments.runner else [])
            with host:
                total = use_filesystem(host.uris[0], folder / "one", arguments.seed, arguments.files)
                use_fio(host.uris[1], 8)
                for uri, image in zip(host.uris, images):
                    same_image(uri, image, folder)
            print(host.report.replace("ready\n", ""), end="")
            print(f"{arguments.files} files, {total} bytes, went through a filesystem and came back equal")
    except bridge.Skip as skip:
        print(f"skipped: {skip}")
        return 77
    except bridge.Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
