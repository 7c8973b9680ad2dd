# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by select-win7-rows.py and check-win7-tables.py: the tables' formats and which names the sources use."""
import os
import re

ABI = "drivers/windows/ddk/abi"
# Of two rows with one name the header named first here holds. srb.h and scsi.h are ScsiPort's view of StorPort's records
# and never used.
HEADERS = ("storport.h", "wdm.h", "ntddk.h", "ntdef.h", "ntstatus.h", "ntddscsi.h", "basetsd.h", "bugcodes.h",
           "guiddef.h", "pciprop.h")
MODULES = ("storport", "ntoskrnl", "hal")
TABLES = {  # file here: (file of the full tables, columns)
    "layouts.tsv": ("abi-win7.tsv", 7),
    "constants.tsv": ("constants-win7.tsv", 5),
    "exports.tsv": ("exports-win7.tsv", 7),
    "irql.tsv": ("irql-win7.tsv", 6),
}
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
WORD = re.compile(r"[A-Za-z_]\w*")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"](?:[^>"\n]*/)?([^>"/\n]+)[>"]', re.M)
NT_HEADERS = {"ntddk.h", "wdm.h", "ntdef.h", "ntddscsi.h"}
EXPORT_LINE = re.compile(r'^[ \t]*NT_EXPORT(?:_AS)?\(\s*"([^"]+)"\s*,\s*(\w+)', re.M)


def read_table(path, columns):
    """(header line, rows); ValueError names the line that has another number of columns."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if line and not line.startswith("#"):
            row = line.split("\t")
            if len(row) != columns:
                raise ValueError("%s:%d: %d columns, not %d" % (path, number, len(row), columns))
            rows.append(row)
    return lines[0], rows


def sources(root, tops=("drivers", "tests/nthost")):
    """C files of the drivers, without their tests, and of the NT host."""
    for top in tops:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            if top == "drivers":
                folders[:] = [name for name in folders if name != "tests"]
            folders.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.join(folder, name)


def nt_facing(root):
    """The sources whose NT names must have rows: all of the drivers; of the host those that include an NT header."""
    paths = list(sources(root))
    includes = {path: set(INCLUDE.findall(read(path))) for path in paths}
    names, grown = set(NT_HEADERS), True
    while grown:
        new = {os.path.basename(path) for path in paths if path.endswith(".h") and includes[path] & names}
        grown = not new <= names
        names |= new
    driver_part = os.path.join(root, "drivers") + os.sep
    return [path for path in paths if path.startswith(driver_part) or includes[path] & names
            or os.path.basename(path) in names]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def words_used(paths):
    """Every identifier outside comments and strings: word -> one file that has it."""
    words = {}
    for path in paths:
        for word in WORD.findall(NOISE.sub(" ", INCLUDE.sub(" ", read(path)))):
            words.setdefault(word, path)
    return words


def host_exports(root):
    """(file, module, name) for each NT_EXPORT line of the NT host."""
    for path in sources(root, ("tests/nthost",)):
        for module, name in EXPORT_LINE.findall(read(path)):
            yield path, module, name
