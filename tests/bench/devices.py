#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PV guest's disk and nic against virtio's in plain QEMU: the same kernel, image and cache mode, the same bridge, as many
vCPUs and queues (devices.c).

Run in the private host: tests/in-host tests/bench/devices.py [--rounds N] [--times N] [--vcpus N] [CASE...]. The two take turns; a ratio is the
median over the rounds of plain QEMU's time by the PV guest's, so above 1.0 the PV guest is faster. "cpu": the CPU seconds that
QEMU used for the case, which on a busy machine are the figures to trust; they come in steps of 10 ms, so --times should be large.
"""
import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import memory
import micro
import start

HOST = "10.87.0.1"
NET_BYTES = 32 << 20  # as devices.c
IMAGE_MIB = 64


def tcp(port, serve):
    listener = socket.create_server((HOST, port))

    def loop():
        while True:
            peer = listener.accept()[0]
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def sink(peer):
    with peer:
        while peer.recv(1 << 20):
            pass
        peer.sendall(b".")


def source(peer):
    block = bytes(1 << 20)
    with peer:
        for _ in range(NET_BYTES >> 20):
            peer.sendall(block)


def udp(port, answer):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, port))

    def loop():
        while True:
            data, sender = sock.recvfrom(2048)
            if answer:
                sock.sendto(data, sender)

    threading.Thread(target=loop, daemon=True).start()


def option_of(cmdline, name, containing=""):
    """The value of the first option of that name with that text in it."""
    return next(cmdline[i + 1] for i, word in enumerate(cmdline) if word == name and containing in cmdline[i + 1])


def in_kanzen(cfg):
    read = start.log_reader("devices")
    subprocess.run(["xl", "create", cfg], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = memory.qemu_of("devices")
    cmdline = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    try:
        return micro.figures_of(read, time.monotonic() + micro.LIMIT_S, pid), cmdline
    finally:
        subprocess.run(["xl", "destroy", "devices"], check=True)


def in_plain(initrd, kernel, cmdline, words):
    """A machine with the block node, accelerator, CPUs and memory of the PV one's command line."""
    node = option_of(cmdline, "-blockdev")
    queues = option_of(cmdline, "-device", "virtio-blk-pci").split("num-queues=")[1].split(",")[0]
    multi = "multi_queue" if int(queues) > 1 else ""
    subprocess.run(f"ip tuntap add devices0 mode tap {multi} && ip link set devices0 master xenbr0 up", shell=True, check=True)
    console = Path(tempfile.mkdtemp()) / "console"
    console.touch()
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", *start.machine_of(cmdline), "-M", "pc", "-nodefaults",
         "-display", "none", "-serial", f"file:{console}", "-m", "256", "-kernel", start.GUEST / f"vmlinuz-{kernel}",
         "-initrd", initrd, "-append", f"console=ttyS0 {words}", "-blockdev", node,
         "-device", f"virtio-blk-pci,drive={json.loads(node)['node-name']},num-queues={queues}",
         "-netdev", f"tap,id=n,ifname=devices0,queues={queues},script=no,downscript=no",
         "-device", f"virtio-net-pci,netdev=n,mq={'on' if multi else 'off'},romfile="], stdin=subprocess.DEVNULL,
        start_new_session=True)  # as the PV guest's: a scheduler that goes by sessions treats them alike
    fd = os.open(console, os.O_RDONLY)

    def read():
        time.sleep(0.01)
        return os.read(fd, 65536)

    try:
        return micro.figures_of(read, time.monotonic() + micro.LIMIT_S, qemu.pid)
    finally:
        qemu.kill()
        qemu.wait()
        os.close(fd)
        shutil.rmtree(console.parent)
        subprocess.run(["ip", "tuntap", "del", "devices0", "mode", "tap", *multi.split()], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vcpus", type=int, default=1)
    parser.add_argument("--kernel", default="cloud", choices=["cloud", "generic"])
    parser.add_argument("--times", type=int, default=3, help="how often each case is done in a round")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="those of devices.c; all")
    options = parser.parse_args()
    words = f'times={options.times} "cases={" ".join(options.cases)}"'
    tcp(8101, sink)
    tcp(8102, source)
    udp(8103, True)
    udp(8104, False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        initrd = micro.make_initrd(folder, options.kernel, "devices")
        disk = Path("/var/lib/libvirt/images/devices.img")
        disk.write_bytes(os.urandom(1 << 20) * IMAGE_MIB)
        cfg = folder / "devices.cfg"
        cfg.write_text(f'name = "devices"\nkernel = "{start.GUEST}/vmlinuz-{options.kernel}"\nramdisk = "{initrd}"\n'
                       f'memory = 256\nvcpus = {options.vcpus}\nextra = \'console=hvc0 {words}\'\ndisk = ["{disk},raw,xvda,w"]\n'
                       'vif = ["bridge=xenbr0"]\n')
        rounds = []
        for _ in range(options.rounds):
            ours, cmdline = in_kanzen(cfg)
            rounds.append((ours, in_plain(initrd, options.kernel, cmdline, words)))
    for case in rounds[0][0]:
        pairs = [(a[case], b[case]) for a, b in rounds if case in a and case in b]
        if not pairs or 0 in (number for pair in pairs for number in pair):
            continue
        unit, turn = ("s", -1) if case.startswith("cpu ") else ("KiB/s", 1) if case.endswith("-KiB") else ("ns", -1)
        print(f"{case.removesuffix('-KiB'):24} PV {statistics.median(a for a, _ in pairs):12.2f}   "
              f"plain {statistics.median(b for _, b in pairs):12.2f} {unit:6} "
              f"ratio {statistics.median((a / b) ** turn for a, b in pairs):.2f}")


if __name__ == "__main__":
    main()
