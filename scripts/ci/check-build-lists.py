#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The three builds of a driver (CMake, Visual Studio, build.exe) compile the same units, which exist, and no file is left over.

A driver is a folder below drivers/ with a CMakeLists.txt that calls aero_driver(). `sources` is read through its stubs; the
INCLUDES of aero_driver() must be the include folders of the other two.
usage: check-build-lists.py [--self-test]    exit 0 clean, 1 a problem that names the file, 2 wrong usage
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard

WINDOWS_ROOT = "drivers"
CALL = re.compile(r"aero_driver\(\s*([\w-]+)(.*?)\n?\s*\)\s*$", re.S | re.M)


def section(body, name):
    """The words behind one keyword of aero_driver()."""
    match = re.search(r"\b%s\b(.*?)(?=\b(?:SOURCES|RESOURCE|INCLUDES|IMPORTS)\b|\Z)" % name, body, re.S)
    return match.group(1) if match else ""


def cmake_folders(root, path, body):
    whole = build_files.read(os.path.join(root, path))
    variables = build_files.cmake_variables(root, whole)
    variables["CMAKE_CURRENT_SOURCE_DIR"] = "./" + os.path.dirname(path)
    return {build_files.join("", word) for word in build_files.cmake_expand(section(body, "INCLUDES"), variables).split()}


def sources_folders(root, path):
    text = re.sub(r"#[^\n]*", "", build_files.read(os.path.join(root, path))).replace("\\\n", " ")
    found = re.findall(r"^\s*INCLUDES\s*=([^\n]*)", text, re.M)
    return {build_files.join(os.path.dirname(path), word.strip()) for value in found for word in value.split(";") if word.strip()}


def vcxproj_folders(root, path):
    text = re.sub(r"<!--.*?-->", "", build_files.read(os.path.join(root, path)), flags=re.S)
    match = re.search(r"<ClCompile>.*?<AdditionalIncludeDirectories>([^<]*)<", text, re.S)
    words = match.group(1).split(";") if match else []
    return {build_files.join(os.path.dirname(path), word.replace("$(ProjectDir)", "")) for word in words if "%(" not in word}


def same(problems, path, found, wanted, what):
    problems += ["%s: lacks %s%s" % (path, what, item) for item in sorted(wanted - found)]
    problems += ["%s: has %s%s, CMakeLists.txt has not" % (path, what, item) for item in sorted(found - wanted)]


def check_driver(root, path, name, body):
    folder, problems = os.path.dirname(path), []
    units = set(build_files.cmake_units(root, path, section(body, "SOURCES") + section(body, "RESOURCE")))
    problems += ["%s: %s does not exist" % (path, unit) for unit in sorted(units) if not os.path.isfile(os.path.join(root, unit))]
    folders = cmake_folders(root, path, body)
    project, sources = "%s/%s.vcxproj" % (folder, name), "%s/sources" % folder
    if not os.path.isfile(os.path.join(root, sources)):
        sources = "%s/src/sources" % folder
    for file in (project, sources):
        if not os.path.isfile(os.path.join(root, file)):
            return problems + ["%s is missing" % file]
    same(problems, project, set(build_files.vcxproj_units(root, project)), units, "")
    listed, more = build_files.sources_units(root, sources)
    problems += more
    same(problems, sources, set(listed), units, "")
    for file, found in ((project, vcxproj_folders(root, project)), (sources, sources_folders(root, sources))):
        same(problems, file, found, folders, "include folder ")
    return problems


def check(root):
    problems, drivers, compiled = [], 0, set()
    files = build_files.walk(root, tops=(WINDOWS_ROOT,))
    for path in files:
        if path.endswith("/CMakeLists.txt"):
            for name, body in CALL.findall(re.sub(r"#[^\n]*", "", build_files.read(os.path.join(root, path)))):
                drivers += 1
                problems += check_driver(root, path, name, body)
        if build_files.is_build_file(path):
            compiled.update(build_files.compiled_units(root, path)[0])
    if not drivers:
        problems.append("no aero_driver() below %s" % WINDOWS_ROOT)
    # Every C file is compiled by some build file, or is a stub that a `sources` file goes through.
    names = {unit.rsplit("/", 1)[-1] for unit in compiled if unit.startswith("?/")}
    for path in files:
        if path.endswith(".c") and path not in compiled and path.rsplit("/", 1)[-1] not in names:
            target = build_files.through_stub(root, path)
            if target == path:
                problems.append("%s: no build file compiles it" % path)
            elif not os.path.isfile(os.path.join(root, target)):
                problems.append("%s: stands for %s, which does not exist" % (path, target))
            elif target not in compiled:
                problems.append("%s: stands for %s, which no build file compiles" % (path, target))
    return problems


BLK = "drivers/windows7/virtio/blk/"

FAULTS = (
    ("a unit missing in the Visual Studio project",
     lambda root: guard.edit(root, BLK + "aerovblk.vcxproj", '<ClCompile Include="start_io.c" />', ""), "lacks " + BLK + "start_io.c"),
    ("a unit missing in `sources`",
     lambda root: guard.edit(root, BLK + "sources", "    start_io.c \\\n", ""), "sources: lacks"),
    ("a unit missing in CMake",
     lambda root: guard.edit(root, BLK + "CMakeLists.txt", "    start_io.c\n", ""), "start_io.c, CMakeLists.txt has not"),
    ("a unit from a folder that build.exe refuses",
     lambda root: guard.edit(root, BLK + "sources", "..\\virtio_reason.c", "..\\..\\..\\windows\\virtio\\common\\virtio_reason.c"),
     "build.exe refuses"),
    ("an include folder missing in `sources`",
     lambda root: guard.edit(root, BLK + "sources", "    ..\\common\\include; \\\n", ""), "include folder"),
    ("a file that no build compiles",
     lambda root: guard.write(root, "drivers/windows/virtio/common/planted.c", "int planted;\n"), "planted.c: no build file"),
    ("a stub without a unit",
     lambda root: guard.write(root, "drivers/windows7/virtio/planted.c", '#include "../../windows/gone.c"\n'), "which does not exist"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-build-lists", check, FAULTS))
