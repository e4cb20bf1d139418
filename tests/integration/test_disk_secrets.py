# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks whose images are encrypted: the secrets of the host's that open them, and where these are to be seen."""
import base64
import shutil
from pathlib import Path

import pytest

from kanzen import Console, run, virsh, wait_for
from running import emulator_pid

MIB = 1024 * 1024
PASSPHRASE = "open,sesame=\u00e9"


def encrypted(path, form, mark):
    """An image that begins with mark, for those who know the passphrase."""
    plain = path.with_suffix(".plain")
    plain.write_bytes(mark.encode().ljust(8 * MIB, b"\0"))
    key = path.with_suffix(".key")
    key.write_text(PASSPHRASE)
    options = "key-secret=k" if form == "luks" else "encrypt.format=luks,encrypt.key-secret=k"
    fast = "iter-time=10" if form == "luks" else "encrypt.iter-time=10"
    target = (f"driver=luks,key-secret=k,file.filename={path}" if form == "luks" else
              f"driver=qcow2,encrypt.key-secret=k,file.filename={path}")
    for tries in range(10, 0, -1):  # it times itself, which a busy host's clock may not be good enough for
        made = run("qemu-img", "create", "-f", form, "--object", f"secret,id=k,file={key}", "-o", f"{options},{fast}", path,
                   "8M", check=False)
        if made.returncode == 0:
            break
        assert tries > 1 and "accurate CPU usage" in made.stderr, made.stderr
    run("qemu-img", "convert", "-n", "--object", f"secret,id=k,file={key}", "--image-opts", "--target-image-opts",
        f"driver=raw,file.filename={plain}", target)
    plain.unlink()
    assert mark.encode() not in path.read_bytes()
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One image of each kind, to be copied: qemu-img takes seconds to find how slow its key shall be."""
    folder = tmp_path_factory.mktemp("encrypted")
    return {form: encrypted(folder / form, form, f"from-{form}") for form in ("luks", "qcow2")}


def define_secret(folder, usage, value=PASSPHRASE):
    xml = folder / "secret.xml"
    xml.write_text(f"<secret ephemeral='no' private='yes'><usage type='volume'><volume>{usage}</volume></usage></secret>")
    uuid = virsh("secret-define", xml).split()[1]
    if value is not None:
        virsh("secret-set-value", uuid, "--base64", base64.b64encode(value.encode()).decode())
    return uuid


@pytest.fixture
def secrets(tmp_path):
    defined = []

    def make(usage, value=PASSPHRASE):
        defined.append(define_secret(tmp_path, usage, value))
        return defined[-1]
    yield make
    for uuid in defined:
        run("virsh", "secret-undefine", uuid, check=False)


def disk(target, path, form, secret):
    return (f"<disk type='file' device='disk'><driver name='qemu' type='{form}'/><source file='{path}'>"
            f"<encryption format='luks'><secret type='passphrase' {secret}/></encryption></source>"
            f"<target dev='{target}' bus='xen'/></disk>")


def secret_files(name):
    return sorted(p.name for p in Path(f"/run/kanzen/{virsh('domid', name).strip()}").glob("secret-*"))


def mark_of(console, device):
    return console.command(f"dd if=/dev/{device} bs=16 count=1 2> /dev/null | tr -d '\\0'")


def test_pv_guest_with_encrypted_disks(guest, secrets, made, tmp_path):
    by_uuid = secrets("by-uuid")
    secrets("by-usage")
    raw, qcow2, plugged = (shutil.copy(made[form], tmp_path / name)
                           for form, name in (("luks", "a.luks"), ("qcow2", "b.qcow2"), ("luks", "c.luks")))
    extra = disk("xvda", raw, "raw", f"uuid='{by_uuid}'") + disk("xvdb", qcow2, "qcow2", "usage='by-usage'")
    virsh("create", guest.write_xml(guest.xml(extra=extra)))
    console = Console("virsh", "console", guest.name, "--force").login()
    assert [mark_of(console, d) for d in ("xvda", "xvdb")] == ["from-luks", "from-qcow2"]

    # The value is in files of root's, and nowhere where others look.
    folder = Path(f"/run/kanzen/{virsh('domid', guest.name).strip()}")
    assert secret_files(guest.name) == ["secret-xvda-key", "secret-xvdb-key"]
    assert {p.stat().st_mode & 0o777 for p in folder.glob("secret-*")} == {0o600} and folder.stat().st_mode & 0o77 == 0
    hidden = base64.b64encode(PASSPHRASE.encode())
    for place in (f"/proc/{emulator_pid(guest.name)}/cmdline", folder / "config.json", folder / "userdata"):
        files = Path(place).iterdir() if Path(place).is_dir() else [Path(place)]
        for file in files:
            text = file.read_bytes()
            assert hidden not in text and PASSPHRASE.encode() not in text
    assert virsh("dumpxml", guest.name).count("<encryption format='luks'>") == 2

    # What would write its contents into images that are not encrypted is refused.
    refused = run("virsh", "snapshot-create-as", guest.name, "s1", "--disk-only", check=False)
    assert refused.returncode != 0 and "encrypted" in refused.stderr
    refused = run("virsh", "blockcopy", guest.name, "xvda", tmp_path / "copy.img", check=False)
    assert refused.returncode != 0 and "encrypted" in refused.stderr

    device = tmp_path / "disk.xml"
    device.write_text(disk("xvdc", plugged, "raw", f"uuid='{by_uuid}'"))
    virsh("attach-device", guest.name, device, "--live")
    wait_for("the plugged disk", lambda: console.command("ls /dev/xvdc 2> /dev/null") == "/dev/xvdc")
    assert mark_of(console, "xvdc") == "from-luks"
    assert "secret-xvdc-key" in secret_files(guest.name)
    virsh("detach-disk", guest.name, "xvdc", "--live")
    wait_for("the plugged disk to go", lambda: "secret-xvdc-key" not in secret_files(guest.name))

    # The next life finds what this one has, even when the host has forgotten it.
    virsh("secret-undefine", by_uuid)
    console.command("echo again > /dev/xvda; sync")
    before = virsh("domid", guest.name).strip()
    virsh("reboot", guest.name)
    wait_for("the domain's next life", lambda: virsh("domid", guest.name).strip() not in (before, "-"), timeout=60)
    console = Console("virsh", "console", guest.name, "--force").login()
    assert mark_of(console, "xvda").split("\n")[0] == "again"


def test_encrypted_volume(guest, secrets, tmp_path):
    """Of a pool, for a disk by its pool and name. QEMU opens it before the machine's first instruction."""
    import libvirt

    uuid = secrets("of-a-volume")
    encryption = f"<encryption format='luks'><secret type='passphrase' uuid='{uuid}'/></encryption>"
    conn = libvirt.open("xen:///system")
    pool = conn.storagePoolCreateXML(f"<pool type='dir'><name>{guest.name}-p</name><target><path>{tmp_path}</path></target></pool>")
    try:
        disks = ""
        for target, form in (("xvda", "raw"), ("xvdb", "qcow2")):
            encrypted(tmp_path / f"{form}.img", "luks" if form == "raw" else form, "mark")
            assert "<encryption format='luks'>" in pool.storageVolLookupByName(f"{form}.img").XMLDesc()
            disks += (f"<disk type='volume' device='disk'><driver name='qemu' type='{form}'/><source pool='{pool.name()}' volume='{form}.img'>"
                      f"{encryption}</source><target dev='{target}' bus='xen'/></disk>")
        domain = conn.createXML(guest.xml(extra=disks), libvirt.VIR_DOMAIN_START_PAUSED)
        stats = conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK)[0][1]
        assert [stats[f"block.{i}.capacity"] for i in range(2)] == [8 * MIB] * 2
        for form in ("raw", "qcow2"):
            with pytest.raises(libvirt.libvirtError, match="open in a virtual machine"):
                pool.storageVolLookupByName(f"{form}.img").resize(16 * MIB)
        domain.destroy()
        virsh("secret-set-value", uuid, "--base64", base64.b64encode(b"another").decode())
        with pytest.raises(libvirt.libvirtError, match="Invalid password"):
            conn.createXML(guest.xml(extra=disks), libvirt.VIR_DOMAIN_START_PAUSED)
    finally:
        pool.destroy()
        conn.close()


@pytest.mark.parametrize("case", ["none", "no-value", "wrong"])
def test_without_the_secret(guest, secrets, made, case):
    path = made["luks"]
    uuid = "0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f"
    if case != "none":
        uuid = secrets("of-a", "guessed" if case == "wrong" else None)
    result = run("virsh", "create", guest.write_xml(guest.xml(extra=disk("xvda", path, "raw", f"uuid='{uuid}'"))), check=False)
    assert result.returncode != 0
    assert {"none": "no secret with matching uuid", "no-value": "does not have a value",
            "wrong": "Invalid password"}[case] in result.stderr
    assert guest.name not in virsh("list", "--all", "--name").split()
    assert not list(Path("/run/kanzen").glob("*/secret-*"))
