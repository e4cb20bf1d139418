# SPDX-License-Identifier: LGPL-2.1-or-later
"""xl.cfg and xm files to domains and to libvirt's XML and back; domains of xl for virsh and the other way round."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from kanzen import Console, run, state, virsh, wait_for, xl


def seed_folder():
    """Configuration files people have, where the project's shared folder is."""
    here = Path(__file__).resolve().parents[2]
    for place in (os.environ.get("KANZEN_SHARED"), here.parent / "shared", here.parent.parent / "shared"):
        if place and (Path(place) / "seed-configs").is_dir():
            return Path(place) / "seed-configs"
    return None


SEEDS = sorted(p.name for p in seed_folder().glob("*.cfg") if p.name != "fragments.cfg") if seed_folder() else []


def localize(guest, text):
    """The text with this host's kernel, images and CDs in place of the paths it has."""
    def image(match):
        path = guest.folder / (re.sub(r"\W", "_", match[0]) + ".img")
        if "qcow2" in text[match.end():match.end() + 8]:
            run("qemu-img", "create", "-q", "-f", "qcow2", path, "64M")
        else:
            subprocess.run(["cp", "--sparse=always", guest.images / "disk.img", path], check=True)
        return str(path)

    text = re.sub(r"[\w/.-]+\.iso", str(guest.images / "cd.iso"), text)
    text = re.sub(r"/(images/xen|opt/xen|dev/vg-data)/[\w/.-]+", image, text)
    text = re.sub(r"/(boot|images/kernel)/vmlinuz", str(guest.images / "vmlinuz-cloud"), text)
    text = re.sub(r"/(boot|images/kernel)/init\w+\.img", str(guest.images / "initrd-cloud.img"), text)
    return re.sub(r"(?m)^name ?=.*$", f'name = "{guest.name}"', text)


def seed(guest, name):
    return guest.write(f"{guest.name}.cfg", localize(guest, (seed_folder() / name).read_text()))


@pytest.mark.skipif(not SEEDS, reason="no shared folder")
@pytest.mark.parametrize("file", SEEDS)
def test_seed_configs_are_understood(guest, file):
    """As far as a start without one goes, and by way of libvirt's XML."""
    cfg = seed(guest, file)
    dry = run("xl", "create", "-n", cfg, check=False)
    if "grub-xen-host" in dry.stderr:
        pytest.skip("GRUB for Xen is not installed")
    assert dry.returncode == 0, dry.stderr
    xml = guest.write_xml(virsh("domxml-from-native", "xen-xm" if file.startswith("kc") else "xen-xl", cfg))
    virsh("define", xml)
    assert guest.name in virsh("list", "--all", "--name").split()


@pytest.mark.skipif("busybox.cfg" not in SEEDS, reason="no shared folder")
def test_busybox_of_the_documents_runs(guest):
    xl("create", seed(guest, "busybox.cfg"), timeout=120)
    console = Console("xl", "console", guest.name)
    console.child.sendline("")
    console.child.expect("# ", timeout=90)
    console.command("mount -t proc proc /proc")
    assert " / ext4 ro" in console.command("cat /proc/mounts")
    assert "selinux=0 init=/bin/sh" in console.command("cat /proc/cmdline")
    console.leave()


def keys(cfg):
    return {line.split(" = ", 1)[0] for line in cfg.splitlines() if " = " in line}


def test_xl_runs_what_virsh_defined(guest):
    """virsh's definition as a file for xl: one domain, by either tool's eyes."""
    virsh("define", guest.write_xml(guest.xml(disk=True, nic=True)))
    cfg = virsh("domxml-to-native", "xen-xl", "--domain", guest.name)
    assert {"name", "uuid", "kernel", "ramdisk", "disk", "vif"} <= keys(cfg)
    xl("create", guest.write("from-virsh.cfg", cfg), timeout=120)
    assert state(guest.name) == "running"
    assert virsh("domid", guest.name) .strip() == xl("domid", guest.name).strip()
    listed = json.loads(xl("list", "-l", guest.name))[0]["config"]
    assert listed["c_info"]["uuid"] == virsh("domuuid", guest.name).strip()
    assert listed["c_info"]["type"] == "pv"
    assert listed["disks"][0]["vdev"] == "xvda" and listed["nics"][0]["mac"] in virsh("dumpxml", guest.name)
    xl("destroy", guest.name)
    assert state(guest.name) == "shut off"
    virsh("undefine", guest.name)


def test_virsh_defines_what_xl_runs(guest):
    """xl's domain, dumped by virsh, defined and started again."""
    xl("create", guest.cfg(disk=True, nic=True), timeout=120)
    xml = guest.write_xml(virsh("dumpxml", "--inactive", guest.name))
    xl("destroy", guest.name)
    wait_for("the domain to be gone", lambda: run("xl", "domid", guest.name, check=False).returncode != 0)
    virsh("define", xml)
    virsh("start", guest.name, timeout=120)
    assert rows_have(guest.name)
    virsh("destroy", guest.name)
    virsh("undefine", guest.name)


def rows_have(name):
    return any(line.split()[0] == name for line in xl("list").splitlines()[1:])


@pytest.mark.parametrize("kind", ["pv", "hvm", "pvh"])
def test_native_is_a_fixed_point(guest, kind):
    """cfg to XML to cfg to XML: the second round changes nothing."""
    cfg = {"pv": guest.cfg, "hvm": guest.hvm_cfg, "pvh": lambda: guest.cfg(extra='type = "pvh"')}[kind]()
    first = virsh("domxml-from-native", "xen-xl", cfg)
    native = virsh("domxml-to-native", "xen-xl", "--xml", guest.write_xml(first))
    assert ('type = "pvh"' in native) == (kind == "pvh") and ('builder = "hvm"' in native) == (kind == "hvm")
    second = virsh("domxml-from-native", "xen-xl", guest.write("again.cfg", native))
    assert second == first


def test_native_errors_name_the_place(guest):
    bad = guest.write("bad.cfg", 'name = "x"\nmemory = "lots"\n')
    refused = run("virsh", "domxml-from-native", "xen-xl", bad, check=False)
    assert refused.returncode == 1 and ":2:10: option 'memory': 'lots' is not a valid number" in refused.stderr
    refused = run("virsh", "domxml-from-native", "vmx", bad, check=False)
    assert refused.returncode == 1 and "unsupported config type vmx" in refused.stderr
