# SPDX-License-Identifier: LGPL-2.1-or-later
"""PV kernels of Debian's archive besides the example guests'; tests/more-kernels gets them."""
import gzip
import os
from pathlib import Path

import pytest

from kanzen import Console, wait_for, xl

MORE = Path(os.environ.get("KANZEN_MORE_KERNELS", "none"))
pytestmark = pytest.mark.skipif(not MORE.is_dir(), reason="without the kernels of tests/more-kernels")


def test_rt(guest):
    """Debian's real-time kernel to its prompt, on one vCPU and on four."""
    for vcpus in (1, 4):
        cfg = guest.write("rt.cfg", f"name = '{guest.name}'\nkernel = '{MORE}/vmlinuz-rt'\nramdisk = '{MORE}/initrd-rt.img'\n"
                                    f"memory = 512\nvcpus = {vcpus}\nextra = 'console=hvc0'\n"
                                    f"disk = [ '{MORE}/disk.img,raw,xvda,r' ]\nvif = [ 'bridge=xenbr0' ]\n")
        xl("create", cfg, timeout=120)
        console = Console("xl", "console", guest.name).login(timeout=600)
        assert "PREEMPT_RT" in console.command("uname -v")
        assert console.command("nproc") == str(vcpus)
        assert console.command("cat /sys/hypervisor/guest_type") == "PV"
        assert console.command("dmesg | grep 'Call Trace'") == ""
        console.command("mount -o ro /dev/xvda /mnt && ls /mnt/bin/bash")
        assert console.status == 0
        assert console.leave() == 0
        xl("destroy", guest.name)


def test_mach(guest):
    """GNU Mach for Xen: up to where it wants the Hurd's servers, which is as far as its image alone goes anywhere."""
    packed = next(MORE.glob("mach/boot/gnumach-*-xen-*.gz"))
    kernel = guest.folder / "mach"
    kernel.write_bytes(gzip.decompress(packed.read_bytes()))
    xl("create", guest.write("mach.cfg", f"name = '{guest.name}'\nkernel = '{kernel}'\nmemory = 128\non_crash = 'preserve'\n"))
    log = Path(f"/var/log/kanzen/console-{guest.name}.log")
    text = wait_for("its last words", lambda: "bootstrap_create: No bootstrap code" in log.read_text(errors="replace") and
                    log.read_text(errors="replace"), 60)
    assert "Running on xen-3.0-x86_64" in text and "DMA32: pages: 28672" in text
