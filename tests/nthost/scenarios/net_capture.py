# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads a capture (pcap) of Ethernet frames and says what does not belong on a wire: frames that are too long, wrong
checksums, TCP segments that are longer than the largest."""

import struct

import bridge


def frames(path):
    data = path.read_bytes()
    if len(data) < 24 or struct.unpack("<I", data[:4])[0] not in (0xa1b2c3d4, 0xa1b23c4d):
        raise bridge.Failure(f"{path.name} is no capture")
    at = 24
    while at + 16 <= len(data):
        captured, length = struct.unpack("<II", data[at + 8:at + 16])
        yield data[at + 16:at + 16 + captured], length
        at += 16 + captured


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def check(path, mtu):
    """Returns (frames, TCP segments with data, longest TCP data). Raises Failure at the first frame that is wrong."""
    count = segments = longest = 0
    for frame, length in frames(path):
        count += 1
        if length > mtu + 14:
            raise bridge.Failure(f"frame {count} of {path.name} has {length} bytes; the MTU is {mtu}")
        kind = struct.unpack(">H", frame[12:14])[0]
        if kind == 0x0800:
            header = (frame[14] & 15) * 4
            total, fragment, protocol = struct.unpack(">H", frame[16:18])[0], frame[20] & 0x3f or frame[21], frame[23]
            pseudo, body = frame[26:34], frame[14 + header:14 + total]
            if sum16(frame[14:14 + header]) != 0xffff:
                raise bridge.Failure(f"frame {count}: wrong checksum of the IPv4 header")
        elif kind == 0x86dd:
            total, protocol, fragment = struct.unpack(">H", frame[18:20])[0], frame[20], 0
            pseudo, body = frame[22:54], frame[54:54 + total]
        else:
            continue
        if protocol not in (6, 17) or fragment:
            continue
        if not (protocol == 17 and body[6:8] == b"\0\0") and \
                sum16(pseudo + struct.pack(">HH", protocol, len(body)) + body) != 0xffff:
            raise bridge.Failure(f"frame {count}: wrong {'TCP' if protocol == 6 else 'UDP'} checksum, {len(body)} bytes")
        if protocol == 6 and len(body) > (body[12] >> 4) * 4:
            segments += 1
            longest = max(longest, len(body) - (body[12] >> 4) * 4)
    return count, segments, longest
