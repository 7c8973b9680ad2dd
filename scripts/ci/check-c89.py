#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every driver source is in the dialect of WDK 7.1's compiler, as far as gcc and clang can tell, and each header compiles alone.

Portable units are compiled as they are on Linux (gcc, clang), glue against mingw-w64's headers (its gcc, and clang for the same
target). A compiler that is not installed is left out, which is said; gcc must be there.
usage: check-c89.py [--self-test]    exit 0 clean, 1 a problem that names the file, 2 wrong usage
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_files
import guard
import win7_tables as tables

MINGW = "/usr/share/mingw-w64/include"
WARNINGS = ["-std=gnu90", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wundef", "-Wstrict-prototypes",
            "-Wmissing-prototypes", "-Wdeclaration-after-statement", "-Wno-long-long", "-Wvla"]
GCC_ONLY = ["-Wc90-c99-compat", "-Wno-variadic-macros"]
CLANG_ONLY = ["-Wno-#warnings", "-Wc99-designator", "-Wgnu-designator", "-Wc99-extensions", "-Wno-variadic-macros", "-Wno-unknown-warning-option"]
KERNEL = ["-D_WIN32_WINNT=0x0601", "-DWINVER=0x0601", "-DNTDDI_VERSION=0x06010000", "-isystem", MINGW + "/ddk"]
COMPILERS = {
    "portable": (["gcc"] + GCC_ONLY, ["clang"] + CLANG_ONLY),
    "glue": (["x86_64-w64-mingw32-gcc"] + GCC_ONLY + KERNEL,
             ["clang", "--target=x86_64-w64-windows-gnu", "-isystem", MINGW] + CLANG_ONLY + KERNEL),
}
GLUE = ("drivers/windows7/virtio/blk/", "drivers/windows7/virtio/net/", "drivers/windows7/virtio/common/os_shim/",
        "drivers/windows7/virtio-snd/src/", "drivers/windows/virtio-input/")
NOT_OURS = "drivers/windows/ddk/"  # never seen by a WDK build
FORBIDDEN = {  # word: where it may stand
    "inline": (), "__func__": (), "_Bool": (), "__inline__": ("virtio_osdep.h",), "__inline": ("virtio_osdep.h",),
}


def kind_of(path):
    return "glue" if path.startswith(GLUE) else "portable"


def units(root):
    """(driver sources without tests and stubs, folders with headers)"""
    files = [path for path in build_files.walk(root, tops=("drivers",))
             if path.endswith((".c", ".h")) and "/tests/" not in path and not path.startswith(NOT_OURS)]
    files = [path for path in files if build_files.through_stub(root, path) == path]
    return files, sorted({os.path.dirname(path) for path in files if path.endswith(".h")})


def compile_one(root, path, compiler, folders, scratch):
    """The compiler's complaint, or None."""
    # The stand-ins for WDK headers come before mingw's, of which some have the same name and do not compile.
    command = compiler[:1] + ["-isystem", os.path.join(root, NOT_OURS)] + compiler[1:] + WARNINGS
    command += ["-I" + os.path.join(root, folder) for folder in folders]
    source = os.path.join(root, path)
    if path.endswith(".h"):
        source = os.path.join(scratch, path.replace("/", "_") + "." + os.path.basename(compiler[0]) + ".c")
        with open(source, "w", encoding="utf-8") as file:
            file.write('#include "%s"\n' % os.path.basename(path))
    done = subprocess.run(command + [source], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.split("\n") if "error" in line or "warning" in line]
    return "%s: %s: %s" % (path, compiler[0], (lines or [done.stderr.strip()])[0].replace(root + "/", ""))


def check(root):
    files, folders = units(root)
    problems, jobs = [], []
    missing = {list_[0] for pair in COMPILERS.values() for list_ in pair if not shutil.which(list_[0])}
    if "gcc" in missing:
        return ["gcc is missing; scripts/bootstrap.sh installs it"]
    for name in sorted(missing):
        print("check-c89: %s is not installed: left out" % name)
    for path in files:
        words = set(tables.WORD.findall(tables.NOISE.sub(" ", build_files.read(os.path.join(root, path)))))
        problems += ["%s: %s is not in the dialect" % (path, word) for word, places in FORBIDDEN.items()
                     if word in words and os.path.basename(path) not in places]
        jobs += [(path, compiler) for compiler in COMPILERS[kind_of(path)] if compiler[0] not in missing]
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda job: compile_one(root, job[0], job[1], folders, scratch), jobs)
        problems += [result for result in results if result]
    return problems


COMMON = "drivers/windows/virtio/common/"
FAULTS = (
    ("a declaration behind a statement", lambda root: guard.write(
        root, COMMON + "planted0.c", "int Planted(int a);\nint Planted(int a)\n{\n    a++;\n    int b = a;\n    return b;\n}\n"), "planted0.c"),
    ("a designated initialiser", lambda root: guard.write(
        root, COMMON + "planted1.h", "struct planted { int a; };\nstatic const struct planted planted = {.a = 1};\n"), "planted1.h"),
    ("a loop declaration", lambda root: guard.write(
        root, "drivers/windows7/virtio/blk/planted2.c", "int Planted(void);\nint Planted(void)\n{\n    for (int i = 0; i < 3; i++)\n"
        "        ;\n    return 0;\n}\n"), "planted2.c"),
    ("inline", lambda root: guard.write(root, COMMON + "planted3.h", "static inline int Planted(void) { return 0; }\n"), "planted3.h: inline"),
    ("a header that does not compile alone", lambda root: guard.write(root, COMMON + "planted4.h", "UNKNOWN planted;\n"), "planted4.h"),
)

if __name__ == "__main__":
    sys.exit(guard.main("check-c89", check, FAULTS, together=True))
