# SPDX-License-Identifier: LGPL-2.1-or-later
"""xl's commands on real guests: what they print, what they do, how they end."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

from kanzen import Console, run, wait_for, xl

HEADER = "Name                                        ID   Mem VCPUs\tState\tTime(s)"
ROW = re.compile(r"^(\S+) +(\d+) +(\d+) +(\d+)     ([r-][b-][p-][s-][c-][d-]) +(\d+\.\d)$")


def rows(*args):
    """`xl list` by name: (domid, MiB, vcpus, state)."""
    lines = xl("list", *args).splitlines()
    assert lines[0] == HEADER
    found = {}
    for line in lines[1:]:
        match = ROW.match(line)
        assert match, line
        found[match[1]] = (int(match[2]), int(match[3]), int(match[4]), match[5])
    return found


def gone(name):
    return run("xl", "domid", name, check=False).returncode != 0


@pytest.fixture(params=["pv", "hvm"])
def cfg(request, guest):
    """A configuration of each kind of guest."""
    return guest.cfg() if request.param == "pv" else guest.hvm_cfg()


def test_cpus_of_the_host():
    """Domain-0 has the host's."""
    cpus = re.findall(r"^Domain-0 +0 +(\d+) +\1 +r-- +\d+\.\d +all / all$", xl("vcpu-list", 0), re.M)
    assert len(cpus) == os.cpu_count()
    assert re.findall(r"VCPU: +(\d+)\nCPU: +(\d+)\nState: +running\n", run("virsh", "vcpuinfo", "Domain-0").stdout) == list(zip(cpus, cpus))


def test_life_of_a_domain(guest, cfg):
    made = run("xl", "create", cfg, timeout=120)
    assert made.stdout == ""
    assert made.stderr.splitlines()[0] == f"Parsing config from {cfg}"
    listed = rows()
    assert list(listed)[0] == "Domain-0" and listed["Domain-0"][0] == 0
    domid, memory, vcpus, _state = listed[guest.name]
    assert (memory, vcpus) == (256, 1)
    assert xl("domid", guest.name) == f"{domid}\n"
    assert xl("domname", domid) == f"{guest.name}\n"
    assert list(rows(guest.name)) == [guest.name]

    xl("pause", guest.name)
    assert rows()[guest.name][3] == "--p---"
    xl("unpause", domid)
    assert rows()[guest.name][3] in ("r-----", "-b----")

    xl("rename", guest.name, guest.name + "x")
    assert xl("domid", guest.name + "x") == f"{domid}\n"
    xl("rename", domid, guest.name)

    assert run("xl", "destroy", guest.name).stderr == ""
    assert guest.name not in rows()
    missing = run("xl", "list", guest.name, check=False)
    assert missing.returncode == 1
    assert missing.stderr == f"{guest.name} is an invalid domain identifier (rc=-6)\n"


def test_create_with_console_shows_the_first_line(guest):
    child = pexpect.spawn("xl", ["create", "-c", str(guest.cfg())], encoding="utf-8", codec_errors="replace", timeout=120)
    child.expect("Linux version 6")
    child.expect("login:")
    child.send("\x1d")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert guest.name in rows()


def test_console_ends_with_the_guest(guest, cfg):
    xl("create", cfg, timeout=120)
    console = Console("xl", "console", guest.name).login(timeout=120)
    assert console.command("echo $((6 * 7))") == "42"
    console.child.sendline("poweroff")
    console.child.expect(pexpect.EOF, timeout=60)
    console.child.close()
    assert console.child.exitstatus == 0
    wait_for("the domain to be gone", lambda: gone(guest.name))


