# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel that does everything wrong on several vCPUs may ruin itself, never hv.

KANZEN_FUZZ_MINUTES goes on with new seeds for so long (tests/fuzz-guest sets it); without it there is one seed a width.
"""
import os
import subprocess
import time
from pathlib import Path

import pytest

from kanzen import run, wait_for, xl

FOLDER = Path(os.environ.get("KANZEN_BUILD", "build")) / "tests/guests"
MINUTES = float(os.environ.get("KANZEN_FUZZ_MINUTES", "0"))
FIRST_SEED = int(os.environ.get("KANZEN_FUZZ_SEED", "1"))
ROUNDS = 6000 if MINUTES else 500
WATCHDOG_S = 60  # after which hv ends the kernel
ENDS = ("shutdown", "crash", "panic")


def one_run(guest, width, seed):
    """How the guest ended: "shutdown N" or "crash TEXT". It always ends, if hv is well; now and then before that QEMU 7.2, by a
    segmentation fault in its TCG: "emulator died"."""
    disk = guest.folder / "fuzz.img"
    with open(disk, "wb") as f:
        f.truncate(1 << 20)
    created = run("xl", "create", guest.write("fuzz.cfg", f"""
name = "{guest.name}"
kernel = "{FOLDER}/fuzz-{width}"
extra = "seed={seed} rounds={ROUNDS} seconds={WATCHDOG_S}"
memory = 32
vcpus = 4
disk = [ '{disk},raw,xvda,rw' ]
vif = [ 'bridge=xenbr0' ]
on_poweroff = "preserve"
on_reboot = "preserve"
on_crash = "preserve"
on_watchdog = "preserve"
"""), check=False)
    if created.returncode:  # ruined before xl was done
        assert "did not start: crash: vCPU" in created.stderr
        return "crash at once"
    status = Path(f"/run/kanzen/{xl('domid', guest.name).strip()}/status")

    def end():
        try:
            text = status.read_text()
        except FileNotFoundError:
            return "emulator died"
        last = text.splitlines()[-1] if text.endswith("\n") else ""
        return last if last.startswith(ENDS) else None

    try:
        return wait_for("hv to end the kernel", end, 2 * WATCHDOG_S)
    finally:
        run("xl", "destroy", guest.name, check=False)


@pytest.mark.parametrize("width", [64, 32])
def test_hv_survives(guest, width):
    seed, deadline, ends = FIRST_SEED, time.monotonic() + MINUTES * 60 / 2, {}
    while True:
        how = one_run(guest, width, seed)
        print(f"seed {seed}: {how}", flush=True)
        assert not how.startswith("panic"), f"seed {seed}"
        ends[how.split()[0]] = ends.get(how.split()[0], 0) + 1
        seed += 1
        if time.monotonic() > deadline:
            break
    if MINUTES:
        subprocess.run(["tee", "-a", f"{os.environ['KANZEN_BUILD']}/fuzz-guest.log"], text=True, check=True,
                       input=f"{width}-bit: {seed - FIRST_SEED} kernels of {ROUNDS} rounds on 4 vCPUs: {ends}\n")
