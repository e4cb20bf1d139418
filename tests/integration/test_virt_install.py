# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock virt-install."""
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest

import guest_disks
from kanzen import Console, run, state, virsh, wait_for


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


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


INSTALLER = """#!/bin/sh
# Does what the kickstart file named on the command line says, and boots what that has installed.
tries=0
while [ ! -e /sys/class/net/eth0 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
mkdir -p /run
ip link set eth0 up
udhcpc -i eth0 -s /etc/udhcpc.script -n -q -t 20 -T 1
for word in $(cat /proc/cmdline); do
    case $word in ks=file:*) sh "${word#ks=file:}" ;; esac
done
sync
reboot -f
"""


def make_tree(guest, tree):
    """What a distributor's server has: a description, an installer's kernel and initramfs, and a system (here in one file)."""
    kernel, initrd = guest.images / "vmlinuz-generic", guest.images / "initrd-generic.img"
    boot = guest.folder / "system/boot"
    (boot / "grub").mkdir(parents=True)
    shutil.copy(kernel, boot / "vmlinuz")
    shutil.copy(initrd, boot / "initrd.img")
    (boot / "grub/grub.cfg").write_text("set timeout=0\nlinux /boot/vmlinuz console=hvc0 was=installed\n"
                                        "initrd /boot/initrd.img\nboot\n")
    (tree / "images").mkdir(parents=True)
    guest_disks.ext4(tree / "system.img", guest.folder / "system", 32)
    (tree / ".treeinfo").write_text("[general]\nfamily = Example\nversion = 1\narch = x86_64\n"
                                    "[images-xen]\nkernel = images/vmlinuz\ninitrd = images/initrd.img\n")
    shutil.copy(kernel, tree / "images/vmlinuz")
    guest.write("init", INSTALLER).chmod(0o755)
    guest.add_program("generic", guest.folder / "init", "sbin")
    shutil.copy(guest.images / "initrd-generic.img", tree / "images/initrd.img")


@pytest.mark.skipif(not os.path.exists("/usr/lib/grub-xen/grub-x86_64-xen.bin"), reason="Debian package grub-xen-host is not installed")
def test_network_install(guest):
    """From a tree on a server, by a kickstart file, onto a new volume; then GRUB boots what was installed there."""
    tree = guest.folder / "tree"
    make_tree(guest, tree)
    handler = functools.partial(QuietHandler, directory=tree)
    with http.server.ThreadingHTTPServer(("10.87.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://10.87.0.1:{server.server_port}"
        kickstart = guest.write("answers.ks", f"wget -O - {url}/system.img > /dev/xvda && echo all was installed > /dev/hvc0\n")
        run("virt-install", "--connect", "xen:///system", "--name", guest.name, "--memory", "256", "--paravirt",
            "--location", url, "--initrd-inject", kickstart, "--extra-args", "ks=file:/answers.ks console=hvc0",
            "--disk", "pool=default,size=0.1", "--network", "network=default", "--graphics", "none", "--os-variant", "generic",
            "--noautoconsole", "--wait", "3", timeout=240)
        server.shutdown()
    xml = virsh("dumpxml", guest.name)
    assert "<kernel>" not in xml and f"/var/lib/libvirt/images/{guest.name}" in xml
    console = Console("virsh", "console", guest.name, "--force").login()
    assert "was=installed" in console.command("cat /proc/cmdline")
    assert console.leave() == 0
    assert "all was installed" in Path(f"/var/log/kanzen/console-{guest.name}.log").read_text(errors="replace")
    virsh("destroy", guest.name)
    virsh("undefine", guest.name, "--remove-all-storage")
