# SPDX-License-Identifier: LGPL-2.1-or-later
"""PV kernels of Debian's archive besides the example guests'; tests/more-kernels gets them."""
import contextlib
import gzip
import io
import os
import warnings
from pathlib import Path

import pexpect
import pytest

from kanzen import Console, domain_names, report_logs, run, wait_for, xl

MORE = Path(os.environ.get("KANZEN_MORE_KERNELS", "none"))
pytestmark = pytest.mark.skipif(not MORE.is_dir(), reason="without the kernels of tests/more-kernels")


def look_around_rt(guest, vcpus):
    console = Console("xl", "console", guest.name).login(timeout=180)
    assert "PREEMPT_RT" in console.command("uname -v")
    assert console.command("nproc") == str(vcpus)
    assert console.command("cat /sys/hypervisor/guest_type") == "PV"
    assert console.command("dmesg | grep 'Call Trace'") == ""
    console.command("mount -o ro /dev/xvda /mnt && ls /mnt/bin/bash")
    assert console.status == 0
    assert console.leave() == 0


@pytest.mark.parametrize("vcpus", [1, 4])
def test_rt(guest, vcpus):
    """Debian's real-time kernel to its prompt; any warning of its own ends it.

    It has bugs as a PV guest, which show once in some hundred boots: when a process ends, xen_exit_mmap() asks the slab allocator for
    memory with preemption disabled, and that allocator's locks sleep in a real-time kernel. So it may fail twice, and each time is told.
    """
    cfg = guest.write("rt.cfg", f"name = '{guest.name}'\nkernel = '{MORE}/vmlinuz-rt'\nramdisk = '{MORE}/initrd-rt.img'\n"
                                f"memory = 512\nvcpus = {vcpus}\nextra = 'console=hvc0 oops=panic panic_on_warn=1 sysrq_always_enabled'\n"
                                f"disk = [ '{MORE}/disk.img,raw,xvda,r' ]\nvif = [ 'bridge=xenbr0' ]\n")
    for left in (2, 1, 0):
        xl("create", cfg, timeout=120)
        try:
            look_around_rt(guest, vcpus)
            break
        except (AssertionError, pexpect.ExceptionPexpect) as error:
            if not left:
                raise
            with contextlib.redirect_stdout(io.StringIO()) as logs:
                report_logs(guest.name)
            warnings.warn(f"a try on {vcpus} vCPUs failed: {error}\n{logs.getvalue()}")
        run("xl", "destroy", guest.name, check=False)
        wait_for("the end of the failed one", lambda: guest.name not in domain_names())


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
