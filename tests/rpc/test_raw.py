# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client may send: everything. kanzend answers, or closes that connection, and nothing else is disturbed."""
import os
import random
import struct
import time

import pytest

from wire import (CALL_WITH_FDS, CONTINUE, ERROR, HEADER, KEEPALIVE, MESSAGE, OK, REPLY, Closed, i32, packet, string, u32)

GET_LIB_VERSION, GET_TYPE, DEFINE_XML, LOOKUP_BY_NAME, CREATE, DESTROY = 157, 3, 11, 23, 9, 12
XML = ("<domain type='xen'><name>{0}</name><memory>65536</memory><os><type>linux</type><kernel>/k</kernel></os>"
       "<devices><console type='pty'/></devices></domain>")


def works(daemon):
    wire = daemon.wire()
    version = struct.unpack(">Q", wire.call(GET_LIB_VERSION).payload)[0]
    wire.close()
    return version == 9000000


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\n\r\n",
    u32(0), u32(3), u32(4), u32(27),
    u32(27) + bytes(100),
    u32(33554437),
    u32(0xFFFFFFFF) + bytes(1000),
    HEADER.pack(28, 0x20008086, 1, 1, CALL_WITH_FDS, 0, 0),
    packet(1, u32(33), kind=CALL_WITH_FDS),
])
def test_garbage_is_hung_up_on(daemon, data):
    wire = daemon.wire(opened=False)
    wire.send(data)
    assert wire.is_closed()
    assert works(daemon)


def test_random_bytes(daemon):
    dice = random.Random(7)
    for _ in range(200):
        wire = daemon.wire(opened=False)
        try:
            wire.send(dice.randbytes(dice.randint(1, 3000)))
        except OSError:
            pass
        wire.close()
    assert works(daemon)


def test_random_payloads(daemon):
    """Every procedure with every kind of nonsense behind it gives exactly one reply, or ends this connection."""
    dice = random.Random(8)
    wire = daemon.wire()
    for proc in range(0, 460):
        for payload in (b"", bytes(64), dice.randbytes(dice.randint(0, 200))):
            try:
                reply = wire.call(proc, payload)
                assert reply.status in (OK, ERROR)
            except (Closed, BrokenPipeError, AssertionError):
                wire.close()
                wire = daemon.wire()
    assert works(daemon)


def test_truncated_packets_wait_for_the_rest(daemon):
    whole = packet(GET_LIB_VERSION, serial=9)
    for cut in (1, 4, 5, 27):
        wire = daemon.wire()
        wire.send(whole[:cut])
        assert works(daemon)
        wire.send(whole[cut:])
        assert wire.receive().serial == 9
        wire.send(whole[:cut])
        wire.close()
    assert works(daemon)


def test_byte_by_byte(daemon):
    wire = daemon.wire()
    for byte in packet(LOOKUP_BY_NAME, string("nobody"), serial=3):
        wire.send(bytes([byte]))
    assert wire.receive().error()[:2] == (42, 41)


def test_several_in_one_write(daemon):
    wire = daemon.wire()
    wire.send(b"".join(packet(GET_TYPE, serial=n) for n in range(50)))
    assert sorted(wire.receive().serial for _ in range(50)) == list(range(50))


def test_slow_half_packets_do_not_stop_others(daemon):
    slow = [daemon.wire(opened=False) for _ in range(200)]
    for wire in slow:
        wire.send(u32(1 << 24) + bytes(1000))
    started = time.monotonic()
    assert all(works(daemon) for _ in range(20))
    assert time.monotonic() - started < 5
    for wire in slow:
        wire.close()


def test_100_clients(daemon):
    wires = [daemon.wire() for _ in range(100)]
    for round_ in range(5):
        for wire in wires:
            wire.start(GET_LIB_VERSION)
        for wire in wires:
            assert wire.receive().status == OK


