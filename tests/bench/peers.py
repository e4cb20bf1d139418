#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kanzend against stock libvirtd, through libvirt's public API over the local socket.

    tests/bench/stock-libvirtd get DIR
    sudo KANZEN_LIBVIRTD=DIR tests/in-host --no-daemon tests/bench/peers.py [--rounds N] [CASE...]

The daemons take turns in one private host, each round begins with the other one; only one runs at a time. A case's figure is
the median over the rounds, the ratio is the median of each round's own ratio. Above 1 kanzend is the better one.
"""
import argparse
import json
import statistics
import subprocess
import sys
import threading
import time

import libvirt

import net_cases
from daemons import daemons, u32

FEW, MANY = 1000, 5000
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def each_us(calls):
    """Median microseconds of one of calls."""
    taken = []
    for call in calls:
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1e6


def best_ms(call, times=5):
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1e3


@case
def trips(daemon, conn, put):
    """Calls that ask little."""
    put("connect + close, us", each_us([lambda: libvirt.open(daemon.uri).close()] * 300))
    put("no-op call, us", each_us([conn.getLibVersion] * 2000))
    put("node info, us", each_us([conn.getInfo] * 500))
    put("capabilities, us", each_us([conn.getCapabilities] * 200))


LIST_ALL_DOMAINS, GET_ALL_DOMAIN_STATS = 273, 344


def bulk(daemon, conn, put, count):
    """Lists and statistics of all, through the library and without it."""
    wire = daemon.open_wire()
    put(f"list {count}, ms", best_ms(conn.listAllDomains))
    put("... the daemon alone", best_ms(lambda: wire.call(LIST_ALL_DOMAINS, u32(1, 0))))
    put(f"bulk stats {count}, ms", best_ms(conn.getAllDomainStats))
    put("... of them the daemon alone", best_ms(lambda: wire.call(GET_ALL_DOMAIN_STATS, u32(0, 0, 0))))
    wire.close()


def define(daemon, conn, first, last):
    return [conn.defineXML(daemon.many_xml(i)) for i in range(first, last)]


def undefine_all(conn):
    for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE):
        domain.undefine()


CLIENT = """
import sys, libvirt
conn = libvirt.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for i in range(100):
    conn.lookupByName(f"many{(int(sys.argv[2]) * 31 + i) % 1000:05}").XMLDesc()
"""


def clients_32(daemon):
    """Microseconds a pair of lookup and dumpxml takes from the whole daemon with 32 client processes at it."""
    clients = [subprocess.Popen([sys.executable, "-c", CLIENT, daemon.uri, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
               for n in range(32)]
    for client in clients:
        client.stdout.readline()
    begin = time.perf_counter()
    for client in clients:
        client.stdin.write(b"go\n")
        client.stdin.flush()
    for client in clients:
        if client.wait() != 0:
            raise RuntimeError("a client failed")
    return (time.perf_counter() - begin) * 1e6 / (32 * 100)


@case
def thousand(daemon, conn, put):
    """1,000 definitions."""
    put("memory before, resident KiB", daemon.memory_kib()[0])
    begin = time.perf_counter()
    domains = define(daemon, conn, 0, FEW)
    put("define, us", (time.perf_counter() - begin) * 1e6 / FEW)
    put("dumpxml, us", each_us([d.XMLDesc for d in domains]))
    put("dumpxml again, us", each_us([d.XMLDesc for d in domains]))
    put("lookup by name, us", each_us([lambda d=d: conn.lookupByName(d.name()) for d in domains]))
    put("lookup by UUID, us", each_us([lambda d=d: conn.lookupByUUID(d.UUID()) for d in domains]))
    put("info, us", each_us([d.info for d in domains]))
    bulk(daemon, conn, put, "1,000")
    put("32 clients, us a pair", clients_32(daemon))
    put("memory with 1,000, resident KiB", daemon.memory_kib()[0])
    put("undefine, us", each_us([d.undefine for d in domains]))


@case
def five_thousand(daemon, conn, put):
    """5,000 definitions, and a restart with them."""
    define(daemon, conn, 0, MANY)
    bulk(daemon, conn, put, "5,000")
    put("memory with 5,000, resident KiB", daemon.memory_kib()[0])
    conn.close()
    daemon.stop()
    put("restart with 5,000 to the first answer, ms", daemon.start() * 1e3)
    put("memory after it, resident KiB", daemon.memory_kib()[0])
    again = libvirt.open(daemon.uri)
    put("first list after it, ms", best_ms(again.listAllDomains, 1))
    put("first bulk stats after it, ms", best_ms(again.getAllDomainStats, 1))
    put("memory after them, resident KiB", daemon.memory_kib()[0])
    undefine_all(again)
    again.close()


@case
def start(daemon, conn, put):
    """A start, its event and a destroy, of a guest with kernel, ramdisk and console."""
    seen = threading.Event()
    at = []

    def happened(_conn, _domain, event, _detail, _opaque):
        if event == libvirt.VIR_DOMAIN_EVENT_STARTED:
            at.append(time.perf_counter())
            seen.set()

    listener = libvirt.open(daemon.uri)
    callback = listener.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, happened, None)
    domain = conn.defineXML(daemon.guest_xml("bench"))
    created, event, destroyed = [], [], []
    for _ in range(5):
        seen.clear()
        begin = time.perf_counter()
        domain.create()
        created.append(time.perf_counter() - begin)
        if not seen.wait(10):
            raise RuntimeError("no STARTED event")
        event.append(at[-1] - begin)
        begin = time.perf_counter()
        domain.destroy()
        destroyed.append(time.perf_counter() - begin)
    put("create(), ms", statistics.median(created) * 1e3)
    put("STARTED event, ms", statistics.median(event) * 1e3)
    put("destroy(), ms", statistics.median(destroyed) * 1e3)
    domain.undefine()
    listener.domainEventDeregisterAny(callback)
    listener.close()


case(net_cases.one_network)
case(net_cases.hundred_networks)


def run_case(name, daemon, round_):
    figures = {}
    daemon.start()
    conn = libvirt.open(daemon.uri)
    # The first start of libvirtd asks QEMU what it can do: not what is measured here.
    conn.getCapabilities()
    conn.defineXML(daemon.many_xml(99999)).undefine()
    CASES[name](daemon, conn, lambda what, value: figures.__setitem__(what, value))
    daemon.stop()
    print(json.dumps({"round": round_, "daemon": daemon.process_name, "case": name, **figures}), file=sys.stderr, flush=True)
    return figures


def report(name, rounds):
    print(f"\n{CASES[name].__doc__}\n\n| | {' | '.join(rounds[0])} | ratio |\n|---|{'---|' * len(rounds[0])}---|")
    for what in rounds[0]["kanzend"]:
        medians = [statistics.median(r[d][what] for r in rounds) for d in rounds[0]]
        ratio = statistics.median(r["libvirtd"][what] / r["kanzend"][what] for r in rounds) if "libvirtd" in rounds[0] else 0
        print(f"| {what} | {' | '.join(f'{m:,.1f}' for m in medians)} | {ratio:.2f} |", flush=True)


def events_forever():
    while True:
        libvirt.virEventRunDefaultImpl()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=events_forever, daemon=True).start()
    both = daemons()
    for name in options.cases or CASES:
        rounds = []
        for n in range(options.rounds):
            order = list(both) if n % 2 == 0 else list(both)[::-1]
            figures = {d: run_case(name, both[d], n) for d in order}
            rounds.append({d: figures[d] for d in both})
        report(name, rounds)


if __name__ == "__main__":
    main()
