#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a PV guest's start costs by its size: vCPUs, memory, disks and NICs, one at a time.

Run in the private host: tests/in-host tests/bench/size.py [--rounds N] [KIND...]. CPU seconds of QEMU at the guest's first
user-space line, the best of the rounds; beside it plain QEMU's with the same vCPUs and memory, kernel and ramdisk (without
disks and NICs), and what hv keeps of the machine's memory. The cloud kernel in 256 MiB with one vCPU where not told otherwise.
"""
import argparse
import os
import re
import tempfile
from pathlib import Path

import start

NAME = "bench-size"
SIZES = {
    "vcpus": (1, 2, 4, 8, 16),
    "memory": (128, 256, 1024, 4096, 16384),
    "disks": (0, 1, 4, 16),
    "nics": (0, 1, 4, 16),
}


def write_cfg(folder, kind, size):
    disks = [f"{folder}/disk{i}.img" for i in range(size if kind == "disks" else 0)]
    for disk in disks:
        Path(disk).touch()
        os.truncate(disk, 1 << 20)
    targets = [f"xvd{chr(ord('a') + i)}" for i in range(len(disks))]
    path = Path(folder) / f"{kind}-{size}.cfg"
    path.write_text(f'name = "{NAME}"\nkernel = "{start.GUEST}/vmlinuz-cloud"\nramdisk = "{start.GUEST}/initrd-cloud.img"\n'
                    f'extra = "console=hvc0"\nmemory = {size if kind == "memory" else 256}\n'
                    f'vcpus = {size if kind == "vcpus" else 1}\n'
                    f'disk = {[f"{disk},raw,{target},rw" for disk, target in zip(disks, targets)]}\n'
                    f'vif = {["bridge=xenbr0"] * (size if kind == "nics" else 0)}\n')
    return path


def kept_mib(words):
    """Of "N KiB of RAM, N KiB hv's, N KiB of these free"."""
    return int(re.search(r"(\d+) KiB hv's", words)[1]) / 1024


def row(folder, kind, size, rounds):
    cfg, kept, pv, plain = write_cfg(folder, kind, size), {}, [], []
    for _ in range(rounds):
        pv.append(start.kanzen(["xl", "create", cfg], ["xl", "destroy", NAME], NAME, kept)[1])
        if kind in ("vcpus", "memory"):
            plain.append(start.plain("cloud", size if kind == "memory" else 256, start.machine_of(kept["cmdline"]))[1])
    beside = f"plain {min(plain):6.2f} s  ratio {min(pv) / min(plain):4.2f}" if plain else " " * 26
    print(f"{kind:7} {size:6}  CPU {min(pv):6.2f} s  {beside}  hv keeps {kept_mib(kept['log']):6.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=" ".join(SIZES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds or SIZES:
            for size in SIZES[kind]:
                row(folder, kind, size, options.rounds)


if __name__ == "__main__":
    main()
