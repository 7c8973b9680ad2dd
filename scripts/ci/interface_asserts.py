# SPDX-License-Identifier: MIT OR Apache-2.0
"""Holds the interfaces of drivers/windows/ddk (INTERFACEVtbl) and its GUIDs against abi/vtables.tsv and abi/guids.tsv."""
import os
import re

import pe
import win7_tables as tables

INCLUDES = '#include <ntddk.h>\n#include "portcls.h"\n'
HEADER = "portcls.h"
GUID = re.compile(r"^DEFINE_GUID\(\s*(\w+)\s*,((?:[^()])*)\)\s*;", re.M)
DECLARED = re.compile(r"^struct (\w+)Vtbl \{", re.M)


def parameters(row):
    """The C types of a method's arguments, This first, as the compiled code takes them."""
    interface, types, returned_in = row[0], row[5], row[8]
    result = [interface + " *"]
    if returned_in == "hidden-pointer-after-this":
        result.append(row[4] + " *")
    if types != "void":
        result += [part.strip().replace("const IID &", "REFIID") for part in types.split(",")]
    return result


def slot_asserts(rows):
    """[(key, C line)]: slot, type of every argument and of the result, number of slots."""
    result, counts = [], {}
    for row in rows:
        interface, slot, method, returned_in = row[0], int(row[1]), row[2], row[8]
        counts[interface] = max(counts.get(interface, 0), slot + 1)
        returned = row[4] + " *" if returned_in == "hidden-pointer-after-this" else row[4]
        result.append((interface + "." + method, "_Static_assert(__builtin_offsetof(%sVtbl, %s) == %d * sizeof(void *) && "
                       "__builtin_types_compatible_p(__typeof__(((%sVtbl *)0)->%s), %s (__stdcall *)(%s)), \"\");" % (
                           interface, method, slot, interface, method, returned, ", ".join(parameters(row)))))
    for interface, count in counts.items():
        result.append((interface, "_Static_assert(sizeof(%sVtbl) == %d * sizeof(void *), \"\");" % (interface, count)))
    return result


def check_slots(root, rows, target, folder):
    """Problems of one compiler, number of asserts."""
    asserts = slot_asserts(rows)
    errors, _ = target.compile(root, INCLUDES + "".join(line + "\n" for _, line in asserts), folder)
    first = INCLUDES.count("\n") + 1
    return ["%s: %s differs from Windows 7 (%s/vtables.tsv)" % (target.name, asserts[line - first][0], tables.ABI)
            for line in sorted(errors) if line >= first], len(asserts)


def check_argument_bytes(root, rows, target, folder):
    """What each method pops on x86: read from the decorated name of a function with the method's type."""
    text = INCLUDES
    for i, row in enumerate(rows):
        text += "extern __typeof__(*((%sVtbl *)0)->%s) probe%d_;\nvoid *use%d = (void *)probe%d_;\n" % (row[0], row[2], i, i, i)
    errors, built = target.compile(root, text, folder, to_object=True)
    if errors:
        return ["%s: the interfaces do not compile: %s" % (target.name, sorted(errors.values())[0])]
    with open(built, "rb") as file:
        names = set(pe.symbols_of(file.read()))
    return ["%s: %s.%s does not pop %s bytes (%s/vtables.tsv)" % (target.name, row[0], row[2], row[3], tables.ABI)
            for i, row in enumerate(rows) if "_probe%d_@%s" % (i, row[3]) not in names]


def check_guids(root, rows):
    """Every GUID that a header here defines."""
    values = {row[0]: row[1].upper() for row in rows}
    folder = os.path.join(root, "drivers/windows/ddk")
    problems, count = [], 0
    for name in sorted(os.listdir(folder)):
        text = tables.read(os.path.join(folder, name)) if name.endswith(".h") else ""
        for guid, body in GUID.findall(text):
            parts = [int(part, 16) for part in body.split(",")]
            value = "{%08X-%04X-%04X-%02X%02X-%s}" % (*parts[:5], "".join("%02X" % part for part in parts[5:]))
            count += 1
            if guid not in values:
                problems.append("drivers/windows/ddk/%s: %s has no row in %s/guids.tsv" % (name, guid, tables.ABI))
            elif len(parts) != 11 or values[guid] != value:
                problems.append("drivers/windows/ddk/%s: %s is %s on Windows 7 (%s/guids.tsv)" % (
                    name, guid, values[guid], tables.ABI))
    return problems, count


def check(root, vtables, guids, targets, folder, minimum):
    """(problems, what was checked) for the tree at root."""
    path = os.path.join(root, "drivers/windows/ddk", HEADER)
    if not os.path.isfile(path):
        return [], "no interfaces"
    problems, known = [], {row[0] for row in vtables}
    declared = set(DECLARED.findall(tables.read(path) + tables.read(os.path.join(os.path.dirname(path), "punknown.h"))))
    problems += ["drivers/windows/ddk/%s: %s has no rows in %s/vtables.tsv" % (HEADER, name, tables.ABI)
                 for name in sorted(declared - known)]
    total = 0
    for target in targets:
        wrong, count = check_slots(root, vtables, target, folder)
        problems += wrong
        total += count
        if target.name == "mingw-x86":
            problems += check_argument_bytes(root, vtables, target, folder)
            total += len(vtables)
    wrong, count = check_guids(root, guids)
    problems += wrong
    if total + count < minimum:
        problems.append("only %d asserts about interfaces, at least %d expected" % (total + count, minimum))
    return problems, "%d asserts about %d interfaces and %d GUIDs" % (total, len(known), count)
