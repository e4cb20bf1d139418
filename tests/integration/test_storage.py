# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage pools and volumes through stock virsh and python3-libvirt."""
import json
import os
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import libvirt
import pytest

from kanzen import run, virsh, wait_for
from processes import restart_kanzend

MIB = 1 << 20


def fields(text):
    """virsh's "Name:   value" lines."""
    return dict((part.strip() for part in line.split(":", 1)) for line in text.splitlines() if ":" in line)


def volume_names(pool):
    return {line.split()[0] for line in virsh("-q", "vol-list", pool).splitlines() if line.strip()}


def pool_xml(name, path, type_="dir"):
    return f"<pool type='{type_}'><name>{name}</name><target><path>{path}</path></target></pool>"


@pytest.fixture
def pool(name, tmp_path):
    """The name of an active, persistent pool at tmp_path/pool."""
    virsh("pool-define-as", name, "dir", "--target", tmp_path / "pool")
    virsh("pool-build", name)
    virsh("pool-start", name)
    yield name
    run("virsh", "pool-destroy", name, check=False)
    run("virsh", "pool-undefine", name, check=False)


@pytest.fixture
def folder(pool, tmp_path):
    return tmp_path / "pool"


# ---- pools ----

def test_default_pool_of_the_private_host():
    info = fields(virsh("pool-info", "default"))
    assert (info["State"], info["Persistent"], info["Autostart"]) == ("running", "yes", "yes")
    assert ["default", "active", "yes"] in [line.split() for line in virsh("pool-list", "--all").splitlines()]


def test_pool_life(name, tmp_path):
    target = tmp_path / "a" / "b"
    virsh("pool-define-as", name, "dir", "--target", f"{target}//")
    assert fields(virsh("pool-info", name))["State"] == "inactive"
    failed = run("virsh", "pool-start", name, check=False)
    assert failed.returncode and str(target) in failed.stderr
    virsh("pool-build", name)
    virsh("pool-start", name)
    assert "already active" in run("virsh", "pool-start", name, check=False).stderr
    assert "still active" in run("virsh", "pool-undefine", name, check=False).stderr
    root = ElementTree.fromstring(virsh("pool-dumpxml", name))
    assert root.get("type") == "dir" and root.findtext("target/path") == str(target)
    fs = os.statvfs(target)
    capacity, allocation, available = (int(root.findtext(tag)) for tag in ("capacity", "allocation", "available"))
    assert capacity == fs.f_blocks * fs.f_frsize == allocation + available
    assert root.findtext("target/permissions/mode") == "0711"
    virsh("pool-refresh", name)
    virsh("pool-destroy", name)
    virsh("pool-delete", name)
    assert not target.exists() and target.parent.exists()
    virsh("pool-undefine", name)
    assert "no storage pool with matching name" in run("virsh", "pool-info", name, check=False).stderr


def test_transient_pool_goes_when_it_stops(name, tmp_path):
    virsh("pool-create-as", name, "dir", "--target", tmp_path)
    assert fields(virsh("pool-info", name))["Persistent"] == "no"
    assert name in virsh("pool-list", "--transient", "--name") and name not in virsh("pool-list", "--persistent", "--name")
    assert run("virsh", "pool-autostart", name, check=False).returncode
    virsh("pool-destroy", name)
    assert name not in virsh("pool-list", "--all", "--name")


def test_failed_create_leaves_no_pool(name, tmp_path):
    assert run("virsh", "pool-create-as", name, "dir", "--target", tmp_path / "absent", check=False).returncode
    assert name not in virsh("pool-list", "--all", "--name")


def test_list_filters(pool):
    assert pool in virsh("pool-list", "--name") and pool in virsh("pool-list", "--type", "dir", "--name")
    assert pool not in virsh("pool-list", "--inactive", "--name")
    assert pool not in virsh("pool-list", "--all", "--type", "logical", "--name")
    assert pool not in virsh("pool-list", "--autostart", "--name")
    virsh("pool-autostart", pool)
    assert pool in virsh("pool-list", "--autostart", "--name")
    assert fields(virsh("pool-info", pool))["Autostart"] == "yes"


