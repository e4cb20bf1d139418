# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong definitions and hosts: one clear message with the libvirt code a user expects, and nothing left behind."""
import subprocess
from pathlib import Path

import libvirt
import pytest

from kanzen import run, virsh

XML_ERROR, INTERNAL, UNSUPPORTED = libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_CONFIG_UNSUPPORTED


@pytest.fixture
def left_behind():
    """Fails the test if it leaves processes, taps, run folders or definitions."""

    def snapshot():
        return (sorted(p.name for p in Path("/run/kanzen").iterdir() if p.name.isdigit()),
                run("ip", "-br", "link").stdout.count("vif"),
                sorted(virsh("list", "--all", "--name").split()),
                subprocess.run(["pgrep", "-c", "qemu-system"], capture_output=True, text=True).stdout)

    before = snapshot()
    yield
    assert snapshot() == before


def fails(conn, xml, start=True):
    """The error of defining and, if that worked, starting xml."""
    with pytest.raises(libvirt.libvirtError) as caught:
        domain = conn.defineXML(xml)
        try:
            domain.create() if start else None
        finally:
            domain.undefine()
    return caught.value


@pytest.mark.parametrize("what, change, words", [
    ("kernel missing", ("vmlinuz-cloud", "vmlinuz-none"), ["vmlinuz-none", "No such file"]),
    ("ramdisk missing", ("initrd-cloud.img", "initrd-none"), ["initrd-none", "No such file"]),
    ("kernel is a disk", ("vmlinuz-cloud", "disk.img"), ["disk.img", "kernel"]),
    ("kernel is a directory", ("/vmlinuz-cloud", ""), ["guest"]),
])
def test_files(conn, guest, left_behind, what, change, words):
    error = fails(conn, guest.xml().replace(*change))
    for word in words:
        assert word in error.get_error_message(), what
    assert "unknown" not in error.get_error_message()


def test_truncated_kernel(conn, guest, left_behind):
    half = guest.folder / "half"
    half.write_bytes((guest.images / "vmlinuz-cloud").read_bytes()[: 1 << 20])
    error = fails(conn, guest.xml().replace(f"{guest.images}/vmlinuz-cloud", str(half)))
    assert str(half) in error.get_error_message()


@pytest.mark.parametrize("path, words", [("/nowhere/disk.img", ["/nowhere/disk.img", "No such file"]),
                                         ("/etc", ["/etc", "directory"])])
def test_disk(conn, guest, left_behind, path, words):
    disk = (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{path}'/>"
            "<target dev='xvda' bus='xen'/></disk>")
    error = fails(conn, guest.xml(extra=disk))
    for word in words:
        assert word in error.get_error_message()


def test_disk_of_another_guest(conn, guest, left_behind):
    virsh("create", guest.write_xml(guest.xml(disk=True)))
    try:
        error = fails(conn, guest.xml(disk=True, name=guest.name + "2"))
        assert str(guest.disk()) in error.get_error_message() and guest.name in error.get_error_message()
    finally:
        virsh("destroy", guest.name)


def test_bridge_missing(conn, guest, left_behind):
    error = fails(conn, guest.xml(nic=True).replace("xenbr0", "nobridge7"))
    assert "nobridge7" in error.get_error_message()


@pytest.mark.parametrize("mac", ["00:16:3e:00:00", "zz:16:3e:00:00:01", "01:16:3e:00:00:01"])
def test_mac_malformed(conn, guest, left_behind, mac):
    nic = f"<interface type='bridge'><source bridge='xenbr0'/><mac address='{mac}'/></interface>"
    error = fails(conn, guest.xml(extra=nic), start=False)
    assert mac in error.get_error_message()
    assert error.get_error_code() == XML_ERROR


def test_name_taken(conn, guest, left_behind):
    first = conn.defineXML(guest.xml())
    try:
        with pytest.raises(libvirt.libvirtError) as caught:
            conn.defineXML(guest.xml().replace("</name>", "</name><uuid>0f0e0d0c-0b0a-4908-8706-050403020100</uuid>"))
        assert caught.value.get_error_code() == libvirt.VIR_ERR_OPERATION_FAILED
        assert guest.name in caught.value.get_error_message() and first.UUIDString() in caught.value.get_error_message()
    finally:
        first.undefine()


@pytest.mark.parametrize("memory", [4, 16])
def test_memory_too_small(conn, guest, left_behind, memory):
    error = fails(conn, guest.xml(memory_mib=memory))
    assert "memory" in error.get_error_message().lower()


def test_memory_more_than_the_host_has(conn, guest, left_behind):
    error = fails(conn, guest.xml(memory_mib=1 << 22))
    assert "memory" in error.get_error_message().lower()


@pytest.mark.parametrize("xml", ["", "<domain", "<domain/>", "<notadomain/>", "<domain type='xen'><name>x</name></domain>",
                                 "<domain type='xen'><name/><memory>1</memory></domain>", "\x00" * 8])
def test_malformed_xml(conn, left_behind, xml):
    with pytest.raises((libvirt.libvirtError, ValueError)) as caught:
        conn.defineXML(xml)
    if isinstance(caught.value, libvirt.libvirtError):
        assert caught.value.get_error_message()
        assert "unknown" not in caught.value.get_error_message()


def test_kernel_that_panics_at_once(conn, guest, left_behind):
    # No ramdisk and no root: Linux panics, and the domain ends as crashed, not as if it had been shut down.
    xml = guest.xml(cmdline="console=hvc0 panic=1 root=/dev/none").replace(
        f"<initrd>{guest.images}/initrd-cloud.img</initrd>", "").replace("<devices>", "<on_crash>destroy</on_crash><devices>")
    domain = conn.defineXML(xml)
    try:
        domain.create()
        from kanzen import wait_for
        wait_for("the domain to end", lambda: domain.state()[0] == libvirt.VIR_DOMAIN_SHUTOFF, timeout=60)
        assert domain.state()[1] == libvirt.VIR_DOMAIN_SHUTOFF_CRASHED
    finally:
        domain.undefine()


def test_lookup_of_nothing(conn):
    with pytest.raises(libvirt.libvirtError) as caught:
        conn.lookupByName("no-such-domain")
    assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN
    assert "no-such-domain" in caught.value.get_error_message()


def test_read_only_connection(guest):
    readonly = libvirt.openReadOnly("xen:///system")
    try:
        with pytest.raises(libvirt.libvirtError) as caught:
            readonly.defineXML(guest.xml())
        assert caught.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED
    finally:
        readonly.close()


def test_not_supported_names_the_call(conn, guest):
    domain = conn.defineXML(guest.xml())
    try:
        with pytest.raises(libvirt.libvirtError) as caught:
            domain.migrateStartPostCopy()
        assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT
        assert "virDomainMigrateStartPostCopy" in caught.value.get_error_message()
    finally:
        domain.undefine()
