# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage pools of the types that drive a tool: with stand-ins for the tools, which say what they were called with, and with a real
iSCSI target where there is one."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import libvirt
import pytest

from test_libvirt import code_of

UUID = "70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2"


def pool_xml(kind, source, target="", name="p"):
    return (f"<pool type='{kind}'><name>{name}</name><uuid>{UUID}</uuid><source>{source}</source>"
            f"<target><path>{target or '/dev'}</path></target></pool>")


def vol_xml(name, capacity=4096, allocation=None, more=""):
    allocation = f"<allocation>{allocation}</allocation>" if allocation is not None else ""
    return f"<volume><name>{name}</name><capacity>{capacity}</capacity>{allocation}{more}</volume>"


class Tools:
    """Programs on the daemon's PATH. Each writes its arguments down and does what its lines of shell say."""

    def __init__(self, folder):
        self.folder, self.log = folder / "bin", folder / "calls"
        self.folder.mkdir()

    def add(self, name, body=":"):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\necho \"{name} $*\" >> {self.log}\n{body}\n")
        path.chmod(0o755)

    def calls(self):
        """Since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def tools(tmp_path, daemon):
    made = Tools(tmp_path)
    daemon.stop()
    daemon.start(PATH=f"{made.folder}:{os.environ['PATH']}", KANZEN_SYSFS_DIR=str(tmp_path / "sys"))
    return made


@pytest.fixture
def conn(tools, daemon):
    return daemon.connect()


def test_what_the_host_has(conn, tools):
    xml = conn.getStoragePoolCapabilities()
    assert "<pool type='dir' supported='yes'>" in xml and "<value>linux-swap</value>" in xml and "<defaultFormat type='lvm2'/>" in xml
    assert "<pool type='sheepdog' supported='no'>" in xml
    if shutil.which("zfs") is None:
        assert "<pool type='zfs' supported='no'/>" in xml
        pool = conn.storagePoolDefineXML(pool_xml("zfs", "<name>tank</name>"))
        with pytest.raises(libvirt.libvirtError, match="Debian package zfsutils-linux"):
            pool.create()
        tools.add("zfs")
        assert "<pool type='zfs' supported='yes'/>" in conn.getStoragePoolCapabilities()
    assert code_of(conn.findStoragePoolSources, "dir", None) == libvirt.VIR_ERR_NO_SUPPORT
    assert code_of(conn.findStoragePoolSources, "netfs", None) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(conn.findStoragePoolSources, "netfs", "<source") == libvirt.VIR_ERR_XML_DETAIL


def test_build_flags(conn, tools, tmp_path):
    pool = conn.storagePoolDefineXML(pool_xml("fs", "<device path='/dev/null'/><format type='ext4'/>", tmp_path / "target"))
    both = libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE | libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE
    assert code_of(pool.build, both) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(pool.build, libvirt.VIR_STORAGE_POOL_BUILD_RESIZE) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(pool.build, libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE) == libvirt.VIR_ERR_OPERATION_INVALID  # no block device
    assert code_of(pool.create, libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE
                   | libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE) == libvirt.VIR_ERR_INVALID_ARG
    pool.build()
    assert (tmp_path / "target").is_dir()
    assert tools.calls() == []


@pytest.mark.parametrize("source, kind, want", [
    ("<host name='h'/><dir path='/srv'/>", "netfs", "mount -o nodev,nosuid,noexec h:/srv TARGET"),
    ("<host name='h'/><dir path='/srv'/><format type='nfs'/><protocol ver='4.2'/>", "netfs",
     "mount -t nfs -o nodev,nosuid,noexec,nfsvers=4.2 h:/srv TARGET"),
    ("<host name='fd00::1'/><dir path='/srv'/><format type='nfs'/>", "netfs", "mount -t nfs -o nodev,nosuid,noexec [fd00::1]:/srv TARGET"),
    ("<host name='h'/><dir path='share'/><format type='cifs'/>", "netfs", "mount -t cifs -o nodev,nosuid,noexec,guest //h/share TARGET"),
    ("<host name='h'/><dir path='/v'/><format type='glusterfs'/>", "netfs",
     "mount -t glusterfs -o nodev,nosuid,noexec,direct-io-mode=1 h:/v TARGET"),
    ("<device path='/dev/sdz1'/><format type='xfs'/>", "fs", "mount -t xfs -o nodev,nosuid,noexec /dev/sdz1 TARGET"),
])
def test_mounts(conn, tools, tmp_path, source, kind, want):
    for tool in ("mount", "umount", "mount.nfs", "mount.cifs", "mount.glusterfs"):
        tools.add(tool)
    pool = conn.storagePoolDefineXML(pool_xml(kind, source, tmp_path))
    with pytest.raises(libvirt.libvirtError, match="nothing is mounted"):  # by the stand-in
        pool.create()
    assert tools.calls() == [want.replace("TARGET", str(tmp_path))]
    assert not pool.isActive()


def test_nfs_exports(conn, tools):
    tools.add("showmount", "echo '/srv/a  10.0.0.0/8'; echo '/srv/b *'")
    xml = conn.findStoragePoolSources("netfs", "<source><host name='h'/></source>")
    assert xml.count("<source>") == 2 and "<dir path='/srv/b'/>" in xml and "<host name='h'/>" in xml
    assert tools.calls() == ["showmount --no-headers --exports h"]


# ---- LVM ----

LVS = """case $7 in
lv_name*) echo '{"report":[{"lv":[
 {"lv_name":"a","lv_uuid":"U-a","origin":"","lv_size":"4194304","lv_attr":"-wi-a-----","vg_extent_size":"4194304","seg_pe_ranges":"/dev/sdz:0-0"},
 {"lv_name":"s","lv_uuid":"U-s","origin":"a","lv_size":"4194304","lv_attr":"swi-a-s---","vg_extent_size":"4194304","seg_pe_ranges":"/dev/sdz:1-1"},
 {"lv_name":"s","lv_uuid":"U-s","origin":"a","lv_size":"4194304","lv_attr":"swi-a-s---","vg_extent_size":"4194304","seg_pe_ranges":"/dev/sdz:4-5"},
 {"lv_name":"thin","lv_uuid":"U-t","origin":"","lv_size":"4194304","lv_attr":"twi-aotz--","vg_extent_size":"4194304","seg_pe_ranges":""}]}]}';;