@pytest.mark.parametrize("type_, code, word", [("nonsense", libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "nonsense"),
                                               ("netfs", libvirt.VIR_ERR_XML_ERROR, "host")])
def test_types_are_checked(conn, name, type_, code, word):
    with pytest.raises(libvirt.libvirtError, match=word) as caught:
        conn.storagePoolDefineXML(f"<pool type='{type_}'><name>{name}</name><target><path>/x</path></target></pool>")
    assert caught.value.get_error_code() == code


@pytest.mark.parametrize("bad", ["", "..", "a/b", "a\nb", "."])
def test_hostile_pool_names(conn, bad, tmp_path):
    with pytest.raises(libvirt.libvirtError):
        conn.storagePoolDefineXML(pool_xml(bad, tmp_path))


def test_two_pools_cannot_share_a_folder(conn, pool, folder, name):
    with pytest.raises(libvirt.libvirtError, match="conflict"):
        conn.storagePoolDefineXML(pool_xml(name + "b", folder))


def test_new_definition_of_an_active_pool_waits(conn, pool, folder, tmp_path):
    found = conn.storagePoolLookupByName(pool)
    conn.storagePoolDefineXML(found.XMLDesc().replace(str(folder), str(tmp_path / "other")))
    assert str(folder) in found.XMLDesc()
    assert str(tmp_path / "other") in found.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE)
    found.destroy()
    assert str(tmp_path / "other") in found.XMLDesc()


def test_lookups(conn, pool, folder):
    virsh("vol-create-as", pool, "a.img", "1M")
    found = conn.storagePoolLookupByName(pool)
    volume = found.storageVolLookupByName("a.img")
    assert conn.storagePoolLookupByUUIDString(found.UUIDString()).name() == pool
    assert conn.storagePoolLookupByTargetPath(str(folder)).name() == pool
    assert volume.storagePoolLookupByVolume().name() == pool
    assert conn.storageVolLookupByPath(str(folder / "a.img")).name() == "a.img"
    assert conn.storageVolLookupByKey(volume.key()).path() == str(folder / "a.img")
    with pytest.raises(libvirt.libvirtError) as caught:
        found.storageVolLookupByName("../pool/a.img")
    assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL
    with pytest.raises(libvirt.libvirtError) as caught:
        conn.storagePoolLookupByName("absent")
    assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_POOL


@pytest.mark.parametrize("event, commands, expected", [
    ("lifecycle", (("pool-destroy",), ("pool-start",)), ("Stopped", "Started")),
    ("refresh", (("pool-refresh",),), ("refresh",)),
])
def test_events(pool, event, commands, expected):
    watcher = subprocess.Popen(["stdbuf", "-oL", "virsh", "pool-event", "--pool", pool, "--event", event, "--loop"],
                               stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(iter(watcher.stdout.readline, "")), daemon=True)
    reader.start()

    def all_seen():  # its registration cannot be seen from outside: again until it reports
        for command in commands:
            virsh(*command, pool)
        return all(any(word in line and pool in line for line in seen) for word in expected)

    try:
        wait_for(f"the {event} events", all_seen, interval=0.2)
    finally:
        watcher.terminate()
        watcher.wait(timeout=20)
        reader.join(timeout=5)


# ---- volumes ----

