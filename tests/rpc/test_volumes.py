# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done with the bytes of volumes: streams, copies, wiping, encryption, and what is left when something goes wrong."""
import contextlib
import os
import shutil
import subprocess
import threading
import time

import libvirt
import pytest

from test_libvirt import code_of
from test_storage import needs_qemu_img, pool, vol_xml  # noqa: F401
from wire import OK, string

VOL_DOWNLOAD = 209

MIB = 1 << 20
PATTERN = bytes(range(256)) * 4096  # 1 MiB


def send(conn, vol, data, offset=0, length=0, flags=0):
    stream = conn.newStream()
    vol.upload(stream, offset, length, flags)
    while data:
        data = data[stream.send(data[:262120]):]
    stream.finish()


def receive(conn, vol, offset=0, length=0, flags=0):
    stream = conn.newStream()
    vol.download(stream, offset, length, flags)
    parts = []
    while part := stream.recv(262120):
        parts.append(part)
    stream.finish()
    return b"".join(parts)


# ---- streams ----

def test_upload_and_download(conn, pool):
    vol = pool.createXML(vol_xml("a.img", capacity=8 * MIB))
    send(conn, vol, PATTERN * 6, MIB)
    data = receive(conn, vol)
    assert len(data) == 8 * MIB and data[:MIB] == bytes(MIB) and data[MIB:7 * MIB] == PATTERN * 6
    assert receive(conn, vol, MIB + 3, 10) == PATTERN[3:13]
    assert receive(conn, vol, 8 * MIB) == b""
    assert code_of(vol.download, conn.newStream(), 8 * MIB + 1, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(vol.download, conn.newStream(), 1, (1 << 63) - 1) == libvirt.VIR_ERR_INVALID_ARG
    with pytest.raises(libvirt.libvirtError):
        send(conn, vol, b"12345", 0, 4)
    assert receive(conn, vol, 0, 4) in (bytes(4), b"1234")


def test_the_reply_comes_before_the_data(daemon, pool):
    vol = pool.createXML(vol_xml("a.img", capacity=MIB))
    where = string(pool.name()) + string(vol.name()) + string(vol.key())
    for _ in range(20):
        with contextlib.closing(daemon.wire()) as wire:
            assert wire.call(VOL_DOWNLOAD, where + bytes(8 + 8 + 4)).status == OK  # call() asserts that this is its reply
            received = 0
            while data := wire.receive().payload:
                received += len(data)
            assert received == MIB


def test_sparse_streams(conn, pool, tmp_path):
    vol = pool.createXML(vol_xml("a.img", capacity=64 * MIB))
    with open(vol.path(), "r+b") as f:
        f.write(PATTERN)
        f.seek(32 * MIB)
        f.write(PATTERN)
    stream, target, holes = conn.newStream(), tmp_path / "copy", []
    vol.download(stream, 0, 0, libvirt.VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM)
    with open(target, "wb") as f:
        def hole(_stream, length, _f):
            holes.append(length)
            f.truncate(f.seek(length, os.SEEK_CUR))
        stream.sparseRecvAll(lambda _s, data, _f: f.write(data), hole, None)
    stream.finish()
    assert sum(holes) == 62 * MIB and target.read_bytes() == open(vol.path(), "rb").read()
    assert os.stat(target).st_blocks * 512 < 8 * MIB

    other = pool.createXML(vol_xml("b.img", capacity=64 * MIB))
    with open(other.path(), "r+b") as f: # what a hole falls on reads as zeroes afterwards
        f.seek(8 * MIB)
        f.write(PATTERN)
    stream = conn.newStream()
    other.upload(stream, 0, 0, libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)
    for data, length in [(PATTERN, 31 * MIB), (PATTERN, 31 * MIB)]:
        while data:
            data = data[stream.send(data[:262120]):]
        stream.sendHole(length)
    stream.finish()
    assert open(other.path(), "rb").read() == target.read_bytes()
    assert os.stat(other.path()).st_blocks * 512 < 8 * MIB


def test_a_slow_client_holds_nobody(conn, pool, daemon):
    vol = pool.createXML(vol_xml("a.img", capacity=64 * MIB))
    stream = conn.newStream(libvirt.VIR_STREAM_NONBLOCK)
    vol.download(stream, 0, 0)
    other = daemon.connect()
    assert other.storagePoolLookupByName("p").listVolumes() == ["a.img"]
    found = other.storageVolLookupByPath(vol.path())
    assert code_of(found.delete) == libvirt.VIR_ERR_OPERATION_INVALID  # it is in use
    assert code_of(other.storagePoolLookupByName("p").destroy) == libvirt.VIR_ERR_INTERNAL_ERROR
    stream.abort()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found.delete()
            return
        except libvirt.libvirtError:
            time.sleep(0.05)
    found.delete()


def test_upload_does_not_follow_links(conn, pool, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    vol = pool.createXML(vol_xml("a.img"))
    path = vol.path()
    os.unlink(path)
    os.symlink(victim, path)
    for action in (lambda: vol.upload(conn.newStream(), 0, 0), vol.wipe, lambda: vol.resize(2 * MIB)):
        with pytest.raises(libvirt.libvirtError):
            action()
    assert victim.read_bytes() == b"mine"


@pytest.mark.skipif(shutil.which("qemu-io") is None, reason="qemu-io is not installed")
def test_what_a_machine_has_open(conn, pool):
    """Its QEMU would not know what became of its disk."""
    vol = pool.createXML(vol_xml("a.img"))
    with subprocess.Popen(["qemu-io", "-f", "raw", vol.path()], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
        qemu.stdin.write(b"length\n")
        qemu.stdin.flush()
        qemu.stdout.readline()
        for action in (vol.wipe, lambda: vol.resize(2 * MIB), lambda: vol.upload(conn.newStream(), 0, 0)):
            assert code_of(action) == libvirt.VIR_ERR_RESOURCE_BUSY
        assert receive(conn, vol) == bytes(MIB)
        qemu.stdin.close()
        qemu.wait()
    vol.wipe()


def test_disks_that_are_volumes(conn, pool):
    """domblkinfo and a peek at the disk of a domain find its volume."""
    vol = pool.createXML(vol_xml("a.img", capacity=3 * MIB))
    send(conn, vol, PATTERN)
    domain = conn.defineXML("<domain type='xen'><name>g</name><memory unit='MiB'>64</memory><os><type arch='x86_64' machine='xenpv'>linux</type>"
                            "<kernel>/k</kernel></os><devices><disk type='volume' device='disk'><driver name='qemu' type='raw'/>"
                            "<source pool='p' volume='a.img'/><target dev='xvda' bus='xen'/></disk></devices></domain>")
    assert domain.blockInfo("xvda")[::2] == [3 * MIB] * 2
    assert domain.blockPeek("xvda", 4, 8) == PATTERN[4:12]
    vol.delete()
    assert code_of(domain.blockInfo, "xvda") == libvirt.VIR_ERR_NO_STORAGE_VOL
    pool.destroy()
    assert code_of(domain.blockInfo, "xvda") == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    domain.undefine()


# ---- wiping, resizing ----

def test_wipe(conn, pool):
    vol = pool.createXML(vol_xml("a.img", capacity=3 * MIB))
    for algorithm in (libvirt.VIR_STORAGE_VOL_WIPE_ALG_ZERO, libvirt.VIR_STORAGE_VOL_WIPE_ALG_TRIM):
        send(conn, vol, PATTERN)
        vol.wipePattern(algorithm)
        assert receive(conn, vol) == bytes(3 * MIB)
    if shutil.which("scrub") is None:
        with pytest.raises(libvirt.libvirtError, match="Debian package scrub"):
            vol.wipePattern(libvirt.VIR_STORAGE_VOL_WIPE_ALG_DOD)
    assert code_of(vol.wipePattern, 10) == libvirt.VIR_ERR_INVALID_ARG


def test_resize_rules(pool):
    vol = pool.createXML(vol_xml("a.img", capacity=4 * MIB))
    assert code_of(vol.resize, MIB) == libvirt.VIR_ERR_INVALID_ARG
    vol.resize(MIB, libvirt.VIR_STORAGE_VOL_RESIZE_DELTA)
    assert vol.info()[1] == 5 * MIB
    vol.resize(2 * MIB, libvirt.VIR_STORAGE_VOL_RESIZE_DELTA | libvirt.VIR_STORAGE_VOL_RESIZE_SHRINK)
    assert vol.info()[1] == 3 * MIB
    vol.resize(4 * MIB, libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE)
    assert vol.info()[1] == 4 * MIB and vol.info()[2] >= MIB
    assert code_of(vol.resize, (1 << 63) - 1, libvirt.VIR_STORAGE_VOL_RESIZE_DELTA) == libvirt.VIR_ERR_OVERFLOW
    assert code_of(vol.resize, 1 << 62, libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE) == libvirt.VIR_ERR_OPERATION_FAILED
    assert vol.info()[1] == 4 * MIB


# ---- copies and formats ----

def test_raw_copy_keeps_holes(conn, pool):
    vol = pool.createXML(vol_xml("a.img", capacity=32 * MIB))
    send(conn, vol, PATTERN, 16 * MIB)
    clone = pool.createXMLFrom(vol_xml("b.img", capacity=1), vol)
    assert clone.info()[1] == 32 * MIB and clone.info()[2] < 8 * MIB and receive(conn, clone) == receive(conn, vol)
    full = pool.createXMLFrom(vol_xml("c.img", capacity=1).replace("<allocation>0</allocation>", ""), vol)
    assert full.info()[2] >= 32 * MIB and receive(conn, full) == receive(conn, vol)
    assert code_of(pool.createXMLFrom, vol_xml("b.img"), vol) == libvirt.VIR_ERR_STORAGE_VOL_EXIST


@needs_qemu_img
def test_preallocation(pool):
    flags = libvirt.VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA
    assert code_of(pool.createXML, vol_xml("a.img"), flags) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    plain, made = pool.createXML(vol_xml("a", "qcow2", 64 * MIB)), pool.createXML(vol_xml("b", "qcow2", 64 * MIB), flags)
    assert made.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)[2] > plain.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)[2]
    features = pool.createXML(vol_xml("c", "qcow2", 64 * MIB).replace("<format", "<features><lazy_refcounts/><extended_l2/></features><format"))
    assert "<lazy_refcounts/>" in features.XMLDesc() and "<extended_l2/>" in features.XMLDesc()


@needs_qemu_img
def test_a_guest_does_not_choose_the_format(conn, pool, tmp_path):
    """A guest that writes an image's header into its raw disk changes nothing, whoever copies it."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret" * 1000)
    evil = tmp_path / "evil.qcow2"
    os.system(f"qemu-img create -q -f qcow2 -b {secret} -F raw {evil}")
    vol = pool.createXML(vol_xml("a.img", capacity=MIB))
    send(conn, vol, evil.read_bytes())
    assert "<format type='raw'/>" in vol.XMLDesc() and "backingStore" not in vol.XMLDesc()
    clone = pool.createXMLFrom(vol_xml("b.img", capacity=1), vol)
    assert b"secret" * 10 not in receive(conn, clone)
    # One that was put there by hand, with a chain whose formats are not stated, is not followed.
    folder = os.path.dirname(vol.path())
    os.system(f"qemu-img create -q -f qcow2 {folder}/c.qcow2 1M && qemu-img rebase -u -b {secret} -F raw {folder}/c.qcow2")
    with open(f"{folder}/c.qcow2", "r+b") as f: # its format extension goes
        head = f.read(512)
        at = head.index(bytes.fromhex("e2792aca"))
        f.seek(at)
        f.write(bytes(8))
    assert code_of(pool.createXMLFrom, vol_xml("d.img"), pool.storageVolLookupByName("c.qcow2")) == libvirt.VIR_ERR_OPERATION_INVALID
    assert sorted(pool.listVolumes()) == ["a.img", "b.img", "c.qcow2"]


QUICK = """#!/bin/bash
args=()
for a; do
    case $a in
    driver=*) ;;
    *encrypt.key-secret=*) a+=,encrypt.iter-time=10 ;;
    key-secret=*) a+=,iter-time=10 ;;
    esac
    args+=("$a")
