# SPDX-License-Identifier: LGPL-2.1-or-later
"""One running guest of each kind for a whole test file: starting them is most of what a test costs."""
import json
import re
import subprocess
import threading
import uuid
from pathlib import Path

import libvirt
import pytest

import kanzen


def run_event_loop():
    """libvirt's, in a thread, once and for good: connections that were opened with it need it for their keepalive."""
    if not _loops:
        libvirt.virEventRegisterDefaultImpl()
        libvirt.virEventAddTimeout(1000, lambda *_: None, None)
        _loops.append(threading.Thread(target=_run_for_ever, daemon=True))
        _loops[0].start()


_loops = []


def _run_for_ever():
    while True:
        libvirt.virEventRunDefaultImpl()


def _quiet(_context, _error):
    pass


class Running:
    """A persistent domain that runs, with a qcow2 disk that tests may do anything to."""

    def __init__(self, images, kind, folder, **options):
        libvirt.registerErrorHandler(_quiet, None)
        self.kind = kind
        self.name = "t" + uuid.uuid4().hex[:8]
        self.folder = folder
        self.target = "xvda" if kind == "pv" else "hda"
        self.base, self.image = folder / "base.img", folder / "disk.qcow2"
        source = "disk.img" if kind == "pv" else "hvm.img"
        subprocess.run(["cp", "--sparse=always", images / source, self.base], check=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.base, "-F", "raw", self.image], check=True)
        guest = kanzen.Guest(images, self.name, folder)
        self.conn = libvirt.open("xen:///system")
        self.xml = self._make_xml(guest, **options)
        self.domain = self.conn.defineXML(self.xml)
        self.domain.create()

    def _make_xml(self, guest, extra="", **options):
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{self.image}'/>"
                f"<target dev='{self.target}' bus='{'xen' if self.kind == 'pv' else 'ide'}'/></disk>")
        if self.kind == "pv":
            return guest.xml(cmdline="console=hvc0", extra=disk + extra, **options)
        xml = guest.hvm_xml(nic=False, extra=extra, **options)
        old = xml[xml.index("<disk "):xml.index("</disk>") + len("</disk>")]
        return xml.replace(old, disk)

    def console(self):
        return kanzen.Console("virsh", "console", self.name, "--force").login(timeout=120)

    def close(self):
        for step in (self.domain.destroy, lambda: self.domain.undefineFlags(
                libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)):
            try:
                step()
            except libvirt.libvirtError:
                pass
        self.conn.close()


def fixture(scope="module", kinds=("pv", "hvm"), **options):
    """A pytest fixture of running guests; use it as `running = running.fixture()`."""

    @pytest.fixture(scope=scope, params=kinds)
    def made(request, images, tmp_path_factory):
        guest = Running(images, request.param, tmp_path_factory.mktemp(request.param), **options)
        yield guest
        guest.close()

    return made


def emulator_pid(name):
    """The process that is a running domain's machine."""
    for path in Path("/run/kanzen").glob("[0-9]*/config.json"):
        if json.loads(path.read_text())["c_info"]["name"] == name:
            return int(re.match(r"\d+", (path.parent / "emulator.pid").read_text()).group())
    raise AssertionError(f"no running domain '{name}'")


def code_of(action, *args):
    """The libvirt error code that a call fails with."""
    with pytest.raises(libvirt.libvirtError) as caught:
        action(*args)
    return caught.value.get_error_code()
