# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virt-install."""
from kanzen import Console, run, state, virsh, wait_for


def install(guest, *more, check=True, network="bridge=xenbr0"):
    return run("virt-install", "--connect", "xen:///system", "--name", guest.name, "--memory", "256", "--vcpus", "1",
               "--paravirt", "--import", "--disk", f"path={guest.disk()},format=raw", "--network", network,
               "--graphics", "none", "--os-variant", "generic", "--noautoconsole", *more, timeout=180, check=check)


def test_print_xml(guest):
    xml = install(guest, "--print-xml").stdout
    assert "<domain type=\"xen\">" in xml and "machine=\"xenpv\"" in xml
    assert guest.name not in virsh("list", "--all", "--name").split()


def test_print_xml_with_a_new_volume(name):
    xml = run("virt-install", "--connect", "xen:///system", "--name", name, "--memory", "256", "--paravirt", "--import",
              "--disk", "pool=default,size=1", "--network", "none", "--graphics", "none", "--os-variant", "generic",
              "--print-xml").stdout
    assert f'<source file="/var/lib/libvirt/images/{name}' in xml


def test_import_starts_a_guest(guest):
    install(guest, "--boot", f"kernel={guest.images}/vmlinuz-cloud,initrd={guest.images}/initrd-cloud.img,"
                             "kernel_args='root=/dev/xvda ro console=hvc0'")
    assert state(guest.name) == "running"
    assert "yes" in [line.split()[-1] for line in virsh("dominfo", guest.name).splitlines() if line.startswith("Persistent")]
    console = Console("virsh", "console", guest.name, "--force").login()
    assert console.command("cat /sys/hypervisor/type") == "xen"


def test_import_on_the_default_network(guest):
    """Address and name server by doing nothing."""
    install(guest, "--boot", f"kernel={guest.images}/vmlinuz-cloud,initrd={guest.images}/initrd-cloud.img,"
                             "kernel_args='root=/dev/xvda ro console=hvc0'", network="network=default")
    assert "bridge='virbr0'" in virsh("dumpxml", guest.name)
    wait_for("an address", lambda: "192.168.122." in virsh("domifaddr", guest.name), 60)
    console = Console("virsh", "console", guest.name, "--force").login()
    assert "192.168.122.1" in console.command("cat /run/resolv.conf; ip route show default")
