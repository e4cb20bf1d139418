# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage when things go wrong: kanzend killed at work, a full disk, clients that race, names, documents and images made to do harm."""
import itertools
import os
import random
import signal
import struct
import subprocess
import threading
import time

import libvirt
import pytest

from test_libvirt import code_of
from test_storage import needs_qemu_img, pool, pool_xml, vol_xml  # noqa: F401
from test_volumes import MIB, PATTERN, receive, send


def folder_of(pool):
    return pool.XMLDesc().split("<path>")[1].split("</path>")[0]


# ---- killed at work ----

class Killing:
    """A daemon whose tools stop at their first call that has a word among its arguments, until they are told to go on."""

    def __init__(self, daemon, folder):
        self.daemon, self.tools, self.started = daemon, folder / "tools", folder / "started"
        self.images = folder / "images"
        self.tools.mkdir()
        self.images.mkdir()

    def stop_at(self, tool, word):
        path = self.tools / tool
        path.write_text(f"#!/bin/sh\ncase \" $* \" in *' {word} '*) echo $$ > {self.started}.new; mv {self.started}.new {self.started}\n"
                        f"exec sleep 60;; esac\nPATH=${{PATH#{self.tools}:}}\nexec {tool} \"$@\"\n")
        path.chmod(0o755)

    def start(self):
        self.daemon.start(PATH=f"{self.tools}:{os.environ['PATH']}")
        return self.daemon.connect()

    def kill_during(self, job):
        """Everything goes, as when the machine does; then a new daemon with the tools as they are."""
        def run():
            with pytest.raises(libvirt.libvirtError):
                job()
        thread = threading.Thread(target=run)
        thread.start()
        deadline = time.monotonic() + 30
        while not self.started.exists():
            assert time.monotonic() < deadline, "the tool was not called"
            time.sleep(0.01)
        self.daemon.kill()
        os.kill(int(self.started.read_text()), signal.SIGKILL)
        thread.join()
        for tool in self.tools.iterdir():
            tool.unlink()
        self.daemon.start()
        return self.daemon.connect()


@pytest.fixture
def killing(stopped_daemon, tmp_path):
    return Killing(stopped_daemon, tmp_path)


def start_pool(conn, killing):
    return conn.storagePoolCreateXML(pool_xml(killing.images))


@needs_qemu_img
@pytest.mark.parametrize("fmt, target", [("qcow2", "raw"), ("raw", "vmdk")])
def test_killed_in_a_clone(killing, fmt, target):
    killing.stop_at("qemu-img", "convert")
    source = start_pool(killing.start(), killing).createXML(vol_xml("source", fmt))
    conn = killing.kill_during(lambda: source.storagePoolLookupByVolume().createXMLFrom(vol_xml("copy", target), source))
    again = conn.storagePoolLookupByName("p")
    assert os.listdir(killing.images) == again.listVolumes() == ["source"]
    again.createXMLFrom(vol_xml("copy", target), again.storageVolLookupByName("source"))
    assert again.listVolumes() == ["copy", "source"]


@needs_qemu_img
def test_killed_in_a_resize(killing):
    killing.stop_at("qemu-img", "resize")
    vol = start_pool(killing.start(), killing).createXML(vol_xml("v", "qcow2"))
    conn = killing.kill_during(lambda: vol.resize(2 * MIB))
    vol = conn.storagePoolLookupByName("p").storageVolLookupByName("v")
    assert vol.info()[1] == MIB and os.listdir(killing.images) == ["v"]
    subprocess.run(["qemu-img", "check", "-q", killing.images / "v"], check=True)
    vol.resize(2 * MIB)
    assert vol.info()[1] == 2 * MIB


def test_killed_in_a_wipe(killing):
    killing.stop_at("scrub", "dod")
    vol = start_pool(killing.start(), killing).createXML(vol_xml("v"))
    conn = killing.kill_during(lambda: vol.wipePattern(libvirt.VIR_STORAGE_VOL_WIPE_ALG_DOD))
    vol = conn.storagePoolLookupByName("p").storageVolLookupByName("v")
    assert vol.info()[1] == MIB and os.listdir(killing.images) == ["v"]
    vol.wipe()  # nobody has it in use any more
    vol.delete()


