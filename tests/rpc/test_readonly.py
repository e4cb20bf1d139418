# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt's read-only rule, procedure by procedure; and the small questions that every client asks."""
import re
from pathlib import Path

import libvirt
import pytest

from test_libvirt import code_of, xml
from wire import i32, string, u32

DENIED = 29
CALLS = Path(__file__).parents[2] / "docs" / "calls.md"

# What libvirt 9.0 lets a read-only connection call; everything else is denied.
ALLOWED = ("1-7 14-25 36-38 43-47 50-52 56-57 59-60 64-74 84-89 91-92 95-102 105-106 110-117 121-122 126-130 137-141 143 147 149-159 "
           "162-163 167-168 175-179 183 186-191 194 198 200 202-203 206 212 223 227-230 238 243-244 246-247 253 255 257 262-263 265 "
           "271-275 278 280-287 289 293 297-299 312-314 316-317 340-341 344 351 353 360-361 365 368-369 374-375 378 380-381 387-388 391 "
           "397-398 401 403-405 407 409 412-416 419 422 426 435-436")

# Allowed without these bits of their flags, or without this source: the guest agent.
DOMAIN = string("x") + bytes(15) + b"\1" + i32(-1)
SECURE = {14: DOMAIN + u32(1), 186: string("s") + DOMAIN + u32(1), 388: DOMAIN + u32(1), 412: string("k") + DOMAIN + u32(1),
          200: DOMAIN + u32(8), 353: DOMAIN + u32(1, 0)}


def allowed():
    numbers = set()
    for part in ALLOWED.split():
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def procedures():
    return [(m[1], int(m[2])) for m in re.finditer(r"^\| (qemu:|lxc:)?(\d+) \| [A-Z0-9_]+ \|", CALLS.read_text(), re.M)]


def test_every_procedure(daemon):
    """Nothing is decoded for who may not call: an empty message is enough to see the rule."""
    programs = {None: 0x20008086, "qemu:": 0x20008087, "lxc:": 0x68000}
    wire, wrong, seen = daemon.wire(readonly=True), [], 0
    for program, number in procedures():
        if program is None and number in (1, 2):
            continue
        reply = wire.call(number, b"", prog=programs[program])
        denied = reply.status != 0 and reply.error()[0] == DENIED
        if denied == (program is None and number in allowed()):
            wrong.append(f"{program or ''}{number}")
        seen += 1
    assert seen > 380 and wrong == []


@pytest.mark.parametrize("number", sorted(SECURE))
def test_secrets(daemon, number):
    assert daemon.wire(readonly=True).call(number, SECURE[number]).error()[0] == DENIED
    assert daemon.wire().call(number, SECURE[number]).error()[0] != DENIED


def test_identity(daemon):
    """Proxies open read-only connections, too, but say nothing for whom."""
    assert daemon.wire(readonly=True).call(419, u32(0, 0)).error()[0] == DENIED
    assert daemon.wire().call(419, u32(0, 0)).status == 0


def test_questions(conn):
    assert conn.getType() == "Xen" and conn.getVersion() >= 4000000 and conn.getLibVersion() >= 9000000
    assert conn.getURI().startswith("xen:///") and conn.isSecure() == 1
    assert "<capabilities>" in conn.getCapabilities()
    assert "<domainCapabilities>" in conn.getDomainCapabilities(None, None, None, "xen", 0)
    assert conn.getFreeMemory() > 0 and len(conn.getCellsFreeMemory(0, 1)) == 1
    assert conn.getCPUMap()[0] >= 1 and "kernel" in conn.getCPUStats(-1, 0)
    assert conn.numOfStoragePools() == len(conn.listStoragePools())
    assert conn.numOfDefinedStoragePools() == len(conn.listDefinedStoragePools())


def test_questions_about_a_domain(conn):
    domain = conn.defineXML(xml("asked"))
    assert "<name>asked</name>" in domain.XMLDesc()
    assert domain.OSType() in ("linux", "xen")
    assert conn.lookupByUUID(domain.UUID()).name() == "asked"
    assert domain.isUpdated() == 0
    domain.setMaxMemory(131072)
    assert domain.maxMemory() == 131072
    domain.create()
    assert domain.ID() in conn.listDomainsID()
    assert domain.messages(0) == []
    assert domain.getCPUStats(True)[0]["cpu_time"] > 0
    assert conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE)
    assert domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "new", None, None, libvirt.VIR_DOMAIN_AFFECT_CONFIG) == 0
    assert domain.isUpdated() == 1  # the stored definition is another one now
    domain.reset()
    domain.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
    domain.managedSaveRemove()
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    assert code_of(conn.lookupByName, "asked") == libvirt.VIR_ERR_NO_DOMAIN
