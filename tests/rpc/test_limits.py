# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that take more than they should, or vanish: the others notice nothing, and the log says who it was."""
import os
import random
import resource
import socket
import time

import pytest

from test_config import free_port
from test_raw import XML, handle_of, works
from wire import KEEPALIVE, MESSAGE, OK, Closed, Wire, i32, packet, string, u32


def n_fds(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def cpu_ticks(daemon):
    return sum(map(int, open(f"/proc/{daemon.process.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))


def wait_until(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_max_clients(stopped_daemon):
    """More wait in the queue and get in as others leave."""
    stopped_daemon.configure("[limits]\nmax-clients = 10\n")
    stopped_daemon.start()
    first = [stopped_daemon.wire() for _ in range(10)]
    waiting = [Wire(stopped_daemon.socket) for _ in range(5)]
    for wire in waiting:
        wire.start(66)
    stopped_daemon.wait_for_log("the limit 'max-clients' lets no more in until one leaves")
    assert first[9].call(3).status == OK
    for wire in first[:5]:
        wire.close()
    for wire in waiting:
        assert wire.receive().status == OK


def test_anonymous_clients(stopped_daemon):
    """Strangers over TCP take neither root's socket away nor each other's for long."""
    port = free_port()
    stopped_daemon.configure(f"[tcp]\nlisten = yes\naddress = 127.0.0.1\nport = {port}\n"
                             "[limits]\nmax-anonymous-clients = 4\nauth-timeout = 2\n[keepalive]\ninterval = 1\n")
    stopped_daemon.start()
    strangers = [Wire.over(socket.create_connection(("127.0.0.1", port))) for _ in range(12)]
    for wire in strangers:
        wire.start(66)
    for wire in strangers[:4]:
        assert wire.receive().status == OK
    stopped_daemon.wait_for_log("4 of them anonymous: the limit 'max-anonymous'")
    for _ in range(20):
        assert works(stopped_daemon)
    for wire in strangers[4:8]:  # when the first four have been shown the door
        assert wire.receive().status == OK
    assert strangers[0].is_closed()
    stopped_daemon.wait_for_log("did not authenticate in time")


def test_requests_of_one_client(stopped_daemon):
    """max-requests at a time; the rest waits, pings are answered meanwhile."""
    stopped_daemon.configure("[limits]\nmax-requests = 2\n")
    stopped_daemon.start(FAKE_KXL_DELAY_MS="400")
    wire = stopped_daemon.wire()
    handles = [handle_of(wire, f"g{n}") for n in range(6)]
    started = time.monotonic()
    for handle in handles:
        wire.start(9, handle)
    wire.send(packet(1, prog=KEEPALIVE, kind=MESSAGE))
    assert wire.receive().prog == KEEPALIVE
    for _ in handles:
        assert wire.receive().status == OK
    assert time.monotonic() - started >= 3 * 0.4


def test_keepalive_kills_the_silent(stopped_daemon):
    stopped_daemon.configure("[keepalive]\ninterval = 1\ncount = 1\n")
    stopped_daemon.start()
    silent, polite = stopped_daemon.wire(), stopped_daemon.wire()
    for wire in (silent, polite):
        assert wire.call(60, i32(10)).payload == u32(1)  # from now on it is sent pings
    for _ in range(3):
        ping = polite.receive()
        assert (ping.prog, ping.proc, ping.kind, ping.payload) == (KEEPALIVE, 1, MESSAGE, b"")
        polite.send(packet(2, prog=KEEPALIVE, kind=MESSAGE))
    stopped_daemon.wait_for_log("disconnected: does not answer pings")
    assert polite.call(3).status == OK
    with pytest.raises(Closed):
        while True:
            assert silent.receive().prog == KEEPALIVE


def test_queue_of_events(stopped_daemon):
    """A client that registers for events and never reads is disconnected at max-queue; the others get all of theirs in order."""
    stopped_daemon.configure("[limits]\nmax-queue = 1\n")
    stopped_daemon.start()
    writer, deaf, reader = (stopped_daemon.wire() for _ in range(3))
    for wire in (deaf, reader):
        assert wire.call(316, i32(23) + u32(0)).status == OK
    handle = handle_of(writer, "a")
    for n in range(30):
        uri = f"urn:{n:02}:" + "x" * 100_000
        payload = handle + i32(2) + u32(1) + string("<a/>") + u32(1) + string("k") + u32(1) + string(uri) + u32(0)
        assert writer.call(264, payload).status == OK
        event = reader.receive()
        assert f"urn:{n:02}:".encode() in event.payload
    stopped_daemon.wait_for_log("does not read")
    assert works(stopped_daemon)


def test_memory(stopped_daemon):
    """Half packets of many clients: over max-memory the big ones go, the small ones stay."""
    stopped_daemon.configure("[limits]\nmax-memory = 24\n")
    stopped_daemon.start()
    small = [stopped_daemon.wire() for _ in range(10)]
    big = [Wire(stopped_daemon.socket) for _ in range(12)]
    for wire in big:
        try:
            wire.send(u32(1 << 25) + bytes(6 << 20))  # 6 MiB of a packet of 32
        except OSError:
            pass
    stopped_daemon.wait_for_log("too much memory is held for clients")
    assert all(wire.call(3).status == OK for wire in small)
    gone = stopped_daemon.log.read_text().count("too much memory")
    assert 12 - 24 // 6 <= gone <= 12
    for wire in big:
        wire.close()
    big_again = stopped_daemon.wire()  # and the memory has come back
    assert big_again.call(11, string(XML.format("b") + " " * (3 << 20))).status == OK
    assert works(stopped_daemon)


def test_descriptors_run_out(stopped_daemon):
    """With no descriptor left it waits, says so now and then, and goes on when there is one."""
    stopped_daemon.start()
    resource.prlimit(stopped_daemon.process.pid, resource.RLIMIT_NOFILE, (n_fds(stopped_daemon) + 20, 4096))
    first = stopped_daemon.wire()
    crowd = [Wire(stopped_daemon.socket) for _ in range(60)]
    for wire in crowd:
        wire.start(66)
    stopped_daemon.wait_for_log("cannot accept a client: Too many open files")
    assert first.call(3).status == OK
    reply = first.call(11, string(XML.format("x")))  # a file to write: refused, and named
    assert reply.status == OK or "Too many open files" in reply.error()[2]
    cpu_before = cpu_ticks(stopped_daemon)
    time.sleep(0.5)
    assert cpu_ticks(stopped_daemon) - cpu_before < 20  # it does not spin
    for wire in crowd[:50]:
        wire.close()
    for wire in crowd[50:]:
        assert wire.receive().status == OK
    assert first.call(11, string(XML.format("y"))).status == OK
    assert stopped_daemon.log.read_text().count("cannot accept a client") < 40


def misbehave(wire, dice):
    """One thing a client should not do; some close, some do not even that."""
    kind = dice.randrange(7)
    if kind == 0:
        wire.send(dice.randbytes(dice.randint(1, 2000)))
    elif kind == 1:
        wire.send(packet(11, string(XML.format("z")) * 3)[:dice.randint(1, 100)])
    elif kind == 2:
        wire.start(66)
        wire.start(1, u32(0, 0))
        for _ in range(60):
            wire.start(7)  # capabilities, of which none is read
    elif kind == 3:
        wire.start(66)
        wire.start(1, u32(0, 0))
        wire.start(316, i32(0) + u32(0))
        wire.start(201, string("x"))
    elif kind == 4:
        wire.send(packet(1, prog=KEEPALIVE, kind=MESSAGE) * 50)
    elif kind == 5:
        wire.socket.shutdown(socket.SHUT_WR)
    else:
        wire.send(u32(1 << 24) + bytes(100_000))


def test_200_hostile_clients(daemon):
    dice = random.Random(9)
    before = n_fds(daemon)
    watcher = daemon.wire()
    crowd = []
    for n in range(200):
        wire = Wire(daemon.socket)
        crowd.append(wire)
        try:
            misbehave(wire, dice)
        except OSError:
            pass
        if n % 20 == 0:
            started = time.monotonic()
            assert watcher.call(3).status == OK
            assert time.monotonic() - started < 2
        if n % 3 == 0:
            dice.choice(crowd).close()
    for wire in crowd:
        wire.close()
    watcher.close()
    wait_until(lambda: n_fds(daemon) <= before, "descriptors are left over")
    assert works(daemon)