esac"""


def test_logical(conn, tools):
    tools.add("lvs", LVS)
    tools.add("vgs", "echo '{\"report\":[{\"vg\":[{\"vg_size\":\"100000000\",\"vg_free\":\"40000000\"}]}]}'")
    for tool in ("vgchange", "lvcreate", "lvremove", "lvresize", "vgremove", "pvremove"):
        tools.add(tool)
    pool = conn.storagePoolDefineXML(pool_xml("logical", "<device path='/dev/sdz'/><name>vg</name>"))
    pool.create()
    assert tools.calls()[0] == "vgchange -aly vg"
    assert pool.info()[1:] == [100000000, 60000000, 40000000] and pool.listVolumes() == ["a", "s"]
    volume = conn.storageVolLookupByKey("U-s")
    xml = volume.XMLDesc()
    assert volume.path() == "/dev/vg/s" and "<path>/dev/vg/a</path>" in xml
    assert "<extent start='16777216' end='25165824'/>" in xml and "<volume type='block'>" in xml
    assert conn.storageVolLookupByPath("/dev/vg/a").key() == "U-a"
    tools.calls()
    volume.delete()
    volume = pool.storageVolLookupByName("a")
    volume.resize(8 << 20)
    assert [c for c in tools.calls() if not c.startswith(("lvs", "vgs"))] == ["lvremove -f /dev/vg/s", "lvresize --force -L 8192K /dev/vg/a"]
    assert code_of(pool.createXML, vol_xml("a")) == libvirt.VIR_ERR_STORAGE_VOL_EXIST
    assert code_of(pool.createXML, vol_xml("-rf")) == libvirt.VIR_ERR_XML_ERROR
    pool.destroy()
    pool.delete()
    assert [c for c in tools.calls() if not c.startswith(("lvs", "vgs"))] == ["vgchange -aln vg", "vgremove -f vg", "pvremove /dev/sdz"]


def test_logical_create(conn, tools, daemon):
    """What was begun is taken away: by the daemon that fails, and after one that was killed."""
    tools.add("lvs", LVS)
    tools.add("vgs", "echo '{\"report\":[{\"vg\":[{\"vg_size\":\"100\",\"vg_free\":\"40\"}]}]}'")
    tools.add("vgchange")
    tools.add("lvremove")
    tools.add("lvcreate", "echo 'no room' >&2; exit 5")
    pool = conn.storagePoolDefineXML(pool_xml("logical", "<name>vg</name>"))
    pool.create()
    tools.calls()
    for xml, want in [
            (vol_xml("n", 10 << 20), "lvcreate --yes --name n -L 10240K vg"),
            (vol_xml("n", 10 << 20, 1 << 20), "lvcreate --yes --name n --type snapshot --virtualsize 10240K -L 1024K vg"),
            (vol_xml("n", 1025, more="<backingStore><path>/dev/vg/a</path></backingStore>"),
             "lvcreate --yes --name n -L 2K -s /dev/vg/a")]:
        with pytest.raises(libvirt.libvirtError, match="no room"):
            pool.createXML(xml)
        assert [c for c in tools.calls() if not c.startswith("lvs")] == [want]
    journal = daemon.lib / "libvirt" / "storage" / "unfinished"
    assert os.listdir(journal) == []
    (journal / "00000000-0000-4000-8000-000000000000").write_text(f"volume\n{UUID}\ns\n")
    daemon.kill()
    daemon.start(PATH=f"{tools.folder}:{os.environ['PATH']}")
    assert "lvremove -f /dev/vg/s" in tools.calls() and os.listdir(journal) == []


def test_logical_build(conn, tools, tmp_path, daemon):
    """Devices that were made LVM's for a group that did not come about are let go again, by the daemon that fails or the one after it."""
    if os.geteuid() != 0:
        pytest.skip("making a device node takes root")
    disks = [tmp_path / "a", tmp_path / "b"]
    try:
        for i, disk in enumerate(disks):
            os.mknod(disk, 0o60600, os.makedev(7, 97 + i))
    except PermissionError:
        pytest.skip("no device nodes can be made here")
    for tool in ("wipefs", "vgcreate", "pvremove"):
        tools.add(tool)
    tools.add("lvs", LVS)
    tools.add("pvcreate", f"case $* in *{disks[1]}) echo 'no room' >&2; exit 5;; esac")
    pool = conn.storagePoolDefineXML(pool_xml("logical", "".join(f"<device path='{disk}'/>" for disk in disks) + "<name>vg</name>"))
    with pytest.raises(libvirt.libvirtError, match="no room"):
        pool.build(libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
    begun = [f"{tool} {disk}" for disk in disks for tool in ("wipefs --all --quiet", "pvcreate -ff --yes")]
    assert tools.calls() == begun + [f"pvremove {disk}" for disk in disks]
    journal = daemon.lib / "libvirt" / "storage" / "unfinished"
    assert os.listdir(journal) == []
    tools.add("pvcreate")
    tools.add("vgcreate", f"echo $$ > {tmp_path}/started; exec sleep 60")

    def build():
        with pytest.raises(libvirt.libvirtError):
            pool.build(libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
    thread = threading.Thread(target=build)
    thread.start()
    deadline = time.monotonic() + 30
    while not ((tmp_path / "started").exists() and (tmp_path / "started").read_text().endswith("\n")):
        assert time.monotonic() < deadline, "vgcreate was not called"
        time.sleep(0.02)
    daemon.kill()
    os.kill(int((tmp_path / "started").read_text()), signal.SIGKILL)
    thread.join()
    tools.calls()
    daemon.start(PATH=f"{tools.folder}:{os.environ['PATH']}")
    assert sorted(tools.calls()) == [f"pvremove {disk}" for disk in disks] and os.listdir(journal) == []
    assert not daemon.connect().storagePoolLookupByName("p").isActive()


def test_logical_sources(conn, tools):
    tools.add("lvs")
    tools.add("pvs", "echo '{\"report\":[{\"pv\":[{\"vg_name\":\"v\",\"pv_name\":\"/dev/a\"},{\"vg_name\":\"v\",\"pv_name\":\"/dev/b\"},"
              "{\"vg_name\":\"\",\"pv_name\":\"/dev/c\"}]}]}'")
    xml = conn.findStoragePoolSources("logical", None)
    assert xml.count("<source>") == 1 and "<device path='/dev/b'/>" in xml and "<name>v</name>" in xml and "/dev/c" not in xml
    tools.add("pvs", "echo 'not JSON'")
    assert code_of(conn.findStoragePoolSources, "logical", None) == libvirt.VIR_ERR_INTERNAL_ERROR
    for hostile in ("[]", "{}", "{\\\"report\\\":[3]}", "{\\\"report\\\":[{\\\"pv\\\":[1,null,{\\\"vg_name\\\":[]}]}]}"):
        tools.add("pvs", f"echo \"{hostile}\"")
        assert "<device" not in conn.findStoragePoolSources("logical", None)


# ---- others ----

def test_zfs(conn, tools):
    tools.add("zpool", "printf 'size\\t1000\\nfree\\t400\\nallocated\\t600\\n'")
    tools.add("zfs", "case $* in *volume*) printf 'tank/g/a\\t8192\\t0\\ntank/g/in/b\\t8192\\t0\\n';; esac")
    pool = conn.storagePoolDefineXML(pool_xml("zfs", "<name>tank/g</name>"))
    pool.create()
    assert pool.info()[1:] == [1000, 600, 400] and pool.listVolumes() == ["a"]
    assert pool.storageVolLookupByName("a").path() == "/dev/zvol/tank/g/a"
    tools.calls()
    pool.storageVolLookupByName("a").delete()
    with pytest.raises(libvirt.libvirtError):
        pool.createXML(vol_xml("n", 10000, 0))  # the stand-in has made nothing
    calls = tools.calls()
    assert "zfs destroy tank/g/a" in calls and "zfs create -s -V 16384 tank/g/n" in calls


def test_rbd(conn, tools):
    secret = conn.secretDefineXML("<secret ephemeral='no' private='yes'><usage type='ceph'><name>c</name></usage></secret>")
    secret.setValue(b"key bytes")
    tools.add("ceph", "echo '{\"pools\":[{\"name\":\"images\",\"stats\":{\"bytes_used\":5,\"max_avail\":7}}]}'")
    tools.add("rbd", "case $* in *keyfile*) f=${5#--keyfile=}; cat $f >> " + str(tools.log) + "; echo >> " + str(tools.log) +
              ";; esac; case $* in *json*) echo '[{\"image\":\"a\",\"size\":1048576},{\"image\":\"a\",\"snapshot\":\"x\",\"size\":1}]';; esac")
    pool = conn.storagePoolDefineXML(
        "<pool type='rbd'><name>p</name><source><name>images</name><host name='m'/><host name='fd00::1' port='6789'/>"
        "<auth type='ceph' username='admin'><secret usage='c'/></auth></source></pool>")
    pool.create()
    call, key = tools.calls()[:2]
    assert call.startswith("rbd -m m,[fd00::1]:6789 --id admin --keyfile=/proc/") and call.endswith(" ls images")
    assert key == "a2V5IGJ5dGVz" and "a2V5" not in call  # base 64, and not on the command line
    assert pool.info()[1:] == [12, 5, 7] and pool.listVolumes() == ["a"]
    volume = pool.storageVolLookupByName("a")
    assert volume.path() == volume.key() == "images/a" and volume.info()[0] == libvirt.VIR_STORAGE_VOL_NETWORK
    tools.calls()
    volume.resize(1, libvirt.VIR_STORAGE_VOL_RESIZE_SHRINK)
    volume.delete(libvirt.VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS)
    ends = [c.split("fd/", 1)[1].split(" ", 1)[1] for c in tools.calls() if c.startswith("rbd") and "json" not in c]
    assert ends == ["resize --size 1 images/a --allow-shrink", "snap purge images/a", "rm images/a"]
    assert code_of(volume.download, conn.newStream(), 0, 0) == libvirt.VIR_ERR_NO_SUPPORT
    assert code_of(pool.createXML, vol_xml("a@b")) == libvirt.VIR_ERR_XML_ERROR


def make_lun(sysfs, address, device, serial):
    folder = sysfs / "bus/scsi/devices" / address
    (folder / "block" / device).mkdir(parents=True)
    (folder / "type").write_text("0\n")
    (folder / "wwid").write_text(serial + "\n")


def test_iscsi(conn, tools, tmp_path):
    session = tmp_path / "session"
    tools.add("iscsiadm", f"""case $* in
*discovery*) echo '10.0.0.1:3260,1 iqn.a:t'; echo '10.0.0.1:3260,1 iqn.a:u';;
*--login*) touch {session};;
*--logout*) rm {session};;
*"mode session"*) [ -e {session} ] && echo 'tcp: [7] 10.0.0.1:3260,1 iqn.a:t (non-flash)';;
esac""")
    sysfs = tmp_path / "sys"
    (sysfs / "class/iscsi_session/session7/device/target3:0:0").mkdir(parents=True)
    (sysfs / "class/scsi_host/host3").mkdir(parents=True)
    (sysfs / "class/scsi_host/host3/scan").write_text("")
    make_lun(sysfs, "3:0:0:1", "null", "naa.6001")  # a device that is there and can be looked at
    make_lun(sysfs, "4:0:0:1", "null", "naa.other")
    secret = conn.secretDefineXML("<secret ephemeral='no' private='yes'><usage type='iscsi'><target>t</target></usage></secret>")
    secret.setValue(b"pw")
    pool = conn.storagePoolDefineXML(pool_xml(
        "iscsi", "<host name='10.0.0.1'/><device path='iqn.a:t'/><auth type='chap' username='u'><secret usage='t'/></auth>", "/dev"))
    pool.create()
    node = "iscsiadm --mode node --portal 10.0.0.1:3260 --targetname iqn.a:t"
    calls = [c for c in tools.calls() if "mode session" not in c]
    assert calls == ["iscsiadm --mode discovery --type sendtargets --portal 10.0.0.1:3260",
                     f"{node} --op update --name node.session.auth.authmethod --value CHAP",
                     f"{node} --op update --name node.session.auth.username --value u",
                     f"{node} --op update --name node.session.auth.password --value pw",
                     f"{node} --op update --name node.startup --value manual",
                     f"{node} --login"]
    assert pool.listVolumes() == ["unit:0:0:1"] and conn.storageVolLookupByKey("naa.6001").name() == "unit:0:0:1"
    pool.refresh()
    assert (sysfs / "class/scsi_host/host3/scan").read_text() == "- - -"
    xml = conn.findStoragePoolSources("iscsi", "<source><host name='10.0.0.1'/></source>")
    assert xml.count("<source>") == 2 and "<device path='iqn.a:u'/>" in xml
    assert code_of(pool.createXML, vol_xml("x")) == libvirt.VIR_ERR_NO_SUPPORT
    pool.destroy()
    assert tools.calls()[-1] == f"{node} --logout" and not session.exists()


def test_scsi(conn, tools, tmp_path):
    sysfs = tmp_path / "sys"
    pci = sysfs / "devices/pci0000:00/0000:00:1f.2/ata3/host5/scsi_host/host5"
    pci.mkdir(parents=True)
    (pci / "unique_id").write_text("2\n")
    (sysfs / "class/scsi_host").mkdir(parents=True)
    (sysfs / "class/scsi_host/host5").symlink_to(pci)
    make_lun(sysfs, "5:0:0:0", "null", "naa.1")
    by_address = ("<adapter type='scsi_host'><parentaddr unique_id='2'><address domain='0' bus='0' slot='31' function='2'/></parentaddr>"
                  "</adapter>")
    for source in ("<adapter name='host5'/>", by_address):
        pool = conn.storagePoolCreateXML(pool_xml("scsi", source))
        assert pool.listVolumes() == ["unit:0:0:0"]
        pool.destroy()
    for source in ("<adapter name='host6'/>", by_address.replace("'2'", "'3'")):
        assert code_of(conn.storagePoolCreateXML, pool_xml("scsi", source)) == libvirt.VIR_ERR_XML_ERROR


def test_mpath(conn, tools, tmp_path):
    for name, uuid in [("dm-0", "mpath-3600"), ("dm-1", "LVM-x")]:
        folder = tmp_path / "sys/block" / name / "dm"
        folder.mkdir(parents=True)
        (folder / "uuid").write_text(uuid + "\n")
        (folder / "name").write_text("../null\n")
    pool = conn.storagePoolCreateXML(pool_xml("mpath", "", "/dev/mapper"))
    if os.path.exists("/dev/mapper"):
        assert pool.listVolumes() == ["dm-0"] and pool.storageVolLookupByName("dm-0").key() == "3600"
    assert pool.info()[0] == libvirt.VIR_STORAGE_POOL_RUNNING


DISK = """case $* in
*print*) echo 'BYT;'; echo '/dev/sdz:104857600B:scsi:512:512:gpt:Some: Disk:;'
 echo '1:17408B:1048575B:1031168B:free;'; echo '1:1048576B:11534335B:10485760B:ext4:one:lvm;'
 echo '1:11534336B:104857599B:93323264B:free;';;
esac"""


def test_partitions_are_read(conn, tools, tmp_path):
    tools.add("parted", DISK)
    node = tmp_path / "disk"
    if os.geteuid() != 0:
        pytest.skip("making a device node takes root")
    try:
        os.mknod(node, 0o60600, os.makedev(7, 99))
    except PermissionError:
        pytest.skip("no device nodes can be made here")
    pool = conn.storagePoolDefineXML(pool_xml("disk", f"<device path='{node}'/><format type='gpt'/>"))
    pool.create()
    assert pool.listVolumes() == ["disk1"] and pool.info()[1] == 104857600
    volume = pool.storageVolLookupByName("disk1")
    assert "<format type='linux-lvm'/>" in volume.XMLDesc() and volume.info()[1] == 10485760
    assert "<freeExtent start='11534336' end='104857600'/>" in pool.XMLDesc()
    with pytest.raises(libvirt.libvirtError, match="expected 'disk2'"):
        pool.createXML(vol_xml("disk7"))
    with pytest.raises(libvirt.libvirtError, match="no large enough"):
        pool.createXML(vol_xml("disk2", 1 << 40))
    tools.calls()
    volume.delete()
    assert tools.calls()[-1] == f"parted --script {node} rm 1"
    pool.destroy()
    wrong = pool_xml("disk", f"<device path='{node}'/><format type='dos'/>")
    assert code_of(conn.storagePoolDefineXML(wrong).create) == libvirt.VIR_ERR_OPERATION_INVALID


# ---- a real iSCSI target ----

@pytest.fixture
def target(tmp_path):
    """tgtd at a port of its own, with two units."""
    if shutil.which("tgtd") is None or shutil.which("iscsi-ls") is None or os.geteuid() != 0:
        pytest.skip("takes root, tgt and libiscsi-bin")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    control = str(os.getpid() % 30000 + 1)
    os.makedirs("/run/tgtd", exist_ok=True)
    process = subprocess.Popen(["tgtd", "-f", "-C", control, "--iscsi", f"portal=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)

    def adm(*args):
        return subprocess.run(["tgtadm", "-C", control, "--lld", "iscsi", *args], capture_output=True).returncode
    deadline = time.monotonic() + 10
    while adm("--op", "show", "--mode", "target") != 0:
        assert time.monotonic() < deadline, "tgtd does not answer"
        time.sleep(0.05)
    assert adm("--op", "new", "--mode", "target", "--tid", "1", "-T", "iqn.2026-01.kanzen:t") == 0
    for lun, size in [("1", 8), ("2", 16)]:
        image = tmp_path / f"lun{lun}"
        with open(image, "wb") as f:
            f.truncate(size << 20)
        assert adm("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", lun, "-b", str(image)) == 0
    assert adm("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL") == 0
    yield port
    process.kill()
    process.wait()


def test_iscsi_direct(conn, target):
    pool = conn.storagePoolDefineXML(
        f"<pool type='iscsi-direct'><name>p</name><source><host name='127.0.0.1' port='{target}'/><device path='iqn.2026-01.kanzen:t'/>"
        "<initiator><iqn name='iqn.2026-01.kanzen:i'/></initiator></source></pool>")
    pool.create()
    assert pool.listVolumes() == ["unit:0:0:1", "unit:0:0:2"] and pool.info()[1] == 24 << 20
    volume = pool.storageVolLookupByName("unit:0:0:2")
    assert volume.info()[1] == 16 << 20 and volume.path() == f"ip-127.0.0.1:{target}-iscsi-iqn.2026-01.kanzen:t-lun-2"
    pool.destroy()
    other = conn.storagePoolDefineXML(pool.XMLDesc().replace("kanzen:t'", "kanzen:none'"))
    with pytest.raises(libvirt.libvirtError, match="no iSCSI target"):
        other.create()
