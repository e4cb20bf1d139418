# SPDX-License-Identifier: LGPL-2.1-or-later
"""Event channels and grant tables of a stock kernel, used by a program in the guest through /dev/xen/*."""
import subprocess
from pathlib import Path

import pytest

from kanzen import Console, run, xl

SOURCE = Path(__file__).parent / "guest/xen-devices.c"


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("guest") / "xen-devices"
    run("cc", "-static", "-O1", "-o", path, SOURCE)
    return path


def with_program(guest, kernel, program):
    """The example guest with the program in its initramfs: Linux unpacks one archive after the other."""
    folder = guest.folder / "images"
    folder.mkdir()
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=program.parent, check=True,
                             input=program.name.encode() + b"\n", stdout=subprocess.PIPE).stdout
    initrd = (guest.images / f"initrd-{kernel}.img").read_bytes()
    initrd += bytes(-len(initrd) % 4)  # an archive begins at a multiple of 4
    (folder / f"initrd-{kernel}.img").write_bytes(initrd + archive)
    (folder / f"vmlinuz-{kernel}").symlink_to(guest.images / f"vmlinuz-{kernel}")
    guest.images = folder
    return guest


@pytest.mark.parametrize("kernel, options, events", [
    ("generic", "", "FIFO-based"),
    ("generic", "xen.fifo_events=0 grant_table.version=2", "2-level"),
    ("cloud", "grant_table.version=2", "FIFO-based"),
])
def test_events_and_grants(guest, program, kernel, options, events):
    xl("create", with_program(guest, kernel, program).cfg(kernel=kernel, cmdline=f"console=hvc0 {options}"))
    console = Console("xl", "console", guest.name).login()
    assert events in console.command("dmesg | grep 'xen:events: Using'")
    # Without unrestricted the driver itself refuses hypercalls in a guest.
    console.command("cd /modules; for m in $(cat xendev.list); do insmod $m "
                    "$([ $m = xen-privcmd.ko ] && echo unrestricted=1); done; cd /")
    domid = xl("domid", guest.name).strip()
    lines = console.command(f"/xen-devices {domid}", timeout=120).splitlines()
    assert lines[0].startswith("1.."), lines
    results = [line for line in lines if line.startswith(("ok ", "not ok "))]
    assert len(results) == int(lines[0][3:])
    assert not [line for line in results if line.startswith("not")]
