# SPDX-License-Identifier: LGPL-2.1-or-later
"""Helpers of the integration tests: commands with a deadline, consoles, example guests."""
import glob
import os
import shutil
import subprocess
import time
from pathlib import Path

import pexpect

LOGIN = "kanzen-guest login:"
KANZEND_LOG = "/var/log/kanzen/kanzend.log"
PROMPT = r"[#] (\x1b\[6n)?$"  # busybox asks the terminal where its cursor is

# How many times as long everything may take: for hosts that are themselves emulated.
PATIENCE = float(os.environ.get("KANZEN_PATIENCE", "1"))


def run(*cmd, timeout=60, check=True, stdin=None, env=None):
    """Runs cmd to its end; with check a non-zero status fails the test with the command's own words."""
    done = subprocess.run([str(c) for c in cmd], capture_output=True, text=True, timeout=timeout * PATIENCE, input=stdin, env=env)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, cmd))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def virsh(*args, **kw):
    return run("virsh", *args, **kw).stdout


def xl(*args, **kw):
    return run("xl", *args, **kw).stdout


def wait_for(what, condition, timeout=30.0, interval=0.05):
    """Polls condition until it is true and returns its value; fails naming what was waited for."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout * PATIENCE:g} s for {what}")
        time.sleep(interval)


def domain_names():
    names = set()
    for line in run("xl", "list", check=False).stdout.splitlines()[1:]:
        names.add(line.split()[0])
    names.update(run("virsh", "list", "--all", "--name", check=False).stdout.split())
    return names - {"Domain-0"}


def state(domain):
    return virsh("domstate", domain).strip()


def interrogate(name):
    """Has hv and, if it is Linux, the kernel of a PV guest that still runs say in their logs what they wait for."""
    def ask(*cmd):
        return run("xl", *cmd, check=False, timeout=20).stdout

    for letter in "9lw":  # all messages to the console; where each CPU is; which tasks are blocked
        ask("sysrq", name, letter)
        time.sleep(1)
    ask("debug-keys", "dqte", name)
    if counters := ask("hv-stats", name):
        print(f"---- counters of {name}: " + ", ".join(" ".join(line.rsplit(None, 1)) for line in counters.splitlines()[1:]))


def report_logs(name):
    """Prints the ends of the logs of name's guests, for a failed test's report."""
    alive = {n: run("xl", "domid", n, check=False).stdout.strip() for n in domain_names() if n.startswith(name)}
    for left, domid in alive.items():
        if domid:
            interrogate(left)
    paths = sorted(glob.glob(f"/var/log/kanzen/*{name}*"))
    # A guest that is gone leaves no folder; whose is left of which test, nobody knows.
    paths += [f"/run/kanzen/{domid}/hv.log" for domid in alive.values() if domid] or sorted(glob.glob("/run/kanzen/[0-9]*/hv.log"))
    for path in paths + [KANZEND_LOG]:
        try:
            with open(path, "rb") as f:
                tail = f.read()[-4000:].decode(errors="replace")
            print(f"---- {path}\n{tail}")
        except OSError as error:
            print(f"---- {path}: {error}")


class Console:
    """An interactive program attached to a guest's console, e.g. Console("virsh", "console", name)."""

    def __init__(self, *cmd, timeout=90):
        self.status = None
        self.child = pexpect.spawn(str(cmd[0]), [str(c) for c in cmd[1:]], timeout=timeout * PATIENCE, encoding="utf-8",
                                   codec_errors="replace", dimensions=(50, 200))

    def login(self, timeout=90):
        """From a login prompt (asked for by a newline) to a shell prompt, where the kernel does not talk in between."""
        self._reach_prompt(timeout)
        self.command("dmesg -n 1")
        return self

    def _reach_prompt(self, timeout):
        deadline = time.monotonic() + timeout * PATIENCE
        while True:
            self.child.sendline("")
            found = self.child.expect([LOGIN, PROMPT, pexpect.TIMEOUT], timeout=3 * PATIENCE)
            if found == 1:
                return
            if found == 0:
                self.child.sendline("root")
                self.child.expect(PROMPT, timeout=20 * PATIENCE)
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"no login prompt within {timeout} s; last: {self.child.before[-2000:]}")

    def command(self, text, timeout=60):
        """What the guest's shell prints for text; its exit status is left in .status."""
        mark = str(time.monotonic_ns() % 10**9)
        # The quotes keep the echoed command line, however the terminal wraps it, from matching.
        self.child.sendline(f"echo @{mark}''@; {text}; echo @{mark}''@$?")
        self.child.expect(f"@{mark}@\r*\n(.*)@{mark}@" + r"(\d+)\r*\n", timeout=timeout * PATIENCE)
        self.status = int(self.child.match.group(2))
        return self.child.match.group(1).replace("\r", "").strip()

    def leave(self):
        """Leaves with ^] and returns the program's exit status."""
        self.child.send("\x1d")
        self.child.expect(pexpect.EOF, timeout=20 * PATIENCE)
        self.child.close()
        return self.child.exitstatus


def compile_for_guest(name, folder):
    """The program guest/NAME.c, static so that it runs in any guest."""
    run("cc", "-static", "-O1", "-o", folder / name, Path(__file__).parent / f"guest/{name}.c")
    return folder / name


