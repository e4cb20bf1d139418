#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a running PV guest's programs get, against the same kernel in plain QEMU with virtio devices: kernel requests (micro.c),
disk and network throughput (micro-init).

Run in the private host: tests/in-host tests/bench/micro.py [--rounds N]. The two take turns; a ratio is the median over the
rounds of time by time, so below 1.0 the PV guest is faster, for throughput as well.

The ratio of CPU seconds is that of what QEMU used for the case, all of its rounds; other work on the machine changes it less.

--virtual-time counts instructions instead of time (QEMU's -icount shift=0: one a nanosecond), of the programs alone. That is
the same in every run, however busy the machine is, and leaves out what a TLB flush costs under TCG.
"""
import argparse
import gzip
import http.server
import os
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import memory
import start

HERE = Path(__file__).resolve().parent
LIMIT_S = 600
NET_MIB = 128
QUICK = ["-M", "pc", "-nodefaults", "-display", "none", "-serial", "stdio"]


class Zeros(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(NET_MIB << 20))
        self.end_headers()
        block = bytes(1 << 20)
        for _ in range(NET_MIB):
            self.wfile.write(block)

    def log_message(self, *_):
        pass


def make_initrd(folder, kernel, name="micro"):
    """The example guest's archive with another after it that replaces /init and brings name (initramfs buffer format)."""
    more = folder / "more"
    more.mkdir()
    shutil.copy(HERE / f"{name}-init", more / "init")
    (more / "init").chmod(0o755)
    subprocess.run(["gcc", "-O2", "-static", "-pthread", "-o", more / name, HERE / f"{name}.c"], check=True)
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=more, check=True, capture_output=True,
                             input=f"init\n{name}\n".encode()).stdout
    path = folder / "initrd.img"
    path.write_bytes((start.GUEST / f"initrd-{kernel}.img").read_bytes() + gzip.compress(archive))
    return path


def figures_of(read, deadline, pid):
    """Each case's figure, and under "cpu NAME" the CPU seconds that QEMU used from the line before to its line. Of a case told
    several times the median, and the sum."""
    figures, rest, used = {}, b"", start.cpu_seconds(pid)
    while True:
        if time.monotonic() > deadline:
            sys.exit(f"micro.py: not done within the limit; last output: {rest[-2000:].decode(errors='replace')}")
        *lines, rest = (rest + read()).split(b"\n")
        for line in lines:
            words = line.decode(errors="replace").split()
            if words[:1] == ["micro-failed"]:
                print(f"micro.py: {' '.join(words)}", file=sys.stderr)
            if words[:1] == ["micro-done"]:
                return {name: (sum if name.startswith("cpu ") else statistics.median)(told) for name, told in figures.items()}
            if words == ["micro", "begin"]:
                used = start.cpu_seconds(pid)
            if len(words) == 3 and words[0] == "micro":
                before, used = used, start.cpu_seconds(pid)
                figures.setdefault(words[1], []).append(float(words[2]))
                figures.setdefault(f"cpu {words[1]}", []).append(used - before)


def in_plain(kernel, initrd, disk, machine, words):
    master, slave = pty.openpty()
    subprocess.run("ip tuntap add micro0 mode tap && ip link set micro0 master xenbr0 up", shell=True, check=True)
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", *machine, *QUICK, "-m", "256", "-kernel", start.GUEST / f"vmlinuz-{kernel}", "-initrd", initrd,
         "-append", f"console=ttyS0 {words}", "-drive", f"file={disk},format=raw,if=none,id=d", "-device", "virtio-blk-pci,drive=d",
         "-netdev", "tap,id=n,ifname=micro0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=n,romfile="],
        stdin=slave, stdout=slave, stderr=subprocess.STDOUT)

    def read():
        ready, _, _ = select.select([master], [], [], 0.5)
        return os.read(master, 65536) if ready else b""

    try:
        return figures_of(read, time.monotonic() + LIMIT_S, qemu.pid)
    finally:
        qemu.kill()
        qemu.wait()
        os.close(master)
        os.close(slave)
        subprocess.run(["ip", "tuntap", "del", "micro0", "mode", "tap"], check=True)


def in_kanzen(cfg):
    read = start.log_reader("micro")
    subprocess.run(["xl", "create", cfg], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = memory.qemu_of("micro")
    machine = start.machine_of(Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
    try:
        return figures_of(read, time.monotonic() + LIMIT_S, pid), machine
    finally:
        subprocess.run(["xl", "destroy", "micro"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kernel", default="cloud", choices=["cloud", "generic"])
    parser.add_argument("--qemu-args", default="", help="more arguments for the PV guest's QEMU")
    parser.add_argument("--programs", action="store_true", help="neither disk nor network")
    parser.add_argument("--virtual-time", action="store_true", help="count instructions")
    options = parser.parse_args()
    words = f"programs-only={20 if options.virtual_time else 1}" if options.programs or options.virtual_time else ""
    icount = ["-icount", "shift=0,sleep=off"] if options.virtual_time else []
    server = http.server.ThreadingHTTPServer(("10.87.0.1", 8099), Zeros)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        initrd = make_initrd(folder, options.kernel)
        disk = Path("/var/lib/libvirt/images/micro.img")
        shutil.copy(start.GUEST / "disk.img", disk)
        cfg = folder / "micro.cfg"
        cfg.write_text(f'name = "micro"\nkernel = "{start.GUEST}/vmlinuz-{options.kernel}"\nramdisk = "{initrd}"\nmemory = 256\n'
                       f'extra = "console=hvc0 {words}"\ndisk = ["{disk},raw,xvda,w"]\nvif = ["bridge=xenbr0"]\n'
                       f"device_model_args = {options.qemu_args.split() + icount}\n")
        rounds = []
        for _ in range(options.rounds):
            ours, machine = in_kanzen(cfg)
            rounds.append((ours, in_plain(options.kernel, initrd, disk, machine + icount, words)))
    ratios = []
    for case in [name for name in rounds[0][0] if not name.startswith("cpu ")]:
        pairs = [(a[case], b[case]) for a, b in rounds if case in a and case in b]
        if not pairs:
            continue
        unit, turn = ("KiB/s", -1) if case.endswith("-KiB") else ("ns", 1)
        ratio = statistics.median((a / b) ** turn for a, b in pairs)
        cpu = statistics.median(max(a[f"cpu {case}"], 0.01) / max(b[f"cpu {case}"], 0.01) for a, b in rounds)
        if unit == "ns":
            ratios.append((ratio, cpu))
        print(f"{case.removesuffix('-KiB'):22} PV {statistics.median(a for a, _ in pairs):12.1f}   "
              f"plain {statistics.median(b for _, b in pairs):12.1f} {unit:6} ratio {ratio:.2f}   of CPU seconds {cpu:.2f}")
    for name, column in zip(("ratio", "ratio of CPU seconds"), zip(*ratios)):
        print(f"programs, {name}: geometric mean {statistics.geometric_mean(column):.2f}, worst {max(column):.2f}")


if __name__ == "__main__":
    main()
