# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shared by the guards: reads build files (CMake, Visual Studio, build.exe's `sources`, make) and docs/virtio/README.md."""
import os
import re

STUB = re.compile(r'\A(?:\s*/\*.*?\*/)*\s*#include\s+"([^"]+\.c)"\s*\Z', re.S)
CMAKE_SET = re.compile(r"\bset\(\s*(\w+)\s+([^()]*?)\)", re.S)
IGNORED = {"build", "node_modules"}
UNIT = re.compile(r"\.(c|rc|S)$", re.I)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def walk(root, tops=("drivers", "tests", "tools", "packaging", "cmake")):
    """Files below the tops, as paths relative to root with forward slashes, sorted."""
    found = []
    for top in tops:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(name for name in folders if name not in IGNORED and not name.startswith(("build-", ".")))
            found += [os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/") for name in files]
    return sorted(found)


def join(folder, path):
    return os.path.normpath(os.path.join(folder, path.replace("\\", "/"))).replace(os.sep, "/")


def is_build_file(path):
    name = path.rsplit("/", 1)[-1]
    return name in ("CMakeLists.txt", "Makefile", "sources") or name.endswith((".vcxproj", ".cmake", ".mk"))


def vcxproj_units(root, path):
    """Units that a Visual Studio project compiles, relative to root."""
    text = re.sub(r"<!--.*?-->", "", read(os.path.join(root, path)), flags=re.S)
    return [join(os.path.dirname(path), unit)
            for unit in re.findall(r'<(?:ClCompile|ResourceCompile)\s+Include="([^"]+)"', text)]


def through_stub(root, unit):
    """The unit that a one-line #include stub stands for, or the unit itself."""
    path = os.path.join(root, unit)
    if unit.endswith(".c") and os.path.isfile(path):
        match = STUB.match(read(path))
        if match:
            return join(os.path.dirname(unit), match.group(1))
    return unit


def sources_units(root, path):
    """(units that build.exe compiles with stubs resolved, problems) of a `sources` file."""
    text = re.sub(r"#[^\n]*", "", read(os.path.join(root, path))).replace("\\\n", " ")
    units, problems = [], []
    for value in re.findall(r"^\s*(?:SOURCES|I386_SOURCES|AMD64_SOURCES)\s*=([^\n]*)", text, re.M):
        for token in value.split():
            local = token.replace("\\", "/")
            if re.sub(r"^(\.\./|i386/|amd64/)", "", local).count("/"):
                problems.append("%s: %s is neither in this folder nor in its parent: build.exe refuses it" % (path, token))
            unit = through_stub(root, join(os.path.dirname(path), local))
            if os.path.basename(unit) != os.path.basename(local):
                problems.append("%s: stub %s stands for %s, which has another name" % (path, token, unit))
            units.append(unit)
    return units, problems


def cmake_variables(root, text):
    """Plain set() variables of a CMake file and of the shared ones it builds on."""
    variables = {}
    shared = [read(os.path.join(root, "cmake", name)) for name in ("host.cmake", "drivers.cmake")
              if os.path.isfile(os.path.join(root, "cmake", name))]
    for part in shared + [text]:
        for name, value in CMAKE_SET.findall(re.sub(r"#[^\n]*", "", part)):
            variables[name] = value.strip()
    variables["AERO_ROOT"] = "."
    return variables


def cmake_expand(value, variables, depth=0):
    if depth > 8:
        return value
    return re.sub(r"\$\{(\w+)\}", lambda match: cmake_expand(variables.get(match.group(1), match.group(0)), variables,
                                                             depth + 1), value)


def cmake_units(root, path, text=None):
    """Every unit that a CMake file names, relative to root; a path with an unknown variable keeps its tail."""
    whole = re.sub(r"#[^\n]*", "", read(os.path.join(root, path)))
    variables = cmake_variables(root, whole)
    folder = os.path.dirname(path)
    variables["CMAKE_CURRENT_SOURCE_DIR"] = variables["CMAKE_CURRENT_LIST_DIR"] = "./" + folder
    body = CMAKE_SET.sub("", whole) if text is None else text
    units = []
    for token in cmake_expand(body, variables).replace('"', " ").replace("(", " ").replace(")", " ").split():
        if UNIT.search(token) and "$" not in token:
            units.append(join("", token) if token.startswith("./") else join(folder, token))
        elif UNIT.search(token):
            units.append("?/" + token.rsplit("/", 1)[-1])
    return units


def make_units(root, path):
    """Units that a makefile names, by base name where the folder is a variable."""
    text = re.sub(r"#[^\n]*", "", read(os.path.join(root, path)))
    variables = dict(re.findall(r"^(\w+)\s*[:?]?=\s*(.*?)\s*$", text, re.M))
    folder, units = os.path.dirname(path), []
    for _ in range(4):
        text = re.sub(r"\$[({](\w+)[)}]", lambda match: variables.get(match.group(1), match.group(0)), text)
    for token in text.split():
        if token.endswith(".c") and "%" not in token:
            units.append("?/" + token.rsplit("/", 1)[-1] if "$" in token else join(folder, token))
    return units


def compiled_units(root, path):
    """(units, problems) of any build file."""
    if path.endswith(".vcxproj"):
        return vcxproj_units(root, path), []
    if path.endswith("sources"):
        return sources_units(root, path)
    if path.endswith("Makefile") or path.endswith(".mk"):
        return make_units(root, path), []
    return cmake_units(root, path), []


# ---- docs/virtio/README.md ----

INDEX = "docs/virtio/README.md"


class IndexFormatError(ValueError):
    """The index does not have the form that the guards read."""


def expand_braces(text):
    match = re.search(r"\{([^{}]*)\}", text)
    if not match:
        return [text]
    return [item for part in match.group(1).split(",")
            for item in expand_braces(text[:match.start()] + part + text[match.end():])]


def index_list(root, start):
    """
    {path: planned} of the list that follows the line matching start, in the index. A list ends at a line that is neither
    empty nor indented deeper than the line itself. Each item's first `path` counts; " (planned)" behind it marks a file
    that does not exist yet.
    """
    lines = read(os.path.join(root, INDEX)).split("\n")
    for number, line in enumerate(lines):
        if re.search(start, line):
            break
    else:
        raise IndexFormatError("%s: no line matches %r" % (INDEX, start))
    depth = len(line) - len(line.lstrip())
    result = {}
    for line in lines[number + 1:]:
        indent = len(line) - len(line.lstrip())
        bullet = re.match(r"\s*-\s", line)
        if line.strip() and (indent < depth or indent == depth and not (bullet and not lines[number].lstrip().startswith("-"))):
            break
        match = re.search(r"`([^`]+)`(\s*\(planned\))?", line) if bullet else None
        if match and "/" in match.group(1):
            for path in expand_braces(match.group(1)):
                if path in result:
                    raise IndexFormatError("%s: %s stands twice in the list after %r" % (INDEX, path, start))
                result[path] = bool(match.group(2))
    if not result:
        raise IndexFormatError("%s: the list after %r is empty" % (INDEX, start))
    return result


def compare(listed, actual, exists, what):
    """Problems between the index's {path: planned} and the set of files where it is so."""
    problems = []
    for path, planned in sorted(listed.items()):
        if planned and exists(path):
            problems.append("%s exists: %s must no longer say (planned)" % (path, INDEX))
        elif not planned and not exists(path):
            problems.append("%s does not exist, but %s lists it" % (path, INDEX))
        elif not planned and path not in actual:
            problems.append("%s does not %s, but %s says so" % (path, what, INDEX))
    for path in sorted(actual - set(listed)):
        problems.append("%s does %s, but %s does not say so" % (path, what, INDEX))
    return problems
