#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether kanzend still answers at once with 10,000 definitions and many guests, while more of them start.

    sudo tests/in-host tests/bench/many.py [--domains N] [--guests N]

Guests are of 16 MiB with a kernel of tests/guests, and paused before its first instruction: what is measured is the daemon and not
the processors. Beside the calls the floor: as many bytes echoed over a socket pair at the same time.
"""
import argparse
import os
import random
import statistics
import threading
import time
from pathlib import Path

import libvirt

from rpc import echo_pair

KERNEL = Path(os.environ.get("KANZEN_BUILD", "build")).resolve() / "tests/guests/memory-64"


def definition(i):
    return (f"<domain type='xen'><name>many{i:05}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type>linux</type>"
            f"<kernel>{KERNEL}</kernel></os><on_poweroff>destroy</on_poweroff><devices><console type='pty'/></devices></domain>")


def figures(what, taken):
    cut = statistics.quantiles(taken, n=100)
    print(f"{what:34} {len(taken):6} times  median {cut[49] * 1e6:8.0f} us  99% {cut[98] * 1e3:7.2f} ms  longest {max(taken) * 1e3:7.2f} ms",
          flush=True)


def timed(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure(title, conn, count, until):
    """Calls in turns until until() is true, ten milliseconds apart."""
    taken = {"echo": [], "look up by name": [], "look up by UUID": [], "info": [], "dumpxml": []}
    echo = echo_pair()
    uuids = [d.UUIDString() for d in conn.listAllDomains()[:200]]
    while not until():
        name = f"many{random.randrange(count):05}"
        taken["echo"].append(timed(echo))
        taken["look up by name"].append(timed(lambda: conn.lookupByName(name)))
        taken["look up by UUID"].append(timed(lambda: conn.lookupByUUIDString(random.choice(uuids))))
        domain = conn.lookupByName(name)
        taken["info"].append(timed(domain.info))
        taken["dumpxml"].append(timed(domain.XMLDesc))
        time.sleep(0.01)
    print(title)
    for what, times in taken.items():
        figures("  " + what, times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=10000)
    parser.add_argument("--guests", type=int, default=200)
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    conn, starter = libvirt.open("xen:///system"), libvirt.open("xen:///system")
    begin = time.perf_counter()
    for i in range(options.domains):
        conn.defineXML(definition(i))
    print(f"{options.domains} defined in {time.perf_counter() - begin:.1f} s", flush=True)
    deadline = time.monotonic() + 5
    measure("none runs", conn, options.domains, lambda: time.monotonic() > deadline)
    left = list(range(options.guests))
    failed = []

    def start():
        while left:
            try:
                starter.lookupByName(f"many{left.pop():05}").createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
            except libvirt.libvirtError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(2)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    measure(f"while {options.guests} are started", conn, options.domains, lambda: not any(t.is_alive() for t in threads))
    print(f"started in {time.perf_counter() - begin:.1f} s; failed: {len(failed)} {failed[:1]}; active: {conn.numOfDomains() - 1}", flush=True)
    deadline = time.monotonic() + 5
    measure("while they are there", conn, options.domains, lambda: time.monotonic() > deadline)
    print(f"list all: {timed(conn.listAllDomains) * 1e3:.1f} ms, bulk statistics: {timed(conn.getAllDomainStats) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
