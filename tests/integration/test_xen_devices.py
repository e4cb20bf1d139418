# SPDX-License-Identifier: LGPL-2.1-or-later
"""Event channels and grant tables of a stock kernel, used by a program in the guest through /dev/xen/*."""
import pytest

from kanzen import Console, compile_for_guest, xl

@pytest.fixture(scope="session")
def program(tmp_path_factory):
    return compile_for_guest("xen-devices", tmp_path_factory.mktemp("guest"))


@pytest.mark.parametrize("kernel, options, events", [
    ("generic", "", "FIFO-based"),
    ("generic", "xen.fifo_events=0 grant_table.version=2", "2-level"),
    ("cloud", "grant_table.version=2", "FIFO-based"),
])
def test_events_and_grants(guest, program, kernel, options, events):
    guest.add_program(kernel, program)
    xl("create", guest.cfg(kernel=kernel, cmdline=f"console=hvc0 {options}"))
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
