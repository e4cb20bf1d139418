#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start-up time: xl create and virsh start to the guest's first user-space line, against plain QEMU with the same kernel,
ramdisk, memory, accelerator and CPU model.

Run in the private host: tests/in-host tests/bench/start.py [--rounds N]. The ways take turns, so that a noisy machine hits all
alike. Two figures each: seconds by the clock, and CPU seconds of the QEMU process at the first user-space line, which other
load on the machine changes less. A ratio is the median over the rounds of this way's figure by plain QEMU's of the same round.
Also prints what hv keeps of the guest's memory, and QEMU's private memory.

--try NAME=ARGS adds a way: xl create with more arguments for QEMU, as in --try 'max=-cpu max'.
"""
import argparse
import os
import pty
import select
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import memory

GUEST = Path("/run/guest")
MARK = b"kanzen-guest: user space reached"
TICK = os.sysconf("SC_CLK_TCK")
LIMIT_S = 180


def cpu_seconds(pid):
    """User and system time of a process and its threads: proc(5), stat fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wait_for_mark(read, deadline):
    seen = b""
    while MARK not in seen:
        if time.monotonic() > deadline:
            sys.exit(f"start.py: no user space within the limit; last output:\n{seen[-2000:].decode(errors='replace')}")
        seen += read()


def plain(kernel, size, machine):
    master, slave = pty.openpty()
    start = time.monotonic()
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", *machine, "-M", "pc", "-m", str(size), "-nodefaults", "-display", "none", "-serial", "stdio",
         "-kernel", GUEST / f"vmlinuz-{kernel}", "-initrd", GUEST / f"initrd-{kernel}.img", "-append", "console=ttyS0"],
        stdin=slave, stdout=slave, stderr=subprocess.STDOUT)

    def read():
        ready, _, _ = select.select([master], [], [], 0.5)
        return os.read(master, 65536) if ready else b""

    wait_for_mark(read, start + LIMIT_S)
    figures = time.monotonic() - start, cpu_seconds(qemu.pid), memory.private_kib(qemu.pid)
    qemu.kill()
    qemu.wait()
    os.close(master)
    os.close(slave)
    return figures


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


def kanzen(start_command, destroy_command, name, keep=None):
    read = log_reader(name)
    start = time.monotonic()
    job = subprocess.Popen(start_command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_mark(read, start + LIMIT_S)
    took = time.monotonic() - start
    pid = memory.qemu_of(name)
    figures = took, cpu_seconds(pid), memory.private_kib(pid)
    if keep is not None:
        keep["cmdline"] = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        keep["log"] = memory.hv_words(name)
    job.wait()
    subprocess.run(destroy_command, check=True, stdout=subprocess.DEVNULL)
    return figures


def write_cfg(path, kernel, size, args=""):
    more = f"device_model_args = {shlex.split(args)}\n" if args else ""
    path.write_text(f'name = "bench-xl"\nkernel = "{GUEST}/vmlinuz-{kernel}"\nramdisk = "{GUEST}/initrd-{kernel}.img"\n'
                    f'memory = {size}\nextra = "console=hvc0"\n{more}')
    return path


def write_xml(path, kernel, size):
    path.write_text(f"<domain type='xen'><name>bench-virsh</name><memory unit='MiB'>{size}</memory><os><type>linux</type>"
                    f"<kernel>{GUEST}/vmlinuz-{kernel}</kernel><initrd>{GUEST}/initrd-{kernel}.img</initrd>"
                    "<cmdline>console=hvc0</cmdline></os><devices><console type='pty'/></devices></domain>")
    return path


def machine_of(cmdline):
    """The accelerator, CPU model and CPUs of a guest's QEMU, for plain QEMU to have the same. (TCG's code for locked
    instructions depends on whether there can be more CPUs than one.)"""
    return [word for option in ["-accel", "-cpu", "-smp"] for word in [option, cmdline[cmdline.index(option) + 1]]]


def report(kernel, rounds, name, base):
    wall, cpu, private = zip(*rounds)
    base_wall, base_cpu, _ = zip(*base)
    wall_ratio = statistics.median(a / b for a, b in zip(wall, base_wall))
    cpu_ratio = statistics.median(a / b for a, b in zip(cpu, base_cpu))
    print(f"{kernel:8} {name:16} {statistics.median(wall):6.2f} s  ratio {wall_ratio:4.2f}   CPU {statistics.median(cpu):6.2f} s  "
          f"ratio {cpu_ratio:4.2f}   QEMU private {statistics.median(private) / 1024:6.1f} MiB", flush=True)


def bench(kernel, options, folder):
    cfg = write_cfg(folder / "b.cfg", kernel, options.memory)
    xl_destroy = ["xl", "destroy", "bench-xl"]
    kept = {}
    kanzen(["xl", "create", cfg], xl_destroy, "bench-xl", kept)  # warms the page cache and tells QEMU's arguments
    machine = machine_of(kept["cmdline"])
    ways = {"plain QEMU": lambda: plain(kernel, options.memory, machine),
            "xl create": lambda: kanzen(["xl", "create", cfg], xl_destroy, "bench-xl")}
    if not options.attempt:
        subprocess.run(["virsh", "define", write_xml(folder / "b.xml", kernel, options.memory)], check=True, stdout=subprocess.DEVNULL)
        ways["virsh start"] = lambda: kanzen(["virsh", "start", "bench-virsh"], ["virsh", "destroy", "bench-virsh"], "bench-virsh")
    for i, attempt in enumerate(options.attempt):
        name, _, args = attempt.partition("=")
        path = write_cfg(folder / f"b{i}.cfg", kernel, options.memory, args)
        ways[name] = lambda path=path: kanzen(["xl", "create", path], xl_destroy, "bench-xl")
    figures = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            figures[name].append(way())
    for name, taken in figures.items():
        report(kernel, taken, name, figures["plain QEMU"])
    print(f"{kernel:8} QEMU: {' '.join(machine)}; hv: {kept['log']}", flush=True)
    if not options.attempt:
        subprocess.run(["virsh", "undefine", "bench-virsh"], check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=256, metavar="MIB")
    parser.add_argument("--kernel", action="append", choices=["cloud", "generic"])
    parser.add_argument("--try", dest="attempt", action="append", default=[], metavar="NAME=ARGS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kernel in options.kernel or ["cloud", "generic"]:
            bench(kernel, options, Path(folder))


if __name__ == "__main__":
    main()
