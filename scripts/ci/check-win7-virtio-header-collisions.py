#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""No two headers below drivers/ have the same base name, in any case of letters: the order of include folders never matters.

usage: check-win7-virtio-header-collisions.py [--self-test]    exit 0 clean, 1 a problem that names the files, 2 wrong usage
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard

HEADER = re.compile(r"\.(h|hpp|inl|inc)$", re.I)


def check(root):
    places = {}
    for path in build_files.walk(root, tops=("drivers",)):
        if HEADER.search(path):
            places.setdefault(path.rsplit("/", 1)[-1].lower(), []).append(path)
    if not places:
        return ["drivers: no headers at all"]
    return ["%s: same name as %s" % (path, paths[0]) for paths in places.values() for path in paths[1:]]


FAULTS = (
    ("the same name in another folder",
     lambda root: guard.write(root, "drivers/windows7/virtio-snd/include/virtio_ring.h", ""), "virtio_ring.h"),
    ("the same name in other letters",
     lambda root: guard.write(root, "drivers/windows7/virtio/common/include/Virtio_OsDep.H", ""), "Virtio_OsDep.H"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-win7-virtio-header-collisions", check, FAULTS))
