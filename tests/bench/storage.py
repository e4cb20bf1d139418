#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools and volumes of kanzend beside stock libvirtd's, in turns, and beside cp.

    tests/bench/stock-libvirtd get DIR
    KANZEN_LIBVIRTD=DIR tests/in-host --no-daemon tests/bench/storage.py [--rounds N] [--size MIB] [CASE...]

Of a transfer it also says what CPU time a GiB takes, in the daemon and in virsh, beside cp's: other work on the machine does not change that.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import libvirt

from daemons import daemons
from wire import HEADER, string

BASE = "/var/lib/libvirt/bench"  # --memory: a tmpfs is mounted there
POOL = f"{BASE}/pool"
MANY = 5000
FEW = 200
MIB = 1 << 20
VOL_DOWNLOAD = 209


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


def cpu_ms(pid):
    """What a process has used, all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def children_ms():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


# ---- cases: each is given the running daemon, its pool, the MiB to send, and whom to tell a figure ----

def volumes(_daemon, pool, _size, put):
    for fmt, count in (("raw", FEW), ("qcow2", FEW // 4)):
        made, gone = create_and_delete(pool, fmt, count)
        put(f"create {fmt}, a second", made)
        put(f"delete {fmt}, a second", gone)


def many(_daemon, pool, _size, put):
    for i in range(MANY):
        with open(f"{POOL}/many{i}.img", "wb") as f:
            f.truncate(MIB)
    put(f"refresh and list {MANY}, ms", statistics.median(refresh(pool) for _ in range(3)))
    for i in range(MANY):
        os.unlink(f"{POOL}/many{i}.img")
    pool.refresh()


def transfer(daemon, size, what, put, work):
    """Runs work, which moves size MiB with the help of one child; daemon None: alone."""
    before, before_child = cpu_ms(daemon.process.pid) if daemon else 0, children_ms()
    taken = seconds(work)
    put(f"{what}, MiB/s", size / taken)
    if daemon:
        put(f"{what}, CPU ms a GiB in the daemon", (cpu_ms(daemon.process.pid) - before) * 1024 / size)
    put(f"{what}, CPU ms a GiB in the client", (children_ms() - before_child) * 1024 / size)


def bare_download(daemon, volume, to):
    """What vol-download does, by a child that does nothing else: what of its time is the daemon's and what libvirt's library's."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            wire = daemon.open_wire()
            wire.call(VOL_DOWNLOAD, string("bench") + string(volume.name()) + string(volume.key()) + bytes(8 + 8 + 4))
            packet = memoryview(bytearray(MIB))
            with open(to, "wb", buffering=0) as f:
                while (length := receive_into(wire.socket, packet)) > HEADER.size:
                    f.write(packet[HEADER.size:length])
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError("the bare download failed")


def receive_into(sock, packet):
    """The next packet's length; it is not copied."""
    got, want = 0, 4
    while got < want:
        more = sock.recv_into(packet[got:want])
        if more == 0:
            raise EOFError
        got += more
        if want == 4 and got == 4:
            want = int.from_bytes(packet[:4], "big")
    return want


def check_and_remove(source, back):
    if subprocess.run(["cmp", source, back]).returncode != 0:
        raise RuntimeError("what came back is not what was sent")
    os.unlink(back)


def send_and_receive(daemon, pool, size, put):
    """Whole and, with every other MiB a hole, sparse."""
    source, back = f"{BASE}/source", f"{BASE}/back"
    for kind, options, step in (("", [], 1), ("sparse ", ["--sparse"], 2)):
        with open(source, "wb") as f:
            for at in range(0, size, step):
                f.seek(at * MIB)
                f.write(os.urandom(MIB))
            f.truncate(size * MIB)
        os.sync()
        volume = pool.createXML(volume_xml("big", "raw", size * MIB))  # libvirtd leaves what a hole falls on as it was
        transfer(None, size, f"{kind}cp", put, lambda: subprocess.run(["cp", "--reflink=never", source, back], check=True))
        os.unlink(back)
        transfer(daemon, size, f"{kind}vol-upload", put, lambda: virsh(daemon.uri, "vol-upload", "--pool", "bench", "big", source, *options))
        transfer(daemon, size, f"{kind}vol-download", put, lambda: virsh(daemon.uri, "vol-download", "--pool", "bench", "big", back, *options))
        check_and_remove(source, back)
        if not options:
            transfer(daemon, size, "vol-download without the library", put, lambda: bare_download(daemon, volume, back))
            check_and_remove(source, back)
        volume.delete()
    os.unlink(source)


CASES = {"volumes": volumes, "many": many, "streams": send_and_receive}


def measure(daemon, cases, size, put):
    shutil.rmtree(POOL, ignore_errors=True)
    os.makedirs(POOL)
    daemon.start()
    conn = libvirt.open(daemon.uri)
    pool = conn.storagePoolCreateXML(f"<pool type='dir'><name>bench</name><target><path>{POOL}</path></target></pool>")
    for case in cases:
        CASES[case](daemon, pool, size, put)
    pool.destroy()
    conn.close()
    daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1024, help="MiB to send")
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--memory", action="store_true", help="on a tmpfs: what a transfer takes without the disk")
    args = parser.parse_args()
    os.makedirs(BASE, exist_ok=True)
    if args.memory:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", BASE], check=True)
    figures = {}
    compared = daemons()
    for _ in range(args.rounds):
        for name, daemon in compared.items():
            measure(daemon, args.cases, args.size,
                    lambda what, value, n=name: figures.setdefault(what, {}).setdefault(n, []).append(value))
    print("| what | " + " | ".join(compared) + " |\n|---" + "|---" * len(compared) + "|")
    for what, by_name in figures.items():
        print(f"| {what} | " + " | ".join(f"{statistics.median(values):.0f}" for values in by_name.values()) + " |")


if __name__ == "__main__":
    main()
