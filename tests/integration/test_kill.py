# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of kanzend, supervisors and xl at random moments loses no guest and no definition and leaves nothing behind."""
import json
import os
import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from kanzen import Console, run, virsh, wait_for, xl
from processes import kill, pids, processes, restart_kanzend

KILLS = 100


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def victims(program):
    """Whole processes of that name. A child that is still its parent's copy is none: the leak checker of the sanitizers stops its
    process from one, and spins for ever when that is killed."""
    found = pids(program)
    return [pid for pid in found if parent(pid) not in found]


def running():
    return {line.split()[0] for line in xl("list").splitlines()[1:]} - {"Domain-0"}


def started():
    """Names of the guests whose start was done; one that was killed before that is undone."""
    done = set()
    for folder in Path("/run/kanzen").iterdir():
        try:
            state = json.loads((folder / "state").read_text())
        except (OSError, ValueError):
            continue
        if state["state"] in ("running", "blocked", "paused"):
            done.add(state["name"])
    return done


def check_nothing_stray(alive):
    wait_for(f"exactly {sorted(alive)} to be listed", lambda: running() == alive, timeout=60, interval=0.5)
    domids = {xl("domid", name).strip() for name in alive}
    wait_for("one QEMU and one supervisor for each guest",
             lambda: len([p for p, a in processes() if "qemu-system" in os.path.basename(a[0])]) == len(alive)
             and len(pids("kxl-supervisor")) == len(alive), timeout=30)
    folders = {p.name for p in Path("/run/kanzen").iterdir() if p.name.isdigit()}
    assert folders == domids
    taps = set(re.findall(r"vif(\d+)\.", run("ip", "-br", "link").stdout))
    assert taps == domids
    assert set(virsh("list", "--name").split()) - {"Domain-0"} == alive


@pytest.mark.slow
def test_random_kills(guest):
    seed = int(os.environ.get("KANZEN_TEST_SEED", random.randrange(10**6)))
    print(f"KANZEN_TEST_SEED={seed}")
    dice = random.Random(seed)
    names = [f"{guest.name}-{i}" for i in range(4)]
    cfgs = {name: guest.cfg(name=name, memory=128, nic=True) for name in names}
    defined = f"{guest.name}-defined"
    virsh("define", guest.write_xml(guest.xml(name=defined)))
    for _ in range(KILLS):
        up = running() & set(names)
        name = dice.choice(names)
        command = ["xl", "destroy", name] if name in up else ["xl", "create", str(cfgs[name])]
        keep = (started() & up) - {name}
        job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            job.wait(timeout=dice.choice([0.01, 0.1, 0.3, 0.6, 1.0, 2.0]) * dice.random())
        except subprocess.TimeoutExpired:
            pass
        program = dice.choice(["kanzend", "kxl-supervisor", "kxl-supervisor", "xl"])
        victim = dice.choice(victims(program) or [None])
        print(f"{time.strftime('%H:%M:%S')} {' '.join(command)}; kill -9 {program} {victim}; keep {sorted(keep)}")
        if victim:
            kill(victim)
        job.communicate(timeout=120)
        if victim and program == "kanzend":
            restart_kanzend()
        assert virsh("version")  # kanzend has not ended by itself
        # Whatever became of this one command: all other guests are where they were.
        assert keep <= running()
    wait_for("what the last command began to be done or undone", lambda: running() == started(), timeout=60, interval=0.5)
    alive = running()
    assert alive <= set(names)
    check_nothing_stray(alive)
    for name in alive:
        console = Console("xl", "console", name).login(timeout=120)
        assert console.command("echo alive") == "alive"
        console.leave()
    assert defined in virsh("list", "--all", "--name").split()
    for name in alive:
        xl("destroy", name)
    check_nothing_stray(set())


def test_guest_that_ends_without_supervisor_is_cleaned_up(guest):
    xl("create", guest.cfg(nic=True))
    console = Console("xl", "console", guest.name).login()
    (supervisor,) = [pid for pid, argv in processes() if os.path.basename(argv[0]) == "kxl-supervisor" and
                     any(xl("domid", guest.name).strip() == a for a in argv)]
    kill(supervisor)
    console.child.sendline("poweroff -f")
    wait_for("the guest to be gone", lambda: guest.name not in running(), timeout=60, interval=0.5)
    check_nothing_stray(running())


def test_killed_supervisor_is_replaced_and_reboot_works(guest):
    xl("create", guest.cfg())
    first = xl("domid", guest.name).strip()
    for pid, argv in processes():
        if os.path.basename(argv[0]) == "kxl-supervisor" and first in argv:
            kill(pid)
    assert guest.name in running()
    xl("reboot", guest.name)
    wait_for("a new domid", lambda: run("xl", "domid", guest.name, check=False).stdout.strip() not in ("", first), timeout=90, interval=0.3)