done
exec "$(PATH=${PATH#*:} command -v qemu-img)" "${args[@]}"
"""


@pytest.fixture
def quick_luks(stopped_daemon, tmp_path):
    """A connection to a daemon whose qemu-img spends 10 ms on deriving a key instead of 2 s, here and each time the image is opened; and a pool."""
    tools, folder = tmp_path / "tools", tmp_path / "images"
    tools.mkdir()
    folder.mkdir()
    (tools / "qemu-img").write_text(QUICK)
    (tools / "qemu-img").chmod(0o755)
    stopped_daemon.start(PATH=f"{tools}:{os.environ['PATH']}")
    conn = stopped_daemon.connect()
    yield conn, conn.storagePoolCreateXML(f"<pool type='dir'><name>p</name><target><path>{folder}</path></target></pool>")
    conn.close()


@needs_qemu_img
def test_luks(quick_luks):
    conn, pool = quick_luks
    secret = conn.secretDefineXML("<secret ephemeral='no' private='yes'><usage type='volume'><volume>v</volume></usage></secret>")
    encryption = f"<encryption format='luks'><secret type='passphrase' uuid='{secret.UUIDString()}'/></encryption><format"
    xml = vol_xml("l.img", capacity=4 * MIB).replace("<format", encryption)
    assert code_of(pool.createXML, xml) == libvirt.VIR_ERR_NO_SECRET
    assert pool.listVolumes() == []
    secret.setValue(b"pass,word")
    vol = pool.createXML(xml)
    assert "<encryption format='luks'>" in vol.XMLDesc() and vol.info()[1] == 4 * MIB
    with open(vol.path(), "rb") as f:
        assert f.read(6) == b"LUKS\xba\xbe"
    plain = pool.createXML(vol_xml("p.img", capacity=2 * MIB))
    send(conn, plain, PATTERN * 2)
    copy = pool.createXMLFrom(vol_xml("copy.img", capacity=2 * MIB).replace("<format", encryption), plain)
    assert PATTERN[:64] not in open(copy.path(), "rb").read()
    assert code_of(pool.createXML, vol_xml("x.vdi", "vdi").replace("<format", encryption)) == libvirt.VIR_ERR_XML_ERROR


def opened(path, fmt, passphrase, tmp_path):
    """The bytes of an encrypted image, as who has the passphrase reads them."""
    key, plain = tmp_path / "key", tmp_path / "plain"
    key.write_bytes(passphrase)
    options = f"driver=luks,key-secret=k,file.filename={path}" if fmt == "raw" else f"driver=qcow2,encrypt.key-secret=k,file.filename={path}"
    subprocess.run(["qemu-img", "convert", "--object", f"secret,id=k,file={key}", "--image-opts", options, "-O", "raw", plain], check=True)
    return plain.read_bytes()


@needs_qemu_img
def test_life_of_encrypted_volumes(quick_luks, tmp_path):
    """Made of a plain one, copied into another format for another passphrase, and back, made larger, wiped: what is in one is read with its own
    secret alone."""
    def define(name, value):
        secret = conn.secretDefineXML(f"<secret ephemeral='no' private='yes'><usage type='volume'><volume>{name}</volume></usage></secret>")
        secret.setValue(value)
        return f"<encryption format='luks'><secret type='passphrase' uuid='{secret.UUIDString()}'/></encryption><format"
    conn, pool = quick_luks
    plain = pool.createXML(vol_xml("plain", capacity=2 * MIB))
    send(conn, plain, PATTERN * 2)
    raw = pool.createXMLFrom(vol_xml("raw", "raw", 2 * MIB).replace("<format", define("one", b"first")), plain)
    assert opened(raw.path(), "raw", b"first", tmp_path) == PATTERN * 2

    # By the secret that was defined for it: a source is not described in the call.
    assert code_of(pool.createXMLFrom, vol_xml("early", capacity=1), raw) in (libvirt.VIR_ERR_NO_SECRET, libvirt.VIR_ERR_INVALID_SECRET)
    define(raw.path(), b"first")
    qcow2 = pool.createXMLFrom(vol_xml("qcow2", "qcow2", 1).replace("<format", define("two", b"sec,ond")), raw)
    assert opened(qcow2.path(), "qcow2", b"sec,ond", tmp_path) == PATTERN * 2
    back = pool.createXMLFrom(vol_xml("back", capacity=1), raw)
    assert receive(conn, back) == PATTERN * 2

    define(qcow2.path(), b"sec,ond")
    for vol, passphrase in ((raw, b"first"), (qcow2, b"sec,ond")):
        assert PATTERN[:64] not in open(vol.path(), "rb").read()
        vol.resize(3 * MIB)
        assert vol.info()[1] == 3 * MIB
        grown = opened(vol.path(), vol.name(), passphrase, tmp_path)
        assert len(grown) == 3 * MIB and grown[:2 * MIB] == PATTERN * 2
    raw.wipe()
    assert not any(open(raw.path(), "rb").read())
    assert opened(qcow2.path(), "qcow2", b"sec,ond", tmp_path)[:2 * MIB] == PATTERN * 2
    assert pool.listVolumes() == ["back", "plain", "qcow2", "raw"]


# ---- what is left ----

@pytest.fixture
def slow(tmp_path, daemon):
    """A qemu-img that takes its time."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "qemu-img").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/started\nsleep 30\nexec /usr/bin/qemu-img \"$@\"\n")
    (tools / "qemu-img").chmod(0o755)
    daemon.stop()
    daemon.start(PATH=f"{tools}:{os.environ['PATH']}")
    folder = tmp_path / "images"
    folder.mkdir()
    return daemon.connect().storagePoolCreateXML(f"<pool type='dir'><name>p</name><target><path>{folder}</path></target></pool>"), folder


