#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Includes of the drivers point down the layers of docs/architecture.md only, and the portable layers know no NT header.

usage: check-layering.py [--self-test]    exit 0 clean, 1 a problem that names the file, 2 wrong usage
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
# Folder prefix -> layer, the longest prefix holds. A layer may include itself and what is listed.
LAYERS = {
    "drivers/windows/virtio/common/": "ring",
    "drivers/windows7/virtio/common/include/": "portable",
    "drivers/windows7/virtio/common/src/": "portable",
    "drivers/windows7/virtio/common/os_shim/": "glue",
    "drivers/windows/virtio/pci-modern/": "transport",
    "drivers/windows/virtio/protocol/": "core",
    "drivers/windows7/virtio/": "glue",
    "drivers/windows7/virtio-snd/": "glue",
    "drivers/windows7/virtio-snd/include/virtiosnd_queue_split.h": "ring",  # the sound driver's door to the engine
    "drivers/windows7/virtio-snd/src/virtiosnd_queue_split.c": "ring",
    "drivers/windows/virtio-input/": "glue",
    "drivers/windows/ddk/": "ddk",
}
MAY_INCLUDE = {
    "base": set(),
    "ring": {"base"},
    "portable": {"base", "ring"},
    "transport": {"base"},
    "core": {"base", "ring", "portable", "transport"},
    "glue": {"base", "ring", "portable", "transport", "core", "ddk"},
    "ddk": set(),
}
# Below everything: types, reasons and names that every layer shares.
BASE = {"virtio_osdep.h", "virtio_reason.h", "virtio_reason.c", "virtio_version.h", "virtio_annot.h", "virtio_diag.h"}
PORTABLE = {"base", "ring", "portable", "transport", "core"}
SYSTEM_ALLOWED = {  # angle-bracket headers, by file; every compiler has stddef.h
    "virtio_osdep.h": {"windows.h", "ntddk.h", "stddef.h", "stdint.h", "string.h", "intrin.h"},
    "virtio_types.h": {"stddef.h", "stdint.h"},
}
EVERYWHERE = {"stddef.h"}
C_FILE = re.compile(r"\.(c|h)$")


def layer_of(path):
    if path.rsplit("/", 1)[-1] in BASE:
        return "base"
    prefixes = [prefix for prefix in LAYERS if path.startswith(prefix)]
    return LAYERS[max(prefixes, key=len)] if prefixes else None


def check(root):
    problems = []
    files = [path for path in build_files.walk(root, tops=("drivers",)) if C_FILE.search(path) and "/tests/" not in path]
    headers = {path.rsplit("/", 1)[-1]: path for path in files if path.endswith(".h")}
    for path in files:
        layer = layer_of(path)
        if layer is None:
            problems.append("%s: in no layer; say in check-layering.py which" % path)
            continue
        if build_files.through_stub(root, path) != path:
            continue
        for kind, name in INCLUDE.findall(build_files.read(os.path.join(root, path))):
            base = name.rsplit("/", 1)[-1]
            if kind == "<":
                allowed = EVERYWHERE | SYSTEM_ALLOWED.get(path.rsplit("/", 1)[-1], set())
                if layer in PORTABLE and name not in allowed:
                    problems.append("%s: <%s> in a portable layer" % (path, name))
            elif base in headers:
                below = layer_of(headers[base])
                if below != layer and below not in MAY_INCLUDE[layer]:
                    problems.append("%s: layer %s includes %s of layer %s" % (path, layer, base, below))
            elif layer in PORTABLE:
                problems.append("%s: includes %s, which is not below drivers/" % (path, name))
    return problems


FAULTS = (
    ("the ring includes the transport",
     lambda root: guard.write(root, "drivers/windows/virtio/common/planted.c", '#include "virtio_pci_caps.h"\n'), "common/planted.c"),
    ("the transport includes the ring",
     lambda root: guard.write(root, "drivers/windows/virtio/pci-modern/planted.c", '#include "../common/virtqueue_split.h"\n'),
     "pci-modern/planted.c"),
    ("the core includes glue",
     lambda root: guard.write(root, "drivers/windows/virtio/protocol/blk/planted.c", '#include "aerovblk.h"\n'), "blk/planted.c"),
    ("an NT header in a portable layer",
     lambda root: guard.write(root, "drivers/windows/virtio/protocol/scsi/planted.h", "#include <ntddk.h>\n"), "scsi/planted.h"),
    ("a folder in no layer",
     lambda root: guard.write(root, "drivers/windows8/planted.h", ""), "in no layer"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-layering", check, FAULTS))
