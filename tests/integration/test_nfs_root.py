# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PV guest whose root is a folder of an NFS server's, as docs/nfs-root.md tells. The server is NFS-Ganesha, in user space."""
import gzip
import shutil
import subprocess

import pytest

from kanzen import Console, run, wait_for, xl

SERVER = "10.87.0.1"
CONFIG = """
NFS_Core_Param { Protocols = 4; Enable_UDP = false; Bind_addr = %s; Enable_NLM = false; Enable_RQUOTA = false;
                 Plugins_Dir = "/usr/lib/x86_64-linux-gnu/ganesha"; }
NFSV4 { Grace_Period = 1; Lease_Lifetime = 5; Graceless = true; Only_Numeric_Owners = true; RecoveryRoot = "%s"; }
EXPORT { Export_Id = 1; Path = "%s"; Pseudo = "%s"; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
"""


def is_served():
    return f"{SERVER}]:2049" in run("ss", "-ltn").stdout  # as ::ffff:10.87.0.1


@pytest.fixture
def root(images, tmp_path):
    """The guests' initramfs, served as a root. On a tmpfs: the server asks for file handles, which an overlay has none of."""
    if shutil.which("ganesha.nfsd") is None:
        pytest.skip("no nfs-ganesha here")
    folder = tmp_path / "root"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "none", folder)
    (folder / "state").mkdir()
    tree = folder / "tree"
    tree.mkdir()
    archive = gzip.decompress((images / "initrd-cloud.img").read_bytes())
    subprocess.run(["cpio", "-idm", "--quiet"], cwd=tree, input=archive, check=True)
    (tree / "etc/hostname").write_text("on-nfs\n")
    config, log, pid = tmp_path / "ganesha.conf", tmp_path / "ganesha.log", tmp_path / "ganesha.pid"
    config.write_text(CONFIG % (SERVER, folder / "state", tree, tree))
    server = subprocess.Popen(["ganesha.nfsd", "-F", "-f", config, "-L", log, "-p", pid])
    try:
        wait_for("the NFS server", lambda: is_served() or server.poll() is not None, 30)
        assert server.poll() is None, log.read_text()
        yield tree
    finally:
        server.kill()
        server.wait()
        run("umount", "-l", folder)


def test_nfs_root(guest, root, images):
    """xl's own options for it; what the guest writes is in the server's folder."""
    cfg = guest.write(f"{guest.name}.cfg", f"""name = "{guest.name}"
kernel = "{images}/vmlinuz-cloud"
ramdisk = "{images}/initrd-nfs.img"
memory = 256
vif = [ 'bridge=xenbr0' ]
root = "/dev/nfs rw"
nfs_server = "{SERVER}"
nfs_root = "{root}"
extra = "ip=dhcp console=hvc0"
""")
    xl("create", cfg)
    console = Console("xl", "console", guest.name)
    console.child.expect("root is /dev/nfs", timeout=120)
    console.child.expect("on-nfs login:", timeout=120)
    console.child.sendline("root")
    console.child.expect("[#] ", timeout=30)
    assert f"{SERVER}:{root} / nfs4 rw" in console.command("cat /proc/mounts")
    console.command("echo of the guest > /note; sync")
    assert (root / "note").read_text() == "of the guest\n"
    (root / "answer").write_text("of the server\n")
    assert console.command("cat /answer") == "of the server"
