# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock clients that are no part of the daily suite: their packages are `tests/install-packages trials`.

    sudo tests/in-host /usr/bin/python3 -m pytest tests/clients
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import libvirt
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))
from kanzen import run, virsh, wait_for  # noqa: E402

NAME = "trial"
IMAGES = Path("/var/lib/libvirt/images")
XML = (f"<domain type='xen'><name>{NAME}</name><memory unit='MiB'>200</memory><currentMemory unit='MiB'>160</currentMemory><vcpu>1</vcpu>"
       "<os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/run/guest/vmlinuz-cloud</kernel>"
       "<initrd>/run/guest/initrd-cloud.img</initrd><cmdline>console=hvc0</cmdline></os>"
       f"<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{IMAGES}/{NAME}.img'/>"
       "<target dev='xvda' bus='xen'/></disk><interface type='network'><source network='default'/></interface>"
       "<console type='pty'/><graphics type='vnc' port='-1' listen='127.0.0.1'/></devices></domain>")


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program}: tests/install-packages trials")


@pytest.fixture(scope="module")
def conn():
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=events_forever, daemon=True).start()
    opened = libvirt.open("xen:///system")
    yield opened
    opened.close()


def events_forever():
    while True:
        libvirt.virEventRunDefaultImpl()


@pytest.fixture(scope="module")
def domain(conn):
    """One guest for all, running."""
    run("cp", "--sparse=always", "/run/guest/disk.img", IMAGES / f"{NAME}.img")
    defined = conn.defineXML(XML)
    defined.create()
    yield defined
    defined.destroy()
    defined.undefine()


@pytest.fixture(scope="module")
def desktop():
    from desktop import Desktop

    with tempfile.TemporaryDirectory() as home, Desktop(home) as made:
        yield made


# ---- events ----

def ids(prefix):
    return {name: value for name, value in vars(libvirt).items() if re.fullmatch(prefix + r"_EVENT_ID_\w+", name)
            and not name.endswith("_LAST")}


def test_every_event_can_be_registered(conn, domain):
    """What libvirt-python's example does: every kind of event of every kind of object; none is refused, and some come."""
    seen = []

    def happened(_conn, *args):
        seen.append((args[-1], args[1:-1]))

    kinds = [(conn.domainEventRegisterAny, conn.domainEventDeregisterAny, "VIR_DOMAIN"),
             (conn.networkEventRegisterAny, conn.networkEventDeregisterAny, "VIR_NETWORK"),
             (conn.storagePoolEventRegisterAny, conn.storagePoolEventDeregisterAny, "VIR_STORAGE_POOL"),
             (conn.nodeDeviceEventRegisterAny, conn.nodeDeviceEventDeregisterAny, "VIR_NODE_DEVICE"),
             (conn.secretEventRegisterAny, conn.secretEventDeregisterAny, "VIR_SECRET")]
    registered = [(deregister, register(None, number, happened, name))
                  for register, deregister, prefix in kinds for name, number in ids(prefix).items()]
    assert len(registered) >= 34
    domain.suspend()
    domain.resume()
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, "seen", None, None)
    conn.storagePoolLookupByName("default").refresh()
    wanted = [("VIR_DOMAIN_EVENT_ID_LIFECYCLE", libvirt.VIR_DOMAIN_EVENT_SUSPENDED),
              ("VIR_DOMAIN_EVENT_ID_LIFECYCLE", libvirt.VIR_DOMAIN_EVENT_RESUMED)]
    wait_for("suspend and resume", lambda: [(n, a[0]) for n, a in seen if n == wanted[0][0]] == wanted)
    wait_for("the others", lambda: {"VIR_DOMAIN_EVENT_ID_METADATA_CHANGE", "VIR_STORAGE_POOL_EVENT_ID_REFRESH"} <= {n for n, _ in seen})
    for deregister, number in registered:
        deregister(number)


# ---- tools on the command line ----

def test_virt_xml(domain):
    """Edits of the definition, and a disk for both it and the running guest."""
    run("virt-xml", NAME, "--edit", "--memory", "memory=220,currentMemory=180")
    assert "<memory unit='KiB'>225280</memory>" in virsh("dumpxml", "--inactive", NAME)
    run("virt-xml", NAME, "--edit", "--vcpus", "2")
    run("virt-xml", NAME, "--edit", "--boot", "kernel_args='console=hvc0 quiet'")
    assert "quiet" in virsh("dumpxml", "--inactive", NAME)
    run("virt-xml", NAME, "--add-device", "--disk", "pool=default,size=0.01,format=raw,target=xvdb,bus=xen", "--update", timeout=120)
    assert "xvdb" in virsh("domblklist", NAME) and "xvdb" in virsh("domblklist", "--inactive", NAME)
    run("virt-xml", NAME, "--remove-device", "--disk", "target=xvdb", "--update", timeout=120)
    assert "xvdb" not in virsh("domblklist", NAME)


