# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads what the checks need of PE images and COFF symbol files."""
import struct


def imports_of(image):
    """(architecture, [(module, name)]) of a PE file."""
    signature = struct.unpack_from("<I", image, 0x3C)[0]
    machine, sections, _, _, _, optional_size = struct.unpack_from("<HHIIIH", image, signature + 4)
    arch = {0x8664: "amd64", 0x14C: "x86"}[machine]
    optional = signature + 24
    width = 8 if arch == "amd64" else 4
    directory = struct.unpack_from("<I", image, optional + (112 if arch == "amd64" else 96) + 8)[0]
    ranges = []
    for i in range(sections):
        _, address, size, offset = struct.unpack_from("<IIII", image, optional + optional_size + 40 * i + 8)
        ranges.append((address, size, offset))

    def at(rva):
        for address, size, offset in ranges:
            if address <= rva < address + size:
                return rva - address + offset
        raise ValueError("RVA %#x is in no section" % rva)

    def text(rva):
        start = at(rva)
        return image[start:image.index(b"\0", start)].decode("ascii")

    imports = []
    entry = at(directory) if directory else None
    while entry is not None:
        lookup, _, _, name, thunks = struct.unpack_from("<IIIII", image, entry)
        if not name:
            break
        slot = at(lookup or thunks)
        while True:
            value = int.from_bytes(image[slot:slot + width], "little")
            if not value:
                break
            if value >> (8 * width - 1):
                raise ValueError("imports an ordinal of %s" % text(name))
            imports.append((text(name), text((value & 0x7FFFFFFF) + 2)))
            slot += width
        entry += 20
    return arch, imports


def symbols_of(image):
    """Names of all symbols of a COFF or PE file."""
    header = struct.unpack_from("<I", image, 0x3C)[0] + 4 if image[:2] == b"MZ" else 0
    table, count = struct.unpack_from("<II", image, header + 8)
    strings, names, i = table + 18 * count, [], 0
    while i < count:
        entry = table + 18 * i
        if image[entry:entry + 4] == b"\0\0\0\0":
            start = strings + struct.unpack_from("<I", image, entry + 4)[0]
            names.append(image[start:image.index(b"\0", start)].decode("ascii", "replace"))
        else:
            names.append(image[entry:entry + 8].rstrip(b"\0").decode("ascii", "replace"))
        i += 1 + image[entry + 17]
    return names
