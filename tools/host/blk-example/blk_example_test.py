#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""blk-example over machines and device properties, its command line and its failures: blk_example_test.py PROGRAM."""

import os
import subprocess
import sys
import tempfile

CASES = [
    ("q35", ""),
    ("pc", "disable-legacy=on"),
    ("q35", "disable-legacy=on,queue-size=4,indirect_desc=off,event_idx=off"),
    ("pc", "queue-size=1024,indirect_desc=off"),
    ("q35", "disable-legacy=on,iommu_platform=on"),  # DMA is gated by bus mastering here
    ("q35", "num-queues=4,seg-max-adjust=off,event_idx=off,write-cache=on"),
]


def run(program, *arguments):
    return subprocess.run((program,) + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


def expect(done, code, *texts):
    said = done.stdout + done.stderr
    assert done.returncode == code, (done.args, done.returncode, said)
    for text in texts:
        assert text in said, (done.args, text, said)


def main():
    if len(sys.argv) != 2:
        print("usage: blk_example_test.py PROGRAM", file=sys.stderr)
        return 2
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="blk-example-") as folder:
        image = os.path.join(folder, "disk,with comma.raw")

        def fresh(size):
            with open(image, "wb") as file:
                file.truncate(size)

        for machine, device in CASES:
            fresh(8 << 20)
            done = run(program, f"--machine={machine}", f"--device={device}", image)
            expect(done, 0, "write", "flush", "read", "found by the watchdog 0", "image      equal")
            print(f"--machine={machine} --device={device}\n{done.stdout}")
            with open(image, "rb") as file:
                assert file.read(8) == (0x9e3779b97f4a7c15).to_bytes(8, "little")
        fresh(512 * 333)
        expect(run(program, image), 0, "333 sectors", "image      equal")

        expect(run(program, "--help"), 0, "usage: blk-example")
        for wrong in ([], ["--no-such-option", image], [image, image], [os.path.join(folder, "none")]):
            done = run(program, *wrong)
            expect(done, 2)
            assert len(done.stderr.splitlines()) == 1, done.stderr
        expect(run(program, "--machine=no-such-machine", image), 1, "no-such-machine")
        expect(run(program, "--device=disable-modern=on", image), 1, "legacy only")
        expect(run(program, "--device=no-such-property=on", image), 1, "no-such-property")
    return 0


if __name__ == "__main__":
    sys.exit(main())