def test_virt_clone(conn):
    source = XML.replace(f"<name>{NAME}<", f"<name>{NAME}-source<").replace(f"{NAME}.img", f"{NAME}-source.img")
    run("qemu-img", "create", "-q", "-f", "raw", IMAGES / f"{NAME}-source.img", "8M")
    conn.storagePoolLookupByName("default").refresh()
    original = conn.defineXML(source)
    run("virt-clone", "--original", f"{NAME}-source", "--name", f"{NAME}-clone", "--auto-clone", timeout=120)
    clone = conn.lookupByName(f"{NAME}-clone")
    assert f"{NAME}-clone.img" in clone.XMLDesc() and clone.UUID() != original.UUID()
    assert (IMAGES / f"{NAME}-clone.img").stat().st_size == 8 << 20
    clone.undefine()
    original.undefine()


def test_virt_install_from_a_tree(conn, tmp_path):
    """--location, with a new volume of the default pool, on the default network."""
    for name in ("vmlinuz-cloud", "initrd-cloud.img"):
        shutil.copy(f"/run/guest/{name}", tmp_path)
    run("virt-install", "--name", f"{NAME}-install", "--memory", "200", "--paravirt", "--disk", "pool=default,size=1", "--network",
        "network=default", "--graphics", "none", "--osinfo", "generic", "--noautoconsole", "--extra-args", "console=hvc0",
        "--location", f"{tmp_path},kernel=vmlinuz-cloud,initrd=initrd-cloud.img", timeout=180)
    installed = conn.lookupByName(f"{NAME}-install")
    try:
        assert installed.isActive() and installed.isPersistent()
        wait_for("an address", lambda: "192.168.122." in virsh("domifaddr", f"{NAME}-install"), 90)
    finally:
        installed.destroy()
        virsh("undefine", f"{NAME}-install", "--remove-all-storage")


# ---- daemons that are clients ----

@needs("prometheus-libvirt-exporter")
def test_exporter(domain):
    child = subprocess.Popen(["prometheus-libvirt-exporter", "--libvirt.uri=xen:///system", "--web.listen-address=127.0.0.1:9177"],
                             stderr=subprocess.PIPE, text=True)
    try:
        def metrics():
            try:
                with urllib.request.urlopen("http://127.0.0.1:9177/metrics", timeout=20) as answer:
                    return answer.read().decode()
            except OSError:
                return None

        text = wait_for("metrics", metrics)
        assert "libvirt_up 1" in text
        assert re.search(rf'libvirt_domain_info_maximum_memory_bytes{{.*"{NAME}".*}} ', text)
        assert re.search(rf'libvirt_domain_block_stats_read_bytes_total{{.*"{NAME}".*"xvda".*}} ', text)
        assert re.search(rf'libvirt_domain_interface_stats_receive_bytes_total{{.*"{NAME}".*}} ', text)
    finally:
        child.terminate()
        said = child.communicate(timeout=20)[1]
    assert not re.search("error|failed", said, re.IGNORECASE), said


@needs("libvirt-dbus")
def test_libvirt_dbus(domain, desktop):
    # Xen is on the system bus only; the desktop's own stands for it.
    environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=os.environ["DBUS_SESSION_BUS_ADDRESS"])
    child = subprocess.Popen(["libvirt-dbus", "--system"], stderr=subprocess.PIPE, text=True, env=environment)

    def call(path, method, *args):
        return run("gdbus", "call", "--session", "--dest", "org.libvirt", "--object-path", path, "--method", method, *args).stdout

    try:
        wait_for("the bus name", lambda: "true" in run("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/",
                                                       "--method", "org.freedesktop.DBus.NameHasOwner", "org.libvirt").stdout)
        assert "/org/libvirt/Xen/domain/" in call("/org/libvirt/Xen", "org.libvirt.Connect.ListDomains", "0")
        path = re.search(r"'(/\S+)'", call("/org/libvirt/Xen", "org.libvirt.Connect.DomainLookupByName", NAME)).group(1)
        assert NAME in call(path, "org.libvirt.Domain.GetXMLDesc", "0")
        assert "balloon.current" in call(path, "org.libvirt.Domain.GetStats", "0", "0")
        everything = call(path, "org.freedesktop.DBus.Properties.GetAll", "org.libvirt.Domain")
        assert "'Active': <<true>>" in everything and f"'Name': <<'{NAME}'>>" in everything
        assert "'default'" in call("/org/libvirt/Xen", "org.libvirt.Connect.ListNetworks", "0") or \
            "/network/" in call("/org/libvirt/Xen", "org.libvirt.Connect.ListNetworks", "0")
    finally:
        child.terminate()
        said = child.communicate(timeout=20)[1]
    assert not re.search("error|critical|warning", said, re.IGNORECASE), said


# ---- on a screen ----

@needs("virt-viewer")
def test_virt_viewer(conn, domain, desktop, tmp_path):
    """It connects to the guest's VNC: QEMU says so, and its window is named after the guest."""
    phases = []
    number = conn.domainEventRegisterAny(domain, libvirt.VIR_DOMAIN_EVENT_ID_GRAPHICS, lambda *args: phases.append(args[2]), None)
    with open(tmp_path / "log", "wb") as log:
        app = desktop.run(["virt-viewer", "--connect", "xen:///system", NAME], "virt-viewer", log)
        app.window(f"{NAME} .*")
        wait_for("a client of the picture", lambda: libvirt.VIR_DOMAIN_EVENT_GRAPHICS_INITIALIZE in phases)
    conn.domainEventDeregisterAny(number)
