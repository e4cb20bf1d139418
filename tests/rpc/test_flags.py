# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unknown flags are refused, call by call: every procedure of the table whose last argument is flags."""
import re
import uuid
from pathlib import Path

import libvirt

from test_libvirt import xml
from test_moments import checkpoint, snapshot
from wire import REMOTE, i32, string, u32

TABLE = Path(__file__).parents[2] / "libvirt-driver" / "procedures.c"
QEMU = 0x20008087
UNKNOWN = 1 << 27  # no call has this one; the higher ones are node devices'
DOMAIN_UUID = "11111111-2222-3333-4444-555555555555"

# Whose last number is none: a count, an event's number; and the one that is over before any other call.
NO_FLAGS = {"DOMAIN_SET_VCPUS", "CONNECT_OPEN"}


def rows():
    """(program, number, name, signature) of the calls that work and end in an unsigned number."""
    program = REMOTE
    for part in re.split(r"static const RpcProc (\w+)\[\]", TABLE.read_text())[1:]:
        if part.endswith("_procs"):
            program = {"remote_procs": REMOTE, "qemu_procs": QEMU}.get(part)
            continue
        for m in re.finditer(r'\[\s*(\d+)\] = \{ "(\w+)",\s*"\w+",\s*"([^"]*)",\s*"[^"]*",([^}]*)\}', part):
            if program and "on_" in m[4] and m[3].endswith("u"):
                yield program, int(m[1]), m[2], m[3]


ROWS = [row for row in rows() if row[2] not in NO_FLAGS]


def raw(text):
    return uuid.UUID(text).bytes


class Things:
    """One of each kind that a call can be about."""

    def __init__(self, conn, folder):
        self.domain = conn.defineXML(xml("a", DOMAIN_UUID))
        snapshot(self.domain, "s")
        checkpoint(self.domain, "k")
        self.domain.create()
        network = conn.networkDefineXML("<network><name>n</name></network>")
        pool = conn.storagePoolDefineXML(f"<pool type='dir'><name>p</name><target><path>{folder}</path></target></pool>")
        pool.create()
        volume = pool.createXML("<volume><name>v</name><capacity>1024</capacity></volume>")
        secret = conn.secretDefineXML("<secret><description>d</description></secret>")
        self.handles = {
            "D": string("a") + raw(DOMAIN_UUID) + i32(self.domain.ID()),
            "N": string("n") + network.UUID(),
            "O": string("p") + pool.UUID(),
            "V": string("p") + string("v") + string(volume.key()),
            "X": secret.UUID() + i32(0) + string(""),
            "I": string("lo") + string("00:00:00:00:00:00"),
        }
        self.handles["Z"] = string("s") + self.handles["D"]
        self.handles["K"] = string("k") + self.handles["D"]

    def encode(self, signature):
        """Arguments of that layout (rpc/xdr.h) that say as little as possible. None: about something that is not here."""
        out, at = b"", 0
        while at < len(signature):
            c = signature[at]
            at += 1
            if c == "?":
                out += u32(0)
                at = skip(signature, at)
            elif c == "<":
                at = skip(signature, signature.index(">", at) + 1)
                out += u32(0)
            elif c in "iuyYW":
                out += u32(0)
            elif c in "xtd":
                out += bytes(8)
            elif c == "s":
                out += string("x")
            elif c == "U":
                out += raw(DOMAIN_UUID)
            elif c in self.handles:
                out += self.handles[c]
            else:
                return None
        return out


def skip(signature, at):
    if signature[at] == "(":
        return signature.index(")", at) + 1
    if signature[at] in "<[":
        return skip(signature, signature.index(">" if signature[at] == "<" else "]", at) + 1)
    return at + 1


def test_unknown_flags(daemon, conn, tmp_path):
    folder = tmp_path / "pool"
    folder.mkdir()
    things, wrong, seen = Things(conn, folder), [], 0
    for program, number, name, signature in ROWS:
        arguments = things.encode(signature)
        if arguments is None:
            continue
        wire = daemon.wire()
        reply = wire.call(number, arguments[:-4] + u32(UNKNOWN), prog=program)
        wire.close()
        if reply.status == 0 or reply.error()[0] != libvirt.VIR_ERR_INVALID_ARG:
            wrong.append((name, signature, "done" if reply.status == 0 else reply.error()[2]))
        seen += 1
    assert not wrong, "\n".join(map(str, wrong))
    assert seen > 150, seen
