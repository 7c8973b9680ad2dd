#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Stations of the network scenarios, one per subcommand, run inside of a network namespace. Servers say "ready"."""

import argparse
import hashlib
import http.client
import http.server
import ipaddress
import socket
import socketserver
import struct
import sys
import threading

import net_world

BLOCK = 1 << 16
ZONE = {"far.aero.test": "10.77.0.2"}
GROUPS = {4: "239.77.0.5", 6: "ff05::77:5"}
PORT = 7007
ETH_P_ALL, ETH_P_8021Q, EXPERIMENTAL = 3, 0x8100, 0x88b5
SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 0x10


def blocks(length):
    """A stream without repetition that costs little."""
    seed = hashlib.shake_256(b"aero").digest(BLOCK)
    for number in range(0, length, BLOCK):
        part = struct.pack(">Q", number) + seed[8:]
        yield part[:min(BLOCK, length - number)]


# ---- HTTP and DNS ----

class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.path.rsplit("/", 1)[1])
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for part in blocks(length):
            self.wfile.write(part)

    def do_PUT(self):
        left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
        while left > 0:
            part = self.rfile.read(min(left, BLOCK))
            digest.update(part)
            left -= len(part)
        body = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Web6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class Names(socketserver.BaseRequestHandler):
    """Answers A queries of ZONE. RFC 1035 section 4."""

    def handle(self):
        query, sock = self.request
        labels, at = [], 12
        while query[at] != 0:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
            at += 1 + query[at]
        question, address = query[12:at + 5], ZONE.get(".".join(labels).lower())
        header = query[:2] + struct.pack(">HHHHH", 0x8580 if address else 0x8583, 1, 1 if address else 0, 0, 0)
        answer = struct.pack(">HHHIH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
        sock.sendto(header + question + answer, self.client_address)


def serve(_):
    web = Web6(("::", 8080), Web)
    names = socketserver.UDPServer(("0.0.0.0", 53), Names)
    threading.Thread(target=names.serve_forever, daemon=True).start()
    print("ready", flush=True)
    web.serve_forever()


def get(arguments):
    """Downloads and compares; prints what it took."""
    connection = http.client.HTTPConnection(arguments.host, 8080, timeout=60)
    connection.request("GET", f"/bytes/{arguments.length}")
    reply, digest, got = connection.getresponse(), hashlib.sha256(), 0
    while part := reply.read(BLOCK):
        digest.update(part)
        got += len(part)
    wanted = hashlib.sha256()
    for part in blocks(arguments.length):
        wanted.update(part)
    return got == arguments.length and digest.digest() == wanted.digest()


def put(arguments):
    connection = http.client.HTTPConnection(arguments.host, 8080, timeout=60)
    digest = hashlib.sha256()
    connection.putrequest("PUT", "/")
    connection.putheader("Content-Length", str(arguments.length))
    connection.endheaders()
    for part in blocks(arguments.length):
        digest.update(part)
        connection.send(part)
    return connection.getresponse().read().decode() == digest.hexdigest()


def resolve(arguments):
    """A query for a name that exists and one for a name that does not."""
    for name, wanted in ((next(iter(ZONE)), 1), ("nobody.aero.test", 0)):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(struct.pack(">HHHHHH", 77, 0x100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, 1, 1),
                        (arguments.host, 53))
            reply = sock.recv(512)
        if struct.unpack(">H", reply[6:8])[0] != wanted or (wanted and socket.inet_ntoa(reply[-4:]) != ZONE[name]):
            return False
    return True


# ---- Multicast ----

def listen(arguments):
    """Joins the group, says so, and ends when all datagrams came."""
    family = socket.AF_INET if arguments.version == 4 else socket.AF_INET6
    index = struct.pack("@i", socket.if_nametoindex(arguments.interface))
    group = socket.inet_pton(family, GROUPS[arguments.version])
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.bind((GROUPS[arguments.version], PORT))
        if arguments.version == 4:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + bytes(4) + index)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + index)
        print("ready", flush=True)
        got = {sock.recv(2048) for _ in range(arguments.count)}
    return len(got) == arguments.count


def call(arguments):
    family = socket.AF_INET if arguments.version == 4 else socket.AF_INET6
    index = socket.if_nametoindex(arguments.interface)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        if arguments.version == 4:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes(8) + struct.pack("@i", index))
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        for number in range(arguments.count):
            sock.sendto(f"datagram {number}".encode() * (1 + number * 10), (GROUPS[arguments.version], PORT))
    return True


# ---- 802.1Q: this kernel need not know it; packet sockets do ----

def tag_of(ancillary):
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("=IIIHHHH", data[:20])
            return tci if status & VLAN_VALID else None
    return None


def tagged_listen(arguments):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock:
        sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sock.bind((arguments.interface, ETH_P_ALL))
        sock.settimeout(20)
        print("ready", flush=True)
        got = {}
        while len(got) < arguments.count:
            frame, ancillary, _, address = sock.recvmsg(2048, 256)
            tci = tag_of(ancillary)
            if frame[12:14] == struct.pack(">H", ETH_P_8021Q):
                tci, frame = struct.unpack(">H", frame[14:16])[0], frame[:12] + frame[16:]
            if address[2] != socket.PACKET_OUTGOING and frame[12:14] == struct.pack(">H", EXPERIMENTAL):
                number, wanted = struct.unpack(">HH", frame[14:18])
                if wanted != tci or frame[18:18 + number] != bytes([number & 0xff]) * number:
                    print(f"frame {number}: tag {tci}, {wanted} was sent; {len(frame)} bytes")
                    return False
                got[number] = tci
    return True


def tagged_send(arguments):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((arguments.interface, 0))
        source = sock.getsockname()[4]
        for number in range(arguments.count):
            length, tci = number * 29, (number % 8) << 13 | (arguments.vlan + number % 3)
            payload = struct.pack(">HH", length, tci) + bytes([length & 0xff]) * length
            frame = bytes.fromhex(arguments.mac.replace(":", "")) + source
            sock.send(frame + struct.pack(">HHH", ETH_P_8021Q, tci, EXPERIMENTAL) + payload)
    return True


def plain(arguments):
    net_world.set_offload_off(arguments.interface)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, function, wanted in (("serve", serve, ()), ("get", get, ("host", "length")), ("put", put, ("host", "length")),
                                   ("resolve", resolve, ("host",)), ("listen", listen, ("interface", "version", "count")),
                                   ("call", call, ("interface", "version", "count")), ("plain", plain, ("interface",)),
                                   ("tagged-listen", tagged_listen, ("interface", "count")),
                                   ("tagged-send", tagged_send, ("interface", "mac", "vlan", "count"))):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        for word in wanted:
            command.add_argument(word, type=str if word in ("host", "interface", "mac") else int)
    arguments = parser.parse_args()
    if "host" in arguments:
        ipaddress.ip_address(arguments.host)
    return 0 if arguments.function(arguments) else 1


if __name__ == "__main__":
    sys.exit(main())
