# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel that makes random hypercalls may ruin itself, never hv. KANZEN_FUZZ_SEEDS sets how many of them run."""
import os
from pathlib import Path

import pytest

from kanzen import run, wait_for, xl

FOLDER = Path(os.environ.get("KANZEN_BUILD", "build")) / "tests/guests"
SEEDS = int(os.environ.get("KANZEN_FUZZ_SEEDS", "2"))


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
@pytest.mark.parametrize("width", [64, 32])
def test_random_hypercalls(guest, width, seed):
    created = run("xl", "create", guest.write("fuzz.cfg", f"""
name = "{guest.name}"
kernel = "{FOLDER}/fuzz-{width}"
extra = "seed={seed}"
memory = 32
vcpus = 2
on_poweroff = "preserve"
on_reboot = "preserve"
on_crash = "preserve"
on_watchdog = "preserve"
"""), check=False)
    if created.returncode:  # ruined before xl was done
        assert "did not start: crash: vCPU" in created.stderr
        return
    status = Path(f"/run/kanzen/{xl('domid', guest.name).strip()}/status")
    ends = ("shutdown", "crash", "panic")

    def last_line():
        text = status.read_text()
        return text.splitlines()[-1] if text.endswith("\n") else ""

    wait_for("the kernel to end", lambda: last_line().startswith(ends), 60)
    last = last_line()
    print(last)
    assert last.split()[0] in ("shutdown", "crash")
    run("xl", "destroy", guest.name)
