#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Two HID parsers that nobody here wrote judge the report descriptors of random devices: Wine's hidparse.sys inside nthost (case
input-descriptors), then tshark's USB HID dissector. tshark is given each descriptor as a USB device would, then each of its reports
with all bits on: it must find nothing malformed, and the fields that it shows must add up to the report's length.

exit 0 all descriptors are taken, 1 one is not, 77 Wine's parser takes them and there is no tshark
"""

import argparse
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import bridge

USBMON = 220  # link type: USB packets with the Linux header of 64 bytes
CONTROL, INTERRUPT = 2, 1
REPORT_IN, REPORT_OUT = 0x81, 0x02  # endpoints
FIELD = re.compile(r"^    (?:([.01 ]+) = |Padding: ([0-9a-f]+)$|Report ID: )")


class Capture:
    """A pcap file of what a USB host and its devices say; reports: {frame number: (device, report id, bytes)}."""

    def __init__(self, path):
        self.file, self.frame, self.transfer, self.reports = open(path, "wb"), 0, 0, {}
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, USBMON))

    def packet(self, kind, transfer, endpoint, device, data, setup=None):
        self.frame += 1
        absent = 0 if data else ord("<" if kind == "S" else ">")
        packet = struct.pack("<QBBBBHBBqiiII8s16x", self.transfer, ord(kind), transfer, endpoint, 1 + device % 100, 1 + device // 100,
                             ord("-") if setup is None else 0, absent, 0, 0, -115 if kind == "S" else 0, len(data), len(data),
                             setup or bytes(8)) + data
        self.file.write(struct.pack("<IIII", self.frame, 0, len(packet), len(packet)) + packet)

    def get_descriptor(self, device, recipient, kind, data):
        self.transfer += 1
        self.packet("S", CONTROL, 0x80, device, b"", struct.pack("<BBHHH", recipient, 6, kind << 8, 0, len(data)))
        self.packet("C", CONTROL, 0x80, device, data)

    def report(self, device, endpoint, number, length):
        """A report with all bits on."""
        data = bytes([number]) + b"\xff" * (length - 1)
        self.transfer += 1
        for kind in "SC":
            sends = (kind == "S") == (endpoint == REPORT_OUT)
            self.packet(kind, INTERRUPT, endpoint, device, data if sends else b"")
            if sends:
                self.reports[self.frame] = (device, number, length)

    def device(self, device, descriptor, inputs, output):
        interface = struct.pack("<9B", 9, 4, 0, 0, 2, 3, 0, 0, 0)
        interface += struct.pack("<BBHBBBH", 9, 0x21, 0x111, 0, 1, 0x22, len(descriptor))
        interface += struct.pack("<BBBBHB", 7, 5, REPORT_IN, 3, 64, 1) + struct.pack("<BBBBHB", 7, 5, REPORT_OUT, 3, 64, 1)
        self.get_descriptor(device, 0x80, 2, struct.pack("<BBHBBBBB", 9, 2, 9 + len(interface), 1, 1, 0, 0xa0, 50) + interface)
        self.get_descriptor(device, 0x81, 0x22, descriptor)
        for number, length in enumerate(inputs, 1):
            if length:
                self.report(device, REPORT_IN, number, length)
        if output:
            self.report(device, REPORT_OUT, 1, output)


def dissected(path):
    """Yields (frame number, bits of all fields shown, whether something is wrong with it)."""
    command = ["tshark", "-n", "-r", str(path), "-O", "usbhid.data", "-Y", "usbhid.data or _ws.expert or _ws.malformed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True) as tshark:
        frame, bits, wrong = None, 0, False
        for line in tshark.stdout:
            if line.startswith("Frame "):
                if frame is not None:
                    yield frame, bits, wrong
                frame, bits, wrong = int(line[6:line.index(":")]), 0, False
            elif "Malformed" in line or "Expert Info" in line:
                wrong = True
            else:
                field = FIELD.match(line)
                if field:  # one 1 for each bit of a field, as all are on
                    bits += field[1].count("1") if field[1] else bin(int(field[2], 16)).count("1") if field[2] else 8
        if frame is not None:
            yield frame, bits, wrong
    if tshark.returncode != 0:
        raise bridge.Failure(f"tshark ends with status {tshark.returncode}")


def judge(devices, folder):
    """What tshark has against the devices, a line each. devices: (descriptor, lengths of input reports by id, of the output report)"""
    path = folder / "descriptors.pcap"
    capture = Capture(path)
    for number, device in enumerate(devices):
        capture.device(number, *device)
    capture.file.close()
    complaints, left = [], dict(capture.reports)
    for frame, bits, wrong in dissected(path):
        device, number, length = left.pop(frame, (None, 0, 0))
        if device is None:
            complaints.append(f"frame {frame} is malformed")
        elif wrong or bits != length * 8:
            complaints.append(f"device {device}, report {number}: {length} bytes, {bits} bits of fields" +
                              (", malformed" if wrong else "") + f"; descriptor {devices[device][0].hex()}")
    complaints += [f"device {device}, report {number}: not taken as a report" for device, number, _ in left.values()]
    return complaints, len(capture.reports)


def check_the_judge(device, folder):
    """It must notice a report that is longer or shorter than its fields, in each direction, and a descriptor that is cut off."""
    descriptor, inputs, output = device
    wrong = [(descriptor, [length and length + by for length in inputs], output) for by in (1, -1)]
    wrong += [(descriptor, inputs, output + 1), (descriptor, inputs, output - 1), (descriptor[:len(descriptor) // 2], inputs, output)]
    for number, bad in enumerate(wrong):
        if not judge([bad], folder)[0]:
            raise bridge.Failure(f"tshark takes wrong device {number}: it is no judge")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nthost", required=True)
    parser.add_argument("--driver", required=True, help="virtio-input.sys")
    parser.add_argument("--module", required=True, help="hidparse.sys=FILE")
    parser.add_argument("--count", default="10000", help="random devices")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aero-hid-") as name:
        folder = pathlib.Path(name)
        command = [arguments.nthost, "--fault", "none", "--module", arguments.module, "--count", arguments.count, "--descriptors",
                   str(folder / "descriptors"), arguments.driver, "input-descriptors"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            return 1
        if shutil.which("tshark") is None:
            print("skipped: there is no tshark (package tshark) to judge after Wine's parser")
            return 77
        devices = []
        for line in (folder / "descriptors").read_text().splitlines():
            *lengths, descriptor = line.split()
            devices.append((bytes.fromhex(descriptor), [int(length) for length in lengths[:-1]], int(lengths[-1])))
        check_the_judge(next(device for device in devices if all(device[1]) and device[2]), folder)
        complaints, reports = judge(devices, folder)
    for complaint in complaints[:10]:
        print(f"FAILED  {complaint}")
    print(f"tshark: {len(devices)} descriptors, {reports} reports, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
