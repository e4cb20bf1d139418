# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screen, keyboard, memory, display sockets and monitor of running guests."""
import json
import os
import socket
import struct

import libvirt
import libvirt_qemu
import pytest

import running
from kanzen import virsh
from running import code_of

guest = running.fixture()


def take_screenshot(guest):
    stream = guest.conn.newStream()
    kind = guest.domain.screenshot(stream, 0)
    data = b""
    while chunk := stream.recv(65536):
        data += chunk
    stream.finish()
    return kind, data


def test_screenshot(guest):
    if guest.kind == "pv":  # no framebuffer, and said so
        with pytest.raises(libvirt.libvirtError):
            take_screenshot(guest)
        return
    kind, data = take_screenshot(guest)
    assert kind == "image/png" and data.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width >= 320 and height >= 200
    path = guest.folder / "screen.png"
    virsh("screenshot", guest.name, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert not [n for n in os.listdir("/run/kanzen") if n.startswith("kanzend-screen")]


@pytest.mark.parametrize("codeset, code", [("LINUX", 28), ("XT", 28), ("ATSET1", 0xe01d), ("ATSET2", 0x5a), ("ATSET3", 0x5a),
                                           ("OSX", 0x24), ("XT_KBD", 28), ("USB", 40), ("WIN32", 13), ("QNUM", 28)])
def test_send_key(guest, codeset, code):
    assert guest.domain.sendKey(getattr(libvirt, f"VIR_KEYCODE_SET_{codeset}"), 10, [code], 1) == 0


def test_send_key_errors(guest):
    send = guest.domain.sendKey
    assert code_of(send, libvirt.VIR_KEYCODE_SET_USB, 10, [0xfff], 1) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(send, 99, 10, [28], 1) == libvirt.VIR_ERR_INVALID_ARG
    virsh("send-key", guest.name, "KEY_LEFTCTRL", "KEY_C")


def test_memory_peek(guest):
    # The date in PC firmware, which QEMU's BIOS keeps for old programs.
    assert guest.domain.memoryPeek(0xffff5, 8, libvirt.VIR_MEMORY_PHYSICAL) == b"06/23/99"
    assert code_of(guest.domain.memoryPeek, 0, 8, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert len(guest.domain.memoryPeek(0, 1 << 20, libvirt.VIR_MEMORY_PHYSICAL)) == 1 << 20


def test_open_graphics(guest):
    if guest.kind == "pv":
        assert code_of(guest.domain.openGraphicsFD, 0) == libvirt.VIR_ERR_INTERNAL_ERROR
        return
    fd = guest.domain.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
    assert os.read(fd, 12).startswith(b"RFB 003.")
    os.close(fd)
    ours, theirs = socket.socketpair()
    guest.domain.openGraphics(0, theirs.fileno(), 0)
    theirs.close()
    assert ours.recv(12).startswith(b"RFB 003.")
    ours.close()
    assert code_of(guest.domain.openGraphicsFD, 7) == libvirt.VIR_ERR_INTERNAL_ERROR


def test_monitor(guest):
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(guest.domain, '{"execute":"query-status"}', 0))
    assert answer["return"]["status"] == "running"
    assert "running" in libvirt_qemu.qemuMonitorCommand(guest.domain, "info status", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
    with pytest.raises(libvirt.libvirtError):
        libvirt_qemu.qemuMonitorCommand(guest.domain, '{"execute":"no-such-command"}', 0)
    with pytest.raises(libvirt.libvirtError):
        libvirt_qemu.qemuMonitorCommand(guest.domain, "garbage", 0)


def test_nmi(guest):
    guest.domain.injectNMI()
    assert guest.domain.isActive()