class Guest:
    """Makes xl.cfg files and domain XML for the example guest."""

    def __init__(self, images, name, folder):
        self.images, self.name, self.folder = images, name, folder

    def add_program(self, kernel, program, place=""):
        """Puts it into the root, or the folder place, of that kernel's initramfs: Linux unpacks one archive after the other."""
        folder = self.folder / f"images-{kernel}"
        folder.mkdir()
        for image in self.images.iterdir():
            (folder / image.name).symlink_to(image)
        tree = self.folder / f"added-{kernel}"
        (tree / place).mkdir(parents=True)
        shutil.copy(program, tree / place)
        archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, check=True,
                                 input=str(Path(place) / program.name).encode() + b"\n", stdout=subprocess.PIPE).stdout
        changed = folder / f"initrd-{kernel}.img"
        initrd = changed.read_bytes()
        initrd += bytes(-len(initrd) % 4)  # an archive begins at a multiple of 4
        changed.unlink()
        changed.write_bytes(initrd + archive)
        self.images = folder

    def disk(self, image="disk.img"):
        """A copy of an example image that the test may write to."""
        path = self.folder / image
        if not path.exists():
            subprocess.run(["cp", "--sparse=always", self.images / image, path], check=True)
        return path

    def write(self, filename, text):
        path = self.folder / filename
        path.write_text(text)
        return path

    def write_xml(self, xml):
        return self.write("domain.xml", xml)

    def cfg(self, kernel="cloud", memory=256, disk=False, nic=False, extra="", cmdline="console=hvc0", name=None):
        """Writes an xl.cfg of a PV guest and returns its path."""
        name = name or self.name
        lines = [f'name = "{name}"', f'kernel = "{self.images}/vmlinuz-{kernel}"',
                 f'ramdisk = "{self.images}/initrd-{kernel}.img"', f"memory = {memory}", "vcpus = 1",
                 f'extra = "{cmdline}"']
        if disk:
            lines.append(f"disk = [ '{self.disk()},raw,xvda,rw' ]")
        if nic:
            lines.append("vif = [ 'bridge=xenbr0' ]")
        return self.write(f"{name}.cfg", "\n".join(lines + [extra, ""]))

    def hvm_cfg(self, memory=256, extra="", name=None, nic=True, cd=False):
        """Writes an xl.cfg of an HVM guest that boots from its disk."""
        name = name or self.name
        disks = [f"'{self.disk('hvm.img')},raw,hda,rw'"]
        if cd:
            disks.append(f"'{self.images}/cd.iso,,hdc,cdrom'")
        lines = [f'name = "{name}"', 'builder = "hvm"', f"memory = {memory}", "vcpus = 1", 'serial = "pty"', "vnc = 1",
                 "vncunused = 1", f"disk = [ {', '.join(disks)} ]"]
        if nic:
            lines.append("vif = [ 'bridge=xenbr0' ]")
        return self.write(f"{name}.cfg", "\n".join(lines + [extra, ""]))

    def xml(self, kernel="cloud", memory_mib=256, disk=False, nic=False, cmdline="console=hvc0", name=None, extra=""):
        """Domain XML of a PV guest."""
        devices = "<console type='pty'/>" + extra
        if disk:
            devices += (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{self.disk()}'/>"
                        "<target dev='xvda' bus='xen'/></disk>")
        if nic:
            devices += "<interface type='bridge'><source bridge='xenbr0'/></interface>"
        return (f"<domain type='xen'><name>{name or self.name}</name><memory unit='MiB'>{memory_mib}</memory><vcpu>1</vcpu>"
                f"<os><type arch='x86_64' machine='xenpv'>linux</type><kernel>{self.images}/vmlinuz-{kernel}</kernel>"
                f"<initrd>{self.images}/initrd-{kernel}.img</initrd><cmdline>{cmdline}</cmdline></os>"
                f"<devices>{devices}</devices></domain>")

    def hvm_direct_xml(self, memory_mib=256, name=None, extra="", cmdline="console=ttyS0"):
        """Domain XML of an HVM guest that runs in its initramfs, with no disk or nic of its own."""
        return (f"<domain type='xen'><name>{name or self.name}</name><memory unit='MiB'>{memory_mib}</memory><vcpu>1</vcpu>"
                f"<os><type arch='x86_64' machine='xenfv'>hvm</type><kernel>{self.images}/vmlinuz-generic</kernel>"
                f"<initrd>{self.images}/initrd-generic.img</initrd><cmdline>{cmdline}</cmdline></os>"
                f"<features><acpi/><apic/><pae/></features><devices><serial type='pty'/><console type='pty'/>{extra}"
                "</devices></domain>")

    def hvm_xml(self, memory_mib=256, name=None, extra="", nic=True):
        """Domain XML of an HVM guest that boots from its disk."""
        interface = "<interface type='bridge'><source bridge='xenbr0'/><model type='e1000'/></interface>" if nic else ""
        return (f"<domain type='xen'><name>{name or self.name}</name><memory unit='MiB'>{memory_mib}</memory><vcpu>1</vcpu>"
                "<os><type arch='x86_64' machine='xenfv'>hvm</type><boot dev='hd'/></os>"
                "<features><acpi/><apic/><pae/></features><devices>"
                f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{self.disk('hvm.img')}'/>"
                f"<target dev='hda' bus='ide'/></disk>{interface}<serial type='pty'/><console type='pty'/>"
                f"<graphics type='vnc' port='-1'/>{extra}</devices></domain>")
