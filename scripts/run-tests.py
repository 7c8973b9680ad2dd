#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the steps of `make test`, or those that are named, and sums them up.

A step is a command, or a CMake build folder with the tests of one ctest label. Its tests count one by one, a command
counts as one. The last line is "N passed, N failed, N skipped". A skip (exit code 77) prints its reason; with CI=true
in the environment it is a failure. Exit status: 0 all passed, 1 something failed, 2 wrong command line.
"""

import argparse
import filecmp
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
DRIVERS = BUILD / "drivers"
JOBS = str(os.cpu_count() or 1)
STRICT = os.environ.get("CI") == "true"
COMMAND_TIMEOUT_S = 1200


class Outcome:
    """What one test or command came to: status is passed, failed or skipped; rerun is a shell command."""

    def __init__(self, name, status, rerun, reason=""):
        self.name, self.status, self.rerun, self.reason = name, status, rerun, reason
        if status == "skipped" and STRICT:
            self.status, self.reason = "failed", f"skipped, which CI=true does not accept: {reason}"


def say(text):
    print(text, flush=True)


def run(command, log=None):
    """Runs command in the root folder; output goes to the terminal, or to log. Returns the exit status."""
    output = open(log, "ab") if log else None
    try:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT if log else None,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return process.wait(COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            say(f"stopped after {COMMAND_TIMEOUT_S} s: {' '.join(command)}")
            return 124
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    finally:
        if output:
            output.close()


def build(folder, options, targets):
    """Configures the host tree in build/folder and builds targets; quiet unless that fails. True: it worked."""
    target = BUILD / folder
    target.mkdir(parents=True, exist_ok=True)
    log = target / "build.log"
    log.unlink(missing_ok=True)
    for command in (["cmake", "-S", ".", "-B", str(target), "-G", "Ninja", *options],
                    ["cmake", "--build", str(target), "-j", JOBS, "--target", *targets]):
        if run(command, log) != 0:
            say(log.read_text(errors="replace")[-8000:])
            return False
    return True


def junit_outcomes(report, folder):
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("name")
        rerun = f"ctest --test-dir build/{folder} -R '^{name}$' --output-on-failure"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.get("status") == "fail":
            yield Outcome(name, "failed", rerun)
        elif skip is not None and "SKIP_RETURN_CODE" in skip.get("message", ""):
            output = (case.findtext("system-out") or "").strip().splitlines()
            yield Outcome(name, "skipped", rerun, output[-1] if output else "no reason given")
        elif case.get("status") == "run":
            yield Outcome(name, "passed", rerun)
        else:  # not run at all: its program is missing, or it is disabled
            yield Outcome(name, "failed", rerun, skip.get("message", "") if skip is not None else "did not run")


def ctest(folder, options, label, targets=("all",)):
    """A step: build targets in build/folder with options, run the tests that carry label."""

    def step():
        again = f"python3 scripts/run-tests.py {label}"
        if not build(folder, options, targets):
            return [Outcome(f"build of build/{folder}", "failed", again)]
        report = BUILD / folder / f"junit-{label}.xml"
        report.unlink(missing_ok=True)
        run(["ctest", "--test-dir", str(BUILD / folder), "-L", f"^{label}$", "-j", JOBS,
             "--output-on-failure", "--timeout", "300", "--output-junit", str(report)])
        if not report.exists():
            return [Outcome(f"tests labelled {label}", "failed", again, "ctest ended without its report")]
        found = list(junit_outcomes(report, folder))
        return found or [Outcome(f"tests labelled {label}", "failed", again, f"build/{folder} has none")]

    return step


def command(name, *words):
    """A step: one command."""

    def step():
        status = run(list(words))
        if status == 77:
            return [Outcome(name, "skipped", " ".join(words), "it says why above")]
        return [Outcome(name, "passed" if status == 0 else "failed", " ".join(words))]

    return step


def drivers_twice():
    """A step: builds the drivers from nothing in two folders; each file must be the same, byte for byte."""
    again = "python3 scripts/run-tests.py drivers"
    second = BUILD / "drivers-second"
    for target in (DRIVERS, second):
        shutil.rmtree(target, ignore_errors=True)
        if run(["sh", "scripts/build-drivers.sh", str(target)]) != 0:
            return [Outcome("drivers build", "failed", again)]
    images = sorted(path.relative_to(DRIVERS) for path in DRIVERS.glob("*/*.sys"))
    outcomes = [Outcome(f"two builds of {image} are equal",
                        "passed" if (second / image).exists()
                        and filecmp.cmp(second / image, DRIVERS / image, shallow=False) else "failed", again)
                for image in images]
    return outcomes or [Outcome("drivers build", "failed", again, "it left no .sys file")]


NTHOST = ["-DAERO_NTHOST=ON", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
STEPS = {
    "check": ("host unit tests under AddressSanitizer and UBSan", ctest("host", ["-DAERO_SANITIZE=ON"], "check")),
    "drivers": ("drivers built twice from nothing", drivers_twice),
    "lint": ("guards and checks of the sources", command("lint", "make", "--no-print-directory", "lint")),
    "scenario": ("amd64 driver in the NT host", ctest("nthost", NTHOST, "scenario")),
    "scenario32": ("x86 driver in the NT host",
                   ctest("nthost32", [*NTHOST, "-DCMAKE_C_FLAGS=-m32", "-DCMAKE_ASM_FLAGS=-m32"], "scenario32", ("nthost",))),
    "bench": ("engine cost against its budget", command("bench", "make", "--no-print-directory", "bench")),
}


def main():
    parser = argparse.ArgumentParser(description="Runs the tests.", epilog="Steps, in order: " + "; ".join(
        f"{name}: {text}" for name, (text, _) in STEPS.items()))
    parser.add_argument("step", nargs="*", help="run only these; all of them when none is named")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.step if name not in STEPS]
    if unknown:
        parser.exit(2, f"run-tests: no step {unknown[0]}; the steps are {', '.join(STEPS)}\n")

    outcomes, times = [], []
    chosen = arguments.step or list(STEPS)
    for number, name in enumerate(chosen, 1):
        text, step = STEPS[name]
        say(f"== {number}/{len(chosen)} {name}: {text}")
        start = time.monotonic()
        found = step()
        times.append((name, time.monotonic() - start, found))
        outcomes += found

    say("")
    for name, seconds, found in times:
        failed = sum(outcome.status == "failed" for outcome in found)
        say(f"{name:<11} {seconds:7.1f} s  {len(found)} run, {failed} failed")
    for outcome in outcomes:
        if outcome.status != "passed":
            say(f"{outcome.status}: {outcome.name}{': ' + outcome.reason if outcome.reason else ''}\n"
                f"    alone: {outcome.rerun}")
    count = {status: sum(outcome.status == status for outcome in outcomes)
             for status in ("passed", "failed", "skipped")}
    say(", ".join(f"{number} {status}" for status, number in count.items()))
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