def test_killed_in_an_upload(killing):
    """What has come is in the volume, as in a file that was copied to; the volume is as large as before, and free."""
    conn = killing.start()
    vol = start_pool(conn, killing).createXML(vol_xml("v", capacity=8 * MIB))
    stream = conn.newStream()
    vol.upload(stream, 0, 0)
    for part in range(0, MIB, 1 << 16):
        stream.send(PATTERN[part:part + (1 << 16)])
    killing.daemon.kill()
    killing.daemon.start()
    conn = killing.daemon.connect()
    vol = conn.storagePoolLookupByName("p").storageVolLookupByName("v")
    assert vol.info()[1] == 8 * MIB and os.listdir(killing.images) == ["v"]
    send(conn, vol, PATTERN)
    assert receive(conn, vol, 0, MIB) == PATTERN


def test_a_client_that_vanishes_in_an_upload(conn, pool, daemon):
    vol = pool.createXML(vol_xml("v", capacity=8 * MIB))
    other = daemon.connect()
    stream = other.newStream()
    other.storageVolLookupByPath(vol.path()).upload(stream, 0, 0)
    stream.send(PATTERN[:1 << 16])
    assert code_of(vol.wipe) == libvirt.VIR_ERR_OPERATION_INVALID
    del stream
    other.close()
    deadline = time.monotonic() + 20
    while True:
        try:
            vol.wipe()
            break
        except libvirt.libvirtError:
            assert time.monotonic() < deadline, "the volume is still in use"
            time.sleep(0.02)


# ---- a full disk ----

