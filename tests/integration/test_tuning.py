# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a definition says of the machine beyond its devices takes effect: seen from the host's side of paused guests."""
import os
import re
from pathlib import Path

import pytest

import running
from kanzen import run, virsh


def emulator(name):
    """The emulator's pid and its command line."""
    pid = running.emulator_pid(name)
    return pid, Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")


def threads(pid):
    """Names of the process's threads, and their ids."""
    return {(task / "comm").read_text().strip(): int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()}


def start_paused(guest, general, features="<acpi/><apic/>", os=""):
    guest.write_xml(f"<domain type='xen' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{guest.name}</name>"
                    f"<memory unit='MiB'>128</memory><os><type machine='xenfv'>hvm</type>{os}</os>"
                    f"<features>{features}</features>{general}<devices/></domain>")
    virsh("define", guest.folder / "domain.xml")
    virsh("start", "--paused", guest.name)
    return emulator(guest.name)


def option(argv, name):
    return [argv[i + 1] for i, word in enumerate(argv) if word == name]


def test_numa_and_topology(guest):
    pid, argv = start_paused(guest, """<vcpu>4</vcpu>
        <memoryBacking><source type='memfd'/><access mode='shared'/><nosharepages/></memoryBacking>
        <numatune><memory mode='strict' nodeset='0'/></numatune>
        <cpu mode='custom'><model>Nehalem</model><topology sockets='2' dies='1' cores='2' threads='1'/>
          <feature policy='disable' name='popcnt'/>
          <numa><cell id='0' cpus='0-1' memory='64' unit='MiB'/><cell id='1' cpus='2-3' memory='64' unit='MiB'/></numa></cpu>""")
    assert "sockets=2,dies=1,cores=2,threads=1" in option(argv, "-smp")[0]
    assert option(argv, "-cpu")[0].startswith("Nehalem,popcnt=off")
    assert len([o for o in option(argv, "-numa") if o.startswith("node,")]) == 2
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert maps.count("memfd:memory-backend-memfd") == 2
    policies = [line for line in Path(f"/proc/{pid}/numa_maps").read_text().splitlines() if "memory-backend" in line]
    if policies:  # the host's kernel tells of policies
        assert all("bind" in line for line in policies)


def test_threads(guest):
    cpu = sorted(os.sched_getaffinity(0))[0]
    pid, _ = start_paused(guest, f"""<vcpu>2</vcpu><iothreads>2</iothreads>
        <cputune><emulatorpin cpuset='{cpu}'/><iothreadpin iothread='2' cpuset='{cpu}'/>
          <vcpusched vcpus='1' scheduler='batch'/></cputune>""")
    ids = threads(pid)
    assert os.sched_getaffinity(pid) == {cpu}
    assert os.sched_getaffinity(ids["IO iothread2"]) == {cpu}
    assert os.sched_getaffinity(ids["IO iothread1"]) == os.sched_getaffinity(0)
    policies = {n: os.sched_getscheduler(t) for n, t in ids.items() if n.startswith("CPU ")}
    assert sorted(policies.values()) == [os.SCHED_OTHER, os.SCHED_BATCH]


def cgroup_dirs(name):
    uuid = virsh("domuuid", name).strip()
    return {path.parts[4]: path for path in Path("/sys/fs/cgroup").glob(f"*/machine/kanzen-*-{uuid}")}


def has_v1(*controllers):
    return all(os.access(f"/sys/fs/cgroup/{c}/cgroup.procs", os.W_OK) for c in controllers)


@pytest.mark.skipif(not has_v1("cpu", "memory"), reason="the host has no control groups of version 1 for CPU time and memory")
def test_limits(guest):
    pid, _ = start_paused(guest, """<vcpu>2</vcpu><memtune><hard_limit unit='GiB'>2</hard_limit></memtune>
        <cputune><period>50000</period><quota>25000</quota><global_quota>400000</global_quota></cputune>""")
    groups = cgroup_dirs(guest.name)
    assert (groups["memory"] / "memory.limit_in_bytes").read_text().strip() == str(2 << 30)
    assert str(pid) in (groups["memory"] / "cgroup.procs").read_text().split()
    assert (groups["cpu"] / "cpu.cfs_quota_us").read_text().strip() == "400000"
    ids = threads(pid)
    vcpus = {t for n, t in ids.items() if n.startswith("CPU ")}
    for number in range(2):
        group = groups["cpu"] / f"vcpu{number}"
        assert (group / "cpu.cfs_quota_us").read_text().strip() == "25000"
        assert set(map(int, (group / "tasks").read_text().split())) <= vcpus
    virsh("memtune", guest.name, "--hard-limit", 3 << 20, "--live")
    assert (groups["memory"] / "memory.limit_in_bytes").read_text().strip() == str(3 << 30)
    virsh("schedinfo", guest.name, "--set", "cap=150", "--live")
    assert (groups["cpu"] / "cpu.cfs_quota_us").read_text().strip() == "150000"
    virsh("schedinfo", guest.name, "--set", "cap=0", "--live")
    assert (groups["cpu"] / "cpu.cfs_quota_us").read_text().strip() == "-1"
    # Its vCPUs' own groups stay.
    assert set(map(int, (groups["cpu"] / "vcpu0" / "tasks").read_text().split())) <= vcpus
    virsh("destroy", guest.name)
    assert not cgroup_dirs(guest.name)


