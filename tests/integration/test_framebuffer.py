# SPDX-License-Identifier: LGPL-2.1-or-later
"""The picture, keyboard and pointer of a PV guest: what its framebuffer shows in VNC, and what VNC's keys and mouse do in it."""
import json
import re
import socket
import struct
import time

import pytest

from kanzen import Console, compile_for_guest, run, virsh, wait_for, xl


class Monitor:
    """What a VNC client would do, by QEMU's monitor: look, type, point."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(f"/run/kanzen/{xl('domid', name).strip()}/qmp.sock")
        self.file = self.sock.makefile("rw")
        self.file.readline()
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def screen(self, path):
        """(width, height, bytes of RGB)"""
        self("screendump", filename=str(path))
        data = path.read_bytes()
        width, height = map(int, re.match(rb"P6\n(\d+) (\d+)\n255\n", data).groups())
        pixels = data[-width * height * 3:]
        return width, height, pixels

    def press(self, *keys):
        for key in keys:
            self("send-key", keys=[{"type": "qcode", "data": key}])
            time.sleep(0.15)

    def point(self, x, y):
        """Fractions of the screen."""
        self("input-send-event", events=[
            {"type": "abs", "data": {"axis": "x", "value": int(x * 0x7fff)}},
            {"type": "abs", "data": {"axis": "y", "value": int(y * 0x7fff)}}])

    def close(self):
        self.file.close()
        self.sock.close()


@pytest.fixture(scope="session")
def set_mode(tmp_path_factory):
    return compile_for_guest("set-mode", tmp_path_factory.mktemp("guest"))


@pytest.fixture
def console(guest, set_mode):
    guest.add_program("generic", set_mode)
    xl("create", guest.cfg(kernel="generic", cmdline="console=tty0 console=hvc0", extra='vfb = ["vnc=1"]\n'))
    shell = Console("xl", "console", guest.name).login(timeout=120)
    yield shell
    if shell.child.isalive():
        shell.leave()


@pytest.fixture
def monitor(guest, console):
    opened = Monitor(guest.name)
    yield opened
    opened.close()


def rows_with_text(screen):
    """Numbers of the 16-pixel rows of the text console that are not black."""
    width, height, pixels = screen
    return {row for row in range(height // 16) if any(pixels[row * 16 * width * 3:(row + 1) * 16 * width * 3])}


def test_picture_keyboard_pointer(guest, console, monitor, tmp_path):
    path = tmp_path / "screen.ppm"
    width, height, _ = monitor.screen(path)
    assert (width, height) == (800, 600)
    assert len(rows_with_text(monitor.screen(path))) > 20  # the kernel's messages

    console.command(r"printf '\033[2J\033[H\n\n\nhello' > /dev/tty0")
    wait_for("a screen with one line of text", lambda: rows_with_text(monitor.screen(path)) - {3} == set()
             and 3 in rows_with_text(monitor.screen(path)), timeout=20, interval=0.3)

    console.command("(head -n1 /dev/tty1 > /tmp/typed) & sleep 1")
    monitor.press("x", "e", "n", "1", "ret")
    wait_for("the keys", lambda: console.command("cat /tmp/typed").strip() == "xen1", timeout=20, interval=0.5)

    devices = console.command("cat /proc/bus/input/devices")
    assert "Xen Virtual Keyboard" in devices and "Xen Virtual Pointer" in devices


def test_picture_survives_a_save(guest, console, tmp_path):
    virsh("screenshot", guest.name, tmp_path / "before.png")
    assert (tmp_path / "before.png").read_bytes().startswith(b"\x89PNG")
    xl("save", guest.name, tmp_path / "image", timeout=120)
    xl("restore", tmp_path / "image", timeout=120)
    monitor = Monitor(guest.name)
    restored = Console("xl", "console", guest.name)
    restored.child.sendline("")
    restored.child.expect("# ")
    path = tmp_path / "screen.ppm"
    assert len(rows_with_text(monitor.screen(path))) > 20
    restored.command(r"printf '\033[?25l\033[2J' > /dev/tty0; (head -n1 /dev/tty1 > /tmp/typed) & sleep 1")
    wait_for("an empty screen", lambda: not rows_with_text(monitor.screen(path)), timeout=20, interval=0.3)
    monitor.press("o", "k", "ret")
    wait_for("the keys", lambda: restored.command("cat /tmp/typed").strip() == "ok", timeout=20, interval=0.5)
    monitor.close()
    restored.leave()


def test_resize(guest, console, monitor, tmp_path):
    path = tmp_path / "screen.ppm"
    assert console.command("/set-mode /dev/fb0 640 480") == "640x480"
    wait_for("a smaller screen", lambda: monitor.screen(path)[:2] == (640, 480), timeout=20, interval=0.3)
    domid = xl("domid", guest.name).strip()
    backend = f"/local/domain/0/backend/vkbd/{domid}/0"
    assert [run("xenstore-read", f"{backend}/{k}").stdout.strip() for k in ("width", "height")] == ["640", "480"]
    console.command(r"printf '\033[?25l\033[2J' > /dev/tty0; sleep 1; dd if=/dev/zero bs=3200 count=480 2>/dev/null | tr '\0' '\377' > /dev/fb0")
    wait_for("a white screen", lambda: monitor.screen(path)[2] == b"\xff" * (640 * 480 * 3), timeout=20, interval=0.3)


def test_vnc_answers(guest):
    """The way there that clients take: virsh vncdisplay, the handshake, the size of the screen (RFC 6143 7.1 to 7.3)."""
    virsh("create", guest.write_xml(guest.xml(kernel="cloud", extra="<graphics type='vnc' autoport='yes'/>")), timeout=60)
    Console("virsh", "console", guest.name).login(timeout=120).leave()
    host, display = virsh("vncdisplay", guest.name).strip().split(":")
    with socket.create_connection((host or "127.0.0.1", 5900 + int(display)), timeout=20) as vnc:
        assert vnc.recv(12).startswith(b"RFB 003.")
        vnc.sendall(b"RFB 003.008\n")
        types = vnc.recv(1)[0]
        assert b"\x01" in vnc.recv(types)  # no password
        vnc.sendall(b"\x01")
        assert vnc.recv(4, socket.MSG_WAITALL) == b"\0\0\0\0"
        vnc.sendall(b"\x01")
        assert struct.unpack(">HH", vnc.recv(4, socket.MSG_WAITALL)) == (800, 600)