def wait_for(path):
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.05)


@needs_qemu_img
@pytest.mark.parametrize("fmt", ["qcow2", "vmdk"])  # the second needs a name while it is made
def test_killed_half_way(slow, daemon, tmp_path, fmt):
    pool, folder = slow

    def create():
        with pytest.raises(libvirt.libvirtError):
            pool.createXML(vol_xml("a", fmt))
    thread = threading.Thread(target=create)
    thread.start()
    wait_for(tmp_path / "started")
    # It can be seen, as far as it is; nobody else can have its name, and the pool stays.
    other = daemon.connect().storagePoolLookupByName("p")
    assert other.storageVolLookupByName("a").info()[1] == MIB
    assert code_of(other.createXML, vol_xml("a", fmt)) == libvirt.VIR_ERR_STORAGE_VOL_EXIST
    assert code_of(other.storageVolLookupByName("a").delete) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(other.destroy) == libvirt.VIR_ERR_INTERNAL_ERROR
    daemon.kill()
    os.kill(int((tmp_path / "started").read_text()), 9)
    thread.join()
    daemon.start()
    assert os.listdir(folder) == [] and daemon.connect().storagePoolLookupByName("p").listVolumes() == []


def test_full_disk(conn, pool):
    """More than any disk has: nothing is left of it."""
    free = pool.info()[3]
    with pytest.raises(libvirt.libvirtError):
        pool.createXML(vol_xml("a.img", capacity=2 * free).replace("<allocation>0</allocation>", ""))
    assert pool.listVolumes() == [] and os.listdir(pool.XMLDesc().split("<path>")[1].split("</path>")[0]) == []


def test_two_clients_one_name(pool, daemon):
    results = []

    def create(n):
        try:
            daemon.connect().storagePoolLookupByName("p").createXML(vol_xml("a.img", capacity=n * MIB))
            results.append(True)
        except libvirt.libvirtError as e:
            results.append(e.get_error_code())
    threads = [threading.Thread(target=create, args=(n + 1,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == 1 and pool.listVolumes() == ["a.img"]
    assert set(results) == {True, libvirt.VIR_ERR_STORAGE_VOL_EXIST}
