# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user may get wrong with `xl create`: one clear message, exit status 1, nothing left behind."""
import os
import subprocess
from pathlib import Path

import pytest

from kanzen import run, wait_for, xl


def processes():
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            comm = path.read_text().strip()
        except OSError:
            continue
        if comm.startswith(("qemu", "kxl-")):
            found.append((comm, path.parent.name))
    return sorted(found)


@pytest.fixture
def left_behind():
    """Fails the test if it leaves processes, interfaces, run folders or domains."""

    def snapshot():
        return (sorted(p.name for p in Path("/run/kanzen").iterdir() if p.name.isdigit()),
                [line.split()[0] for line in run("ip", "-br", "link").stdout.splitlines()],
                [line.split()[:2] for line in xl("list").splitlines()], processes())

    before = snapshot()
    yield
    after = wait_for("everything to be gone", lambda: snapshot() if snapshot() == before else None, timeout=5)
    assert after == before


def refused(cfg, *args, env=None):
    """What xl says about it, without the line that names the file. One message: one line."""
    done = run("xl", "create", cfg, *args, check=False, timeout=120, env={**os.environ, **(env or {})})
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Parsing config from") and "warning:" not in line]
    assert len(lines) == 1, done.stderr
    return lines[0]


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize("old, new, words", [
    ("vmlinuz-cloud", "vmlinuz-none", ["vmlinuz-none", "No such file"]),
    ("initrd-cloud.img", "initrd-none", ["initrd-none", "No such file"]),
    ("vmlinuz-cloud", "disk.img", ["disk.img", "kernel"]),
    ("/vmlinuz-cloud", "", ["is a directory"]),
    ("memory = 256", "memory = 4", ["memory"]),
    ("memory = 256", "memory = 16777216", ["memory"]),
])
def test_start(guest, left_behind, old, new, words):
    said = refused(change(guest.cfg(), old, new))
    for word in words:
        assert word.lower() in said.lower()


def test_kernel_truncated(guest, left_behind):
    half = guest.folder / "half"
    half.write_bytes((guest.images / "vmlinuz-cloud").read_bytes()[: 1 << 20])
    assert str(half) in refused(change(guest.cfg(), f"{guest.images}/vmlinuz-cloud", str(half)))


def test_kernel_empty(guest, left_behind):
    empty = guest.write("empty", "")
    assert str(empty) in refused(change(guest.cfg(), f"{guest.images}/vmlinuz-cloud", str(empty)))


def test_kernel_not_for_xen(guest, left_behind):
    """An ELF file without Xen's notes."""
    assert "/bin/true" in refused(change(guest.cfg(), f"{guest.images}/vmlinuz-cloud", "/bin/true"))


@pytest.mark.parametrize("path, word", [("/nowhere/disk.img", "No such file"), ("/etc", "directory")])
def test_disk(guest, left_behind, path, word):
    said = refused(guest.cfg(extra=f"disk = [ '{path},raw,xvda,rw' ]"))
    assert path in said and word.lower() in said.lower()


def test_disk_of_another_format(guest, left_behind):
    """QEMU finds that out: its words are below the message."""
    done = run("xl", "create", guest.cfg(extra=f"disk = [ '{guest.disk()},qcow2,xvda,rw' ]"), check=False, timeout=120)
    assert done.returncode == 1
    assert str(guest.disk()) in done.stderr and "not in qcow2 format" in done.stderr


def test_disk_in_use(guest, left_behind):
    xl("create", guest.cfg(disk=True), timeout=120)
    try:
        said = refused(guest.cfg(disk=True, name=guest.name + "2"))
        assert str(guest.disk()) in said and guest.name in said
    finally:
        xl("destroy", guest.name)


def test_disk_shared_on_purpose(guest, left_behind):
    shared = f"disk = [ '{guest.disk()},raw,xvda,w!' ]"
    xl("create", guest.cfg(extra=shared), timeout=120)
    xl("create", guest.cfg(extra=shared, name=guest.name + "2"), timeout=120)
    xl("destroy", guest.name)
    xl("destroy", guest.name + "2")


def test_vdev_twice(guest, left_behind):
    other = guest.folder / "other.img"
    other.write_bytes(b"\0" * (1 << 20))
    said = refused(guest.cfg(extra=f"disk = [ '{guest.disk()},raw,xvda,rw', '{other},raw,xvda,rw' ]"))
    assert "xvda" in said


def test_bridge_missing(guest, left_behind):
    assert "nobridge7" in refused(guest.cfg(extra="vif = [ 'bridge=nobridge7' ]"))


def test_script_missing(guest, left_behind):
    assert "vif-nothing" in refused(guest.cfg(extra="vif = [ 'script=vif-nothing' ]"))


def test_mac_in_use(guest, left_behind):
    nic = "vif = [ 'mac=00:16:3e:00:11:22,bridge=xenbr0' ]"
    xl("create", guest.cfg(extra=nic), timeout=120)
    try:
        assert "00:16:3e:00:11:22" in refused(guest.cfg(extra=nic, name=guest.name + "2"))
    finally:
        xl("destroy", guest.name)


def test_mac_twice(guest, left_behind):
    assert "00:16:3e:00:11:22" in refused(
        guest.cfg(extra="vif = [ 'mac=00:16:3e:00:11:22', 'mac=00:16:3E:00:11:22' ]"))


