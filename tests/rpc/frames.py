# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ethernet frames, made and sent by hand. As a program: in a network namespace, sends frames (hexadecimal, a line each on
standard input) from one interface and says of each whether it came out at another one, as 1 or 0.

    frames.py FROM TO < frames
"""
import socket
import struct
import sys
import time

BROADCAST = "ff:ff:ff:ff:ff:ff"
ETH_P_ALL = 3
WAIT_S = 0.1


def mac(text):
    return bytes(int(part, 16) for part in text.split(":"))


def ethernet(source, destination, ethertype, payload):
    return (mac(destination) + mac(source) + struct.pack("!H", ethertype) + payload).ljust(60, b"\0")


def arp(source, opcode, sender_mac, sender_ip, target_ip, destination=BROADCAST, target_mac="0:0:0:0:0:0", ethertype=0x806):
    return ethernet(source, destination, ethertype, struct.pack("!HHBBH", 1, 0x800, 6, 4, opcode) + mac(sender_mac) +
                    socket.inet_aton(sender_ip) + mac(target_mac) + socket.inet_aton(target_ip))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data)) if len(data) % 2 == 0 else checksum_odd(data)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def checksum_odd(data):
    return sum(struct.unpack(f"!{len(data) // 2 + 1}H", data + b"\0"))


def ipv4(source, destination, source_ip, destination_ip, protocol, payload, tos=0):
    def header(check):
        return struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), 1, 0, 64, protocol, check) + \
            socket.inet_aton(source_ip) + socket.inet_aton(destination_ip)

    return ethernet(source, destination, 0x800, header(checksum(header(0))) + payload)


def ipv6(source, destination, source_ip, destination_ip):
    """With nothing in it: next header 59 (RFC 8200, 4.7)."""
    addresses = b"".join(socket.inet_pton(socket.AF_INET6, ip) for ip in (source_ip, destination_ip))
    return ethernet(source, destination, 0x86dd, struct.pack("!IHBB", 6 << 28, 0, 59, 64) + addresses)


def with_checksum(make, source_ip, destination_ip, protocol):
    """The transport header that make(check) gives, with the checksum over it and its pseudo header (RFC 9293, 3.1)."""
    data = make(0)
    pseudo = socket.inet_aton(source_ip) + socket.inet_aton(destination_ip) + struct.pack("!BBH", 0, protocol, len(data))
    return make(checksum(pseudo + data))


def udp(source, destination, source_ip, destination_ip, source_port, destination_port, data=b""):
    def header(check):
        return struct.pack("!HHHH", source_port, destination_port, 8 + len(data), check) + data

    return ipv4(source, destination, source_ip, destination_ip, 17, with_checksum(header, source_ip, destination_ip, 17))


def tcp(source, destination, source_ip, destination_ip, source_port, destination_port, flags, sequence=1, acknowledged=0):
    def header(check):
        return struct.pack("!HHIIBBHHH", source_port, destination_port, sequence, acknowledged, 5 << 4, flags, 8192, check, 0)

    return ipv4(source, destination, source_ip, destination_ip, 6, with_checksum(header, source_ip, destination_ip, 6))


def dhcp(op, client, message, address="0.0.0.0", lease_s=None, own="0.0.0.0"):
    """RFC 2131: the fixed part, then message type and lease."""
    fixed = struct.pack("!BBBBIHH", op, 1, 6, 0, 7, 0, 0) + socket.inet_aton(own) + socket.inet_aton(address) + \
        bytes(8) + mac(client) + bytes(10) + bytes(192)
    options = bytes([53, 1, message]) + (bytes([51, 4]) + struct.pack("!I", lease_s) if lease_s is not None else b"")
    return fixed + bytes([99, 130, 83, 99]) + options + b"\xff"


def main():
    sender, receiver = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) for _ in range(2))
    sender.bind((sys.argv[1], 0))
    receiver.bind((sys.argv[2], ETH_P_ALL))
    receiver.setblocking(False)
    frames = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    came = set()
    for frame in frames:
        sender.send(frame)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and len(came) < len(frames):
        try:
            data, where = receiver.recvfrom(4096)
            if where[2] != socket.PACKET_OUTGOING:
                came.add(data)
        except BlockingIOError:
            time.sleep(0.005)
    # A host that looks at IP on its bridges cuts off what pads a packet to Ethernet's least length.
    print("".join("1" if any(frame.startswith(data) for data in came) else "0" for frame in frames))


if __name__ == "__main__":
    main()
