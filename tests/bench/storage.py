#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools and volumes of kanzend beside stock libvirtd's, in turns, and beside cp.

    tests/bench/stock-libvirtd get DIR
    KANZEN_LIBVIRTD=DIR tests/in-host --no-daemon tests/bench/storage.py [--rounds N] [--size MIB]
"""
import argparse
import os
import shutil
import statistics
import subprocess
import time

import libvirt

from daemons import daemons

POOL = "/var/lib/libvirt/bench"
MANY = 5000
FEW = 200
MIB = 1 << 20


def volume_xml(name, fmt, capacity):
    return (f"<volume><name>{name}</name><capacity>{capacity}</capacity><allocation>0</allocation>"
            f"<target><format type='{fmt}'/></target></volume>")


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def create_and_delete(pool, fmt, count):
    volumes = []
    taken = seconds(lambda: volumes.extend(pool.createXML(volume_xml(f"v{i}", fmt, MIB)) for i in range(count)))
    return count / taken, count / seconds(lambda: [v.delete() for v in volumes])


def refresh(pool):
    """What a user waits for who wants to see them all: refresh and list."""
    return seconds(lambda: (pool.refresh(), pool.listAllVolumes())) * 1e3


def virsh(uri, *args):
    subprocess.run(["virsh", "-q", "-c", uri, *args], check=True, stdout=subprocess.DEVNULL)


def fill_many():
    for i in range(MANY):
        with open(f"{POOL}/many{i}.img", "wb") as f:
            f.truncate(MIB)


def measure(daemon, size, put):
    shutil.rmtree(POOL, ignore_errors=True)
    os.makedirs(POOL)
    daemon.start()
    conn = libvirt.open(daemon.uri)
    pool = conn.storagePoolCreateXML(f"<pool type='dir'><name>bench</name><target><path>{POOL}</path></target></pool>")
    for fmt, count in (("raw", FEW), ("qcow2", FEW // 4)):
        made, gone = create_and_delete(pool, fmt, count)
        put(f"create {fmt}, a second", made)
        put(f"delete {fmt}, a second", gone)
    fill_many()
    put(f"refresh and list {MANY}, ms", statistics.median(refresh(pool) for _ in range(3)))
    for i in range(MANY):
        os.unlink(f"{POOL}/many{i}.img")
    pool.refresh()
    pool.createXML(volume_xml("big", "raw", size * MIB))
    source, back = f"{POOL}.source", f"{POOL}.back"
    with open(source, "wb") as f:
        for _ in range(size):
            f.write(os.urandom(MIB))
    put("cp, MiB/s", size / seconds(lambda: subprocess.run(["cp", "--reflink=never", source, back], check=True)))
    os.unlink(back)
    put("vol-upload, MiB/s", size / seconds(lambda: virsh(daemon.uri, "vol-upload", "--pool", "bench", "big", source)))
    put("vol-download, MiB/s", size / seconds(lambda: virsh(daemon.uri, "vol-download", "--pool", "bench", "big", back)))
    if subprocess.run(["cmp", source, back]).returncode != 0:
        raise RuntimeError("what came back is not what was sent")
    os.unlink(back)
    pool.destroy()
    conn.close()
    daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1024, help="MiB to send")
    args = parser.parse_args()
    figures = {}
    compared = daemons()
    for _ in range(args.rounds):
        for name, daemon in compared.items():
            measure(daemon, args.size, lambda what, value, n=name: figures.setdefault(what, {}).setdefault(n, []).append(value))
    print("| what | " + " | ".join(compared) + " |\n|---" + "|---" * len(compared) + "|")
    for what, by_name in figures.items():
        print(f"| {what} | " + " | ".join(f"{statistics.median(values):.0f}" for values in by_name.values()) + " |")


if __name__ == "__main__":
    main()
