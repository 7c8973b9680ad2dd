#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Each build file compiles the virtqueue engines that docs/virtio/README.md says, neither more nor less.

Looks at every CMakeLists.txt, *.cmake, Makefile, *.vcxproj and `sources` (through its #include stubs) of drivers, tests and tools.
usage: check-virtqueue-split-driver-builds.py [--self-test]    exit 0 clean, 1 a problem that names the file, 2 wrong usage
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard

ENGINES = {
    r"^- Canonical engine": "drivers/windows/virtio/common/virtqueue_split.c",
    r"^- Legacy portable engine": "drivers/windows7/virtio/common/src/virtqueue_split_legacy.c",
}


def check(root):
    problems, compiled = [], {}
    for path in filter(build_files.is_build_file, build_files.walk(root)):
        units, more = build_files.compiled_units(root, path)
        problems += more
        compiled[path] = units
    for start, engine in ENGINES.items():
        name = engine.rsplit("/", 1)[-1]
        if not os.path.isfile(os.path.join(root, engine)):
            problems.append("%s is missing" % engine)
        users = set()
        for path, units in compiled.items():
            for unit in units:
                if unit.rsplit("/", 1)[-1].lower() == name:
                    users.add(path)
                    if unit not in (engine, "?/" + name):
                        problems.append("%s: compiles %s, which is not %s" % (path, unit, engine))
            if units.count(engine) > 1 and path.endswith((".vcxproj", "sources")):
                problems.append("%s: compiles %s twice" % (path, engine))
        listed = build_files.index_list(root, start)
        problems += build_files.compare(listed, users, lambda path: os.path.isfile(os.path.join(root, path)),
                                        "compile %s" % name)
    return problems


BLK = "drivers/windows7/virtio/blk/"
VCXPROJ_LINE = re.compile(r'[^\n]*ClCompile Include="[^"]*virtqueue_split_legacy\.c"[^\n]*\n')


def drop_legacy_from_vcxproj(root):
    path = BLK + "aerovblk.vcxproj"
    guard.write(root, path, VCXPROJ_LINE.sub("", build_files.read(os.path.join(root, path))))


FAULTS = (
    ("a driver project without its engine", drop_legacy_from_vcxproj, "aerovblk.vcxproj does not compile"),
    ("a driver's `sources` without its engine",
     lambda root: guard.edit(root, BLK + "sources", "..\\virtqueue_split.c", "..\\virtio_reason.c"),
     "blk/sources does not compile"),
    ("a stub that stands for something else",
     lambda root: guard.write(root, "drivers/windows7/virtio/virtqueue_split.c",
                              '#include "../../windows/virtio/common/virtio_reason.c"\n'), "blk/sources"),
    ("a build file that compiles an engine unsaid",
     lambda root: guard.write(root, "tests/planted/CMakeLists.txt", "add_library(x ${AERO_COMMON}/virtqueue_split.c)\n"),
     "tests/planted/CMakeLists.txt does compile"),
    ("an index entry too many",
     lambda root: guard.edit(root, build_files.INDEX, "- Canonical engine (`drivers/windows/virtio/common/virtqueue_split.c`)\n",
                             "- Canonical engine (`drivers/windows/virtio/common/virtqueue_split.c`)\n  - `cmake/host.cmake`\n"),
     "cmake/host.cmake does not compile"),
    ("a planned driver that exists",
     lambda root: guard.edit(root, build_files.INDEX, "aerovblk.vcxproj`\n", "aerovblk.vcxproj` (planned)\n"),
     "aerovblk.vcxproj exists"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-virtqueue-split-driver-builds", check, FAULTS))
