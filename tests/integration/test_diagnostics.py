# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hv tells of itself: debug keys in its log, counters."""
import re
from pathlib import Path

import pytest

from kanzen import Console, run, wait_for, xl
import kanzen


@pytest.fixture(scope="module")
def machine(images, tmp_path_factory):
    """A guest of two vCPUs, with a console to it."""
    made = kanzen.Guest(images, "tdiagnose", tmp_path_factory.mktemp("guest"))
    xl("create", made.cfg(memory=128, disk=True, extra="vcpus = 2\n"))
    made.console = Console("xl", "console", made.name).login()
    made.log = Path(f"/run/kanzen/{xl('domid', made.name).strip()}/hv.log")
    yield made
    made.console.leave()
    run("xl", "destroy", made.name, check=False)


def stats(guest, *options):
    """The counters by name."""
    lines = xl("hv-stats", *options, guest.name).splitlines()
    assert lines[0].split() == ["Name", "Count"]
    return {name: int(count) for name, count in (line.rsplit(None, 1) for line in lines[1:])}


def test_help_lists_every_key(machine):
    xl("debug-keys", "h", machine.name)
    keys = re.findall(r"key '(.)': ", machine.log.read_text())
    assert set("cdeghmqt") <= set(keys)


@pytest.mark.parametrize("key,words", [
    ("d", ["v0, in its kernel:|v0, in a user program:", "v1, in its kernel:|v1, in a user program:", "rip [0-9a-f]{16}"]),
    ("q", [r"d\d+v0: (running|blocked)", r"d\d+v1: (running|blocked)", "64-bit, 2 vCPUs"]),
    ("e", ["FIFO ABI", r"port \d+: virq 0 ", r"port \d+: ipi ", r"port \d+: interdomain .*\(hv\)"]),
    ("g", ["version 1, ", "granted"]),
    ("m", [r"\d+ pages of at most 32768", "page tables: "]),
    ("t", ["TSC [1-9][0-9]* kHz", "single-shot timer in "]),
    ("c", ["hypercall/mmu_update [1-9]"]),
    ("#", ["key '#' is unknown"]),
])
def test_key(machine, key, words):
    before = len(machine.log.read_text())
    xl("debug-keys", key, machine.name)
    for word in words:
        wait_for(f"'{word}' in the log", lambda w=word: re.search(w, machine.log.read_text()[before:]), 10)


def test_keys_without_domain_go_to_all(machine):
    before = len(machine.log.read_text())
    xl("debug-keys", "qm")
    text = machine.log.read_text()[before:]
    assert "key 'q'" in text and "key 'm'" in text


def test_counters_follow_what_the_guest_does(machine):
    before = stats(machine)
    assert before["exception/page fault"] > 100 and before["hypercall/mmu_update"] > 100
    assert before["interrupt/timer"] > 0 and before["interrupt/device"] > 0 and before["event-callback"] > 0
    machine.console.command("for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done; dd if=/dev/xvda of=/dev/null bs=4k count=64")
    after = stats(machine)
    assert all(after[name] >= count for name, count in before.items())
    assert after["page-table-base"] > before["page-table-base"] + 10
    assert after["short-way/system-call"] > before["short-way/system-call"] + 64
    disk = next(name.removesuffix("requests") for name in after if re.fullmatch(r"ring/vbd-\d+/requests", name))
    assert after[disk + "segments"] >= before.get(disk + "segments", 0) + 64
    for name in "requests", "events-from-guest", "events-to-guest", "kicks", "interrupts":
        assert after[disk + name] > before.get(disk + name, 0)
    one, other = stats(machine, "-v", 0), stats(machine, "-v", 1)
    assert one["exception/page fault"] + other["exception/page fault"] >= after["exception/page fault"]
    assert other["interrupt/ipi"] > 0


def test_what_is_wrong_is_said(machine):
    for args, words in ((("hv-stats", "-v", "2", machine.name), "has no vCPU 2"), (("hv-stats", "-v", "x", machine.name), "not a number"),
                        (("hv-stats", "nobody"), "nobody"), (("debug-keys", "q", "nobody"), "nobody"),
                        (("debug-keys", "\n", machine.name), "printable")):
        ended = run("xl", *args, check=False)
        assert ended.returncode != 0 and words in ended.stderr
    xl("pause", machine.name)
    try:
        ended = run("xl", "hv-stats", machine.name, check=False)
        assert ended.returncode != 0 and "paused" in ended.stderr
    finally:
        xl("unpause", machine.name)


@pytest.mark.parametrize("program", [("xl", "console"), ("virsh", "console", "--force")], ids=["xl", "virsh"])
def test_long_output_reaches_the_terminal(machine, program):
    """QEMU drops what the terminal, which holds some 15 KB, does not take at once: hv keeps to a pace."""
    machine.console.leave()  # two would share what there is to read
    console = Console(*program, machine.name).login()
    lines = console.command("seq 1000001 1009000", timeout=120).split()
    console.leave()
    machine.console = Console("xl", "console", machine.name).login()
    assert lines == [str(n) for n in range(1000001, 1009001)]  # 81 KB with their line ends
