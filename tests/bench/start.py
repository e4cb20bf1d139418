#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start-up time: xl create and virsh start to the guest's first user-space line, against plain QEMU with the same kernel.

Run in the private host: tests/in-host tests/bench/start.py [ROUNDS]. The ways take turns, so that a noisy machine hits all alike;
the figures are medians and their ratio to plain QEMU. Also prints what hv keeps of the guest's memory and QEMU's private memory.
"""
import os
import pty
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GUEST = Path("/run/guest")
MARK = b"kanzen-guest: user space reached"
MEMORY = 256


def wait_for_mark(read, deadline):
    seen = b""
    while MARK not in seen:
        if time.monotonic() > deadline:
            sys.exit(f"start.py: no user space within the limit; last output:\n{seen[-2000:].decode(errors='replace')}")
        seen += read()


def plain(kernel):
    master, slave = pty.openpty()
    start = time.monotonic()
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-M", "pc", "-cpu", os.environ.get("BENCH_CPU", "qemu64"), "-m", str(MEMORY),
         "-nodefaults", "-display", "none", "-serial", "stdio", "-kernel", GUEST / f"vmlinuz-{kernel}",
         "-initrd", GUEST / f"initrd-{kernel}.img", "-append", "console=ttyS0"],
        stdin=slave, stdout=slave, stderr=subprocess.STDOUT)

    def read():
        ready, _, _ = select.select([master], [], [], 0.5)
        return os.read(master, 65536) if ready else b""

    wait_for_mark(read, start + 120)
    took = time.monotonic() - start
    qemu.kill()
    qemu.wait()
    os.close(master)
    os.close(slave)
    return took


def log_reader(name):
    path = Path(f"/var/log/kanzen/console-{name}.log")
    offset = path.stat().st_size if path.exists() else 0

    def read():
        nonlocal offset
        time.sleep(0.002)
        if not path.exists():
            return b""
        with open(path, "rb") as f:
            f.seek(offset)
            data = f.read()
        offset += len(data)
        return data

    return read


def kanzen(kernel, start_command, name):
    read = log_reader(name)
    start = time.monotonic()
    job = subprocess.Popen(start_command, stdout=subprocess.DEVNULL)
    wait_for_mark(read, start + 120)
    took = time.monotonic() - start
    job.wait()
    return took


def memory(name):
    domid = subprocess.run(["xl", "domid", name], capture_output=True, text=True, check=True).stdout.strip()
    log = Path(f"/run/kanzen/{domid}/hv.log").read_text(errors="replace")
    pid = Path(f"/run/kanzen/{domid}/qemu.pid").read_text().strip()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = sum(int(v) for v in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", rollup, re.M))
    return log, private


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = Path(tempfile.mkdtemp())
    for kernel in ["cloud", "generic"]:
        times = {"plain": [], "xl create": [], "virsh start": []}
        cfg = folder / "b.cfg"
        cfg.write_text(f'name = "bench-xl"\nkernel = "{GUEST}/vmlinuz-{kernel}"\nramdisk = "{GUEST}/initrd-{kernel}.img"\n'
                       f'memory = {MEMORY}\nextra = "console=hvc0"\n')
        xml = folder / "b.xml"
        xml.write_text(f"<domain type='xen'><name>bench-virsh</name><memory unit='MiB'>{MEMORY}</memory><os><type>linux</type>"
                       f"<kernel>{GUEST}/vmlinuz-{kernel}</kernel><initrd>{GUEST}/initrd-{kernel}.img</initrd>"
                       "<cmdline>console=hvc0</cmdline></os><devices><console type='pty'/></devices></domain>")
        subprocess.run(["virsh", "define", xml], check=True, stdout=subprocess.DEVNULL)
        for _ in range(rounds):
            times["plain"].append(plain(kernel))
            times["xl create"].append(kanzen(kernel, ["xl", "create", cfg], "bench-xl"))
            log, private = memory("bench-xl")
            subprocess.run(["xl", "destroy", "bench-xl"], check=True)
            times["virsh start"].append(kanzen(kernel, ["virsh", "start", "bench-virsh"], "bench-virsh"))
            subprocess.run(["virsh", "destroy", "bench-virsh"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["virsh", "undefine", "bench-virsh"], check=True, stdout=subprocess.DEVNULL)
        base = statistics.median(times["plain"])
        for way, taken in times.items():
            median = statistics.median(taken)
            print(f"{kernel:8} {way:12} {median:6.2f} s  ratio {median / base:5.2f}")
        kept = re.search(r"[^\n]*kept[^\n]*", log)
        print(f"{kernel:8} memory: {kept.group(0) if kept else 'hv did not say what it keeps'}; QEMU private {private / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
