#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Exactly one file is named virtqueue_split.h, in any case of letters, and is included where docs/virtio/README.md says.

The same for virtqueue_split_legacy.h. An include site is any C file of drivers, tests or tools, the engine's own unit aside.
usage: check-win7-virtqueue-split-headers.py [--self-test]     exit 0 clean, 1 a problem that names the file, 2 wrong usage
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard

HEADERS = {
    "virtqueue_split.h": "drivers/windows/virtio/common/virtqueue_split.h",
    "virtqueue_split_legacy.h": "drivers/windows7/virtio/common/include/virtqueue_split_legacy.h",
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.M)
C_FILE = re.compile(r"\.(c|h|cc|cpp|hpp|inl|rc)$", re.I)


def check(root):
    problems = []
    everything = build_files.walk(root, tops=(".",))
    for header, place in HEADERS.items():
        found = [path for path in everything if path.rsplit("/", 1)[-1].lower() == header]
        problems += ["%s: a second %s (the one is %s)" % (path, header, place) for path in found if path != place]
        if place not in found:
            problems.append("%s is missing" % place)
        sites = set()
        for path in everything:
            if C_FILE.search(path) and os.path.splitext(path)[0] != os.path.splitext(header)[0]:
                names = [name.replace("\\", "/").rsplit("/", 1)[-1]
                         for name in INCLUDE.findall(build_files.read(os.path.join(root, path)))]
                if any(name.lower() == header and name != header for name in names):
                    problems.append("%s: includes %s with other capital letters" % (path, header))
                if header in names and os.path.splitext(path.rsplit("/", 1)[-1])[0] != header[:-2]:
                    sites.add(path)
        listed = build_files.index_list(root, r"include sites for `%s`" % re.escape(header))
        problems += build_files.compare(listed, sites, lambda path: os.path.isfile(os.path.join(root, path)),
                                        "include %s" % header)
    return problems


def plant_site(root):
    guard.write(root, "drivers/windows/virtio/pci-modern/planted.c", '#include "../common/virtqueue_split.h"\n')


FAULTS = (
    ("a second header", lambda root: guard.write(root, "drivers/windows7/virtio/common/include/virtqueue_split.h", ""),
     "common/include/virtqueue_split.h"),
    ("a second header in other letters", lambda root: guard.write(root, "tests/device/VirtQueue_Split.H", ""),
     "tests/device/VirtQueue_Split.H"),
    ("a missing header", lambda root: os.remove(os.path.join(root, HEADERS["virtqueue_split.h"])), "is missing"),
    ("an include site that the index lacks", plant_site, "pci-modern/planted.c"),
    ("a listed site that no longer includes it",
     lambda root: guard.edit(root, "drivers/windows/virtio/common/virtio_sg_pfn.h", '#include "virtqueue_split.h"', ""),
     "virtio_sg_pfn.h does not include"),
    ("a planned file that exists",
     lambda root: guard.edit(root, build_files.INDEX, "aerovblk.h`\n", "aerovblk.h` (planned)\n"), "aerovblk.h exists"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-win7-virtqueue-split-headers", check, FAULTS))
