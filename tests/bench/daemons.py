# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two daemons that are compared, started and ended by the bench itself in a private host without one."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import libvirt

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "rpc"))
from wire import Wire, string, u32  # noqa: E402

RUN = Path("/run/libvirt")
START_WAIT_S = 60


class Daemon:
    """kanzend or stock libvirtd; name and XML are what differs for a client."""

    def __init__(self, command, uri, socket, process, domain_type, os_type, machine, disk, nic):
        self.command, self.uri, self.socket, self.process_name = command, uri, socket, process
        self.domain_type, self.os_type, self.machine = domain_type, os_type, machine
        self.disk, self.nic = disk, nic
        self.process = None

    def start(self):
        """Returns when a client has been answered: the seconds that took."""
        begin = time.perf_counter()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=open("/run/bench-daemon.log", "ab"))
        while True:
            try:
                conn = libvirt.open(self.uri)
                conn.numOfDefinedDomains()
                conn.close()
                return time.perf_counter() - begin
            except libvirt.libvirtError as error:
                if self.process.poll() is not None or time.perf_counter() - begin > START_WAIT_S:
                    log = Path("/run/bench-daemon.log").read_text(errors="replace")
                    raise RuntimeError(f"{self.command[0]} does not serve {self.uri}: {error}\n{log[-2000:]}") from error
                time.sleep(0.002)

    def open_wire(self):
        """A bare connection, to see what of a call's time is the daemon's and what the client library's."""
        wire = Wire(self.socket)
        wire.call(66)  # AUTH_LIST
        wire.call(1, u32(1) + string(self.uri) + u32(0))  # CONNECT_OPEN
        return wire

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def memory_kib(self):
        """Resident, and what of it nobody else has (the libraries' pages are shared)."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        fields = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
        size = {name: int(value.split()[0]) for name, value in fields.items()}
        return size["Rss"], size["Private_Clean"] + size["Private_Dirty"]

    def domain_xml(self, name, boot="", devices="", memory_mib=256):
        return (f"<domain type='{self.domain_type}'><name>{name}</name><memory unit='MiB'>{memory_mib}</memory><vcpu>1</vcpu>"
                f"<os><type arch='x86_64' machine='{self.machine}'>{self.os_type}</type>{boot}</os>"
                f"<devices>{devices}<console type='pty'/></devices></domain>")

    def many_xml(self, i):
        """One of thousands: a disk, an interface, a console."""
        return self.domain_xml(
            f"many{i:05}", boot="<kernel>/run/guest/vmlinuz-cloud</kernel>", devices=
            f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/{i}.img'/>"
            f"<target {self.disk}/></disk><interface type='bridge'><source bridge='xenbr0'/>{self.nic}</interface>")

    def guest_xml(self, name, memory_mib=128):
        """One that boots: the same kernel and ramdisk for both."""
        return self.domain_xml(name, memory_mib=memory_mib, boot="<kernel>/run/guest/vmlinuz-cloud</kernel>"
                               "<initrd>/run/guest/initrd-cloud.img</initrd><cmdline>console=hvc0 console=ttyS0</cmdline>")


def daemons():
    """kanzend of this build, and libvirtd from the folder that stock-libvirtd filled ($KANZEN_LIBVIRTD)."""
    stock = os.environ.get("KANZEN_LIBVIRTD")
    found = {"kanzend": Daemon(["kanzend", "--foreground", "--log-level", "warning"], "xen:///system", RUN / "virtxend-sock",
                               "kanzend", "xen", "linux", "xenpv", "dev='xvda' bus='xen'", "")}
    if stock:
        found["libvirtd"] = Daemon([str(HERE / "stock-libvirtd"), "run", stock], "qemu:///system",
                                   RUN / "libvirt-sock", "libvirtd", "qemu", "hvm", "pc", "dev='vda' bus='virtio'", "<model type='virtio'/>")
    return found