def test_a_limit_that_cannot_be(guest):
    guest.write_xml(f"<domain type='xen'><name>{guest.name}</name><memory unit='MiB'>128</memory>"
                    "<blkiotune><device><path>/nothing</path><read_bytes_sec>1000000</read_bytes_sec></device></blkiotune>"
                    "<os><type>hvm</type></os><devices/></domain>")
    virsh("define", guest.folder / "domain.xml")
    failed = run("virsh", "start", guest.name, check=False)
    assert failed.returncode != 0 and "/nothing" in failed.stderr
    assert "shut off" in virsh("domstate", guest.name)


def test_firmware(guest):
    vars_file = guest.folder / "vars.fd"
    pid, argv = start_paused(guest, """<genid/><pm><suspend-to-mem enabled='no'/></pm>
        <sysinfo type='smbios'><system><entry name='serial'>one, two</entry></system></sysinfo>
        <clock offset='timezone' timezone='Asia/Tokyo'><timer name='rtc' tickpolicy='catchup'/></clock>""",
                             features="<acpi/><apic/><vmcoreinfo/>",
                             os=f"<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                                f"<nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'>{vars_file}</nvram>"
                                "<boot dev='hd'/><bootmenu enable='yes' timeout='1000'/><smbios mode='sysinfo'/>")
    assert vars_file.read_bytes() == Path("/usr/share/OVMF/OVMF_VARS_4M.ms.fd").read_bytes()
    assert "menu=on,splash-time=1000" in option(argv, "-boot")[0]
    assert option(argv, "-smbios") == ["type=1,serial=one,, two"]
    assert option(argv, "-rtc")[0].endswith("driftfix=slew")
    assert option(argv, "-uuid") == [virsh("domuuid", guest.name).strip()]
    genid = re.search("<genid>(.*)</genid>", virsh("dumpxml", guest.name)).group(1)
    assert f"vmgenid,guid={genid}" in option(argv, "-device")


def test_firmware_is_chosen(guest):
    _, argv = start_paused(guest, "", os="<boot dev='hd'/>")
    assert not [o for o in option(argv, "-drive") if "pflash" in o]
    virsh("destroy", guest.name)
    xml = virsh("dumpxml", guest.name).replace("<os>", "<os firmware='efi'>")
    virsh("define", guest.write_xml(xml))
    virsh("start", "--paused", guest.name)
    _, argv = emulator(guest.name)
    code, variables = [o for o in option(argv, "-drive") if "pflash" in o]
    assert code.endswith("OVMF_CODE_4M.fd") and f"{guest.name}_VARS.fd" in variables
    nvram = Path(re.search("<nvram>(.*)</nvram>", virsh("dumpxml", guest.name)).group(1))
    assert nvram.exists()
    virsh("destroy", guest.name)
    refused = run("virsh", "undefine", guest.name, check=False)
    assert refused.returncode != 0 and "nvram" in refused.stderr and nvram.exists()
    virsh("undefine", "--nvram", guest.name)
    assert not nvram.exists()


def test_a_pv_guest_in_shared_memory(guest):
    """It runs, not only starts: hv's memory is a memfd here."""
    guest.write_xml(guest.xml().replace("<vcpu>", "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
                                        "<vcpu>", 1).replace("<devices>", "<clock offset='absolute' start='1000000000'/><devices>"))
    virsh("create", guest.folder / "domain.xml", timeout=180)
    pid, argv = emulator(guest.name)
    assert "memory-backend=ram" in option(argv, "-machine")
    assert "memory-backend-memfd" in Path(f"/proc/{pid}/maps").read_text()


def test_arguments_need_permission(guest):
    guest.write_xml(f"<domain type='xen' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{guest.name}</name>"
                    "<memory unit='MiB'>128</memory><os><type>hvm</type></os><devices/>"
                    "<qemu:commandline><qemu:arg value='-snapshot'/></qemu:commandline></domain>")
    refused = run("virsh", "define", guest.folder / "domain.xml", check=False)
    assert refused.returncode != 0 and "qemu:commandline is not enabled" in refused.stderr