def test_before_open(daemon):
    wire = daemon.wire(opened=False)
    assert wire.call(GET_TYPE).error() == (1, 7, "internal error: hypervisor connection not open")
    assert wire.call(60, i32(10)).payload == u32(1)
    assert wire.call(60, i32(14)).error()[0] == 1
    wire.open()
    assert wire.call(60, i32(14)).payload == u32(1)
    assert wire.call(1, u32(0, 0)).error()[0] == 1


@pytest.mark.parametrize("uri, code", [("", 0), ("xen:///", 0), ("xen:///?foo=bar", 0), ("xen:///elsewhere", 1), ("qemu:///system", 5),
                                       ("::", 5), ("http:", 5)])
def test_uris(daemon, uri, code):
    reply = daemon.wire(opened=False).call(1, u32(1) + string(uri) + u32(0))
    assert (reply.status == OK) if code == 0 else (reply.error()[0] == code)


@pytest.mark.parametrize("proc, args, header, error", [
    (107, b"", {}, (39, 7, "unknown procedure: 107")),
    (9999, b"", {}, (39, 7, "unknown procedure: 9999")),
    (1, b"", {"prog": 0x1234}, (39, 7, "Cannot find program 4660 version 1")),
    (1, b"", {"version": 2}, (39, 7, "Cannot find program 536903814 version 2")),
    (3, b"", {"status": CONTINUE}, (39, 7, "Unexpected message status 2")),
    (23, b"", {}, (39, 7, "Unable to decode message payload")),
    (23, string("a\0b"), {}, (39, 7, "Unable to decode message payload")),
    (23, u32(4194305), {}, (39, 7, "Unable to decode message payload")),
    (345, b"", {}, (39, 7, "Unable to decode message payload")),
    (364, string("x") + bytes(16) + i32(-1) + u32(0), {},
     (3, 20, "this function is not supported by the connection driver: virDomainMigrateStartPostCopy")),
    (2, u32(1, 0), {"prog": 0x20008087},
     (3, 20, "this function is not supported by the connection driver: virDomainQemuAttach")),
])
def test_errors(daemon, proc, args, header, error):
    assert daemon.wire().call(proc, args, **header).error() == error


def test_trailing_bytes_are_ignored(daemon):
    assert daemon.wire().call(GET_TYPE, bytes(40)).payload == string("Xen")


def test_packets_for_nobody_are_dropped(daemon):
    wire = daemon.wire()
    for kind in (1, 2, 3, 5, 6, 99):
        wire.send(packet(GET_TYPE, b"\0\0\0\0" if kind == 5 else b"", kind=kind, serial=77))
    assert wire.call(GET_TYPE).status == OK


