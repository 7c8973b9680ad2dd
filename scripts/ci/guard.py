# SPDX-License-Identifier: MIT OR Apache-2.0
"""What all guards share: the command line, the report, and planting faults in a copy of the tree."""
import os
import shutil
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PARTS = ("drivers", "docs", "tests", "tools", "packaging", "cmake", "toolchain")


def copy_tree(to):
    for part in PARTS:
        source = os.path.join(ROOT, part)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(to, part), ignore=shutil.ignore_patterns("build", "build-*", "__pycache__"))


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def edit(root, path, old, new):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        raise RuntimeError("self-test: %s has no %r to change" % (path, old))
    write(root, path, text.replace(old, new, 1))


def run_self_test(name, check, faults, together):
    """
    faults: (what, function that plants it into the tree at its argument, word that some problem must have). together: all
    into one tree, for a slow check whose faults do not touch each other.
    """
    failures = 0
    with tempfile.TemporaryDirectory() as top:
        clean = os.path.join(top, "clean")
        copy_tree(clean)
        if together:
            for _, plant, _ in faults:
                plant(clean)
            problems = check(clean)
        for number, (what, plant, word) in enumerate(faults):
            if not together:
                tree = os.path.join(top, "tree%d" % number)
                shutil.copytree(clean, tree)
                plant(tree)
                problems = check(tree)
                shutil.rmtree(tree)
            caught = any(word in problem for problem in problems)
            failures += not caught
            print("%s: self-test: %s: %s" % (name, what, "caught" if caught else "NOT CAUGHT"))
    return 1 if failures else 0


def main(name, check, faults, together=False):
    """Exit code of a guard: 0 clean, 1 problems (each a line on stderr), 2 wrong usage."""
    arguments = sys.argv[1:]
    if arguments not in ([], ["--self-test"]):
        print("usage: %s.py [--self-test]" % name, file=sys.stderr)
        return 2
    try:
        if arguments:
            return run_self_test(name, check, faults, together)
        problems = check(ROOT)
    except (OSError, ValueError, RuntimeError) as error:
        problems = [str(error)]
    for problem in problems:
        print("%s: %s" % (name, problem), file=sys.stderr)
    return 1 if problems else 0
