#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one call costs kanzend and stock libvirtd, on a machine that has other work, too.

    tests/bench/stock-libvirtd get DIR
    sudo KANZEN_LIBVIRTD=DIR tests/in-host --no-daemon tests/bench/calls.py [--turns N] [--domains N]

Both run at once and are asked in short turns, so that what else the machine does falls on both. Of each kind of call: the clock's
microseconds (the median call of the best turn), the processor's microseconds that the daemon used for it (all of its threads, the
best turn), and how often one of its threads went to sleep for it. The last two say what the daemon itself does: of the first the
client library and the change between two processes are the larger part.
"""
import argparse
import statistics
import time
from pathlib import Path

import libvirt

from daemons import daemons, u32

LIST_ALL_DOMAINS, GET_LIB_VERSION, GET_ALL_STATS = 273, 157, 344


class Usage:
    """What a daemon's threads have used; one that has ended takes its part along."""

    def __init__(self, pid):
        self.cpu_ns = self.sleeps = 0
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                self.cpu_ns += int((task / "schedstat").read_text().split()[0])
                status = (task / "status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            self.sleeps += int(status.split("voluntary_ctxt_switches:")[1].split()[0])


class Side:
    """One daemon with what is asked of it."""

    def __init__(self, daemon, count):
        self.daemon, self.count = daemon, count
        self.conn, self.wire = libvirt.open(daemon.uri), daemon.open_wire()
        self.figures = {}
        self.spare = []

    def define_all(self):
        self.domains = [self.conn.defineXML(self.daemon.many_xml(i)) for i in range(self.count)]

    def turn(self, what, calls):
        taken = []
        before = Usage(self.daemon.process.pid)
        for call in calls:
            begin = time.perf_counter()
            call()
            taken.append(time.perf_counter() - begin)
        after = Usage(self.daemon.process.pid)
        self.figures.setdefault(what, []).append(
            (statistics.median(taken) * 1e6, (after.cpu_ns - before.cpu_ns) / 1e3 / len(taken), (after.sleeps - before.sleeps) / len(taken)))

    def best(self, what):
        return [min(column) for column in zip(*self.figures[what])]


def define(side):
    spare = range(90000, 90050)
    side.turn("define", [lambda i=i: side.spare.append(side.conn.defineXML(side.daemon.many_xml(i))) for i in spare])


def undefine(side):
    side.turn("undefine", [domain.undefine for domain in side.spare])
    side.spare = []


def each_domain(what, call):
    return lambda side: side.turn(what, [lambda d=d: call(side, d) for d in side.domains[:200]])


CASES = [
    lambda side: side.turn("connect + close", [lambda: libvirt.open(side.daemon.uri).close()] * 30),
    lambda side: side.turn("no-op call", [side.conn.getLibVersion] * 300),
    lambda side: side.turn("... without the library", [lambda: side.wire.call(GET_LIB_VERSION)] * 300),
    each_domain("look up by name", lambda side, d: side.conn.lookupByName(d.name())),
    each_domain("info", lambda side, d: d.info()),
    each_domain("dumpxml", lambda side, d: d.XMLDesc()),
    define,
    undefine,
    lambda side: side.turn(f"list {side.count}", [side.conn.listAllDomains] * 5),
    lambda side: side.turn("... without the library (list)", [lambda: side.wire.call(LIST_ALL_DOMAINS, u32(1, 0))] * 5),
    lambda side: side.turn(f"bulk statistics of {side.count}", [side.conn.getAllDomainStats] * 2),
]


def report(sides):
    names = [side.daemon.process_name for side in sides]
    print(f"\n| | {', '.join(names)}: us | ratio | daemon's CPU us | ratio | sleeps |\n|---|---|---|---|---|---|")
    for what in sides[0].figures:
        best = [side.best(what) for side in sides]
        columns = list(zip(*best))
        cells = [" / ".join(f"{value:,.1f}" for value in column) for column in columns]
        ratios = [f"{column[-1] / column[0]:.2f}" for column in columns[:2]]
        print(f"| {what} | {cells[0]} | {ratios[0]} | {cells[1]} | {ratios[1]} | {cells[2]} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--domains", type=int, default=1000)
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    running = list(reversed(daemons().values()))  # libvirtd first: kanzend leaves it the sockets of that name
    for daemon in running:
        daemon.start()
    sides = [Side(daemon, options.domains) for daemon in reversed(running)]
    for side in sides:
        side.define_all()
    for turn in range(options.turns):
        for case in CASES:
            for side in sides if turn % 2 == 0 else reversed(sides):
                case(side)
    report(sides)
    for daemon in running:
        daemon.stop()


if __name__ == "__main__":
    main()
