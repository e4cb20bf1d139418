# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cores of PV guests in Xen's format, as xl and virsh write them; QEMU's of the machine where that is asked for."""
import struct
import subprocess

import pytest

import kanzen
from kanzen import Console, run, virsh, wait_for, xl
from xen_core import CONTEXT_SIZE, NOTE_FORMAT, NOTE_HEADER, NOTE_VERSION, PAGE, Core


@pytest.fixture(scope="module")
def machine(images, tmp_path_factory):
    made = kanzen.Guest(images, "tcore", tmp_path_factory.mktemp("guest"))
    xl("create", made.cfg(memory=128, extra="vcpus = 2\n"))
    console = Console("xl", "console", made.name).login()
    console.command("mkdir -p /m && mount -t tmpfs t /m && yes 'a line that a core has' | head -c 65536 > /m/file")
    made.symbols = dict(reversed(line.split()[::2]) for line in console.command(
        "grep -E ' (linux_banner|jiffies|init_task)$' /proc/kallsyms").splitlines())
    made.version = console.command("cat /proc/version")
    console.leave()
    yield made
    run("xl", "destroy", made.name, check=False)


@pytest.fixture(scope="module")
def core(machine):
    path = machine.folder / "guest.core"
    xl("dump-core", machine.name, path)
    assert list(machine.folder.glob("guest.core*")) == [path]
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def test_readelf_knows_it(core):
    text = subprocess.run(["readelf", "-W", "-h", "-S", "-n", core], capture_output=True, text=True, check=True)
    assert text.stderr == ""
    assert "CORE (Core file)" in text.stdout and "X86-64" in text.stdout
    for name in (".note.Xen", ".xen_prstatus", ".xen_shared_info", ".xen_p2m", ".xen_pages"):
        assert f" {name} " in text.stdout


def test_notes_and_sizes(core):
    read = Core(core)
    magic, nr_vcpus, nr_pages, page_size = struct.unpack("<4Q", read.notes[NOTE_HEADER])
    assert (magic, nr_vcpus, page_size) == (0xF00FEBED, 2, PAGE)
    assert struct.unpack("<Q", read.notes[NOTE_FORMAT]) == (1,)
    assert struct.unpack_from("<QQ", read.notes[NOTE_VERSION]) == (4, 17)
    assert nr_pages == len(read.p2m) == read.sections[".xen_pages"].size // PAGE
    assert nr_pages <= 128 << 8 and nr_pages > 127 << 8
    assert read.sections[".xen_prstatus"].size == 2 * CONTEXT_SIZE
    assert read.sections[".xen_pages"].offset % PAGE == 0
    assert [pfn for pfn, _ in read.p2m] == sorted(read.index) and read.p2m[0][0] == 0
    assert len(read.mfn_index) == nr_pages


def test_the_guests_memory_is_in_it(core, machine):
    """By the guest's own page tables, from each vCPU's registers: what the kernel has where its symbols say."""
    read = Core(core)
    for vcpu in (0, 1):
        registers, _ = read.registers(vcpu)
        assert registers["flags"] & (1 << 5)  # online
        assert registers["rip"] >> 47 in (0, 0x1ffff) and registers["rip"] != 0
        banner = read.read_virtual(vcpu, int(machine.symbols["linux_banner"], 16), 40)
        assert machine.version.encode().startswith(banner[:20])
    # swapper's name in init_task, which is larger than a page.
    start = int(machine.symbols["init_task"], 16)
    assert b"swapper" in b"".join(read.read_virtual(0, va, PAGE - va % PAGE) for va in (start, (start & -PAGE) + PAGE))
    needle = (b"a line that a core has\n" * 200)[:PAGE]
    assert sum(read.page(i)[:46].count(b"that a core has") > 0 for i in range(len(read.p2m))) >= len(needle) // PAGE


def test_virsh_dump_is_the_same_format(machine):
    path = machine.folder / "virsh.core"
    virsh("dump", machine.name, path)
    assert ".xen_p2m" in Core(path).sections
    path = machine.folder / "machine.core"
    virsh("dump", "--memory-only", machine.name, path)
    assert b"QEMU" in path.read_bytes()[:4096]
    assert virsh("domstate", machine.name).strip() == "running"


def test_bad_places_leave_nothing(machine):
    for path in ("/nowhere/core", "/proc/core"):
        ended = run("xl", "dump-core", machine.name, path, check=False)
        assert ended.returncode != 0 and ended.stderr
    assert wait_for("the guest to go on", lambda: xl("list", machine.name).splitlines()[-1].split()[4][0] in "r-")


def test_coredump_restart_leaves_one(guest):
    """A crash's core, which has the crashed vCPU's registers: taken from where hv saved them."""
    from pathlib import Path
    xl("create", guest.cfg(memory=128, extra='on_crash = "coredump-destroy"\n'))
    console = Console("xl", "console", guest.name).login()
    console.child.sendline("echo c > /proc/sysrq-trigger")
    found = wait_for("the core", lambda: list(Path("/var/lib/kanzen/dump").glob(f"*{guest.name}*.core")), 60)
    wait_for("the end", lambda: run("xl", "domid", guest.name, check=False).returncode != 0, 60)
    registers, _ = Core(found[0]).registers(0)
    assert registers["cs"] == 0xe030 and registers["rip"] >> 47 == 0x1ffff