def test_console_without_a_terminal(guest):
    xl("create", guest.cfg(), timeout=120)
    Console("xl", "console", guest.name).login().leave()
    console = subprocess.Popen(["xl", "console", guest.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    console.stdin.write("\necho $((6 * 7)) && poweroff\n")
    console.stdin.close()
    output = console.stdout.read() # until the guest's end
    assert console.wait(timeout=60) == 0
    assert "\n42\n" in output.replace("\r", "")


def test_console_gives_the_terminal_back(guest):
    """A signal ends the console, and the terminal is no longer raw."""
    xl("create", guest.cfg(), timeout=120)
    shell = pexpect.spawn("/bin/sh", ["-c", f"xl console {guest.name}; stty -a; cat"], encoding="utf-8", timeout=60)
    wait_for("the console", lambda: run("pgrep", "-f", f"^xl console {guest.name}", check=False).stdout)
    os.kill(int(run("pgrep", "-f", f"^xl console {guest.name}").stdout), signal.SIGTERM)
    shell.expect(r" icanon ")
    shell.close(force=True)


def test_paused_at_first(guest):
    xl("create", "-p", guest.cfg(), timeout=120)
    assert rows()[guest.name][3] == "--p---"
    log = Path(f"/var/log/kanzen/console-{guest.name}.log")
    assert not log.exists() or "Linux" not in log.read_text(errors="replace")
    xl("unpause", guest.name)
    Console("xl", "console", guest.name).login().leave()


def test_settings_on_the_command_line(guest):
    xl("create", guest.cfg(), "memory=192", f"name={guest.name}y", timeout=120)
    assert rows()[guest.name + "y"][1] == 192
    xl("destroy", guest.name + "y")


def test_dry_run_starts_nothing(guest):
    shown = json.loads(xl("create", "-n", guest.cfg()))
    assert shown["domid"] is None
    assert shown["config"]["c_info"]["name"] == guest.name
    assert shown["config"]["b_info"]["max_memkb"] == 256 * 1024
    assert json.loads(xl("-N", "create", guest.cfg())) == shown
    assert guest.name not in rows()


def test_long_list(guest, cfg):
    xl("create", cfg, timeout=120)
    listed = json.loads(xl("list", "-l"))
    assert listed[0]["domid"] == 0 and listed[0]["config"]["c_info"]["name"] == "Domain-0"
    mine = [d for d in listed if d["config"]["c_info"]["name"] == guest.name]
    assert len(mine) == 1 and mine[0]["domid"] == int(xl("domid", guest.name))
    assert json.loads(xl("list", "-l", guest.name)) == mine


def test_verbose_list_has_the_uuid(guest):
    uuid = "0f1e2d3c-4b5a-4968-8776-655443322110"
    xl("create", guest.cfg(extra=f'uuid = "{uuid}"'), timeout=120)
    lines = xl("list", "-v").splitlines()
    assert lines[0].startswith(HEADER + "   UUID")
    assert any(guest.name in line and uuid in line for line in lines[1:])
    assert f"{uuid}  " in xl("vm-list")


def test_shutdown_waits(guest, cfg):
    xl("create", cfg, timeout=120)
    domid = xl("domid", guest.name).strip()
    Console("xl", "console", guest.name).login(timeout=120).leave()
    ended = run("xl", "shutdown", "-w", guest.name, timeout=120)
    assert ended.stderr.splitlines() == [f"Shutting down domain {domid}", "Waiting for 1 domains",
                                         f"Domain {domid} has been shut down, reason code 0"]
    assert gone(guest.name)


def test_reboot_makes_a_new_domain(guest):
    xl("create", guest.cfg(), timeout=120)
    first = xl("domid", guest.name)
    Console("xl", "console", guest.name).login().leave()
    xl("reboot", guest.name)
    wait_for("the next domain", lambda: run("xl", "domid", guest.name, check=False).stdout not in ("", first), timeout=60)
    Console("xl", "console", guest.name).login().leave()


def test_reboot_of_hvm_needs_force(guest):
    xl("create", guest.hvm_cfg(), timeout=120)
    refused = run("xl", "reboot", guest.name, check=False)
    assert refused.returncode == 1
    assert "PV control interface not available" in refused.stderr and '"-F"' in refused.stderr
    forced = run("xl", "reboot", "-F", guest.name)
    assert "sending ACPI reset button event" in forced.stderr
    # In the middle of that: it is ended, not the life it was in when it was looked up.
    xl("destroy", guest.name)
    assert gone(guest.name)


def test_memory_target_reaches_the_guest(guest):
    xl("create", guest.cfg(memory=256), timeout=120)
    console = Console("xl", "console", guest.name).login()
    total = "awk '/MemTotal/ { print $2 }' /proc/meminfo"
    before = int(console.command(total))
    xl("mem-set", guest.name, "192")
    assert rows()[guest.name][1] == 192
    wait_for("the balloon", lambda: int(console.command(total)) <= before - 60 * 1024, timeout=30, interval=0.5)
    xl("mem-set", guest.name, "262144k")
    wait_for("the balloon", lambda: int(console.command(total)) > before - 4 * 1024, timeout=30, interval=0.5)
    bad = run("xl", "mem-set", guest.name, "much", check=False)
    assert (bad.returncode, bad.stderr) == (1, "invalid memory size: much\n")


def test_device_lists(guest):
    mac = "00:16:3e:12:34:56"
    xl("create", guest.cfg(disk=True, extra=f"vif = [ 'mac={mac},bridge=xenbr0' ]"), timeout=120)
    domid = xl("domid", guest.name).strip()
    Console("xl", "console", guest.name).login().leave()
    disks = xl("block-list", guest.name).splitlines()
    assert disks[0].split() == ["Vdev", "BE", "handle", "state", "evt-ch", "ring-ref", "BE-path"]
    assert re.match(rf"51712 +0 +0 +4 +\d+ +\d+ +/local/domain/0/backend/vbd/{domid}/51712", disks[1])
    nics = xl("network-list", guest.name).splitlines()
    assert nics[0].startswith("Idx BE Mac Addr.")
    assert re.match(rf"0 +0 +{mac} +0 +4 +-?\d+ .*/local/domain/0/backend/vif/{domid}/0", nics[1])


def test_uptime(guest):
    xl("create", guest.cfg(), timeout=120)
    domid = xl("domid", guest.name).strip()
    lines = xl("uptime").splitlines()
    assert lines[0] == "Name                                ID Uptime"
    assert lines[1].startswith("Domain-0 ")
    assert re.search(rf"^{guest.name} +{domid} +0:\d\d:\d\d$", "\n".join(lines), re.M)
    assert re.match(rf" \d\d:\d\d:\d\d up  0:\d\d, {guest.name} \({domid}\)\n", xl("uptime", "-s", guest.name))


def test_info():
    info = dict(re.match(r"(\S+) *: ?(.*)", line).groups() for line in xl("info").splitlines())
    assert info["host"] == os.uname().nodename
    assert int(info["nr_cpus"]) == os.cpu_count()
    assert 0 < int(info["free_memory"]) <= int(info["total_memory"])
    assert (info["xen_major"], info["xen_minor"]) == ("4", "17")
    assert info["accelerator"] in ("kvm", "tcg")


def test_dmesg_is_hvs(guest):
    xl("create", guest.cfg(), timeout=120)
    Console("xl", "console", guest.name).login().leave()
    assert "(hv)" in xl("dmesg") or "hv" in xl("dmesg").lower()


def test_foreground_follows_the_guest(guest):
    child = subprocess.Popen(["xl", "create", "-F", guest.cfg()], stderr=subprocess.DEVNULL)
    wait_for("the domain", lambda: not gone(guest.name), timeout=120)
    Console("xl", "console", guest.name).login().leave()
    assert child.poll() is None
    xl("destroy", guest.name)
    assert child.wait(timeout=30) == 0


def test_xm_is_xl(tmp_path):
    xm = tmp_path / "xm"
    xm.symlink_to(run("sh", "-c", "command -v xl").stdout.strip())
    assert run(xm, "domname", "0").stdout == "Domain-0\n"


def test_not_supported():
    refused = run("xl", "migrate", "x", "y", check=False)
    assert (refused.returncode, refused.stderr) == (1, "xl: migrate: not supported\n")


def reference_configs():
    """The files of the project's reference material, where a checkout has it beside it."""
    places = [Path(p) for p in [os.environ.get("KANZEN_SHARED")] if p]
    places += [parent / "shared" for parent in Path(__file__).resolve().parents[3:5]]
    for place in places:
        if (place / "seed-configs").is_dir():
            return sorted((place / "seed-configs").glob("*.cfg"))
    return []


@pytest.mark.parametrize("path", reference_configs(), ids=[path.stem for path in reference_configs()])
def test_reference_configs_parse(path, tmp_path):
    if path.stem != "fragments":
        json.loads(xl("create", "-n", path))
        return
    for line in path.read_text().splitlines():
        other = "nfs_server = '2.3.4.5'\n" if line.startswith("nfs_root") else ""
        whole = tmp_path / "fragment.cfg"
        whole.write_text(f"name = 'minimal'\nkernel = '/boot/vmlinuz'\nmemory = 64\n{other}{line}\n")
        json.loads(xl("create", "-n", whole))


def adjusted(path, guest, name):
    """A reference configuration with this machine's files in the place of its own."""
    text = re.sub(r"(?m)^name *=.*$", f'name = "{name}"', path.read_text())
    text = re.sub(r'(?m)^(kernel *= *)"/(?:boot|images)[^"]*"', rf'\1"{guest.images}/vmlinuz-cloud"', text)
    text = re.sub(r'(?m)^(ramdisk *= *)"[^"]*"', rf'\1"{guest.images}/initrd-cloud.img"', text)
    text = re.sub(r"(?m)^memory *=.*$", "memory = 256", text)
    disks = {}

    def local(match):
        if match[0].endswith(".iso"):
            return str(guest.images / "cd.iso")
        if match[0] not in disks:
            image = guest.folder / f"disk{len(disks)}.img"
            form = "qcow2" if f"{match[0]},qcow2" in text else "raw"
            source = guest.images / ("hvm.img" if "hvm" in text else "disk.img")
            run("qemu-img", "convert", "-f", "raw", "-O", form, source, image)
            disks[match[0]] = str(image)
        return disks[match[0]]

    text = "\n".join(re.sub(r"/(?:images|opt|iso|mnt|dev/vg-data)/[\w./-]+", local, line)
                     if line.startswith("disk") else line for line in text.splitlines())
    return guest.write(f"{name}.cfg", text + "\n")


@pytest.mark.parametrize("path", reference_configs(), ids=[path.stem for path in reference_configs()])
def test_reference_configs_run(path, guest):
    """Those that need neither a boot loader in the guest nor a bridge of their own start, and their guests come up."""
    if path.stem == "fragments" or "bootloader" in path.read_text():
        pytest.skip("boots by GRUB for Xen, or is no whole file")
    cfg = adjusted(path, guest, guest.name)
    xl("create", cfg, timeout=120)
    log = Path(f"/var/log/kanzen/console-{guest.name}.log")
    if "serial" in cfg.read_text() or "hvm" not in cfg.read_text():
        wait_for("the guest to come up", lambda: "kanzen-guest: " in log.read_text(errors="replace"), timeout=120, interval=0.5)
    assert rows()[guest.name][3] in ("r-----", "-b----")
