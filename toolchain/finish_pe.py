#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Finishes a linked and stripped driver image in place: what GNU ld cannot say.

  - sections named INIT* become discardable code (0x62000020): Windows frees them after DriverEntry;
  - the time stamp is zero, so that two builds give the same bytes;
  - RELOCS_STRIPPED is cleared when the image has no absolute address (an amd64 driver often has none): with the flag
    Windows refuses an image that it cannot load at its preferred base, which for drivers is always;
  - the checksum is computed anew: Windows checks it for every driver.

usage: finish_pe.py IMAGE.sys [SYMBOLS]    the symbol file only loses its time and checksum
exit 0 done, 1 the image is not fit to ship, 2 wrong usage
"""
import struct
import sys

INIT_FLAGS = 0x62000020  # code, discardable, executable, readable
RELOCS_STRIPPED = 0x0001
SUBSYSTEM_NATIVE = 1
DYNAMIC_BASE_NX = 0x0140
RELOCATION_DIRECTORY = 5
MACHINE_AMD64, MACHINE_I386 = 0x8664, 0x014C


def checksum(image, field):
    """The PE checksum: 16-bit ones' complement sum of the file without the field, plus the file's length."""
    padded = bytes(image[:field]) + b"\0\0\0\0" + bytes(image[field + 4:]) + b"\0" * (len(image) % 2)
    total = sum(struct.unpack("<%dH" % (len(padded) // 2), padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(image)


def headers(image):
    """Offset of the PE signature."""
    pe = struct.unpack_from("<I", image, 0x3C)[0]
    if image[:2] != b"MZ" or image[pe:pe + 4] != b"PE\0\0":
        raise ValueError("not a PE image")
    return pe


def clear_stamps(image):
    """Time and checksum, which objcopy made of the time."""
    pe = headers(image)
    struct.pack_into("<I", image, pe + 8, 0)
    struct.pack_into("<I", image, pe + 24 + 64, 0)


def finish(image):
    """Edits the bytearray; raises ValueError with a sentence when the image cannot be shipped."""
    pe = headers(image)
    machine, sections = struct.unpack_from("<HH", image, pe + 4)
    optional_size, characteristics = struct.unpack_from("<HH", image, pe + 20)
    optional = pe + 24
    if machine not in (MACHINE_AMD64, MACHINE_I386):
        raise ValueError("unknown machine 0x%04x" % machine)
    subsystem, dll_flags = struct.unpack_from("<HH", image, optional + 68)
    if subsystem != SUBSYSTEM_NATIVE:
        raise ValueError("subsystem %d, not native" % subsystem)
    if dll_flags & DYNAMIC_BASE_NX != DYNAMIC_BASE_NX:
        raise ValueError("not marked DYNAMIC_BASE and NX_COMPAT")
    directories = optional + (112 if machine == MACHINE_AMD64 else 96)
    relocations = struct.unpack_from("<II", image, directories + 8 * RELOCATION_DIRECTORY)
    if not relocations[1]:
        if machine == MACHINE_I386:
            raise ValueError("an x86 image without relocations cannot be loaded anywhere")
        struct.pack_into("<H", image, pe + 22, characteristics & ~RELOCS_STRIPPED)
    elif characteristics & RELOCS_STRIPPED:
        raise ValueError("has relocations and says that they were stripped")
    end = 0
    for i in range(sections):
        header = optional + optional_size + 40 * i
        if image[header:header + 4] == b"INIT":
            struct.pack_into("<I", image, header + 36, INIT_FLAGS)
        raw_size, raw_offset = struct.unpack_from("<II", image, header + 16)
        end = max(end, raw_offset + raw_size)
    if end != len(image):
        raise ValueError("%d bytes behind the last section, where a signature belongs" % (len(image) - end))
    clear_stamps(image)
    struct.pack_into("<I", image, optional + 64, checksum(image, optional + 64))


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: finish_pe.py IMAGE.sys [SYMBOLS]", file=sys.stderr)
        return 2
    for path, edit in zip(arguments, (finish, clear_stamps)):
        with open(path, "rb") as file:
            image = bytearray(file.read())
        try:
            edit(image)
        except (ValueError, struct.error) as error:
            print("finish_pe: %s: %s" % (path, error), file=sys.stderr)
            return 1
        with open(path, "wb") as file:
            file.write(image)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
