#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Holds what driver and NT host believe about Windows 7 against drivers/windows/ddk/abi, both architectures.

  layouts    size, offsets and bit positions of every record in layouts.tsv, as the compilers of drivers and host see them
  constants  every value in constants.tsv
  coverage   every NT record and constant that a source names has a row
  interfaces slots, argument bytes on x86 and types of every method in vtables.tsv, every GUID in guids.tsv
  sizes      sizeof is not used for a record that mingw-exceptions.tsv says has the wrong size
  exports    every import of a built driver is an export of that module and architecture, is decorated as there, and has
             an IRQL contract; the same for toolchain/*.def and the NT host's tables of functions

The compilers are mingw-w64's for amd64 and x86 (drivers) and gcc -m64 and -m32 in NT mode (host), mingw-exceptions.tsv lists
what mingw-w64 has wrong and why that is harmless; a row there that no longer fails is an error too.

usage: check-win7-tables.py [--drivers FOLDER] [--self-test]
FOLDER (default build/drivers) may be absent: then the part about built drivers is left out, which is said.
exit 0 all hold, 1 something differs, 2 wrong usage
"""
import fnmatch
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import interface_asserts
import nt_asserts
import pe
import win7_tables as tables

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MINIMUM_ASSERTS = 2000  # a target: fewer means that tables or generator are broken
MINIMUM_INTERFACE_ASSERTS = 500
SLOT = 1024
RECORD_CLASSES = (12, 13)  # __builtin_classify_type of struct and union


quiet = False


def say(line):
    if not quiet:
        print("check-win7-tables: " + line)


class Tables:
    """The tables of one tree."""

    def __init__(self, root):
        def load(name, columns):
            return tables.read_table(os.path.join(root, tables.ABI, name), columns)[1]
        self.root = root
        self.layouts, self.constants = load("layouts.tsv", 7), load("constants.tsv", 5)
        self.exports, self.irql = load("exports.tsv", 7), load("irql.tsv", 6)
        self.vtables, self.guids = load("vtables.tsv", 10), load("guids.tsv", 3)
        self.documented = load("irql-documented.tsv", 5)
        self.exceptions = load("mingw-exceptions.tsv", 5)
        self.outside = {row[0] for row in load("not-in-tables.tsv", 2)}


def check_bit_fields(data, unit, target, folder, failing):
    """Bit positions, read from an object in which each field in turn is all ones. (keys that fail, number)"""
    _, includes, headers = unit
    column = 3 if target.arch == "amd64" else 5
    rows = [row for row in data.layouts
            if row[0] in headers and ":" in row[column] and not {("layout", row[1], "-"), ("layout", row[1], row[2])} & failing]
    if not rows:
        return set(), 0
    text = includes
    for i, row in enumerate(rows):
        text += ("union u%d { %s record; unsigned char bytes[%d]; };\n__attribute__((section(\"bits\"), used, aligned(16))) "
                 "union u%d v%d = {.record = {.%s = -1}};\n" % (i, row[1], SLOT, i, i, row[2]))
    # -fno-toplevel-reorder keeps the slots in order.
    wrapped = nt_asserts.Target(target.name, target.arch, lambda root: target.command(root) + ["-fno-toplevel-reorder"], target.objcopy)
    bad, built = wrapped.compile(data.root, text, folder, to_object=True)
    if bad:  # fields that no header has: the others are looked at without them
        first = includes.count("\n") + 1
        missing = {("layout", rows[(line - first) // 2][1], rows[(line - first) // 2][2]) for line in bad}
        wrong, count = check_bit_fields(data, unit, target, folder, failing | missing)
        return wrong | missing, count + len(missing)
    image = built + ".bin"
    subprocess.run([target.objcopy, "-O", "binary", "-j", "bits", built, image], check=True)
    with open(image, "rb") as file:
        content = file.read()
    wrong = set()
    for i, row in enumerate(rows):
        byte, bit, width = (int(part) for part in row[column].split(":"))
        expected = ((1 << width) - 1) << (8 * byte + bit)
        if int.from_bytes(content[i * SLOT:(i + 1) * SLOT], "little") != expected:
            wrong.add(("layout", row[1], row[2]))
    return wrong, len(rows)


def excepted(exceptions, key, target):
    """The exception row that allows this failure, or None."""
    for row in exceptions:
        if row[0] == key[0] and fnmatch.fnmatchcase(key[1], row[1]) and fnmatch.fnmatchcase(key[2], row[2]) \
                and (row[3] == "*" or target in row[3].split(",")):
            return tuple(row)
    return None


def check_declarations(data, folder):
    """Layouts, bit-fields and constants for every target."""
    problems, used = [], set()
    for target in nt_asserts.TARGETS:
        total = 0
        for unit in tables.units(data.root):
            failing, undeclared, count = nt_asserts.run(data.root, unit, data.layouts, data.constants, target, folder)
            for key in sorted(undeclared):
                problems.append("%s: no header declares %s, which has rows in %s" % (target.name, key[1], tables.ABI))
            wrong_bits, bits = check_bit_fields(data, unit, target, folder, set(failing) | undeclared)
            total += count + bits
            for key in sorted(failing.keys() | wrong_bits):
                row = excepted(data.exceptions, key, target.name)
                if row:
                    used.add(row)
                else:
                    problems.append("%s: %s %s.%s differs from Windows 7 (%s/%ss.tsv)" % (
                        target.name, key[0], key[1], key[2], tables.ABI, key[0]))
        if total < MINIMUM_ASSERTS:
            problems.append("%s: only %d asserts, at least %d expected" % (target.name, total, MINIMUM_ASSERTS))
        say("%s: %d asserts" % (target.name, total))
    for row in data.exceptions:
        if tuple(row) not in used:
            problems.append("%s/mingw-exceptions.tsv: %s %s %s no longer differs: remove the row" % (
                tables.ABI, row[0], row[1], row[2]))
    return problems


def header_words(includes, target, root, folder):
    """Macros, enumerators and types of the NT headers, without those of the C library's headers and of the compiler."""
    empty, full = os.path.join(folder, "empty.c"), os.path.join(folder, "all.c")
    for path, text in ((empty, ""), (full, includes)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    own, all_text = (subprocess.run(target.command(root) + ["-E", option, path], capture_output=True, text=True,
                                    check=True).stdout for option, path in (("-dM", empty), ("-dD", full)))
    kept, wanted = [], False
    for line in all_text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            path = marker.group(1)
            wanted = "/ddk/" in path or os.path.basename(path) in tables.HEADERS
        elif wanted:
            kept.append(line)
    words = {line.split()[1] for line in kept if re.match(r"#define \w+ ", line)}
    text = "\n".join(line for line in kept if not line.startswith("#"))
    for enumerators in re.findall(r"\benum\b\s*\w*\s*\{([^}]*)\}", text):
        words.update(tables.WORD.findall(enumerators))
    words.update(re.findall(r"\}\s*(\w+)\s*[,;]", text))
    words.update(re.findall(r"\btypedef\s[^;{}()]*?(\w+)\s*(?:,[^;]*)?;", text))
    return words - {line.split()[1] for line in own.splitlines()}


def check_coverage(data, folder):
    """Names that NT headers give a constant value or a record, that a source uses and no table has."""
    words = tables.words_used(tables.nt_facing(data.root))
    words.update({word[1:]: path for word, path in words.items() if word[0] == "P" and word[1:] not in words})
    known = {row[1] for row in data.constants} | {row[1] for row in data.layouts} | data.outside
    known |= {row[0] + end for row in data.vtables for end in ("", "Vtbl")}
    problems = {}
    for _, includes, _ in tables.units(data.root):
        names = sorted((set(words) - known) & header_words(includes, nt_asserts.TARGETS[0], data.root, folder))
        text = includes
        for name in names:
            text += ("enum { probe_%s = (int)(%s) };\n_Static_assert(__builtin_classify_type(*(%s *)0) == %d || "
                     "__builtin_classify_type(*(%s *)0) == %d, \"\");\n"
                     % (name, name, name, RECORD_CLASSES[0], name, RECORD_CLASSES[1]))
        bad, _ = nt_asserts.TARGETS[0].compile(data.root, text, folder)
        first = includes.count("\n") + 1
        for i, name in enumerate(names):
            what = "constant" if first + 2 * i not in bad else "record" if first + 2 * i + 1 not in bad else None
            if what:
                problems[name] = "%s: %s %s has no row in %s" % (
                    os.path.relpath(words[name], data.root), what, name, tables.ABI)
    return list(problems.values())


def check_interfaces(data, folder):
    problems, what = interface_asserts.check(data.root, data.vtables, data.guids, nt_asserts.TARGETS, folder,
                                             MINIMUM_INTERFACE_ASSERTS)
    say(what)
    return problems


def check_sizes(data):
    """A record whose size is wrong in mingw's headers is never measured by sizeof."""
    problems = []
    for name in sorted(row[1] for row in data.exceptions if row[0] == "layout" and row[2] == "-"):
        pattern = re.compile(r"sizeof\s*\(\s*(?:struct\s+_)?%s\s*\)" % re.escape(name))
        for path in tables.sources(data.root):
            if pattern.search(tables.NOISE.sub(" ", tables.read(path))):
                problems.append("%s: sizeof(%s), which mingw-w64 has wrong" % (os.path.relpath(path, data.root), name))
    return problems


def decorated(name, decoration):
    """The x86 import symbol of an export row."""
    if decoration.startswith("fastcall@"):
        return "__imp_@%s@%s" % (name, decoration[9:])
    if decoration.startswith("@"):
        return "__imp__%s%s" % (name, decoration)
    return "__imp__" + name


class Exports:
    def __init__(self, data):
        self.rows = {}
        for module, name, archs, decoration, member, dll, _ in data.exports:
            for arch in archs.split(","):
                self.rows[(dll.lower(), name, arch)] = (decoration, member)
        self.contracts = {row[0] for row in data.irql if row[4] != "-"} | {row[0] for row in data.documented}

    def problem(self, dll, name, arch):
        row = self.rows.get((dll.lower(), name, arch))
        if row is None:
            return "%s is no export of Windows 7's %s on %s (as far as %s/exports.tsv goes)" % (name, dll, arch, tables.ABI)
        if row[1] == "import" and name not in self.contracts:
            return "%s has no IRQL contract in %s/irql.tsv or irql-documented.tsv" % (name, tables.ABI)
        return None


def check_driver(exports, path):
    """One built driver."""
    with open(path, "rb") as file:
        arch, imports = pe.imports_of(file.read())
    problems = [exports.problem(dll, name, arch) for dll, name in imports]
    if not imports:
        problems.append("imports nothing")
    with open(path + ".debug", "rb") as file:
        symbols = set(pe.symbols_of(file.read()))
    problems += ["calls %s: a stack frame of more than a page" % name for name in sorted(symbols) if "chkstk" in name]
    if arch == "x86":
        for dll, name in imports:
            row = exports.rows.get((dll.lower(), name, arch))
            if row and decorated(name, row[0]) not in symbols:
                problems.append("%s is not called as %s" % (name, decorated(name, row[0])[6:]))
    return ["%s: %s" % (path, problem) for problem in problems if problem]


def check_definitions(data):
    """toolchain/*.def against the rows of their module."""
    problems = []
    folder = os.path.join(data.root, "toolchain")
    for file in sorted(name for name in os.listdir(folder) if name.endswith(".def")):
        lines = [line for line in tables.read(os.path.join(folder, file)).split("\n") if line and line[0] != ";"]
        rows = {row[1]: row for row in data.exports if row[0] == file[:-4] and row[4].startswith("import")}
        if not lines or lines[0].split()[-1].lower() not in {row[5].lower() for row in rows.values()}:
            problems.append("toolchain/%s: LIBRARY does not name the module" % file)
        for entry in (line.strip() for line in lines[2:]):
            name, at, size = entry.partition("@")
            row = rows.get(name)
            if row is None or row[2] != "amd64,x86":
                problems.append("toolchain/%s: %s is not exported on both architectures" % (file, name))
            elif at + size != (row[3] if row[3].startswith("@") else ""):
                problems.append("toolchain/%s: %s is decorated %s on x86" % (file, name, row[3]))
    return problems


def check_exports(data, drivers):
    exports = Exports(data)
    problems = check_definitions(data)
    for path, module, name in tables.host_exports(data.root):
        if not any((module.lower(), name, arch) in exports.rows for arch in ("amd64", "x86")):
            problems.append("%s: %s is no export of Windows 7's %s (as far as %s/exports.tsv goes)" % (
                os.path.relpath(path, data.root), name, module, tables.ABI))
    built = {arch: set() for arch in ("amd64", "x86")}
    for arch, names in built.items():
        folder = os.path.join(drivers, arch)
        names.update(file for file in (os.listdir(folder) if os.path.isdir(folder) else ()) if file.endswith(".sys"))
        for name in sorted(names):
            problems += check_driver(exports, os.path.join(folder, name))
    for name in sorted(built["amd64"] ^ built["x86"]):
        problems.append("%s: %s is built for one architecture only" % (drivers, name))
    found = sum(len(names) for names in built.values())
    say("imports of %d built drivers%s" % (found, "" if found else " (none in %s: left out)" % drivers))
    return problems


PARTS = {
    "declarations": lambda data, folder, drivers: check_declarations(data, folder),
    "coverage": lambda data, folder, drivers: check_coverage(data, folder),
    "interfaces": lambda data, folder, drivers: check_interfaces(data, folder),
    "sizes": lambda data, folder, drivers: check_sizes(data),
    "exports": lambda data, folder, drivers: check_exports(data, drivers),
}


def check(root, drivers, parts=tuple(PARTS)):
    data = Tables(root)
    with tempfile.TemporaryDirectory() as folder:
        return [problem for part in parts for problem in PARTS[part](data, folder, drivers)]


def plant(root, file, old, new):
    path = os.path.join(root, file)
    text = tables.read(path)
    if old not in text:
        raise RuntimeError("self-test: %s has no %r to change" % (file, old))
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text.replace(old, new, 1))


def write_pe(path, module, name):
    """A minimal amd64 image with one import and a symbol file, for the self-test."""
    image = bytearray(0x400)
    image[0:2] = b"MZ"
    struct.pack_into("<I", image, 0x3C, 0x40)
    image[0x40:0x44] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", image, 0x44, 0x8664, 1, 0, 0, 0, 240, 0x22)
    struct.pack_into("<II", image, 0x58 + 112 + 8, 0x1000, 40)
    struct.pack_into("<8sIIII", image, 0x58 + 240, b".idata", 0x200, 0x1000, 0x200, 0x200)
    struct.pack_into("<IIIII", image, 0x200, 0x1040, 0, 0, 0x1080, 0x1060)
    struct.pack_into("<QQ", image, 0x240, 0x10A0, 0)
    image[0x280:0x280 + len(module)] = module.encode()
    image[0x2A2:0x2A2 + len(name)] = name.encode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(image)
    with open(path + ".debug", "wb") as file:
        file.write(struct.pack("<HHIIIHH", 0x8664, 0, 0, 20, 1, 0, 0))
        file.write(struct.pack("<8sIhHBB", b"start", 0, 1, 0, 2, 0) + struct.pack("<I", 4))


FAULTS = (  # the part of the check, what is planted, file, text, text instead, words that the report must have
    ("declarations", "a wrong offset in our header", "drivers/windows/ddk/storport.h", "    ULONG BusInterruptLevel;\n",
     "    ULONG BusInterruptLevel;\n    ULONG Extra;\n", "PORT_CONFIGURATION_INFORMATION"),
    ("declarations", "a wrong offset in the table", tables.ABI + "/layouts.tsv", "storport.h\tSCSI_REQUEST_BLOCK\tCdb\t72\t16",
     "storport.h\tSCSI_REQUEST_BLOCK\tCdb\t71\t16", "SCSI_REQUEST_BLOCK.Cdb"),
    ("declarations", "a wrong value in our header", "drivers/windows/ddk/storport.h", "SRB_STATUS_BUSY                   0x05",
     "SRB_STATUS_BUSY                   0x15", "SRB_STATUS_BUSY"),
    ("declarations", "a wrong bit", "drivers/windows/ddk/storport.h", "    ULONG DeviceD1 : 1;\n    ULONG DeviceD2 : 1;\n",
     "    ULONG DeviceD2 : 1;\n    ULONG DeviceD1 : 1;\n", "STOR_DEVICE_CAPABILITIES.DeviceD1"),
    ("coverage", "a constant without a row", "drivers/windows/ddk/storport.h", "#define SP_UNTAGGED",
     "#define SP_PLANTED FILE_DEVICE_TAPE\n#define SP_UNTAGGED", "FILE_DEVICE_TAPE has no row"),
    ("coverage", "a record without a row", "drivers/windows/ddk/storport.h", "typedef struct _ACCESS_RANGE {",
     "typedef FILE_BASIC_INFORMATION PLANTED;\ntypedef struct _ACCESS_RANGE {", "FILE_BASIC_INFORMATION has no row"),
    ("sizes", "a size that mingw has wrong", "drivers/windows/ddk/storport.h", "#define MINIPORT_REG_SZ     1",
     "#define MINIPORT_REG_SZ     (sizeof(DEVICE_OBJECT) ? 1 : 1)", "sizeof(DEVICE_OBJECT)"),
    ("declarations", "a missing field in our NDIS headers", "drivers/windows/ddk/ndis_buffer.h", "    USHORT ChecksumBias;\n", "",
     "NET_BUFFER.Reserved"),
    ("declarations", "a wrong bit in our NDIS headers", "drivers/windows/ddk/ndis_buffer.h",
     "            ULONG MSS : 20;\n            ULONG TcpHeaderOffset : 10;\n            ULONG Type : 1;\n            ULONG IPVersion",
     "            ULONG MSS : 19;\n            ULONG TcpHeaderOffset : 10;\n            ULONG Type : 1;\n            ULONG IPVersion",
     "LsoV2Transmit.TcpHeaderOffset"),
    ("declarations", "a wrong status in our NDIS headers", "drivers/windows/ddk/ndis_oid.h", "0xC023002A", "0xC023002B",
     "NDIS_STATUS_PAUSED"),
    ("declarations", "a missing field in our PortCls headers", "drivers/windows/ddk/portcls.h", "    ULONG InstanceSize;\n", "",
     "PCPROPERTY_REQUEST.Instance"),
    ("interfaces", "two slots exchanged", "drivers/windows/ddk/portcls.h",
     "    NTSTATUS(NTAPI *SetFormat)(name *This, PKSDATAFORMAT DataFormat);",
     "    NTSTATUS(NTAPI *SetFormatX)(name *This, PKSDATAFORMAT DataFormat);", "IMiniportWaveRTStream.SetFormat"),
    ("interfaces", "a method with an argument less", "drivers/windows/ddk/portcls.h",
     "VOID(NTAPI *FreePagesFromMdl)(IPortWaveRTStream *This, PMDL Mdl);",
     "VOID(NTAPI *FreePagesFromMdl)(IPortWaveRTStream *This);", "FreePagesFromMdl does not pop 8"),
    ("interfaces", "a method with exchanged arguments", "drivers/windows/ddk/portcls.h",
     "UnmapAllocatedPages)(IPortWaveRTStream *This, PVOID BaseAddress, PMDL Mdl)",
     "UnmapAllocatedPages)(IPortWaveRTStream *This, PMDL Mdl, PVOID BaseAddress)", "IPortWaveRTStream.UnmapAllocatedPages"),
    ("interfaces", "a method behind the last slot", "drivers/windows/ddk/portcls.h",
     "    VOID(NTAPI *PowerChangeNotify)(IPowerNotify *This, POWER_STATE NewState);",
     "    VOID(NTAPI *PowerChangeNotify)(IPowerNotify *This, POWER_STATE NewState);\n    PVOID Extra;", "IPowerNotify differs"),
    ("interfaces", "an interface without rows", "drivers/windows/ddk/portcls.h", "AERO_INTERFACE(IPowerNotify);",
     "AERO_INTERFACE(IPlanted);\nstruct IPlantedVtbl {\n    AERO_UNKNOWN_SLOTS(IPlanted)\n};\nAERO_INTERFACE(IPowerNotify);",
     "IPlanted has no rows"),
    ("interfaces", "a wrong GUID", "drivers/windows/ddk/portcls.h", "IID_IMiniportWaveRT, 0x0F9FC4D6", "IID_IMiniportWaveRT, 0x0F9FC4D7",
     "IID_IMiniportWaveRT is"),
    ("interfaces", "COM's IUnknown in place of PortCls'", "drivers/windows/ddk/punknown.h", "0x00, 0x00, 0xC0", "0xC0, 0x00, 0x00",
     "IID_IUnknown is"),
    ("exports", "a cdecl import decorated", "toolchain/ndis.def", "    NdisWriteErrorLogEntry", "    NdisWriteErrorLogEntry@0",
     "NdisWriteErrorLogEntry is decorated"),
    ("exports", "a wrong decoration", "toolchain/storport.def", "StorPortInitialize@16", "StorPortInitialize@12",
     "StorPortInitialize is decorated"),
    ("declarations", "an exception that nothing needs", tables.ABI + "/mingw-exceptions.tsv", "\nlayout\t",
     "\nlayout\tSCSI_REQUEST_BLOCK\tLun\t*\tplanted\nlayout\t", "no longer differs"),
)


def self_test():
    """Plants each fault in a copy of the tree and expects it to be named."""
    global quiet
    quiet, failures = True, 0

    def expect(what, problems, word):
        nonlocal failures
        caught = any(word in problem for problem in problems)
        failures += not caught
        print("check-win7-tables: self-test: %s: %s" % (what, "caught" if caught else "NOT CAUGHT"))

    with tempfile.TemporaryDirectory() as top:
        tree = os.path.join(top, "tree")
        for part in ("drivers", "toolchain", "tests/nthost"):
            if os.path.isdir(os.path.join(ROOT, part)):
                shutil.copytree(os.path.join(ROOT, part), os.path.join(tree, part))
        none = os.path.join(top, "none")
        for part, what, file, old, new, word in FAULTS:
            path = os.path.join(tree, file)
            kept = tables.read(path)
            plant(tree, file, old, new)
            expect(what, check(tree, none, (part,)), word)
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(kept)
        exports = Exports(Tables(tree))
        for what, module, name, word in (
                ("an import that Windows 7 lacks", "storport.sys", "StorPortInitializeTimer", "StorPortInitializeTimer"),
                ("an import of the wrong module", "ntoskrnl.exe", "StorPortInitialize", "ntoskrnl.exe"),
                ("an import of the wrong architecture", "storport.sys", "StorPortReadRegisterUlong", "on amd64")):
            image = os.path.join(top, "amd64", "planted.sys")
            write_pe(image, module, name)
            expect(what, check_driver(exports, image), word)
        image = os.path.join(top, "amd64", "frame.sys")
        write_pe(image, "storport.sys", "StorPortInitialize")
        with open(image + ".debug", "r+b") as file:  # a long name stands in the string table
            file.seek(20)
            file.write(struct.pack("<II", 0, 4))
            file.seek(0, os.SEEK_END)
            file.write(b"___chkstk_ms\0")
        expect("a frame that needs a stack probe", check_driver(exports, image), "___chkstk_ms")
        image = os.path.join(top, "amd64", "good.sys")
        write_pe(image, "storport.sys", "StorPortInitialize")
        good = not check_driver(exports, image)
        failures += not good
        print("check-win7-tables: self-test: a right import: %s" % ("passes" if good else "REFUSED"))
        os.makedirs(os.path.join(tree, "tests/nthost"), exist_ok=True)
        with open(os.path.join(tree, "tests/nthost/planted.c"), "w", encoding="utf-8") as file:
            file.write('static struct export t[] = {\n    NT_EXPORT("storport.sys", StorPortPlanted),\n};\n')
        expect("an export of the NT host that Windows 7 lacks", check_exports(Tables(tree), none), "StorPortPlanted")
    return 1 if failures else 0


def main(arguments):
    drivers = os.path.join(ROOT, "build/drivers")
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) == 2 and arguments[0] == "--drivers":
        drivers = arguments[1]
    elif arguments:
        print("usage: check-win7-tables.py [--drivers FOLDER] [--self-test]", file=sys.stderr)
        return 2
    problems = check(ROOT, drivers)
    for problem in problems:
        print("check-win7-tables: " + problem, file=sys.stderr)
    if problems:
        print("check-win7-tables: scripts/ci/select-win7-rows.py adds rows from the full tables", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, RuntimeError, ValueError, struct.error) as error:
        print("check-win7-tables: %s" % error, file=sys.stderr)
        sys.exit(1)
