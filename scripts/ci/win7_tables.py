# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by select-win7-rows.py and check-win7-tables.py: the tables' formats and which names the sources use."""
import os
import re

ABI = "drivers/windows/ddk/abi"
# What is compiled together: (our header, what is included, the kit's headers whose rows hold for it). A unit whose header does
# not exist is left out. Of two rows with one name the header named first holds. srb.h and scsi.h are ScsiPort's view of
# StorPort's records and never used.
UNITS = (
    ("storport.h", '#include <ntddk.h>\n#include <ntddscsi.h>\n#include "storport.h"\n',
     ("storport.h", "wdm.h", "ntddk.h", "ntdef.h", "ntstatus.h", "ntddscsi.h", "basetsd.h", "bugcodes.h", "guiddef.h",
      "pciprop.h")),
    ("ndis.h", '#include <ntddk.h>\n#include "ndis.h"\n', ("ndis.h", "ntddndis.h", "ifdef.h", "ipifcons.h")),
    ("wdf.h", '#include <ntddk.h>\n#include "wdf.h"\n',
     ("wdftypes.h", "wdfcore.h", "wdfglobals.h", "wdfdriverentry.lib", "wdffuncenum.h", "wdfstatus.h", "wdfobject.h",
      "wdfdriver.h", "wdfdevice.h", "wdffdo.h", "wdfresource.h", "wdfio.h", "wdfrequest.h", "wdfinterrupt.h", "wdfsync.h",
      "wdftimer.h", "wdfworkitem.h", "wdfdpc.h", "wdfmemory.h", "wdfdmaenabler.h", "wdfcommonbuffer.h")),
    ("hidport.h", '#include <ntddk.h>\n#include <hidusage.h>\n#include <hidpi.h>\n#include "hidpddi.h"\n#include "hidport.h"\n',
     ("hidport.h", "hidclass.h", "hidpddi.h", "hidpi.h", "hidusage.h")),
    ("portcls.h", '#include <ntddk.h>\n#include "portcls.h"\n', ("portcls.h", "ks.h", "ksmedia.h", "mmreg.h")),
)
HEADERS = tuple(header for _, _, headers in UNITS for header in headers)
MODULES = ("storport", "ntoskrnl", "hal", "ndis", "wdfldr", "hidclass", "portcls")
TABLES = {  # file here: (file of the full tables, columns)
    "layouts.tsv": ("abi-win7.tsv", 7),
    "constants.tsv": ("constants-win7.tsv", 5),
    "exports.tsv": ("exports-win7.tsv", 7),
    "irql.tsv": ("irql-win7.tsv", 6),
    "vtables.tsv": ("vtables-win7.tsv", 10),
    "guids.tsv": ("guids-win7.tsv", 3),
}
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
WORD = re.compile(r"[A-Za-z_]\w*")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"](?:[^>"\n]*/)?([^>"/\n]+)[>"]', re.M)
NT_HEADERS = {"ntddk.h", "wdm.h", "ntdef.h", "ntddscsi.h"}
EXPORT_LINE = re.compile(r'^[ \t]*NT_EXPORT(?:_AS)?\(\s*("[^"]+"|\w+)\s*,\s*(\w+)', re.M)


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


def units(root):
    """The units of UNITS that this tree has: [(name, includes, headers)]."""
    return [unit for unit in UNITS if os.path.isfile(os.path.join(root, "drivers/windows/ddk", unit[0]))]


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
    """(file, module, name) for each NT_EXPORT line of the NT host; the module is a string or a macro of the same file."""
    for path in sources(root, ("tests/nthost",)):
        text = read(path)
        for module, name in EXPORT_LINE.findall(text):
            if module[0] != '"':
                macro = re.search(r'^[ \t]*#[ \t]*define[ \t]+%s[ \t]+("[^"\n]+")' % module, text, re.M)
                if not macro:
                    raise ValueError("%s: NT_EXPORT(%s, %s): %s is no string macro of this file" % (path, module, name, module))
                module = macro.group(1)
            yield path, module.strip('"'), name