def test_mac_malformed(guest, left_behind):
    cfg = guest.cfg(extra="vif = [ 'mac=00:16:3e:zz' ]")
    assert refused(cfg) == f"{cfg}:7:9: option 'vif': '00:16:3e:zz' is no MAC address"


def test_vifname_in_use(guest, left_behind):
    nic = "vif = [ 'vifname=web0' ]"
    xl("create", guest.cfg(extra=nic), timeout=120)
    try:
        assert "web0" in refused(guest.cfg(extra=nic, name=guest.name + "2"))
    finally:
        xl("destroy", guest.name)


def test_name_or_uuid_in_use(guest, left_behind):
    uuid = "0f1e2d3c-4b5a-4968-8776-655443322111"
    xl("create", guest.cfg(extra=f'uuid = "{uuid}"'), timeout=120)
    try:
        assert guest.name in refused(guest.cfg())
        assert uuid in refused(guest.cfg(extra=f'uuid = "{uuid}"', name=guest.name + "2"))
    finally:
        xl("destroy", guest.name)


@pytest.mark.parametrize("text, said", [
    ('name = "x"\nkernel = "/k\n', ":2:10: the string does not end on its line"),
    ('name = "x"\nmemory = 12MB\n', ":2:10: expected a whole number, found '12MB'"),
    ('name = "x"\ndisk = [ "a" "b" ]\n', ":2:14: expected ',' or ']', found the string 'b'"),
    ('name = "x"\nkernel = "/k"\np9 = [ "tag=x" ]\n',
     ":3:6: option 'p9': not supported: the 9p split driver is not supported yet"),
    ('for x in y:\n', ":1:1: 'for' does not begin an assignment (Python is not executed)"),
    ('kernel = "/k"\n', ": Domain name must be specified."),
    ('name = "x"\n', ": Neither kernel nor bootloader specified"),
])
def test_malformed_config(guest, left_behind, text, said):
    cfg = guest.write("bad.cfg", text)
    assert refused(cfg) == f"{cfg}{said}"


@pytest.mark.parametrize("bad", ["a/b", "."])
def test_name_that_is_none(guest, left_behind, bad):
    said = refused(change(guest.cfg(), f'"{guest.name}"', f'"{bad}"'))
    assert "name" in said and bad in said


def test_config_missing(left_behind):
    assert refused("/nowhere.cfg") == "Failed to read config file: /nowhere.cfg: No such file or directory"


def test_config_is_a_directory(left_behind):
    assert refused("/etc") == "Failed to read config file: /etc: Is a directory"


def test_config_is_binary(guest, left_behind):
    assert "Failed to read config file" in refused(guest.images / "vmlinuz-cloud")


def test_qemu_missing(guest, left_behind):
    said = refused(guest.cfg(), env={"KANZEN_QEMU": "/nowhere/qemu"})
    assert "/nowhere/qemu" in said


def test_hv_missing(guest, left_behind, tmp_path):
    for helper in Path("/run/kanzen-libexec").iterdir():
        if "hv" not in helper.name:
            (tmp_path / helper.name).symlink_to(helper.resolve())
    said = refused(guest.cfg(), env={"KANZEN_LIBEXEC_DIR": str(tmp_path)})
    assert "kanzen-hv" in said and "No such file" in said


def test_qemu_that_ends_at_once(guest, left_behind):
    broken = guest.write("qemu", "#!/bin/sh\necho broken machine >&2\nexit 1\n")
    broken.chmod(0o755)
    said = refused(guest.cfg(), env={"KANZEN_QEMU": str(broken)})
    assert "broken machine" in said


def test_guest_that_panics_at_once(guest, left_behind):
    """It starts, as far as xl can see; its end is the supervisor's matter, and nothing stays."""
    cfg = guest.cfg(cmdline="console=hvc0 panic=1 root=/dev/none", extra="on_crash = 'destroy'")
    change(cfg, f'ramdisk = "{guest.images}/initrd-cloud.img"\n', "")
    done = run("xl", "create", cfg, check=False, timeout=120)
    assert done.returncode in (0, 1)
    wait_for("its end", lambda: run("xl", "domid", guest.name, check=False).returncode == 1, timeout=90)


@pytest.mark.parametrize("command", ["pause", "unpause", "shutdown", "reboot", "destroy", "console", "block-list",
                                     "network-list", "uptime", "list"])
@pytest.mark.parametrize("domain", ["nobody", "4711", "-1", ""])
def test_no_such_domain(left_behind, command, domain):
    args = ["--", domain] if domain.startswith("-") else [domain]
    done = run("xl", command, *args, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{domain} is an invalid domain identifier (rc=-6)\n"


def test_killed_create_leaves_nothing_or_a_domain(guest, left_behind):
    for delay in (0.01, 0.05, 0.1, 0.2, 0.4):
        child = subprocess.Popen(["xl", "create", guest.cfg()], stderr=subprocess.DEVNULL)
        try:
            child.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        # It is listed until its supervisor has undone it, or it was finished: then destroy ends it. Either way none is left.
        run("xl", "destroy", guest.name, check=False)
        wait_for("its end", lambda: run("xl", "domid", guest.name, check=False).returncode == 1)
