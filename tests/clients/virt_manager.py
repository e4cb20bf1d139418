#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""virt-manager on a screen nobody sees, driven against kanzend.

    sudo tests/in-host /usr/bin/python3 tests/clients/virt_manager.py [--shots DIR] [PART...]
"""
import argparse
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import libvirt

from desktop import Desktop, until

GUEST = "debian-pv"
IMAGES = Path("/var/lib/libvirt/images")
LOG = "/var/log/kanzen/virt-manager.log"
# What it says of Domain-0 it says on every Xen host, and of what it has just deleted, too.
COMPLAINTS = r"Traceback|libvirtError|Error |WARNING|CRITICAL|not supported|unsupported"
HARMLESS = r"name=Domain-0|Error refreshing .* from events|no trigger event for menu popup"
PARTS = {}


def part(function):
    PARTS[function.__name__] = function
    return function


def guest_xml():
    """A PV guest with a picture, on a disk that can have snapshots."""
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", "/run/guest/disk.img", IMAGES / f"{GUEST}.qcow2"], check=True)
    return (f"<domain type='xen'><name>{GUEST}</name><memory unit='MiB'>320</memory>"
            "<currentMemory unit='MiB'>256</currentMemory><vcpu current='1'>2</vcpu>"
            "<os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/run/guest/vmlinuz-generic</kernel>"
            "<initrd>/run/guest/initrd-generic.img</initrd><cmdline>console=tty0 console=hvc0</cmdline></os>"
            "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
            f"<source file='{IMAGES}/{GUEST}.qcow2'/><target dev='xvda' bus='xen'/></disk>"
            "<interface type='network'><source network='default'/></interface><console type='pty'/>"
            "<graphics type='vnc' port='-1' listen='127.0.0.1'/></devices></domain>")


class Trial:
    def __init__(self, desktop, conn, shots, log):
        self.desktop, self.conn, self.shots = desktop, conn, shots
        self.domain = conn.defineXML(guest_xml())
        for what in ("memory", "disk", "net"):
            subprocess.run(["gsettings", "set", "org.virt-manager.virt-manager.stats", f"enable-{what}-poll", "true"], check=True)
        self.app = desktop.run(["virt-manager", "--debug", "--no-fork", "--connect", "xen:///system"], "virt-manager", log)
        self.manager = self.app.window("Virtual Machine Manager")
        self.window = None

    def shot(self, name):
        if self.shots:
            self.desktop.screenshot(Path(self.shots) / f"{name}.png")

    def page(self, name):
        """Console, Details or Snapshots of the guest's window."""
        self.window.find(name, "radio").activate()

    def hardware(self, pattern):
        """A row of the details page's list."""
        self.window.find(pattern, "cell").click()

    def menu(self, *names):
        at = self.window
        for name in names[:-1]:
            at = at.find(name, "menu")
            at.activate()
        at.find(names[-1], None).activate()

    def state(self, wanted):
        until(f"state {wanted}", lambda: self.domain.state()[0] == wanted, 30)

    def answer(self, button):
        alert = until("an alert", lambda: next((w for w in self.app.children() if w.role == "alert" and w.has("SHOWING")), None))
        print("  " + " ".join(n.name for n in alert.walk() if n.role == "label").replace("\n", " "))
        alert.find(button, "button").click()
        until("the alert gone", lambda: not alert.has("SHOWING"))


@part
def manager(t):
    """The list of guests; opening one."""
    row = t.manager.find(GUEST, "cell")
    row.click()
    t.shot("manager")
    row.click(double=True)
    t.window = t.app.window(f"{GUEST} on")


@part
def details(t):
    """Every row of the details page shows, without an error."""
    t.page("Details")
    table = t.window.find("hw-list")
    rows = [n for n in table.walk() if n.role == "table cell" and n.name]
    for row in rows:
        row.click()
        print(f"  {row.name}")
    t.hardware("Overview")
    t.shot("details")


def wait_for_user_space(t):
    """By the console's log."""
    log = Path(f"/var/log/kanzen/console-{GUEST}.log")
    until("user space", lambda: log.exists() and b"user space reached" in log.read_bytes(), 90)
    time.sleep(5)  # for its getty


@part
def start(t):
    """Starts; the picture of the guest; its text console."""
    t.window.find("Run", "button").click()
    t.state(libvirt.VIR_DOMAIN_RUNNING)
    t.page("Console")
    wait_for_user_space(t)
    t.shot("console")
    t.menu("View", "Consoles", "Text Console 1")
    t.window.find(".*", "terminal").click()
    for line in ("", "root", "cat /sys/hypervisor/type /proc/cpuinfo | head -6"):
        t.desktop.type(line + "\n")
        time.sleep(3)
    terminal = t.window.find(".*", "terminal")
    until("the guest's answer", lambda: re.search(r"^xen$", terminal.text, re.M))
    t.shot("text-console")
    t.menu("View", "Consoles", "Graphical Console VNC")


@part
def pause(t):
    t.window.find("Pause", "toggle").click()
    t.state(libvirt.VIR_DOMAIN_PAUSED)
    t.window.find("Pause", "toggle").click()
    t.state(libvirt.VIR_DOMAIN_RUNNING)


