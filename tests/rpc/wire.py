# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bare client of libvirt's wire protocol: packets as bytes."""
import array
import socket
import struct

REMOTE, KEEPALIVE = 0x20008086, 0x6B656570
CALL, REPLY, MESSAGE, STREAM, CALL_WITH_FDS = range(5)
OK, ERROR, CONTINUE = range(3)
HEADER = struct.Struct(">IIIiIII")


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def i32(*values):
    return struct.pack(f">{len(values)}i", *values)


def string(text):
    data = text.encode() if isinstance(text, str) else text
    return u32(len(data)) + data + bytes(-len(data) % 4)


def packet(proc, payload=b"", prog=REMOTE, kind=CALL, serial=0, status=OK, version=1):
    return HEADER.pack(HEADER.size + len(payload), prog, version, proc, kind, serial, status) + payload


class Packet:
    def __init__(self, data):
        _, self.prog, self.version, self.proc, self.kind, self.serial, self.status = HEADER.unpack(data[:28])
        self.payload = data[28:]

    def error(self):
        """(code, subsystem, message) of an error reply."""
        assert self.status == ERROR
        code, origin, present, length = struct.unpack(">iiII", self.payload[:16])
        assert present == 1
        return code, origin, self.payload[16:16 + length].decode()


class Closed(Exception):
    pass


class Wire:
    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))  # without a timeout: it waits while the backlog is full
        self.socket.settimeout(timeout)
        self.serial = 0

    @classmethod
    def over(cls, connected, timeout=20):
        """On a socket that is connected already."""
        wire = cls.__new__(cls)
        connected.settimeout(timeout)
        wire.socket, wire.serial = connected, 0
        return wire

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_fds(self, fds):
        """As libvirt does: each with a byte of its own, behind the packet."""
        for fd in fds:
            self.socket.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])

    def receive_bytes(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data

    def receive(self):
        head = self.receive_bytes(4)
        return Packet(head + self.receive_bytes(struct.unpack(">I", head)[0] - 4))

    def start(self, proc, args=b"", **header):
        self.send(packet(proc, args, serial=self.serial, **header))
        self.serial += 1
        return self.serial - 1

    def call(self, proc, args=b"", **header):
        serial = self.start(proc, args, **header)
        reply = self.receive()
        assert (reply.kind, reply.serial, reply.proc) == (REPLY, serial, proc)
        return reply

    def open(self):
        assert self.call(66).payload == u32(1, 0)
        assert self.call(1, u32(0, 0)).status == OK
        return self

    def is_closed(self):
        try:
            self.receive_bytes(1)
        except Closed:
            return True
        return False