def test_raw_sparse_and_allocated(pool, folder):
    virsh("vol-create-as", pool, "sparse.img", "8M", "--allocation", "0")
    virsh("vol-create-as", pool, "full.img", "8M")
    for image, blocks in (("sparse.img", 0), ("full.img", 8 * MIB // 512)):
        st = (folder / image).stat()
        assert st.st_size == 8 * MIB and st.st_blocks >= blocks and (blocks or st.st_blocks < 64)
        assert st.st_mode & 0o777 == 0o600
    info = fields(virsh("vol-info", "sparse.img", pool))
    assert (info["Type"], info["Capacity"]) == ("file", "8.00 MiB")
    root = ElementTree.fromstring(virsh("vol-dumpxml", "full.img", pool))
    assert root.get("type") == "file" and root.find("target/format").get("type") == "raw"
    assert root.findtext("capacity") == root.findtext("physical") == str(8 * MIB)
    assert root.findtext("key") == root.findtext("target/path") == str(folder / "full.img")
    virsh("vol-delete", "full.img", "--pool", pool)
    assert volume_names(pool) == {"sparse.img"} and not (folder / "full.img").exists()


def test_qcow2_with_a_backing_store(pool, folder):
    virsh("vol-create-as", pool, "base.qcow2", "16M", "--format", "qcow2", "--prealloc-metadata")
    virsh("vol-create-as", pool, "top.qcow2", "32M", "--format", "qcow2", "--backing-vol", "base.qcow2",
          "--backing-vol-format", "qcow2")
    image = json.loads(run("qemu-img", "info", "--output=json", folder / "top.qcow2").stdout)
    assert (image["format"], image["virtual-size"]) == ("qcow2", 32 * MIB)
    assert (image["backing-filename"], image["backing-filename-format"]) == (str(folder / "base.qcow2"), "qcow2")
    root = ElementTree.fromstring(virsh("vol-dumpxml", "top.qcow2", pool))
    assert root.find("target/format").get("type") == "qcow2" and root.findtext("capacity") == str(32 * MIB)
    assert root.findtext("target/compat") == "1.1"
    assert root.findtext("backingStore/path") == str(folder / "base.qcow2")
    assert root.find("backingStore/format").get("type") == "qcow2"


def test_qcow2_options(conn, pool, folder):
    conn.storagePoolLookupByName(pool).createXML(
        "<volume><name>o.qcow2</name><capacity unit='MiB'>4</capacity><target><format type='qcow2'/><permissions>"
        "<mode>0640</mode></permissions><compat>1.1</compat><clusterSize unit='KiB'>128</clusterSize>"
        "<features><lazy_refcounts/></features></target></volume>")
    image = json.loads(run("qemu-img", "info", "--output=json", folder / "o.qcow2").stdout)
    assert image["cluster-size"] == 128 << 10 and image["format-specific"]["data"]["lazy-refcounts"]
    assert (folder / "o.qcow2").stat().st_mode & 0o777 == 0o640
    root = ElementTree.fromstring(virsh("vol-dumpxml", "o.qcow2", pool))
    assert root.findtext("target/clusterSize") == str(128 << 10) and root.find("target/features/lazy_refcounts") is not None


def test_resize(pool, folder):
    virsh("vol-create-as", pool, "r.img", "4M", "--allocation", "0")
    virsh("vol-resize", "r.img", "8M", "--pool", pool)
    virsh("vol-resize", "r.img", "1M", "--pool", pool, "--delta")
    assert (folder / "r.img").stat().st_size == 9 * MIB
    assert "shrink" in run("virsh", "vol-resize", "r.img", "1M", "--pool", pool, check=False).stderr
    virsh("vol-resize", "r.img", "1M", "--pool", pool, "--shrink")
    assert (folder / "r.img").stat().st_size == MIB


def test_clone(pool, folder):
    virsh("vol-create-as", pool, "one.img", "1M")
    (folder / "one.img").write_bytes(b"kanzen" * 1000 + bytes(MIB - 6000))
    virsh("vol-clone", "one.img", "two.img", "--pool", pool)
    assert (folder / "two.img").read_bytes() == (folder / "one.img").read_bytes()


def test_folders_and_files_not_made_by_us(pool, folder):
    (folder / "sub").mkdir()
    (folder / "disc.iso").write_bytes(bytes(0x8001) + b"CD001" + bytes(4096))
    os.mkfifo(folder / "fifo")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "a\nb").write_bytes(b"")
    assert volume_names(pool) == {"sub", "disc.iso"}
    assert fields(virsh("vol-info", "sub", pool))["Type"] == "dir"
    assert "<format type='iso'/>" in virsh("vol-dumpxml", "disc.iso", pool)
    assert "<volume type='dir'>" in virsh("vol-dumpxml", "sub", pool)
    virsh("vol-delete", "sub", "--pool", pool)
    assert not (folder / "sub").exists()


def test_existing_files_are_kept(pool, folder):
    (folder / "mine").write_text("precious")
    for format_ in ("raw", "qcow2"):
        failed = run("virsh", "vol-create-as", pool, "mine", "1M", "--format", format_, check=False)
        assert failed.returncode and "exists already" in failed.stderr
    assert (folder / "mine").read_text() == "precious"


@pytest.mark.parametrize("format_", ["raw", "qcow2"])
def test_of_creates_at_once_one_wins(pool, folder, format_):
    at_once = [subprocess.Popen(["virsh", "vol-create-as", pool, "v", f"{size}M", "--format", format_],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for size in range(1, 7)]
    errors = [process.communicate(timeout=60)[1] for process in at_once]
    won = [size for size, process in enumerate(at_once, 1) if process.returncode == 0]
    assert len(won) == 1 and sum("exists already" in error for error in errors) == 5
    image = json.loads(run("qemu-img", "info", "--output=json", folder / "v").stdout)
    assert (image["format"], image["virtual-size"]) == (format_, won[0] * MIB)


def test_failed_create_leaves_no_volume(pool, folder):
    for args in (["8E"], ["1M", "--format", "nonsense"],
                 ["1M", "--format", "qcow2", "--backing-vol", "/absent", "--backing-vol-format", "raw"]):
        assert run("virsh", "vol-create-as", pool, "bad", *args, check=False).returncode
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("bad", ["../outside", "..", ".", "", "a/b", "a\nb", "x" * 256])
def test_hostile_volume_names(conn, pool, folder, bad):
    with pytest.raises(libvirt.libvirtError):
        conn.storagePoolLookupByName(pool).createXML(
            f"<volume><name>{bad}</name><capacity>1</capacity></volume>")
    assert list(folder.iterdir()) == [] and [p.name for p in folder.parent.iterdir()] == ["pool"]


def test_links_do_not_lead_out(pool, folder, tmp_path):
    outside = tmp_path / "outside.img"
    outside.write_bytes(bytes(MIB))
    (folder / "link").symlink_to(outside)
    (folder / "dangling").symlink_to(tmp_path / "made")
    assert run("virsh", "vol-resize", "link", "2M", "--pool", pool, check=False).returncode
    assert run("virsh", "vol-create-as", pool, "dangling", "1M", check=False).returncode
    assert run("virsh", "vol-create-as", pool, "dangling", "1M", "--format", "qcow2", check=False).returncode
    virsh("vol-delete", "link", "--pool", pool)
    assert outside.stat().st_size == MIB and not (tmp_path / "made").exists()


def test_the_read_only_connection_cannot_change(pool):
    failed = run("virsh", "-r", "vol-create-as", pool, "a", "1M", check=False)
    assert failed.returncode and "read" in failed.stderr
    assert pool in virsh("-r", "pool-list", "--name")


# ---- kanzend ends ----

def test_a_killed_kanzend_finds_its_pools_again(pool, name, tmp_path):
    transient, stopped = name + "t", name + "s"
    (tmp_path / "t").mkdir()
    (tmp_path / "s").mkdir()
    virsh("pool-create-as", transient, "dir", "--target", tmp_path / "t")
    virsh("pool-define-as", stopped, "dir", "--target", tmp_path / "s")
    virsh("pool-autostart", stopped)
    uuid = virsh("pool-uuid", transient)
    try:
        restart_kanzend()
        active = virsh("pool-list", "--name").split()
        # What was stopped stays so although it is marked: kanzend starts those once per boot.
        assert pool in active and transient in active and "default" in active and stopped not in active
        assert virsh("pool-uuid", transient) == uuid
        assert fields(virsh("pool-info", transient))["Persistent"] == "no"
        assert fields(virsh("pool-info", stopped))["Autostart"] == "yes"
        Path("/run/kanzen/libvirt-storage-autostarted").unlink()  # as a boot does
        restart_kanzend()
        assert stopped in virsh("pool-list", "--name").split()
    finally:
        for left in (transient, stopped):
            run("virsh", "pool-destroy", left, check=False)
            run("virsh", "pool-undefine", left, check=False)
