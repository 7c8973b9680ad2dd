#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Takes the rows that this project uses out of the full Windows 7 tables into drivers/windows/ddk/abi.

usage: select-win7-rows.py TABLES_FOLDER [ROOT]

TABLES_FOLDER holds the full tables (abi-win7.tsv, constants-win7.tsv and so on, see TABLES in win7_tables.py), measured from
the WDK 7.1 with Microsoft's compilers. A row is taken when its name stands in a driver's or the NT host's source, or when
abi/selection.txt asks for it. Run it when check-win7-tables.py says that a name has no row; nothing else needs the tables.
"""
import fnmatch
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nt_asserts
import win7_tables as tables


def wanted(root):
    """selection.txt as {kind: [glob]}."""
    result = {"record": [], "constant": [], "export": []}
    path = os.path.join(root, tables.ABI, "selection.txt")
    for number, line in enumerate(tables.read(path).split("\n"), 1):
        if line and not line.startswith("#"):
            kind, _, glob = line.partition(" ")
            if kind not in result or not glob:
                raise ValueError("%s:%d: not KIND GLOB" % (path, number))
            result[kind].append(glob)
    return result


def best_header(rows, name_column):
    """The rows of the header that holds for each name."""
    rank = {header: i for i, header in enumerate(tables.HEADERS)}
    best = {}
    for row in rows:
        if row[0] in rank:
            name = row[name_column]
            best[name] = min(best.get(name, len(rank)), rank[row[0]])
    return [row for row in rows if row[0] in rank and rank[row[0]] == best[row[name_column]]]


def select(full, words, calls, extra):
    """{file: rows} from {file: all rows}; words are the names that the sources use, calls those that may be imports."""
    def asked(globs, name):
        return any(fnmatch.fnmatchcase(name, glob) for glob in globs)

    types = words | {word[1:] for word in words if word[0] == "P"}
    result = {
        "layouts.tsv": [row for row in best_header(full["layouts.tsv"], 1)
                        if row[1] in types or asked(extra["record"], row[1])],
        "constants.tsv": [row for row in best_header(full["constants.tsv"], 1)
                          if row[1] in words or asked(extra["constant"], row[1])],
        "vtables.tsv": [row for row in full["vtables.tsv"] if row[0] + "Vtbl" in words],
        "guids.tsv": [row for row in full["guids.tsv"] if row[0] in words and row[2] in tables.HEADERS + ("punknown.h",)],
        "exports.tsv": [row for row in full["exports.tsv"]
                        if row[0] in tables.MODULES and row[4].startswith("import")
                        and (row[1] in calls or asked(extra["export"], row[0] + ":" + row[1]))],
    }
    functions = calls | {row[1] for row in result["exports.tsv"]}
    result["irql.tsv"] = [row for row in full["irql.tsv"]
                          if row[0] in functions and row[1] in tables.HEADERS]
    return result


def declared(root, chosen):
    """Leaves out rows whose name no header of ours declares: a source uses the word for something else."""
    with tempfile.TemporaryDirectory() as folder:
        missing = [set() for _ in nt_asserts.TARGETS]
        for found, target in zip(missing, nt_asserts.TARGETS):
            for unit in tables.units(root):
                found |= {key[1] for key in nt_asserts.run(root, unit, chosen["layouts.tsv"], chosen["constants.tsv"],
                                                           target, folder)[1]}
    headers = {header for unit in tables.units(root) for header in unit[2]}
    nowhere = set.intersection(*missing)
    for name in ("layouts.tsv", "constants.tsv"):
        chosen[name] = [row for row in chosen[name] if row[0] in headers and row[1] not in nowhere]


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    root = arguments[1] if len(arguments) == 2 else os.path.join(os.path.dirname(__file__), "..", "..")
    try:
        heads, full = {}, {}
        for name, (source, columns) in tables.TABLES.items():
            heads[name], full[name] = tables.read_table(os.path.join(arguments[0], source), columns)
        calls = set(tables.words_used(tables.sources(root, ("drivers",)))) | {name for _, _, name in tables.host_exports(root)}
        chosen = select(full, set(tables.words_used(tables.nt_facing(root))), calls, wanted(root))
        declared(root, chosen)
    except (OSError, ValueError, RuntimeError) as error:
        print("select-win7-rows: %s" % error, file=sys.stderr)
        return 2
    for name, rows in chosen.items():
        with open(os.path.join(root, tables.ABI, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(heads[name] + "\n" + "".join("\t".join(row) + "\n" for row in rows))
        print("%s/%s: %d rows" % (tables.ABI, name, len(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
