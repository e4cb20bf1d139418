# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tiny kernels of tests/guests on hv, both widths. The last line on the console is the result."""
import os
from pathlib import Path

import pytest

from kanzen import run, wait_for, xl

FOLDER = Path(os.environ.get("KANZEN_BUILD", "build")) / "tests/guests"
SOURCE = Path(__file__).resolve().parent.parent / "guests"
KERNELS = [f"{main.parent.name}-{width}" for main in sorted(SOURCE.glob("*/main.c")) for width in (64, 32)
           if main.parent.name not in ("failsafe", "fuzz")]  # no result: they have tests of their own
VCPUS = {"vcpus": 4}
OPTIONS = {"tsc": 'tsc_mode = "always_emulate"'}
NMIS = ("nmi",)  # kernels that want some


def run_kernel(guest, kernel, timeout=30):
    """Starts the kernel, waits for its end and returns what it wrote."""
    test = kernel.rsplit("-", 1)[0]
    cfg = guest.write("guest.cfg", f"""
name = "{guest.name}"
kernel = "{FOLDER / kernel}"
extra = "word=value"
memory = 32
vcpus = {VCPUS.get(test, 1)}
{OPTIONS.get(test, "")}
on_poweroff = "destroy"
on_crash = "destroy"
""")
    xl("create", cfg)

    def ended():
        if test in NMIS:
            run("xl", "trigger", guest.name, "nmi", check=False)
        return run("xl", "domid", guest.name, check=False).returncode != 0

    wait_for("the kernel to end", ended, timeout)
    return Path(f"/var/log/kanzen/console-{guest.name}.log").read_text(errors="replace").replace("\r", "")


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel(guest, kernel):
    lines = run_kernel(guest, kernel).splitlines() or [""]
    print("\n".join(lines))
    if lines[-1] == "SKIP":
        pytest.skip(lines[-2])
    assert lines[-1] == "SUCCESS"


def test_bad_callback_ends_guest(guest):
    """A 32-bit kernel whose failsafe callback does not load: hv ends it, perhaps before xl create is done."""
    created = run("xl", "create", guest.write("guest.cfg", f"""
name = "{guest.name}"
kernel = "{FOLDER}/failsafe-32"
memory = 32
on_crash = "destroy"
"""), check=False)
    if created.returncode:
        assert "kernel state does not load" in created.stderr
    else:
        wait_for("hv to end the kernel", lambda: run("xl", "domid", guest.name, check=False).returncode != 0)
    console = Path(f"/var/log/kanzen/console-{guest.name}.log").read_text(errors="replace").replace("\r", "")
    assert console.splitlines()[-1] == "SUCCESS"