@part
def memory(t):
    """Memory of the running guest; vCPUs, which virt-manager changes for the next start."""
    t.page("Details")
    t.hardware("Memory")
    t.window.find("Current allocation", "spin button").set_value(200)
    t.window.find("config-apply", "button").click()
    until("200 MiB", lambda: t.domain.info()[2] == 200 * 1024)
    t.shot("memory")
    t.hardware("CPUs")
    t.window.find("vCPU allocation", "spin button").set_value(1)
    t.window.find("config-apply", "button").click()
    until("1 vCPU", lambda: "static'>1</vcpu>" in t.domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    t.answer("OK")


@part
def snapshot(t):
    """Takes one and reverts to it."""
    t.page("Snapshots")
    t.window.find("snapshot-add", "button").click()
    dialog = t.app.window("Create snapshot")
    dialog.find("Name:", "text").set_text("before")
    dialog.find("Finish", "button").click()
    until("the snapshot", lambda: t.domain.listAllSnapshots())
    t.window.find("before", "cell").click()
    t.shot("snapshot")
    t.window.find("snapshot-start", "button").click()
    t.answer("Yes")
    until("the revert", lambda: t.domain.snapshotCurrent().getName() == "before")
    t.state(libvirt.VIR_DOMAIN_RUNNING)


@part
def disk(t):
    """Adds a disk. virt-manager takes no more snapshots then: a raw one has none."""
    t.page("Details")
    t.window.find("add-hardware", "button").click()
    dialog = t.app.window("Add New Virtual Hardware")
    t.shot("add-disk")
    dialog.find("GiB", "spin button").set_value(0.1)
    dialog.find("Finish", "button").click()
    until("the disk", lambda: "xvdb" in t.domain.XMLDesc())


@part
def graphs(t):
    t.page("Details")
    t.hardware("Performance")
    time.sleep(6)
    t.shot("graphs")


@part
def stop(t):
    t.window.find("Menu", "toggle").click()
    t.app.find("Force Off", "item").click()
    t.answer("Yes")
    t.state(libvirt.VIR_DOMAIN_SHUTOFF)


class HostWindow:
    """The window of the connection, a tab of it."""

    def __init__(self, trial, tab):
        trial.manager.find("Edit", "menu").activate()
        trial.manager.find("Connection Details", "item").activate()
        self.app = trial.app
        self.window = trial.app.window("Xen - Connection Details")
        self.window.find(tab, "tab", showing=False).click()

    def press(self, name):
        self.window.find(name, "button").click()

    def see_active(self, made):
        """virt-manager misses the event of a start that comes while it still makes its object for what was defined: another one."""
        if self.window.look("Inactive", "label"):
            made.destroy()
            made.create()

    def fill(self, title, **texts):
        """A dialog's texts by label, and its last button."""
        dialog = self.app.window(title)
        for label, text in texts.items():
            dialog.find(label, "text").set_text(text)
        dialog.find("Finish", "button").click()


@part
def network(t):
    """Creates, stops, starts and deletes a network."""
    host = HostWindow(t, "Virtual Networks")
    host.press("net-add")
    host.fill("Create a new virtual network", Name="trial")
    made = until("the network", lambda: look_up(t.conn.networkLookupByName, "trial"))
    until("it active", made.isActive)
    host.window.find("trial", "cell").click()
    host.see_active(made)
    host.press("net-stop")
    until("it inactive", lambda: not made.isActive())
    host.press("net-start")
    until("it active", made.isActive)
    t.shot("network")
    host.press("net-stop")
    until("it inactive", lambda: not made.isActive())
    host.press("net-delete")
    t.answer("Yes")
    until("it gone", lambda: not look_up(t.conn.networkLookupByName, "trial"))


@part
def storage(t):
    """Creates a pool and a volume in it; deletes the volume; stops, starts and deletes the pool."""
    host = HostWindow(t, "Storage")
    host.press("pool-add")
    host.fill("Add a New Storage Pool", Name="trial")
    pool = until("the pool", lambda: look_up(t.conn.storagePoolLookupByName, "trial"))
    until("it active", pool.isActive)
    host.window.find("trial", "cell").click()
    host.see_active(pool)
    host.press("vol-new")
    host.fill("Add a Storage Volume", Name="one")
    until("the volume", lambda: pool.listAllVolumes())
    host.window.find("one", "cell").click()
    t.shot("storage")
    host.press("vol-delete")
    t.answer("Yes")
    until("the volume gone", lambda: not pool.listAllVolumes())
    until("virt-manager to have seen that", lambda: not host.window.look("one", "cell"))  # its call has ended: the pool is not busy
    host.press("pool-stop")
    until("it inactive", lambda: not pool.isActive())
    host.press("pool-start")
    until("it active", pool.isActive)
    host.press("pool-stop")
    until("it inactive", lambda: not pool.isActive())
    host.press("pool-delete")
    t.answer("Yes")
    until("it gone", lambda: not look_up(t.conn.storagePoolLookupByName, "trial"))


def look_up(function, name):
    try:
        return function(name)
    except libvirt.libvirtError:
        return None


def report(failed):
    """What virt-manager said of errors: it shows few of them."""
    log = Path(LOG).read_text(errors="replace").splitlines()
    said = [line for before, line in zip([""] + log, log) if re.search(COMPLAINTS, line) and not re.search(HARMLESS, before + line)]
    print(*said, sep="\n")
    print(f"failed: {', '.join(failed) or 'none'}; complaints: {len(said)}")
    return 1 if failed or said else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", help="folder for screenshots")
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    home = tempfile.mkdtemp(prefix="desktop.")
    failed = []
    with Desktop(home) as desktop, open(LOG, "wb") as log:
        trial = Trial(desktop, libvirt.open("xen:///system"), options.shots, log)
        for name in options.parts or PARTS:
            print(name, flush=True)
            try:
                PARTS[name](trial)
            except Exception:  # the other parts are tried all the same
                traceback.print_exc()
                trial.shot(f"failed-{name}")
                failed.append(name)
    return report(failed)


if __name__ == "__main__":
    sys.exit(main())