def n_fds(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_descriptors(daemon):
    wire = daemon.wire()
    before = n_fds(daemon)
    for _ in range(20):
        wire.send(packet(310, u32(2) + string("x") + bytes(16) + i32(-1) + u32(0), kind=CALL_WITH_FDS, serial=1))
        wire.send_fds([0, 1])
        assert wire.receive().error()[0] == 3
    deadline = time.monotonic() + 5
    while n_fds(daemon) > before:  # the last ones are closed after the reply
        assert time.monotonic() < deadline
    wire.send(packet(310, u32(1) + bytes(32), kind=CALL_WITH_FDS))
    wire.send(b"x")  # no descriptor with it
    assert wire.is_closed()


def test_keepalive(daemon):
    wire = daemon.wire(opened=False)
    wire.send(packet(1, prog=KEEPALIVE, kind=MESSAGE))
    pong = wire.receive()
    assert (pong.prog, pong.proc, pong.kind, pong.payload) == (KEEPALIVE, 2, MESSAGE, b"")


def test_read_only_socket(daemon):
    if os.geteuid() != 0:
        pytest.skip("session daemons have no read-only socket")
    wire = daemon.wire(readonly=True)
    assert wire.call(GET_TYPE).status == OK
    assert wire.call(DEFINE_XML, string(XML.format("a"))).error() == (
        29, 41, "operation forbidden: read only access prevents virDomainDefineXML")


def test_read_only_by_flag(daemon):
    writer = daemon.wire()
    assert writer.call(DEFINE_XML, string(XML.format("a"))).status == OK
    handle = writer.call(LOOKUP_BY_NAME, string("a")).payload
    wire = daemon.wire(opened=False)
    assert wire.call(1, u32(0, 1)).status == OK
    assert wire.call(14, handle + u32(2)).status == OK
    assert wire.call(14, handle + u32(1)).error() == (29, 41, "operation forbidden: virDomainGetXMLDesc with secure flag")
    assert wire.call(DESTROY, handle).error()[0] == 29


def handle_of(wire, name):
    assert wire.call(DEFINE_XML, string(XML.format(name))).status == OK
    return wire.call(LOOKUP_BY_NAME, string(name)).payload


def test_slow_operations_do_not_stop_others(daemon):
    daemon.stop()
    daemon.start(FAKE_KXL_DELAY_MS="1500")
    wires = [daemon.wire() for _ in range(8)]
    handles = [[handle_of(wire, f"g{n}-{i}") for i in range(8)] for n, wire in enumerate(wires)]
    started = time.monotonic()
    for wire, mine in zip(wires, handles):
        for handle in mine:
            wire.start(CREATE, handle)  # eight each: five run, three wait
    other = daemon.wire()
    for _ in range(50):
        assert other.call(LOOKUP_BY_NAME, string("g0-0")).status == OK
        assert other.call(273, i32(1) + u32(0)).status == OK
    assert time.monotonic() - started < 1.2, "lookups waited for starts"
    wires[0].send(packet(1, prog=KEEPALIVE, kind=MESSAGE))
    assert wires[0].receive().prog == KEEPALIVE  # also while all its slots are taken
    for wire in wires:
        for _ in range(8):
            reply = wire.receive()
            assert (reply.kind, reply.status) == (REPLY, OK)


def test_reader_that_does_not_read(daemon):
    """Its events pile up; over the limit it is disconnected, and whoever caused them never waits."""
    wire = daemon.wire()
    deaf = daemon.wire()
    assert deaf.call(316, i32(23) + u32(0)).status == OK  # METADATA_CHANGE carries a namespace of our choosing
    handle = handle_of(wire, "a")
    uri = "urn:" + "x" * 2_000_000
    set_metadata = handle + i32(2) + u32(1) + string("<a/>") + u32(1) + string("k") + u32(1) + string(uri) + u32(0)
    started = time.monotonic()
    for _ in range(40):
        reply = wire.call(264, set_metadata)
        assert reply.status == OK, reply.error()[2][:200]
    assert time.monotonic() - started < 60
    deadline = time.monotonic() + 10
    while "does not read" not in daemon.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert works(daemon)


def test_caller_that_does_not_read(daemon):
    """Calls of a client whose replies are not read wait; it may come back and read them all."""
    wire = daemon.wire()
    handle = handle_of(wire, "a")
    wire.socket.settimeout(1)
    sent = 0
    try:
        while sent < 5000:
            wire.send(packet(7, serial=sent))
            sent += 1
    except TimeoutError:
        pass
    assert works(daemon)
    wire.socket.settimeout(20)
    wire.start(DESTROY, handle) if sent == 5000 else None
    assert wire.receive().status == OK


def test_disconnect_while_calls_run(daemon):
    daemon.stop()
    daemon.start(FAKE_KXL_DELAY_MS="300")
    for n in range(20):
        wire = daemon.wire()
        wire.start(CREATE, handle_of(wire, f"g{n}"))
        wire.close()
    assert works(daemon)
    wire = daemon.wire()
    deadline = time.monotonic() + 20
    while struct.unpack(">i", wire.call(51).payload)[0] < 21:  # Domain-0 too
        assert time.monotonic() < deadline
        time.sleep(0.05)
