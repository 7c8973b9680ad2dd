# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compiles assertions made of table rows with every compiler that sees NT headers: those of the drivers and of the NT host."""
import os
import re
import subprocess

MINGW = "/usr/share/mingw-w64/include"
NT_DEFINES = ["-D_WIN32_WINNT=0x0601", "-DWINVER=0x0601", "-DNTDDI_VERSION=0x06010000"]


class Target:
    """One compiler that sees NT headers."""

    def __init__(self, name, arch, command, objcopy):
        self.name, self.arch, self.command, self.objcopy = name, arch, command, objcopy

    def compile(self, root, text, folder, to_object=False):
        """({line: first error there}, path of the object)"""
        source, output = os.path.join(folder, self.name + ".c"), os.path.join(folder, self.name + ".o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        command = self.command(root) + ["-w", "-fmax-errors=0", "-fno-diagnostics-show-caret", "-ftrack-macro-expansion=0"]
        command += ["-c", source, "-o", output] if to_object else ["-fsyntax-only", source]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C"))
        lines = {}
        for line in done.stderr.split("\n"):
            parts = line.split(":")
            if len(parts) > 3 and "error" in line:
                if parts[0] != source:
                    raise RuntimeError("%s: the headers do not compile: %s" % (self.name, line))
                lines.setdefault(int(parts[1]), line)
        if done.returncode and not lines:
            raise RuntimeError("%s: %s" % (self.name, done.stderr.strip()[-500:]))
        return lines, output


def mingw_command(triplet):
    def command(root):
        return [triplet + "-gcc", "-std=gnu11", *NT_DEFINES, "-isystem", MINGW + "/ddk",
                "-I" + os.path.join(root, "drivers/windows/ddk")]
    return command


def host_command(flags):
    def command(root):
        own = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()
        mode = os.path.join(root, "toolchain/nt-mode")
        return ["gcc", "-std=gnu11", "@" + os.path.join(mode, flags), "-I" + mode,
                "-I" + os.path.join(root, "drivers/windows/ddk"), "-isystem", own, "-isystem", MINGW,
                "-isystem", MINGW + "/ddk"]
    return command


TARGETS = (
    Target("mingw-amd64", "amd64", mingw_command("x86_64-w64-mingw32"), "x86_64-w64-mingw32-objcopy"),
    Target("mingw-x86", "x86", mingw_command("i686-w64-mingw32"), "i686-w64-mingw32-objcopy"),
    Target("host-amd64", "amd64", host_command("amd64.flags"), "objcopy"),
    Target("host-x86", "x86", host_command("i386.flags"), "objcopy"),
)


def number(cell):
    return int(cell, 0)


def layout_asserts(rows, arch):
    """[(key, C line)] for sizes and offsets."""
    column = 3 if arch == "amd64" else 5
    result = []
    for row in rows:
        header, name, field, offset, size = row[0], row[1], row[2], row[column], row[column + 1]
        key = ("layout", name, field)
        if field == "-":
            if size:
                result.append((key, "_Static_assert(sizeof(%s) == %s, \"\");" % (name, size)))
        elif ":" not in offset and offset:
            line = "_Static_assert(__builtin_offsetof(%s, %s) == %s" % (name, field, offset)
            if size not in ("0", "-"):
                line += " && sizeof(((%s *)0)->%s) == %s" % (name, field, size)
            result.append((key, line + ", \"\");"))
    return result


def constant_asserts(rows, arch):
    result = []
    for header, name, value, value_x86, kind in rows:
        cell = value if arch == "amd64" else value_x86
        if cell:
            wide = not -(1 << 31) <= number(cell) < 1 << 32
            mask = (1 << 64) - 1 if wide else (1 << 32) - 1
            result.append((("constant", name, "-"), "_Static_assert((unsigned%s)(%s) == %#x%s, \"\");" % (
                " long long" if wide else "", name, number(cell) & mask, "ULL" if wide else "U")))
    return result


def run(root, unit, layouts, constants, target, folder):
    """({key: error} of what differs, keys that no header declares, number of asserts) for the rows of one unit."""
    _, includes, headers = unit
    asserts = layout_asserts([row for row in layouts if row[0] in headers], target.arch)
    asserts += constant_asserts([row for row in constants if row[0] in headers], target.arch)
    first = includes.count("\n") + 1
    errors, _ = target.compile(root, includes + "".join(line + "\n" for _, line in asserts), folder)
    failing, undeclared = {}, set()
    for line, message in errors.items():
        if line >= first:
            key = asserts[line - first][0]
            if re.search(r"'%s' undeclared|unknown type name '%s'" % (key[1], key[1]), message):
                undeclared.add(key)
            else:
                failing[key] = message
    return failing, undeclared, len(asserts) - len(undeclared)