@pytest.fixture
def small(conn, tmp_path):
    """A pool on a file system of 16 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield conn.storagePoolCreateXML(pool_xml(folder)), folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def full(xml):
    return xml.replace("<allocation>0</allocation>", "")


@needs_qemu_img
def test_full_disk_leaves_nothing(conn, small):
    pool, folder = small
    keep = pool.createXML(full(vol_xml("keep", capacity=10 * MIB)))
    send(conn, keep, PATTERN * 10)
    image = pool.createXML(vol_xml("image", "qcow2", 64 * MIB))
    free = pool.info()[3]
    jobs = [
        lambda: pool.createXML(full(vol_xml("v", capacity=8 * MIB))),
        lambda: pool.createXML(full(vol_xml("v", "qcow2", 8 * MIB)), libvirt.VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA),
        lambda: pool.createXMLFrom(full(vol_xml("v", capacity=1)), keep),
        lambda: pool.createXMLFrom(vol_xml("v", "qcow2"), keep),
        lambda: pool.createXMLFrom(vol_xml("v", "vmdk"), keep),
    ]
    for job in jobs:
        with pytest.raises(libvirt.libvirtError):
            job()
        assert sorted(os.listdir(folder)) == ["image", "keep"] and pool.info()[3] == free
    for flags in (0, libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE):  # refused by the pool's figures, and by the disk
        pool.refresh()
        if flags:
            with pytest.raises(libvirt.libvirtError):
                keep.resize(30 * MIB, flags)
            assert keep.info()[1] == 10 * MIB
    assert receive(conn, keep) == PATTERN * 10 and pool.info()[3] == free
    assert image.info()[1] == 64 * MIB


def test_upload_to_a_full_disk(conn, small):
    """The client is told, and the volume keeps its size."""
    pool, folder = small
    vol = pool.createXML(vol_xml("v", capacity=32 * MIB))
    with pytest.raises(libvirt.libvirtError, match="No space left"):
        send(conn, vol, PATTERN * 32)
    assert vol.info()[1] == 32 * MIB
    vol.delete()
    assert os.listdir(folder) == []


# ---- clients that race ----

REFUSED = {libvirt.VIR_ERR_NO_STORAGE_POOL, libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_STORAGE_VOL_EXIST, libvirt.VIR_ERR_OPERATION_INVALID,
           libvirt.VIR_ERR_INVALID_ARG}  # the last: a transient pool and autostart
BUSY = "internal error: pool 'p' has asynchronous jobs running."  # libvirt's code, too


def race(jobs, rounds):
    """Each in a thread, all at once, so many times. What is refused is refused for a reason that there can be."""
    wrong = []

    def run(job, seed):
        rng = random.Random(seed)
        for _ in range(rounds):
            try:
                job(rng)
            except libvirt.libvirtError as e:
                if e.get_error_code() not in REFUSED and e.get_error_message() != BUSY:
                    wrong.append(e)
            except Exception as e:  # the test's own
                wrong.append(e)
    threads = [threading.Thread(target=run, args=(job, seed)) for seed, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_two_clients_one_volume(pool, daemon):
    """Made, grown, filled, copied, wiped and deleted by several at once: each call is done or refused, and what is listed is there."""
    folder = folder_of(pool)

    def client():
        conn = daemon.connect()
        p = conn.storagePoolLookupByName("p")
        steps = [
            lambda: p.createXML(vol_xml("v")),
            lambda: p.storageVolLookupByName("v").delete(),
            lambda: p.storageVolLookupByName("v").resize(MIB, libvirt.VIR_STORAGE_VOL_RESIZE_DELTA),
            lambda: p.storageVolLookupByName("v").wipe(),
            lambda: send(conn, p.storageVolLookupByName("v"), PATTERN[:4096]),
            lambda: p.createXMLFrom(vol_xml("copy", capacity=1), p.storageVolLookupByName("v")),
            lambda: p.storageVolLookupByName("copy").delete(),
            lambda: p.refresh(),
        ]
        return lambda rng: rng.choice(steps)()
    race([client() for _ in range(6)], 40)
    assert sorted(os.listdir(folder)) == pool.listVolumes()
    for name in pool.listVolumes():
        pool.storageVolLookupByName(name).delete()
    assert os.listdir(folder) == []


def test_two_clients_one_pool(daemon, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    xml = pool_xml(folder).replace("<name>", "<uuid>70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2</uuid><name>")

    def client():
        conn = daemon.connect()
        steps = [
            lambda: conn.storagePoolDefineXML(xml),
            lambda: conn.storagePoolCreateXML(xml),
            lambda: conn.storagePoolLookupByName("p").create(),
            lambda: conn.storagePoolLookupByName("p").destroy(),
            lambda: conn.storagePoolLookupByName("p").undefine(),
            lambda: conn.storagePoolLookupByName("p").refresh(),
            lambda: conn.storagePoolLookupByName("p").setAutostart(1),
            lambda: conn.storagePoolLookupByName("p").createXML(vol_xml("v")).delete(),
        ]
        return lambda rng: rng.choice(steps)()
    race([client() for _ in range(6)], 40)
    conn = daemon.connect()
    before = [(p.name(), p.isActive(), p.isPersistent()) for p in conn.listAllStoragePools()]
    daemon.kill()
    daemon.start()  # and what the next one finds is the same
    conn = daemon.connect()
    assert [(p.name(), p.isActive(), p.isPersistent()) for p in conn.listAllStoragePools()] == before


# ---- names and documents ----

@needs_qemu_img
def test_odd_names_are_names(conn, pool):
    folder = folder_of(pool)
    names = ["Плата 1.img", "磁盘", "-rf", "--help", "a b;c$(id)`id`", "%s%n", "json:{}", "nbd:x", "é" * 127]
    for name, fmt in itertools.product(names, ("raw", "qcow2")):
        vol = pool.createXML(vol_xml(name, fmt))
        assert vol.path() == f"{folder}/{name}" and pool.listVolumes() == os.listdir(folder) == [name]
        assert f"<format type='{fmt}'/>" in pool.storageVolLookupByName(name).XMLDesc()
        vol.resize(2 * MIB)
        vol.delete()


def test_hostile_names(conn, pool, tmp_path):
    before = sorted(str(p) for p in tmp_path.rglob("images*"))
    for name in ("../x", "..", "a/b", "a\nb", "\t", "x" * 4096, "é" * 2048):
        assert code_of(pool.createXML, vol_xml(name)) == libvirt.VIR_ERR_XML_ERROR
        assert code_of(pool.storageVolLookupByName, name) == libvirt.VIR_ERR_NO_STORAGE_VOL
        if len(name) < 256:  # a pool's name is no file's
            assert code_of(conn.storagePoolDefineXML, pool_xml(tmp_path / "other", name)) == libvirt.VIR_ERR_XML_ERROR
        assert code_of(conn.storagePoolLookupByName, name) == libvirt.VIR_ERR_NO_STORAGE_POOL
        assert code_of(conn.storageVolLookupByPath, f"{tmp_path}/images/{name}") == libvirt.VIR_ERR_NO_STORAGE_VOL
    assert sorted(str(p) for p in tmp_path.rglob("images*")) == before


LAUGHS = "<!DOCTYPE x [<!ENTITY e0 'ha'>" + "".join(f"<!ENTITY e{i + 1} '{f'&e{i};' * 10}'>" for i in range(9)) + "]>"
BOMBS = (
    lambda top, body: f"{LAUGHS}<{top}><name>&e9;</name>{body}</{top}>",
    lambda top, body: f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><{top}><name>&e;</name>{body}</{top}>",
    lambda top, body: f"<{top}>{'<a>' * 100000}{'</a>' * 100000}<name>a</name>{body}</{top}>",
)


def test_xml_bombs(conn, pool, daemon):
    calls = [
        (conn.storagePoolDefineXML, "pool", "<target><path>/x</path></target>"),
        (conn.storagePoolCreateXML, "pool", "<target><path>/x</path></target>"),
        (pool.createXML, "volume", "<capacity>1</capacity>"),
        (conn.secretDefineXML, "secret", ""),
        (lambda xml: conn.findStoragePoolSources("netfs", xml), "source", "<host name='h'/>"),
    ]
    for make, (call, top, body) in itertools.product(BOMBS, calls):
        assert code_of(call, make(top, body)) in (libvirt.VIR_ERR_XML_ERROR, libvirt.VIR_ERR_XML_DETAIL)
    assert pool.listVolumes() == [] and [p.name() for p in conn.listAllStoragePools()] == ["p"]
    peak = next(int(line.split()[1]) for line in open(f"/proc/{daemon.process.pid}/status") if line.startswith("VmHWM"))
    assert peak < 500 << 10  # KiB; the laughs are 2 GB


# ---- images ----

def qcow2(backing, fmt="qcow2", incompatible=0):
    """A header by hand."""
    extension = struct.pack(">II", 0xe2792aca, len(fmt)) + fmt.encode().ljust(8, b"\0") if fmt else b""
    head = struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 1024, len(backing), 16, MIB, 0, 1, 196608, 65536, 1, 0, 0, incompatible, 0, 0, 4, 104)
    return (head + extension).ljust(1024, b"\0") + backing.encode() + bytes(262144)


@needs_qemu_img
def test_chains_that_lead_nowhere_good(conn, pool, tmp_path):
    """QEMU would open files of a loop until there are none left, and whatever file a header names."""
    folder = folder_of(pool)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret" * 1000)
    images = {
        "itself": (qcow2("itself"), libvirt.VIR_ERR_OPERATION_INVALID),
        "one": (qcow2(f"{folder}/two"), libvirt.VIR_ERR_OPERATION_INVALID),
        "two": (qcow2("one"), libvirt.VIR_ERR_OPERATION_INVALID),
        "unstated": (qcow2(str(secret), ""), libvirt.VIR_ERR_OPERATION_INVALID),
        "below": (qcow2("unstated"), libvirt.VIR_ERR_OPERATION_INVALID),
        "uri": (qcow2("nbd://127.0.0.1:1/x", "raw"), libvirt.VIR_ERR_OPERATION_INVALID),
        "json": (qcow2('json:{"driver":"file","filename":"%s"}' % secret, "raw"), libvirt.VIR_ERR_OPERATION_INVALID),
        "driver": (qcow2(str(secret), "nbd"), libvirt.VIR_ERR_OPERATION_INVALID),
        "data": (qcow2("", "", 4), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
        "control": (qcow2("a\1b", "raw"), libvirt.VIR_ERR_OPERATION_INVALID),
        "long": (qcow2("x" * 1500, "raw"), libvirt.VIR_ERR_OPERATION_INVALID),
    }
    for name, (image, _code) in images.items():
        with open(f"{folder}/{name}", "wb") as f:
            f.write(image)
    pool.refresh()
    assert pool.listVolumes() == sorted(images)
    for name, (_image, code) in images.items():
        vol = pool.storageVolLookupByName(name)
        assert f"<name>{name}</name>" in vol.XMLDesc()
        assert code_of(pool.createXMLFrom, vol_xml("copy"), vol) == code, name
        assert code_of(vol.resize, 2 * MIB) == code, name
        if name not in ("uri", "json", "driver", "unstated"):  # on top of these it is the one below that counts
            backing = f"<backingStore><path>{vol.path()}</path><format type='qcow2'/></backingStore>"
            assert code_of(pool.createXML, vol_xml("over", "qcow2", more=backing)) == code, name
    assert pool.listVolumes() == sorted(images)


def test_headers_that_promise_too_much(conn, pool):
    """Whatever a header says, a volume can be looked at, listed and deleted, at once."""
    folder = folder_of(pool)
    for magic in (b"QFI\xfb\0\0\0\3", b"QFI\xfb\0\0\0\2", b"QFI\xfb\0\0\0\1", b"QED\0", b"KDMV", b"conectix", b"LUKS\xba\xbe\0\1"):
        for fill in (b"\xff", b"\x7f", b"\x80"):
            with open(f"{folder}/v", "wb") as f:
                f.write(magic.ljust(70000, fill))
            vol = pool.storageVolLookupByName("v")
            assert "<name>v</name>" in vol.XMLDesc()
            assert len(vol.info()) == 3
            vol.delete()
    assert pool.listVolumes() == []
