# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory that comes to a running HVM guest, and leaves it."""
import json
import xml.etree.ElementTree as ET

import libvirt
import pytest

from kanzen import Console, run, virsh, wait_for
from running import run_event_loop

DIMM = "<memory model='dimm'><target><size unit='MiB'>{}</size></target></memory>"
VIRTIO_MEM = ("<memory model='virtio-mem'><target><size unit='MiB'>256</size><block unit='MiB'>2</block>"
              "<requested unit='MiB'>{}</requested></target></memory>")


def devices(name):
    answer = virsh("qemu-monitor-command", name, '{"execute": "query-memory-devices"}')
    return {d["data"]["id"]: d["data"] for d in json.loads(answer)["return"]}


def memory_of(xml):
    return ET.fromstring(xml).findtext("memory"), ET.fromstring(xml).findtext("currentMemory")


def taken(domain, flags=0):
    """In KiB, of virtio-mem; None when the XML does not say."""
    text = ET.fromstring(domain.XMLDesc(flags)).findtext("devices/memory[@model='virtio-mem']/target/current")
    return text if text is None else int(text)


def blocks(console):
    return int(console.command("ls -d /sys/devices/system/memory/memory* | wc -l"))


def test_memory_comes_and_goes(guest, tmp_path):
    run_event_loop()
    seen = []
    conn = libvirt.open("xen:///system")
    for event in (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED):
        conn.domainEventRegisterAny(None, event, lambda _conn, _dom, alias, added: seen.append((added, alias)),
                                    event == libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED)
    xml = guest.hvm_direct_xml().replace("<memory unit='MiB'>256", "<maxMemory slots='4' unit='MiB'>1280</maxMemory>"
                                         "<memory unit='MiB'>256")
    virsh("define", guest.write_xml(xml))
    virsh("start", guest.name)
    domain = conn.lookupByName(guest.name)
    live, stored = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
    console = Console("virsh", "console", guest.name, "--force").login()
    before = blocks(console)

    domain.attachDeviceFlags(DIMM.format(128), live | stored)
    wait_for("the guest's new memory", lambda: blocks(console) == before + 1)
    domain.attachDeviceFlags(DIMM.format(256), live)
    domain.attachDeviceFlags(VIRTIO_MEM.format(0), live)
    assert {name: d["size"] >> 20 for name, d in devices(guest.name).items()} == {"dimm0": 128, "dimm1": 256, "virtiomem0": 0}
    kib = str((256 + 128 + 256 + 256) * 1024)
    assert memory_of(domain.XMLDesc()) == (kib, kib)
    assert memory_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))[0] == str(384 * 1024)
    aliases = [a.get("name") for a in ET.fromstring(domain.XMLDesc()).findall("devices/memory/alias")]
    assert aliases == ["dimm0", "dimm1", "virtiomem0"]

    domain.updateDeviceFlags(VIRTIO_MEM.format(64), live)
    assert devices(guest.name)["virtiomem0"]["requested-size"] == 64 << 20
    assert "<requested unit='KiB'>65536</requested>" in domain.XMLDesc()
    wait_for("the XML to tell what the guest has taken",
             lambda: taken(domain) == devices(guest.name)["virtiomem0"]["size"] >> 10)
    virsh("update-memory-device", guest.name, "--live", "--alias", "virtiomem0", "--requested-size", "32M")
    assert devices(guest.name)["virtiomem0"]["requested-size"] == 32 << 20
    assert taken(domain, libvirt.VIR_DOMAIN_XML_INACTIVE) is None

    for wrong, code in ((VIRTIO_MEM.format(3), libvirt.VIR_ERR_XML_ERROR),
                        (DIMM.format(2048), libvirt.VIR_ERR_CONFIG_UNSUPPORTED)):
        with pytest.raises(libvirt.libvirtError) as error:
            domain.attachDeviceFlags(wrong, live)
        assert error.value.get_error_code() == code
    with pytest.raises(libvirt.libvirtError) as error:
        domain.updateDeviceFlags(DIMM.format(128), live)
    assert error.value.get_error_code() == libvirt.VIR_ERR_OPERATION_UNSUPPORTED

    # The second one goes; the first keeps its name, and its number is free for another.
    domain.detachDeviceFlags(DIMM.format(128), live | stored)
    assert set(devices(guest.name)) == {"dimm1", "virtiomem0"} and blocks(console) == before + 2
    domain.attachDeviceFlags(DIMM.format(128), live)
    assert set(devices(guest.name)) == {"dimm0", "dimm1", "virtiomem0"}
    domain.detachDeviceAlias("dimm1", live)
    assert set(devices(guest.name)) == {"dimm0", "virtiomem0"}
    assert memory_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))[0] == str(256 * 1024)
    kib = str((256 + 128 + 256) * 1024)
    assert memory_of(domain.XMLDesc()) == (kib, kib)
    wait_for("the events", lambda: len(seen) == 6)
    assert seen == [(True, "dimm0"), (True, "dimm1"), (True, "virtiomem0"), (False, "dimm0"), (True, "dimm0"), (False, "dimm1")]
    conn.close()
    run("virsh", "destroy", guest.name)
    run("virsh", "undefine", guest.name)
