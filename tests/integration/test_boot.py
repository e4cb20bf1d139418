# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stock Debian kernels boot as PV guests."""
import hashlib
import http.server
import os
import threading

import pytest

from kanzen import Console, run, virsh, wait_for, xl


@pytest.mark.parametrize("memory", [128, 1024, 6144])
@pytest.mark.parametrize("kernel", ["cloud", "generic"])
def test_kernel_boots(guest, kernel, memory):
    xl("create", guest.cfg(kernel=kernel, memory=memory), timeout=120)
    console = Console("xl", "console", guest.name).login()
    assert console.command("cat /sys/hypervisor/type") == "xen"
    assert console.command("cat /sys/hypervisor/guest_type") == "PV"
    assert "kernel on Xen" in console.command("dmesg | grep 'kernel on Xen'")
    total_mib = int(console.command("awk '/MemTotal/ { print $2 }' /proc/meminfo")) // 1024
    # The kernel keeps its own image, page array and ramdisk out of MemTotal.
    assert memory * 0.75 - 64 < total_mib <= memory
    assert console.leave() == 0


def test_several_cpus(guest):
    """More than the host has; each of them runs something."""
    xl("create", guest.cfg(extra="vcpus = 8"), timeout=120)
    console = Console("xl", "console", guest.name).login(timeout=150)
    assert console.command("nproc") == "8"
    assert console.command("for i in 1 2 3 4 5 6 7 8; do (seq 2000 | wc -l) & done; wait").split() == ["2000"] * 8
    assert console.command("dmesg | grep lockup") == ""
    assert console.leave() == 0


def test_disk_is_the_image(guest):
    xl("create", guest.cfg(disk=True))
    console = Console("xl", "console", guest.name).login()
    want = hashlib.sha256(guest.disk().read_bytes()).hexdigest()
    assert console.command("sha256sum /dev/xvda").split()[0] == want


def test_writes_reach_the_image(guest):
    xl("create", guest.cfg(disk=True))
    console = Console("xl", "console", guest.name).login()
    console.command("mount /dev/xvda /mnt && dd if=/dev/urandom of=/mnt/blob bs=64k count=64 && sync")
    assert console.status == 0
    inside = console.command("sha256sum < /mnt/blob").split()[0]
    console.command("umount /mnt")
    assert console.status == 0
    console.child.sendline("poweroff")
    wait_for("the guest to end", lambda: run("xl", "domid", guest.name, check=False).returncode != 0)
    run("e2fsck", "-fn", guest.disk())
    out = guest.folder / "blob"
    run("debugfs", "-R", f"dump /blob {out}", guest.disk())
    assert hashlib.sha256(out.read_bytes()).hexdigest() == inside


def test_network_carries_data(guest):
    blob = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(1 << 15))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(blob)))
            self.end_headers()
            self.wfile.write(blob)

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("10.87.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        xl("create", guest.cfg(nic=True))
        console = Console("xl", "console", guest.name).login()
        wait_for("an address by DHCP", lambda: "10.87.0." in console.command("ip -4 addr show dev eth0"), interval=0.5)
        url = f"http://10.87.0.1:{server.server_port}/"
        assert console.command(f"wget -q -O - {url} | sha256sum").split()[0] == hashlib.sha256(blob).hexdigest()
        address = console.command("ip -4 addr show dev eth0 | awk '/inet/ { sub(\"/.*\", \"\", $2); print $2 }'")
        run("busybox", "ping", "-c", "3", "-W", "2", address)
    finally:
        server.shutdown()


def test_root_on_disk(guest):
    xl("create", guest.cfg(disk=True, cmdline="root=/dev/xvda ro console=hvc0"))
    console = Console("xl", "console", guest.name).login()
    assert "/dev/root" in console.command("df /") or "/dev/xvda" in console.command("df /")


@pytest.mark.slow
def test_fifty_boots_in_a_row(guest):
    cfg = guest.cfg()
    for i in range(int(os.environ.get("KANZEN_TEST_BOOTS", "50"))):
        xl("create", cfg, timeout=120)
        log = f"/var/log/kanzen/console-{guest.name}.log"

        def ready():
            with open(log, errors="replace") as f:
                return f.read().count("kanzen-guest: ready") > i

        wait_for(f"boot {i + 1}", ready, timeout=90)
        xl("destroy", guest.name)


@pytest.mark.slow
def test_ten_guests_at_once(guest):
    names = [f"{guest.name}-{i}" for i in range(10)]
    for name in names:
        xl("create", guest.cfg(name=name, memory=128), timeout=180)
    listed = virsh("list", "--name").split()
    assert set(names) <= set(listed)
    for name in names:
        console = Console("xl", "console", name).login(timeout=240)
        assert console.command("cat /sys/hypervisor/type", timeout=120) == "xen"
        console.leave()
    for name in names:
        xl("destroy", name)
    assert not set(names) & set(virsh("list", "--all", "--name").split())
