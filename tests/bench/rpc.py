#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kanzend under many definitions: the round trip of a call that does nothing, and define, dumpxml and list of 1,000 domains.

Run in the private host: tests/in-host tests/bench/rpc.py [--domains N]. The calls go through libvirt's own client library.
Beside them the floor: as many bytes echoed over a socket pair by a process that does nothing else.
"""
import argparse
import os
import socket
import statistics
import time

import libvirt

ROUNDS = 2000
MESSAGE = 28  # a call without arguments: length and header, libvirt's virnetprotocol.x


def microseconds(call, rounds=ROUNDS):
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6, statistics.quantiles(taken, n=100)[98] * 1e6


def echo_pair():
    """A call that sends as many bytes over a socket pair as a small one has, and gets them back. The process behind it ends with us."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        while data := theirs.recv(MESSAGE):
            theirs.sendall(data)
        os._exit(0)
    theirs.close()

    def call():
        ours.sendall(bytes(MESSAGE))
        ours.recv(MESSAGE)

    return call


def definition(i):
    return (f"<domain type='xen'><name>many{i:05}</name><memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type>linux</type>"
            "<kernel>/run/guest/vmlinuz-cloud</kernel></os><devices>"
            f"<disk type='file' device='disk'><source file='/var/lib/libvirt/images/{i}.img'/><target dev='xvda' bus='xen'/></disk>"
            "<interface type='bridge'><source bridge='xenbr0'/></interface><console type='pty'/></devices></domain>")


def timed(what, count, work):
    start = time.perf_counter()
    result = work()
    took = time.perf_counter() - start
    print(f"{what:34} {took * 1e3:9.1f} ms  {took / count * 1e6:9.1f} us each", flush=True)
    return result


def kanzend_rss_kib():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.split(":", 1) for line in f)
        if fields["Name"].strip() == "kanzend":
            return int(fields["VmRSS"].split()[0])
    raise RuntimeError("no kanzend")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=1000)
    count = parser.parse_args().domains
    conn = libvirt.open("xen:///system")
    floor, floor_p99 = microseconds(echo_pair())
    trip, trip_p99 = microseconds(conn.getLibVersion)
    print(f"{'echo over a socket pair':34} median {floor:6.1f} us  99% {floor_p99:7.1f} us")
    print(f"{'no-op call (getLibVersion)':34} median {trip:6.1f} us  99% {trip_p99:7.1f} us  ratio {trip / floor:.2f}", flush=True)
    before = kanzend_rss_kib()
    domains = timed(f"define {count} domains", count, lambda: [conn.defineXML(definition(i)) for i in range(count)])
    listed = timed("list all (one call)", count, conn.listAllDomains)
    mine = [d for d in listed if d.name().startswith("many")]
    assert len(mine) == count, f"{len(mine)} of {count} domains are listed"
    timed("look up by name", count, lambda: [conn.lookupByName(f"many{i:05}") for i in range(count)])
    timed("dumpxml", count, lambda: [d.XMLDesc() for d in domains])
    timed("info", count, lambda: [d.info() for d in domains])
    print(f"{'kanzend, resident':34} {before} KiB before, {kanzend_rss_kib()} KiB with all defined")
    timed("undefine", count, lambda: [d.undefine() for d in domains])


if __name__ == "__main__":
    main()
