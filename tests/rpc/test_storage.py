# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage pools of type dir and their volumes."""
import os
import shutil

import libvirt
import pytest

from test_libvirt import code_of

needs_qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")


def pool_xml(path, name="p"):
    return f"<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>"


def vol_xml(name, fmt="raw", capacity=1 << 20, more=""):
    return (f"<volume><name>{name}</name><capacity>{capacity}</capacity><allocation>0</allocation>"
            f"<target><format type='{fmt}'/></target>{more}</volume>")


@pytest.fixture
def pool(conn, tmp_path):
    folder = tmp_path / "images"
    made = conn.storagePoolDefineXML(pool_xml(folder))
    made.build()
    made.create()
    return made


def test_pool_life(conn, tmp_path):
    folder = tmp_path / "a&b"
    pool = conn.storagePoolDefineXML(pool_xml(str(folder).replace("&", "&amp;") + "//"))
    assert code_of(pool.create) == libvirt.VIR_ERR_SYSTEM_ERROR
    pool.build()
    pool.create()
    assert code_of(pool.create) == libvirt.VIR_ERR_OPERATION_INVALID
    assert pool.isActive() and pool.isPersistent() and pool.info()[0] == 2 and pool.info()[1] > 0
    assert f"<path>{str(folder).replace('&', '&amp;')}</path>" in pool.XMLDesc()
    assert conn.storagePoolLookupByTargetPath(str(folder)).name() == "p"
    assert code_of(pool.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    pool.destroy()
    pool.delete()
    assert not folder.exists()
    pool.undefine()
    assert conn.listAllStoragePools() == []


def test_transient_pool(conn, tmp_path):
    assert code_of(conn.storagePoolCreateXML, pool_xml(tmp_path / "none")) == libvirt.VIR_ERR_SYSTEM_ERROR
    assert conn.listAllStoragePools() == []
    pool = conn.storagePoolCreateXML(pool_xml(tmp_path))
    assert pool.isActive() and not pool.isPersistent()
    pool.destroy()
    assert conn.listAllStoragePools() == []


@pytest.mark.parametrize("xml, code", [
    ("<pool", libvirt.VIR_ERR_XML_DETAIL),
    ("<volume/>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='dir'><name>p</name></pool>", libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='dir'><target><path>/x</path></target></pool>", libvirt.VIR_ERR_XML_ERROR),
    (pool_xml("relative"), libvirt.VIR_ERR_XML_ERROR),
    (pool_xml("/x", "a/b"), libvirt.VIR_ERR_XML_ERROR),
    ("<pool type='tape'><name>p</name></pool>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
])
def test_bad_pools(conn, xml, code):
    assert code_of(conn.storagePoolDefineXML, xml) == code
    assert conn.listAllStoragePools() == []


def test_pools_survive(daemon, tmp_path):
    conn = daemon.connect()
    for name in ["auto", "manual"]:
        (tmp_path / name).mkdir()
    auto = conn.storagePoolDefineXML(pool_xml(tmp_path / "auto", "auto"))
    auto.setAutostart(1)
    auto.create()
    conn.storagePoolDefineXML(pool_xml(tmp_path / "manual", "manual"))
    daemon.kill()
    daemon.start()
    conn = daemon.connect()
    assert [(p.name(), p.isActive(), p.autostart()) for p in conn.listAllStoragePools()] == [("auto", 1, 1), ("manual", 0, 0)]


def test_raw_volume(conn, pool):
    vol = pool.createXML(vol_xml("a.img"))
    assert os.stat(vol.path()).st_size == 1 << 20 and vol.info()[1:] == [1 << 20, 0]
    assert conn.storageVolLookupByPath(vol.path()).name() == "a.img" and conn.storageVolLookupByKey(vol.key()).name() == "a.img"
    assert vol.storagePoolLookupByVolume().name() == "p"
    assert [v.name() for v in pool.listAllVolumes()] == pool.listVolumes() == ["a.img"]
    assert code_of(pool.createXML, vol_xml("a.img")) == libvirt.VIR_ERR_STORAGE_VOL_EXIST
    full = pool.createXML(vol_xml("full.img").replace("<allocation>0</allocation>", ""))
    assert full.info()[2] >= 1 << 20
    path = vol.path()
    vol.delete()
    assert not os.path.exists(path)
    assert code_of(vol.info) == libvirt.VIR_ERR_NO_STORAGE_VOL


@needs_qemu_img
def test_images(conn, pool):
    base = pool.createXML(vol_xml("base.img"))
    backing = f"<backingStore><path>{base.path()}</path><format type='raw'/></backingStore>"
    child = pool.createXML(vol_xml("child.qcow2", "qcow2", 2 << 20, backing))
    xml = child.XMLDesc()
    assert "<format type='qcow2'/>" in xml and f"<path>{base.path()}</path>" in xml and child.info()[1] == 2 << 20
    child.resize(4 << 20)
    assert child.info()[1] == 4 << 20
    assert code_of(child.resize, 1 << 20) == libvirt.VIR_ERR_INVALID_ARG
    clone = pool.createXMLFrom(vol_xml("clone.img"), child)
    assert clone.info()[1] == 4 << 20
    for fmt in ("vmdk", "vdi", "vpc", "qed"):
        vol = pool.createXML(vol_xml(f"x.{fmt}", fmt))
        assert f"<format type='{fmt}'/>" in vol.XMLDesc() and vol.info()[1] >= 1 << 20


@pytest.mark.parametrize("xml, code", [
    (vol_xml("../evil"), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml(".."), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml("a", "bochs"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (vol_xml("a", "--help"), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml("a", "qcow2", more="<target><nothing/></target>").replace("<format type='qcow2'/>", "<format type='qcow2'/><compat>2.0</compat>"),
     libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (vol_xml("é" * 2048), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml("a\nb"), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml("a", "qcow2", more="<backingStore><path>x</path></backingStore>"), libvirt.VIR_ERR_INVALID_ARG),
    (vol_xml("a", capacity=-1), libvirt.VIR_ERR_XML_ERROR),
    (vol_xml("a", capacity="99999999999999999999"), libvirt.VIR_ERR_XML_ERROR),
    ("<volume><name>a</name><capacity unit='furlong'>1</capacity></volume>", libvirt.VIR_ERR_INVALID_ARG),
])
def test_bad_volumes(pool, xml, code):
    assert code_of(pool.createXML, xml) == code
    assert pool.listVolumes() == []


def test_what_is_no_volume(pool):
    folder = pool.XMLDesc().split("<path>")[1].split("</path>")[0]
    os.mkfifo(os.path.join(folder, "fifo"))
    os.mkdir(os.path.join(folder, "dir"))
    os.symlink("/there/is/nothing", os.path.join(folder, "dangling"))
    assert pool.listVolumes() == ["dir"]
    assert code_of(pool.storageVolLookupByName, "fifo") == libvirt.VIR_ERR_NO_STORAGE_VOL
    assert code_of(pool.storageVolLookupByName, "../" + os.path.basename(folder)) == libvirt.VIR_ERR_NO_STORAGE_VOL
